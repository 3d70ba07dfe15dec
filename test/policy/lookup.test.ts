import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MailboxLookup } from '../../src/policy/index.ts';
import { manyMailboxes, policyOf } from './files.ts';

const policy = policyOf(`
dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4, numberPrefixes: ["+3314000", "0140000"] }
  - { name: Lyon, numberOfDigitsInExtension: 4, numberPrefixes: ["+3347800"] }
  - { name: World, uriType: E164, numberOfDigitsInExtension: 5, numberPrefixes: ["9"] }
mailboxes:
  - { identity: alice, extensions: ["1001"], sipAddresses: ["sip:Alice@example.com", "sip:anna%20b@example.com", "sip:alice@[2001:DB8::1]:5070"], mailboxPolicy: Paris Default Policy }
  - { identity: bob, extensions: ["1002"], sipAddresses: ["sip:1001@pbx.example.com"], mailboxPolicy: Paris Default Policy }
  - { identity: chloe, extensions: ["1001", "1003"], mailboxPolicy: Lyon Default Policy }
  - { identity: dora, extensions: ["20001", "+14255550123"], mailboxPolicy: World Default Policy }
`);

function said(found: MailboxLookup): string {
  if (found.kind === 'none') return 'none';
  return found.kind === 'found' ? found.mailbox.identity : found.mailboxes.map(({ identity }) => identity).join(' or ');
}

const at = (user: string): { user: string; uri: string } => ({ user, uri: `sip:${user}@gateway.example.net` });

describe('a called number has a mailbox', () => {
  const numbers: readonly (readonly [rule: string, user: string, plan: string | undefined, owner: string])[] = [
    ['by its extension whole', '1002', undefined, 'bob'],
    ['by any of its extensions', '1003', undefined, 'chloe'],
    ['by a listed prefix and its extension', '+33140001002', undefined, 'bob'],
    ['by another listed prefix', '01400001002', undefined, 'bob'],
    ['by the prefix of its own plan', '+33478001003', undefined, 'chloe'],
    ['by its number in an E164 plan', '+14255550123', undefined, 'dora'],
    ['with the visual separators of RFC 3966', '+1-425-555.0123', undefined, 'dora'],
    ['with parameters behind it', '1002;phone-context=example.com', undefined, 'bob'],
    ['with an escape in it', '%2B33140001002', undefined, 'bob'],
    ['by the prefix of an E164 plan and an extension', '920001', undefined, 'dora'],
    ['not by a prefix and a whole number', '9+14255550123', undefined, 'none'],
    ['not by the last digits of a foreign number', '+442079461002', undefined, 'none'],
    ['not by the last digits of a longer number', '91002', undefined, 'none'],
    ['not by the first digits of a longer number', '10021', undefined, 'none'],
    ['not by a part of the extension', '100', undefined, 'none'],
    ['not by the prefix of another plan', '+33478001002', undefined, 'none'],
    ['not by a prefix with more behind it', '+331400091002', undefined, 'none'],
    ['not by a prefix alone', '+3314000', undefined, 'none'],
    ['not without the plus that the file has', '14255550123', undefined, 'none'],
    ['not with separators in a local number', '10-02', undefined, 'none'],
    ['not where it is empty', '', undefined, 'none'],
    ['of the plan that the peer names', '1001', 'Lyon', 'chloe'],
    ['of the plan that the peer names, in any case', '1001', 'PARIS', 'alice'],
    ['in that plan only', '1002', 'Lyon', 'none'],
    ['by prefix in that plan only', '+33140001002', 'Lyon', 'none'],
    ['none in a plan that the file does not have', '1002', 'Nantes', 'none'],
    ['two, in different plans: nobody can tell', '1001', undefined, 'alice or chloe'],
    ['one, where the prefix tells the plan', '+33140001001', undefined, 'alice'],
  ];

  it.each(numbers)('%s: %s', (_rule, user, plan, owner) => {
    expect(said(policy.findMailbox(at(user), plan))).toBe(owner);
  });

  it('by the number of a tel: URI', () => {
    expect(said(policy.findMailbox({ user: null, uri: 'tel:+33-1-4000-1002' }))).toBe('bob');
    expect(said(policy.findMailbox({ user: null, uri: 'tel:1002;phone-context=+331' }))).toBe('bob');
    expect(said(policy.findMailbox({ user: null, uri: 'sip:gateway.example.net' }))).toBe('none');
    expect(said(policy.findMailbox({ user: null, uri: 'mailto:1002@example.com' }))).toBe('none');
  });
});

describe('a SIP address has a mailbox', () => {
  const addresses: readonly (readonly [rule: string, uri: string, owner: string])[] = [
    ['whole', 'sip:Alice@example.com', 'alice'],
    ['the host in any case', 'SIP:Alice@EXAMPLE.Com', 'alice'],
    ['the user in its own case only', 'sip:alice@example.com', 'none'],
    ['whatever its parameters', 'sip:Alice@example.com;transport=tcp;user=phone?Subject=x', 'alice'],
    ['with the port that it has anyway', 'sip:Alice@example.com:5060', 'alice'],
    ['over TLS with its port', 'sips:Alice@example.com:5061', 'alice'],
    ['not with another port', 'sip:Alice@example.com:5070', 'none'],
    ['not of another host', 'sip:Alice@example.org', 'none'],
    ['not of a longer host', 'sip:Alice@example.com.evil.example', 'none'],
    ['an escaped user', 'sip:%41lice@example.com', 'alice'],
    ['a user that needs escapes', 'sip:anna%20b@example.com', 'alice'],
    ['an IPv6 address', 'sip:alice@[2001:db8::1]:5070', 'alice'],
    ['before the number in it', 'sip:1001@pbx.example.com', 'bob'],
  ];

  it.each(addresses)('%s: %s', (_rule, uri, owner) => {
    const user = /:([^@]*)@/.exec(uri)?.[1] ?? null;
    expect(said(policy.findMailbox({ user, uri }))).toBe(owner);
  });

  it('in the plan that the peer names only', () => {
    expect(said(policy.findMailbox({ user: 'Alice', uri: 'sip:Alice@example.com' }, 'Paris'))).toBe('alice');
    expect(said(policy.findMailbox({ user: 'Alice', uri: 'sip:Alice@example.com' }, 'Lyon'))).toBe('none');
  });
});

describe('properties of look-up', () => {
  const digits = (min: number, max: number): fc.Arbitrary<string> =>
    fc.string({
      unit: fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'),
      minLength: min,
      maxLength: max,
    });
  const extension = fc.constantFrom('1001', '1002', '1003');

  it('a number that ends in an extension is nobody unless all before it is a listed prefix', () => {
    const listed = new Set(['', '+3314000', '0140000', '+3347800', '9']);
    const before = fc.tuple(fc.constantFrom('', '+', '00'), digits(1, 15)).map(([plus, more]) => plus + more);
    fc.assert(
      fc.property(before, extension, (prefix, end) => {
        fc.pre(!listed.has(prefix));
        return said(policy.findMailbox(at(prefix + end))) === 'none';
      }),
    );
  });

  it('whoever is found has the number, by itself or behind a prefix of the plan', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          digits(0, 12),
          digits(4, 4),
          extension.map((end) => `+3314000${end}`),
        ),
        (number) => {
          const found = policy.findMailbox(at(number));
          const mailboxes =
            found.kind === 'found' ? [found.mailbox] : found.kind === 'ambiguous' ? found.mailboxes : [];
          return mailboxes.every(({ mailboxPolicy, extensions }) => {
            const plan = policy.dialPlans.get(policy.mailboxPolicies.get(mailboxPolicy)?.dialPlan ?? '');
            return extensions.some((one) =>
              ['', ...(plan?.numberPrefixes ?? [])].some((prefix) => prefix + one === number),
            );
          });
        },
      ),
    );
  });

  it('never throws, whatever was called', () => {
    fc.assert(
      fc.property(
        fc.option(fc.string()),
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `sip:${text}`),
        ),
        (user, uri) => {
          policy.findMailbox({ user, uri });
        },
      ),
    );
  });
});

describe('many mailboxes', () => {
  const count = 20_000;
  const big = policyOf(manyMailboxes(count));

  it('each is found by identity, extension, number and address, and nobody else', () => {
    for (let index = 0; index < count; index += 7) {
      const identity = `user${index}`;
      const extension = String(100_000 + index);
      expect(big.mailbox(identity)?.identity).toBe(identity);
      expect(said(big.findMailbox(at(extension)))).toBe(identity);
      expect(said(big.findMailbox(at(`+3314000${extension}`)))).toBe(identity);
      expect(said(big.findMailbox({ user: identity, uri: `sip:${identity}@example.com` }))).toBe(identity);
    }
    expect(big.mailbox(`user${count}`)).toBeUndefined();
    expect(said(big.findMailbox(at(String(100_000 + count))))).toBe('none');
  });

  it('all are listed, in the order of the file', () => {
    expect([...big.mailboxes()].map(({ identity }) => identity)).toEqual(
      Array.from({ length: count }, (_, index) => `user${index}`),
    );
  });
});
