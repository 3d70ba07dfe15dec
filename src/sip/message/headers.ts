import { firstElement, splitList, unfold } from './grammar.ts';
import type { HeaderField, Headers } from './message.ts';

/** RFC 3261 7.3.3 and 20, RFC 3515, 3841, 3892, 4028, 4474, 6665. */
const COMPACT_FORMS: ReadonlyMap<string, string> = new Map([
  ['a', 'accept-contact'],
  ['b', 'referred-by'],
  ['c', 'content-type'],
  ['d', 'request-disposition'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['j', 'reject-contact'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['n', 'identity-info'],
  ['o', 'event'],
  ['r', 'refer-to'],
  ['s', 'subject'],
  ['t', 'to'],
  ['u', 'allow-events'],
  ['v', 'via'],
  ['x', 'session-expires'],
  ['y', 'identity'],
]);

/** Spellings seen on every call; a look-up is cheaper than lowering the case. */
const COMMON_SPELLINGS = [
  'Via',
  'From',
  'To',
  'Call-ID',
  'Call-Id',
  'CSeq',
  'Max-Forwards',
  'Contact',
  'Content-Length',
  'Content-Type',
  'Route',
  'Record-Route',
  'User-Agent',
  'Server',
  'Allow',
  'Supported',
  'Require',
  'Reason',
  'Expires',
  'Date',
  'Accept',
  'Event',
  'Diversion',
  'History-Info',
  'P-Asserted-Identity',
  'Privacy',
  'Session-Expires',
  'Min-SE',
  'Authorization',
  'Proxy-Authorization',
  'WWW-Authenticate',
  'RSeq',
  'RAck',
  'Replaces',
  'Timestamp',
  'X-MCG-Call',
];

const knownNames = new Map<string, string>();
for (const name of COMMON_SPELLINGS) {
  knownNames.set(name, name.toLowerCase());
  knownNames.set(name.toLowerCase(), name.toLowerCase());
}
for (const [compact, name] of COMPACT_FORMS) {
  knownNames.set(compact, name);
  knownNames.set(compact.toUpperCase(), name);
}

/** The long name in lower case: what two spellings of one header have in common. */
export function canonicalName(name: string): string {
  return knownNames.get(name) ?? name.toLowerCase();
}

export class SipHeaders implements Headers {
  readonly #fields: HeaderField[];
  /** The canonical name of each field. */
  readonly #keys: string[];

  constructor(fields: readonly HeaderField[] = []) {
    this.#fields = [...fields];
    this.#keys = fields.map((field) => canonicalName(field.name));
  }

  get fields(): readonly HeaderField[] {
    return this.#fields;
  }

  /** The canonical name of each of `fields`, in their order. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  get(name: string): string | undefined {
    const field = this.#fields[this.#keys.indexOf(canonicalName(name))];
    return field === undefined ? undefined : unfold(field.value);
  }

  all(name: string): string[] {
    const key = canonicalName(name);
    const values: string[] = [];
    for (const [index, field] of this.#fields.entries()) {
      if (this.#keys[index] === key) values.push(unfold(field.value));
    }
    return values;
  }

  elements(name: string): string[] {
    return this.all(name).flatMap(splitList);
  }

  has(name: string): boolean {
    return this.#keys.includes(canonicalName(name));
  }

  set(name: string, value: string): void {
    const index = this.#keys.indexOf(canonicalName(name));
    if (index < 0) {
      this.append(name, value);
      return;
    }
    this.#fields[index] = { name, value };
    this.#removeFrom(canonicalName(name), index + 1);
  }

  append(name: string, value: string): void {
    this.#fields.push({ name, value });
    this.#keys.push(canonicalName(name));
  }

  prepend(name: string, value: string): void {
    this.#fields.unshift({ name, value });
    this.#keys.unshift(canonicalName(name));
  }

  setFirstElement(name: string, value: string): void {
    const index = this.#firstWithElements(name);
    const field = this.#fields[index];
    const place = field === undefined ? null : firstElement(field.value);
    if (field === undefined || place === null) {
      this.append(name, value);
      return;
    }
    const [start, end] = place;
    this.#fields[index] = { name: field.name, value: field.value.slice(0, start) + value + field.value.slice(end) };
  }

  shiftElement(name: string): string | undefined {
    const index = this.#firstWithElements(name);
    const field = this.#fields[index];
    if (field === undefined) return undefined;
    const [first, ...others] = splitList(unfold(field.value));
    if (others.length > 0) this.#fields[index] = { name: field.name, value: others.join(', ') };
    else this.#removeAt(index);
    return first;
  }

  delete(name: string): void {
    this.#removeFrom(canonicalName(name), 0);
  }

  clone(): SipHeaders {
    return new SipHeaders(this.#fields);
  }

  /** `Via: ,` has a field and no element; the first element is in the next field. */
  #firstWithElements(name: string): number {
    const key = canonicalName(name);
    let index = this.#keys.indexOf(key);
    while (index >= 0 && splitList(unfold(this.#fields[index]?.value ?? '')).length === 0) {
      index = this.#keys.indexOf(key, index + 1);
    }
    return index;
  }

  #removeFrom(key: string, from: number): void {
    for (let index = this.#keys.indexOf(key, from); index >= 0; index = this.#keys.indexOf(key, index)) {
      this.#removeAt(index);
    }
  }

  #removeAt(index: number): void {
    this.#fields.splice(index, 1);
    this.#keys.splice(index, 1);
  }
}
