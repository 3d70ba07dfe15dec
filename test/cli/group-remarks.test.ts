import { describe, expect, it } from 'vitest';
import { groupRemarks, LEGS_PER_CALL } from '../../src/cli/group-remarks.ts';
import type { GatewayConfig } from '../../src/config/index.ts';
import { LIMITS } from '../../src/gateway/limits.ts';
import { loadPolicy } from '../../src/policy/index.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${2000 + index}`);

interface Given {
  readonly members: readonly string[];
  readonly phones?: readonly string[];
  readonly nextHop?: readonly string[];
  readonly to?: string;
  readonly owner?: 'gateway' | 'none';
}

function remarks({ members, phones = [], nextHop = [], to, owner = 'none' }: Given): string[] {
  const loaded =
    loadPolicy(`dialPlans: [{ name: Paris, numberOfDigitsInExtension: 4, defaultLanguage: fr-FR, timeZone: Europe/Paris }]
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001", "1901"], sipAddresses: ["sip:alice.m@example.com"], mailboxPolicy: Paris Default Policy }
groups: [{ identity: sales, dialPlan: Paris, extensions: ["1100"], members: ${JSON.stringify(members)} }]
`);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const routes = to === undefined ? [] : [{ to, nextHop: [{ uri: 'sip:192.0.2.1' }], hairpin: false }];
  const config = {
    routing: { nextHop: nextHop.map((uri) => ({ uri })), routes },
    voicemail: { owner },
  } as unknown as GatewayConfig;
  const accounts = phones.map((number) => ({ username: number, number, ha1: { md5: '', sha256: null } }));
  return [...groupRemarks(config, loaded.policy, accounts)];
}

describe('what mcg check says of groups', () => {
  it('knows how many legs a call may have', () => {
    expect(LEGS_PER_CALL).toBe(LIMITS.legsPerCall);
  });

  it('a group that has more members than a call has legs, its voicemail counted', () => {
    const nextHop = ['sip:192.0.2.1'];
    expect(remarks({ members: numbers(100), nextHop })).toEqual([]);
    expect(remarks({ members: numbers(101), nextHop })).toEqual([
      'group sales has 101 members, and one call rings at most 100 phones: the last ones never ring. Make it smaller.',
    ]);
    expect(remarks({ members: numbers(100), nextHop, owner: 'gateway' })).toEqual([
      expect.stringContaining('at most 100 phones, its voicemail among them'),
    ]);
  });

  it.each<[string, Given, string[]]>([
    ['a next hop', { members: ['alice', '2000'], nextHop: ['sip:192.0.2.1'] }, []],
    ['a route for every number', { members: ['alice', '2000'], to: '' }, []],
    ['a phone of each', { members: ['alice', '2000'], phones: ['1001', '2000'] }, []],
    ['a phone of another extension', { members: ['alice'], phones: ['1901'] }, []],
    ['a phone of the SIP address', { members: ['alice'], phones: ['alice.m'] }, []],
    [
      'a route that does not match',
      { members: ['alice', '+33612345678'], to: '^1' },
      ['group sales: no phone of phones.yaml, no route and no next hop leads to +33612345678: the others ring alone.'],
    ],
    [
      'nothing at all',
      { members: ['alice', ...numbers(6)] },
      [
        'group sales: no phone of phones.yaml, no route and no next hop leads to alice, 2000, 2001, 2002, 2003 and 2 more: nobody would ring.',
      ],
    ],
  ])('members to whom nothing leads: %s', (_, given, expected) => {
    expect(remarks(given)).toEqual(expected);
  });
});
