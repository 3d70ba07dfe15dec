import { CmdletError } from '../errors.ts';
import { isList, isObject, isRecord, type Item, propertyOf, type ShellObject, shown, type Value } from '../objects.ts';
import type { Matcher } from './match.ts';
import type { Expression, Operator } from './syntax.ts';
import { fits, MAX_WILDCARD_LENGTH } from './wildcard.ts';

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['$true', true],
  ['1', true],
  ['false', false],
  ['$false', false],
  ['0', false],
]);

function asText(value: Value): string {
  if (value === null) return '';
  return value instanceof Date ? value.toISOString() : shown(value);
}

/** The right side as the left one's kind; undefined: it is none. `'False'` is false, unlike in PowerShell, where any text is true. */
function converted(left: Value, right: Value): Value | undefined {
  if (typeof left === 'boolean') return typeof right === 'boolean' ? right : TRUTHS.get(asText(right).toLowerCase());
  if (typeof left === 'number') {
    const number = right === null || right === '' ? Number.NaN : Number(right);
    return Number.isNaN(number) ? undefined : number;
  }
  if (left instanceof Date) {
    const time = right instanceof Date ? right : new Date(asText(right));
    return Number.isNaN(time.getTime()) ? undefined : time;
  }
  return asText(right);
}

/** Below, equal or above 0; null where the two cannot be compared. */
export function compared(left: Value, right: Value, caseSensitive: boolean): number | null {
  if (left === null || right === null) return left === right ? 0 : null;
  const other = converted(left, right);
  if (other === undefined) return null;
  if (typeof left === 'string' && typeof other === 'string') {
    const [a, b] = caseSensitive ? [left, other] : [left.toLowerCase(), other.toLowerCase()];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const difference = Number(left) - Number(other);
  return Number.isNaN(difference) ? null : difference;
}

function incomparable(left: Value, right: Value): CmdletError {
  const kind = left instanceof Date ? 'a time' : `a ${typeof left}`;
  return new CmdletError(`"${asText(right)}" cannot be compared with ${kind}.`);
}

type Comparison = Extract<Expression, { kind: 'compare' }>;

function compareOne(
  operator: Exclude<Operator, 'contains' | 'in'>,
  left: Value,
  right: Value,
  caseSensitive: boolean,
  matcher: Matcher,
): boolean {
  if (operator === 'match') return matcher.matches(asText(left), asText(right), caseSensitive);
  if (operator === 'like') {
    const [text, pattern] = [asText(left), asText(right)];
    if (pattern.length > MAX_WILDCARD_LENGTH)
      throw new CmdletError(`-like takes patterns of at most ${MAX_WILDCARD_LENGTH} characters.`);
    return caseSensitive ? fits(text, pattern) : fits(text.toLowerCase(), pattern.toLowerCase());
  }
  if (operator === 'eq') {
    if (typeof left === 'boolean' && right !== null && converted(left, right) === undefined)
      throw incomparable(left, right);
    return compared(left, right, caseSensitive) === 0;
  }
  if (left === null || right === null) return false;
  const order = compared(left, right, caseSensitive);
  if (order === null) throw incomparable(left, right);
  if (operator === 'gt') return order > 0;
  if (operator === 'ge') return order >= 0;
  return operator === 'lt' ? order < 0 : order <= 0;
}

/** Of a list on the left one member is enough, as what PowerShell filters out of it is true unless it is nothing. */
function compare(
  { operator, negated, caseSensitive }: Comparison,
  left: Value,
  right: Value,
  matcher: Matcher,
): boolean {
  if (operator === 'contains' || operator === 'in') {
    const [members, wanted] = operator === 'contains' ? [left, right] : [right, left];
    const all = isList(members) ? members : [members];
    return all.some((member) => compareOne('eq', member, wanted, caseSensitive, matcher)) !== negated;
  }
  if (isList(left)) return left.some((one) => compareOne(operator, one, right, caseSensitive, matcher) !== negated);
  return compareOne(operator, left, right, caseSensitive, matcher) !== negated;
}

export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  return value !== null && value !== false && value !== 0 && value !== '';
}

function propertyAt(item: Item, path: readonly string[]): Value {
  if (path.length === 0) return isObject(item) ? (item.identity ?? '') : (item as Value);
  let value: Value = isObject(item) ? propertyOf(item, path[0] ?? '') : null;
  if (!isObject(item)) throw new CmdletError(`"${asText(item as Value)}" is a mere value and has no properties.`);
  for (const name of path.slice(1)) value = partOf(value, name);
  return value;
}

function partOf(value: Value, name: string): Value {
  if (isList(value)) return name.toLowerCase() === 'count' ? value.length : value.map((one) => partOf(one, name));
  if (isRecord(value)) return propertyOf({ type: 'It', identity: null, properties: value } satisfies ShellObject, name);
  if (typeof value === 'string' && name.toLowerCase() === 'length') return value.length;
  throw new CmdletError(`"${asText(value)}" has no property '${name}'.`);
}

/** What an expression comes to for one object. @throws CmdletError */
export function evaluate(expression: Expression, item: Item, matcher: Matcher): Value {
  switch (expression.kind) {
    case 'value':
      return expression.value;
    case 'list':
      return expression.items.map((one) => evaluate(one, item, matcher));
    case 'property':
      return propertyAt(item, expression.path);
    case 'not':
      return !isTrue(evaluate(expression.of, item, matcher));
    case 'logical': {
      const left = isTrue(evaluate(expression.left, item, matcher));
      if (expression.operator === 'and') return left && isTrue(evaluate(expression.right, item, matcher));
      if (expression.operator === 'or') return left || isTrue(evaluate(expression.right, item, matcher));
      return left !== isTrue(evaluate(expression.right, item, matcher));
    }
    case 'compare': {
      const left = evaluate(expression.left, item, matcher);
      return compare(expression, left, evaluate(expression.right, item, matcher), matcher);
    }
    default:
      return expression satisfies never;
  }
}
