import { E164_NUMBER } from './syntax.ts';
import type { DialPlan } from './types.ts';

/** How numbers of a dial plan are dialled and written (Set-UMDialPlan). Pure. */
export type Numbering = Pick<
  DialPlan,
  | 'numberOfDigitsInExtension'
  | 'numberPrefixes'
  | 'countryOrRegionCode'
  | 'nationalNumberPrefix'
  | 'internationalAccessCode'
  | 'outsideLineAccessCode'
>;

type DiallingCodes = Omit<Numbering, 'numberOfDigitsInExtension' | 'numberPrefixes'>;

/** No country has shorter whole numbers (+683 4000 on Niue): what reads as a shorter one is an extension or a service. */
export const MIN_WHOLE_NUMBER_LENGTH = '+6834000'.length;

const PLUS = 0x2b;

/** One reading of a number without `+`, the longest code first: `00` is not `0` and then another `0`. */
function reading(number: string, codes: DiallingCodes): string | null {
  const { internationalAccessCode, nationalNumberPrefix, countryOrRegionCode } = codes;
  const international = internationalAccessCode !== null && number.startsWith(internationalAccessCode);
  const national =
    nationalNumberPrefix !== null && countryOrRegionCode !== null && number.startsWith(nationalNumberPrefix);
  let whole: string;
  if (international && !(national && nationalNumberPrefix.length > internationalAccessCode.length)) {
    whole = `+${number.slice(internationalAccessCode.length)}`;
  } else if (national) whole = `+${countryOrRegionCode}${number.slice(nationalNumberPrefix.length)}`;
  else return null;
  return whole.length >= MIN_WHOLE_NUMBER_LENGTH && E164_NUMBER.test(whole) ? whole : null;
}

/**
 * The whole number that was dialled with a national prefix, an international access code, or either behind an outside
 * line's. Null where the plan's codes do not say, or say two things: with outside line `0`, `00301234567` is either a number
 * of Greece or one of one's own country, and a guess would make a foreign number somebody's extension.
 */
export function dialledWhole(number: string, codes: DiallingCodes): string | null {
  if (number.charCodeAt(0) === PLUS) return null;
  const { outsideLineAccessCode } = codes;
  const plain = reading(number, codes);
  if (outsideLineAccessCode === null || !number.startsWith(outsideLineAccessCode)) return plain;
  const outside = reading(number.slice(outsideLineAccessCode.length), codes);
  if (plain === null || outside === null) return plain ?? outside;
  return plain === outside ? plain : null;
}

export function hasDiallingCodes(codes: DiallingCodes): boolean {
  return codes.internationalAccessCode !== null || codes.nationalNumberPrefix !== null;
}

/**
 * A number of the plan as the outside knows it: an extension behind the first of its plan's prefixes that gives a whole
 * number; a whole number as it is; else as it was dialled. Null where the plan does not say how.
 * @param number digits, with or without `+`, without separators
 */
export function wholeNumberOf(number: string, plan: Numbering): string | null {
  if (number.charCodeAt(0) === PLUS) return E164_NUMBER.test(number) ? number : null;
  if (!/^[0-9]{1,20}$/.test(number)) return null;
  if (number.length === plan.numberOfDigitsInExtension) {
    for (const prefix of plan.numberPrefixes) {
      const whole = prefix + number;
      const read = E164_NUMBER.test(whole) ? whole : dialledWhole(whole, plan);
      if (read !== null) return read;
    }
  }
  return dialledWhole(number, plan);
}

/**
 * Under what a mailbox or group of this plan may have the number (design 4.2): as it is, as an extension behind a listed
 * prefix, and the same for the whole number that it is when dialled.
 */
export function namesOfNumber(number: string, plan: Numbering): string[] {
  const names: string[] = [];
  const whole = dialledWhole(number, plan);
  for (const form of whole === null ? [number] : [number, whole]) {
    names.push(form);
    for (const prefix of plan.numberPrefixes) {
      const isExtension = form.length === prefix.length + plan.numberOfDigitsInExtension && form.startsWith(prefix);
      if (isExtension) names.push(form.slice(prefix.length));
    }
  }
  return [...new Set(names)];
}
