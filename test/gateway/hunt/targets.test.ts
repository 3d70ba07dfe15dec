import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onBehalfOf, planOf, voicemailPlan, type Directory, type Plan } from '../../../src/gateway/hunt/targets.ts';
import { createVoicemailTargets } from '../../../src/gateway/voicemail/voicemail-signs.ts';
import type { NextHop, Registration } from '../../../src/gateway/index.ts';
import { kept } from '../phones.ts';
import { policyOf, POLICY } from '../support.ts';

const GROUPS = `${POLICY}
groups:
  - { identity: sales, dialPlan: Paris, extensions: ["1100"], members: [alice, bob, "0612345678"], ringTimeout: 15s }
  - { identity: night, dialPlan: Paris, extensions: ["1200"], sipAddresses: [sip:night@example.com], members: [bob, alice, "1300"], ring: serial, mailbox: carol }
`;
const PBX = { uri: 'sip:pbx' };
const SECOND = { uri: 'sip:second', prefix: '9' };
const CARRIER = { uri: 'sip:carrier' };
const TARGET = 'sip:voicemail@vm';

function contact(aor: string, uri: string, q = 1): Registration {
  return { ...kept(aor, uri, 'udp/192.0.2.7:5060', 0), q };
}

interface Given {
  readonly contacts?: readonly Registration[];
  readonly owner?: 'gateway' | 'none';
  readonly hops?: (number: string | null) => readonly NextHop[];
  readonly caller?: string;
  readonly callerMailbox?: string;
}

function directory({ contacts = [], owner = 'none', hops, caller, callerMailbox }: Given): Directory {
  const voicemail = { owner, target: TARGET, targets: ['*97'] };
  return {
    policy: policyOf(GROUPS),
    dialPlan: 'Paris',
    voicemail,
    voicemailTargets: createVoicemailTargets(voicemail),
    ringTimeoutMs: 20_000,
    caller: caller ?? null,
    callerMailbox: callerMailbox ?? null,
    contactsOf: (numbers) => contacts.filter(({ aor }) => numbers.includes(aor)),
    hopsOf: hops ?? ((number) => (number?.startsWith('0') === true ? [CARRIER] : [PBX, SECOND])),
  };
}

function plan(number: string, given: Given = {}): Plan {
  return planOf({ number, uri: `sip:${number}@gw`, diversions: [] }, directory(given));
}

/** Stages by new line, branches by blank, hops by `>`; a member's with its name. */
function shown({ stages }: Plan): string[] {
  return stages.map((stage) =>
    stage
      .map(
        ({ mailbox, targets }) => `${mailbox === null ? '' : `${mailbox}=`}${targets.map(({ uri }) => uri).join('>')}`,
      )
      .join(' '),
  );
}

const ALICE = contact('1001', 'sip:1001@phone');
const ALICE_BY_NAME = contact('alice', 'sip:alice@soft');
const ALICE_LATER = contact('1001', 'sip:1001@mobile', 0.5);
const BOB = contact('1002', 'sip:1002@phone');

describe('whom a number rings', () => {
  it.each<[string, string, Given, string[]]>([
    ['its next hops, each in case of the one before', '1001', {}, ['sip:1001@pbx>sip:91001@second']],
    ['its registered phone instead', '1001', { contacts: [ALICE] }, ['sip:1001@phone']],
    [
      'its user’s phones at the same time, whichever of the user’s names they registered for',
      '1001',
      { contacts: [ALICE, ALICE_BY_NAME] },
      ['sip:1001@phone sip:alice@soft'],
    ],
    [
      'phones of a lower q after those of a higher one (RFC 3261 16.6)',
      '1001',
      { contacts: [ALICE_LATER, ALICE, ALICE_BY_NAME] },
      ['sip:1001@phone sip:alice@soft', 'sip:1001@mobile'],
    ],
    [
      'a phone once, though it registered for two names',
      '1001',
      { contacts: [ALICE, { ...ALICE, aor: 'alice' }] },
      ['sip:1001@phone'],
    ],
    ['the phone of a number that has no mailbox', '1300', { contacts: [contact('1300', 'sip:x@y')] }, ['sip:x@y']],
    ['nobody else’s phone', '1002', { contacts: [ALICE] }, ['sip:1002@pbx>sip:91002@second']],
    ['nobody where there is no hop', '1001', { hops: () => [] }, []],
    ['the voicemail system where it is ours', 'voicemail', { owner: 'gateway' }, [TARGET]],
    [
      'the hops where the voicemail system is somebody else’s',
      'voicemail',
      {},
      ['sip:voicemail@pbx>sip:9voicemail@second'],
    ],
    ['the hops for another voicemail number', '*97', { owner: 'gateway' }, ['sip:*97@pbx>sip:9*97@second']],
    [
      'all members of a simultaneous group: phones, hops, and numbers by their route',
      '1100',
      { contacts: [ALICE] },
      ['alice=sip:1001@phone bob=sip:1002@pbx>sip:91002@second sip:0612345678@carrier'],
    ],
    [
      'all phones of a member at the same time, whatever their q: its turn is too short',
      '1100',
      { contacts: [ALICE, ALICE_LATER, BOB] },
      ['alice=sip:1001@phone alice=sip:1001@mobile bob=sip:1002@phone sip:0612345678@carrier'],
    ],
    [
      'the members of a serial group one after the other',
      '1200',
      { contacts: [ALICE, ALICE_LATER, BOB] },
      ['bob=sip:1002@phone', 'alice=sip:1001@phone alice=sip:1001@mobile', 'sip:1300@pbx>sip:91300@second'],
    ],
    [
      'those members alone whom somebody leads to',
      '1200',
      { contacts: [ALICE], hops: () => [] },
      ['alice=sip:1001@phone'],
    ],
  ])('%s', (_what, number, given, stages) => {
    expect(shown(plan(number, given))).toEqual(stages);
  });

  it('a group by its SIP address too', () => {
    const byName = planOf({ number: 'night', uri: 'sip:night@example.com', diversions: [] }, directory({}));
    expect(byName.group?.identity).toBe('night');
    expect(byName.stages).toHaveLength(3);
  });

  it('a group rings as long as its ringTimeout says, else as long as any number', () => {
    expect(
      plan('1100')
        .stages.flat()
        .map(({ ringTimeoutMs }) => ringTimeoutMs),
    ).toEqual([15_000, 15_000, 15_000]);
    expect(
      plan('1200')
        .stages.flat()
        .map(({ ringTimeoutMs }) => ringTimeoutMs),
    ).toEqual([20_000, 20_000, 20_000]);
  });

  it('whom a member sends the call on to rings for it, and no longer than it would have', () => {
    const [member] = plan('1100').stages.flat();
    if (member === undefined) throw new Error('no member');
    for (const [ringTimeoutMs, expected] of [
      [5_000, 5_000],
      [60_000, 20_000],
    ] as const) {
      const branches = onBehalfOf({ ...member, ringTimeoutMs }, plan('1300')).stages.flat();
      expect(branches).toMatchObject([{ mailbox: 'alice', ringTimeoutMs: expected, number: '1300' }]);
    }
    expect(
      onBehalfOf(member, plan('1200'))
        .stages.flat()
        .map(({ mailbox }) => mailbox),
    ).toEqual(['bob', 'alice', 'alice']);
  });

  it('of a 6xx: the phones of one user are one, those of two members are not', () => {
    const users = (number: string): string[] =>
      plan(number, { contacts: [ALICE, ALICE_LATER, BOB] })
        .stages.flat()
        .map(({ user }) => user);
    expect(users('1001')).toEqual(['1001', '1001']);
    expect(users('1100')).toEqual(['alice', 'alice', 'bob', '0612345678']);
  });

  it('voicemail is dialled by its own user part, or by the called number where it names none', () => {
    const diversion = { by: 'sip:1001@gw', why: { reason: 'no-answer', cause: 408 } } as const;
    expect(shown(voicemailPlan(TARGET, 'sip:1001@gw', diversion, 1))).toEqual([TARGET]);
    expect(shown(voicemailPlan('sip:vm', 'sip:1001@gw', diversion, 1))).toEqual(['sip:1001@vm']);
    expect(shown(voicemailPlan('sip:vm', 'sip:gw', diversion, 1))).toEqual([]);
  });

  it('a member whose name is no user part as it stands is dialled escaped', () => {
    const policy = policyOf(`${GROUPS.replace(
      'mailboxes:',
      `mailboxes:
  - { identity: dora, sipAddresses: ["sip:dora%23d@example.com"], mailboxPolicy: Paris Default Policy }`,
    )}
  - { identity: odd, dialPlan: Paris, extensions: ["1400"], members: [dora] }
`);
    const odd = planOf(
      { number: '1400', uri: 'sip:1400@gw:5070', diversions: [] },
      { ...directory({ hops: () => [PBX] }), policy },
    );
    expect(shown(odd)).toEqual(['dora=sip:dora%23d@pbx']);
  });
});

describe('every plan', () => {
  const contacts = fc.array(
    fc.record({
      aor: fc.constantFrom('1001', '1002', 'alice', '1300'),
      uri: fc.constantFrom('sip:1@a', 'sip:2@b', 'sip:3@c', 'sip:4@d'),
      q: fc.constantFrom(0, 0.3, 0.5, 1),
    }),
    { maxLength: 12 },
  );
  const numbers = fc.constantFrom('1001', '1002', '1003', '1100', '1200', '1300', 'voicemail', '0612', '');

  it('has no empty stage or branch, and no target twice for one user', () => {
    fc.assert(
      fc.property(numbers, contacts, fc.boolean(), (number, registered, dead) => {
        const given = { contacts: registered.map(({ aor, uri, q }) => contact(aor, uri, q)) };
        const { stages } = plan(number, dead ? { ...given, hops: () => [] } : given);
        for (const stage of stages) expect(stage.length).toBeGreaterThan(0);
        const branches = stages.flat();
        for (const { targets } of branches) expect(targets.length).toBeGreaterThan(0);
        const rung = branches.flatMap(({ user, targets }) => targets.map(({ uri }) => `${user} ${uri}`));
        expect(new Set(rung).size).toBe(rung.length);
      }),
    );
  });

  it('rings registered phones or next hops for one user, never both, and no phone of a lower q before one of a higher', () => {
    fc.assert(
      fc.property(contacts, (registered) => {
        const known = registered.map(({ aor, uri, q }) => contact(aor, uri, q));
        const targets = plan('1001', { contacts: known })
          .stages.flat()
          .flatMap((branch) => branch.targets);
        const phones = targets.flatMap(({ registration }) => registration ?? []);
        expect([0, targets.length]).toContain(phones.length);
        const order = phones.map(({ q }) => q);
        expect(order).toEqual(order.toSorted((a, b) => b - a));
      }),
    );
  });
});
