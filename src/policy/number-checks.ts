import type { Mistake, Path } from '../yamlfile/index.ts';
import { sipAddressKey } from './address.ts';
import { dialledWhole, hasDiallingCodes, namesOfNumber, type Numbering } from './numbering.ts';
import { E164_NUMBER, EXTENSION_OR_NUMBER } from './syntax.ts';
import { type Entry, isEmptyOrAbsent, textsOf, whose } from './written.ts';

/** Numbers and addresses of mailboxes and groups: their length, and that each is one's own. */

/** A dial plan as it was written, and the numbers that were given out in it. */
export interface Plan extends Numbering {
  readonly name: string;
  /** Null where the file says none that can be used. */
  readonly digits: number | null;
  readonly e164: boolean;
  /** Number to the path of the mailbox or group that has it. */
  readonly numbers: Map<string, Path>;
}

/** SIP address, by its key, to the path of the mailbox or group that has it. */
export type AddressOwners = Map<string, Path>;

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** By name in lower case. */
export function plansOf(entries: readonly Entry[]): Map<string, Plan> {
  const plans = new Map<string, Plan>();
  for (const { fields } of entries) {
    const { name, numberOfDigitsInExtension } = fields;
    if (typeof name !== 'string' || plans.has(name.toLowerCase())) continue;
    const digits = typeof numberOfDigitsInExtension === 'number' ? numberOfDigitsInExtension : null;
    plans.set(name.toLowerCase(), {
      name,
      digits,
      e164: fields['uriType'] === 'E164',
      numberOfDigitsInExtension: digits ?? 0,
      numberPrefixes: textsOf(fields['numberPrefixes']).map(({ text }) => text),
      countryOrRegionCode: textOf(fields['countryOrRegionCode']),
      nationalNumberPrefix: textOf(fields['nationalNumberPrefix']),
      internationalAccessCode: textOf(fields['internationalAccessCode']),
      outsideLineAccessCode: textOf(fields['outsideLineAccessCode']),
      numbers: new Map(),
    });
  }
  return plans;
}

/** A national prefix alone does not say which nation's. */
export function* planMistakes(entries: readonly Entry[]): Generator<Mistake> {
  for (const { path, fields } of entries) {
    if (textOf(fields['nationalNumberPrefix']) === null || fields['countryOrRegionCode'] !== undefined) continue;
    yield {
      path: [...path, 'nationalNumberPrefix'],
      message: 'the country code is missing, without which national numbers cannot be made whole',
      remedy: 'Add countryOrRegionCode, such as "33", or remove nationalNumberPrefix.',
    };
  }
}

export function* extensionMistakes({ path, fields }: Entry, plan: Plan): Generator<Mistake> {
  for (const { text, index } of textsOf(fields['extensions'])) {
    const at = [...path, 'extensions', index];
    if (!EXTENSION_OR_NUMBER.test(text)) continue;
    if (E164_NUMBER.test(text)) {
      if (!plan.e164) {
        const message = `${JSON.stringify(text)} is a whole number, and dial plan ${JSON.stringify(plan.name)} has extensions`;
        yield {
          path: at,
          message,
          remedy: 'Write the extension, and what stands before it into numberPrefixes of the plan.',
        };
        continue;
      }
    } else if (plan.digits !== null && text.length !== plan.digits) {
      const message = `${JSON.stringify(text)} has ${text.length} digits; extensions of dial plan ${JSON.stringify(plan.name)} have ${plan.digits}`;
      yield { path: at, message, remedy: 'Correct the extension, or numberOfDigitsInExtension of the dial plan.' };
      continue;
    }
    const other = plan.numbers.get(text);
    if (other === undefined) plan.numbers.set(text, path);
    else {
      const owner = other === path ? 'listed twice here' : `already that of ${whose(other)}`;
      const message = `extension ${JSON.stringify(text)} of dial plan ${JSON.stringify(plan.name)} is ${owner}`;
      yield {
        path: at,
        message,
        remedy: 'Keep it in one place: an extension rings one mailbox or group of its dial plan.',
      };
    }
  }
}

export function* addressMistakes({ path, fields }: Entry, owners: AddressOwners): Generator<Mistake> {
  for (const { text, index } of textsOf(fields['sipAddresses'])) {
    const address = sipAddressKey(text);
    if (address === null) continue;
    const other = owners.get(address);
    if (other === undefined) owners.set(address, path);
    else {
      const owner = other === path ? 'listed twice here' : `already that of ${whose(other)}`;
      yield {
        path: [...path, 'sipAddresses', index],
        message: `SIP address ${JSON.stringify(text)} is ${owner}`,
        remedy: 'Keep it in one place: a SIP address belongs to one mailbox or group.',
      };
    }
  }
}

/** What nobody can call needs no entry. */
export function* unreachable({ path, fields }: Entry, what: 'mailbox' | 'group'): Generator<Mistake> {
  if (!isEmptyOrAbsent(fields['extensions']) || !isEmptyOrAbsent(fields['sipAddresses'])) return;
  const message = `the ${what} has neither an extension nor a SIP address: no call can be for it`;
  yield { path, message, remedy: `Add extensions or sipAddresses, or remove the ${what}.` };
}

/** A number must not be a second name for somebody else's, by the plan's prefixes and dialling codes. */
export function* shadowedNumbers(plans: Iterable<Plan>): Generator<Mistake> {
  for (const plan of plans) {
    const codes = hasDiallingCodes(plan);
    for (const [number, path] of plan.numbers) {
      if (!number.startsWith('+') && !codes) continue;
      for (const name of namesOfNumber(number, plan)) {
        const other = name === number ? undefined : plan.numbers.get(name);
        if (other === undefined || other === path) continue;
        yield { path: [...path, 'extensions'], ...shadow(number, name, whose(other), plan) };
      }
    }
  }
}

function shadow(number: string, name: string, owner: string, plan: Plan): Pick<Mistake, 'message' | 'remedy'> {
  const prefix = plan.numberPrefixes.find((before) => before + name === number);
  const dialled = `as dial plan ${JSON.stringify(plan.name)} dials it (${dialledWhole(number, plan) ?? number})`;
  const by = prefix === undefined ? dialled : `by number prefix ${JSON.stringify(prefix)}`;
  const what = E164_NUMBER.test(name) ? 'number' : 'extension';
  return {
    message: `${number} is also ${what} ${name} of ${owner}, ${by}`,
    remedy: `Remove the number here, or the ${what} there.`,
  };
}
