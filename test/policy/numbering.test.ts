import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialledWhole, MIN_WHOLE_NUMBER_LENGTH, namesOfNumber } from '../../src/policy/numbering.ts';
import { policyOf } from './files.ts';

const policy = policyOf(`
dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", numberPrefixes: ["+3314000", "0155550"], nationalNumberPrefix: "0", internationalAccessCode: "00", outsideLineAccessCode: "9" }
  - { name: Berlin, numberOfDigitsInExtension: 4, countryOrRegionCode: "49", numberPrefixes: ["+4930100"], nationalNumberPrefix: "0", internationalAccessCode: "00", outsideLineAccessCode: "0" }
  - { name: Seattle, numberOfDigitsInExtension: 5, countryOrRegionCode: "1", numberPrefixes: ["+142555"], nationalNumberPrefix: "1", internationalAccessCode: "011", outsideLineAccessCode: "9" }
  - { name: World, uriType: E164, numberOfDigitsInExtension: 5, countryOrRegionCode: "33", nationalNumberPrefix: "0", internationalAccessCode: "00" }
  - { name: Silent, numberOfDigitsInExtension: 4, numberPrefixes: ["0455"] }
mailboxes:
  - { identity: alice, extensions: ["1001"], mailboxPolicy: Paris Default Policy }
  - { identity: bruno, extensions: ["2001"], mailboxPolicy: Berlin Default Policy }
  - { identity: carol, extensions: ["50123"], mailboxPolicy: Seattle Default Policy }
  - { identity: dora, extensions: ["+33499990000"], mailboxPolicy: World Default Policy }
  - { identity: eve, extensions: ["3001"], mailboxPolicy: Silent Default Policy }
`);

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const SYMBOLS = ['+', '0', '1', '3', '9', '-', '.', '(', ')', ';', '*', '#'];

describe('toE164', () => {
  const numbers: readonly (readonly [rule: string, number: string, plan: string, whole: string | null])[] = [
    ['an extension behind the first prefix of its plan', '1001', 'Paris', '+33140001001'],
    ['whether or not anybody has it', '1999', 'paris', '+33140001999'],
    ['a national number', '0612345678', 'Paris', '+33612345678'],
    ['an international number', '00442079460000', 'Paris', '+442079460000'],
    ['a national number on an outside line', '90612345678', 'Paris', '+33612345678'],
    ['an international number on an outside line', '900442079460000', 'Paris', '+442079460000'],
    ['a whole number as it is', '+442079460000', 'Paris', '+442079460000'],
    ['a whole number without its separators', '+44-20.7946(0000)', 'Paris', '+442079460000'],
    ['a whole number without its parameters', '+442079460000;ext=1', 'Paris', '+442079460000'],
    ['a national number of a plan whose prefix is its country code', '14255550123', 'Seattle', '+14255550123'],
    ['an international one by the longer code', '01133140001001', 'Seattle', '+33140001001'],
    ['an extension of a plan whose prefix says nothing of the outside: none', '3001', 'Silent', null],
    ['an extension of a plan without a prefix: none', '50123', 'World', null],
    ['a number that is dialled as nothing the plan knows: none', '612345678', 'Paris', null],
    ['a service number: none', '112', 'Paris', null],
    ['a short number behind a code: none', '03631', 'Berlin', null],
    ['two readings, with an outside line 0: none', '00301234567', 'Berlin', null],
    ['one reading, with an outside line 0', '000301234567', 'Berlin', '+301234567'],
    ['the national reading, with an outside line 0', '0301234567', 'Berlin', '+49301234567'],
    ['what is longer than any number: none', '0012345678901234567', 'Paris', null],
    ['what begins with a zero behind the plus: none', '+0140001001', 'Paris', null],
    ['no number: none', 'alice', 'Paris', null],
    ['a feature code: none', '*56', 'Paris', null],
    ['nothing: none', '', 'Paris', null],
    ['a plan that the file does not have: none', '1001', 'Nantes', null],
  ];

  it.each(numbers)('%s: %s', (_rule, number, plan, whole) => {
    expect(policy.toE164(number, plan)).toBe(whole);
  });

  const anyNumber = fc.oneof(
    fc.string({ unit: fc.constantFrom(...DIGITS), maxLength: 16 }),
    fc.string({ unit: fc.constantFrom(...SYMBOLS), maxLength: 16 }),
    fc
      .constantFrom('0', '00', '90', '900', '9', '+', '011', '1')
      .chain((code) => fc.string({ unit: fc.constantFrom(...DIGITS), maxLength: 14 }).map((rest) => code + rest)),
    fc.string(),
  );
  const anyPlan = fc.constantFrom('Paris', 'Berlin', 'Seattle', 'World', 'Silent');

  it('is its own whole number: what it made, it leaves as it is', () => {
    fc.assert(
      fc.property(anyNumber, anyPlan, anyPlan, (number, plan, other) => {
        const whole = policy.toE164(number, plan);
        return whole === null || (policy.toE164(whole, plan) === whole && policy.toE164(whole, other) === whole);
      }),
    );
  });

  it('makes E.164 numbers or nothing', () => {
    fc.assert(
      fc.property(anyNumber, anyPlan, (number, plan) =>
        /^\+[1-9][0-9]{1,14}$/.test(policy.toE164(number, plan) ?? '+12'),
      ),
    );
  });
});

const at = (user: string): { user: string; uri: string } => ({ user, uri: `sip:${user}@gateway.example.net` });
const ownerOf = (user: string, plan?: string): string | null => {
  const found = policy.findMailbox(at(user), plan);
  return found.kind === 'found' ? found.mailbox.identity : null;
};

describe('a called number is found in the form in which its plan dials it', () => {
  const numbers: readonly (readonly [rule: string, user: string, plan: string | undefined, owner: string | null])[] = [
    ['national', '0140001001', undefined, 'alice'],
    ['international', '0033140001001', undefined, 'alice'],
    ['on an outside line', '90140001001', undefined, 'alice'],
    ['international on an outside line', '90033140001001', undefined, 'alice'],
    ['by another prefix of the plan, as it is listed', '01555501001', undefined, 'alice'],
    ['in the plan that the peer names', '0140001001', 'Paris', 'alice'],
    ['not in another plan', '0140001001', 'Berlin', null],
    ['not by the codes of another plan', '01133140001001', 'Paris', null],
    ['by the codes of the plan that has the number only', '01133140001001', undefined, null],
    ['not of another country', '0049140001001', undefined, null],
    ['not with a digit before it', '80140001001', undefined, null],
    ['not with a digit behind it', '01400010011', undefined, null],
    ['not with separators, which no local number has', '01-4000-1001', undefined, null],
    ['not by the last digits of a national number', '0612341001', undefined, null],
    ['a whole number of an E164 plan, national', '0499990000', undefined, 'dora'],
    ['a whole number of an E164 plan, international', '0033499990000', 'World', 'dora'],
    ['not by codes where the plan has none', '0033499990000', 'Silent', null],
    ['where an outside line 0 leaves two readings, not', '00301002001', undefined, null],
    ['where it leaves one, yes', '0301002001', undefined, 'bruno'],
    ['a prefix that is the country code', '14255550123', undefined, 'carol'],
  ];

  it.each(numbers)('%s: %s', (_rule, user, plan, owner) => {
    expect(ownerOf(user, plan)).toBe(owner);
  });

  const forms = fc.constantFrom('', '0', '00', '9', '90', '900', '+', '0033', '+33', '00033', '1', '011');
  const digits = fc.string({ unit: fc.constantFrom(...DIGITS), minLength: 1, maxLength: 12 });
  const ends = fc.constantFrom('1001', '2001', '50123', '3001', '140001001', '33140001001', '301002001', '4255550123');

  it('a foreign number never is: whoever is found has the number whole, or it is dialled so in the own plan', () => {
    const own = new Map([
      ['alice', { plan: 'Paris', numbers: ['1001', '+33140001001', '01555501001', '+33155501001', '+331555501001'] }],
      ['bruno', { plan: 'Berlin', numbers: ['2001', '+49301002001'] }],
      ['carol', { plan: 'Seattle', numbers: ['50123', '+14255550123'] }],
      ['dora', { plan: 'World', numbers: ['+33499990000'] }],
      ['eve', { plan: 'Silent', numbers: ['3001', '04553001'] }],
    ]);
    const property = fc.property(forms, fc.option(digits), ends, (form, middle, end) => {
      const number = form + (middle ?? '') + end;
      const owner = ownerOf(number);
      if (owner === null) return true;
      const { plan, numbers: its } = own.get(owner) ?? { plan: '', numbers: [] };
      return its.includes(number) || its.includes(policy.toE164(number, plan) ?? '');
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it('who has a number is found by each form that its plan writes out', () => {
    const written: readonly (readonly [plan: string, whole: string, forms: readonly string[]])[] = [
      ['Paris', '+33140001001', ['1001', '0140001001', '0033140001001', '90140001001', '90033140001001']],
      ['Seattle', '+14255550123', ['50123', '14255550123', '01114255550123', '914255550123', '901114255550123']],
    ];
    for (const [plan, whole, ways] of written) {
      for (const way of ways) {
        expect(policy.toE164(way, plan)).toBe(whole);
        expect(ownerOf(way)).toBe(ownerOf(whole));
      }
    }
  });
});

describe('the names under which a number may be listed', () => {
  it('are those that look-up looks under', () => {
    const plan = policy.dialPlans.get('Paris');
    if (plan === undefined) throw new Error('no plan');
    expect(namesOfNumber('90140001001', plan)).toEqual(['90140001001', '+33140001001', '1001']);
    expect(namesOfNumber('01555501001', plan)).toEqual(['01555501001', '1001', '+331555501001']);
    expect(namesOfNumber('1001', plan)).toEqual(['1001']);
  });

  it('a number shorter than any country has is never made whole', () => {
    const codes = {
      countryOrRegionCode: '683',
      nationalNumberPrefix: '0',
      internationalAccessCode: null,
      outsideLineAccessCode: null,
    };
    expect(dialledWhole('04000', codes)).toBe('+6834000');
    expect(dialledWhole('04000', codes)).toHaveLength(MIN_WHOLE_NUMBER_LENGTH);
    expect(dialledWhole('0400', codes)).toBeNull();
  });
});
