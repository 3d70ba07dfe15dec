import { describe, expect, it } from 'vitest';
import type { CallState } from '../../src/call/index.ts';
import { judgeEnded, judgeInterrupted, type Law } from '../../src/ledger/judge.ts';
import { settlementOf, type Judged } from '../../src/ledger/settlement.ts';
import { callStart } from '../journal/samples.ts';
import { ended, START, story, type Story } from '../support/call-events.ts';
import { policyFrom } from './support.ts';

const NOTIFY = ['nobody', 'group', 'first', 'last', 'all'] as const;
type Notify = (typeof NOTIFY)[number];

/** Sam, who is no member, has the mailbox of the group where it has one. */
function law(notify: Notify): Law {
  return {
    settings: { voicemail: { owner: 'gateway', greetingMs: 10_000, minimumMessageMs: 3_000, settleMs: 90_000 } },
    policy: policyFrom(`
dialPlans: [{ name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4 }]
mailboxPolicies: [{ name: Staff, dialPlan: Paris }]
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Staff }
  - { identity: bob, emailAddress: bob@example.com, extensions: ["1002"], mailboxPolicy: Staff }
  - { identity: carol, emailAddress: carol@example.com, extensions: ["1003"], mailboxPolicy: Staff }
  - { identity: sam, emailAddress: sam@example.com, extensions: ["1005"], mailboxPolicy: Staff }
groups:
  - identity: sales
    dialPlan: Paris
    extensions: ["1100"]
    members: [alice, bob, carol]
    notify: ${notify}
    ${notify === 'group' ? 'mailbox: sam' : ''}
`),
  };
}

const start = callStart({ callee: '1100', mailbox: null, group: 'sales', startedAt: START });

/** Each decision: the mailbox where it is told, else it and why not. */
function decisions(judged: Judged, { policy }: Law): string {
  return settlementOf(judged, { policy, node: 'gw1', newId: () => 'id', now: START })
    .decisions.map(({ mailbox, decision, reason }) => `${mailbox ?? '-'}${decision === 'notify' ? '' : ` ${reason}`}`)
    .join(', ');
}

const of = (member: string) => ({ mailbox: member });
/** Bob's phone rings first, then Alice's; Carol is busy. */
const ringing = (): Story =>
  story()
    .caller(0)
    .invites(0, 'c', of('carol'))
    .final(1, 486, [], 'c')
    .invites(0, 'b', of('bob'))
    .rings(1, 'b')
    .invites(2, 'a', of('alice'))
    .rings(3, 'a');
const rungOut = (): Story => ringing().timesOut(20, 'b').timesOut(20, 'a');
const inVoicemail = (stayedS: number): Story =>
  rungOut()
    .invites(20, 'v', { kind: 'voicemail' })
    .answers(21, 'v')
    .relayed(21, 'v')
    .byes(21 + stayedS, 'v');
const all = (status: number): Story =>
  story()
    .caller(0)
    .invites(0, 'a', of('alice'))
    .final(1, status, [], 'a')
    .invites(0, 'b', of('bob'))
    .final(1, status, [], 'b')
    .invites(0, 'c', of('carol'))
    .final(1, status, [], 'c');

/** What nobody has missed: one decision, of the group's mailbox where there is one. */
const notMissed = (reason: string): Readonly<Record<Notify, string>> => {
  const nobodys = `- ${reason}`;
  return { nobody: nobodys, group: `sam ${reason}`, first: nobodys, last: nobodys, all: nobodys };
};
const MISSED: Readonly<Record<Notify, string>> = {
  nobody: '- condition',
  group: 'sam',
  first: 'bob, alice condition, carol not-rung',
  last: 'alice, bob condition, carol not-rung',
  all: 'bob, alice, carol not-rung',
};
const NOBODY_RANG: Readonly<Record<Notify, string>> = {
  nobody: '- condition',
  group: 'sam',
  first: '- not-rung, alice not-rung, bob not-rung, carol not-rung',
  last: '- not-rung, alice not-rung, bob not-rung, carol not-rung',
  all: '- not-rung, alice not-rung, bob not-rung, carol not-rung',
};

const ROWS: readonly [string, Story, string, Readonly<Record<Notify, string>>][] = [
  ['a member answers', ringing().answers(5, 'a').relayed(5, 'a').byes(60, 'a'), 'answered', notMissed('answered')],
  [
    'a colleague who is no member picks it up',
    ringing().invites(5, 'p').answers(5, 'p').relayed(5, 'p').byes(60, 'p'),
    'answered',
    notMissed('answered'),
  ],
  [
    'it is answered elsewhere',
    ringing().cancels(5, [{ protocol: 'SIP', cause: 200 }]),
    'elsewhere',
    notMissed('answered-elsewhere'),
  ],
  ['a message is left for the group', inVoicemail(40), 'voicemail', notMissed('voicemail-left')],
  ['the caller leaves the group’s voicemail', inVoicemail(4), 'missed / voicemail-abandoned', MISSED],
  ['it rings out', rungOut(), 'missed / no-answer', MISSED],
  ['the caller hangs up', ringing().cancels(9), 'missed / caller-hung-up', MISSED],
  [
    'one member declines for good, the others ring out',
    rungOut().invites(4, 'c2', of('carol')).final(5, 603, [], 'c2'),
    'missed / no-answer',
    MISSED,
  ],
  [
    'one member does not want the caller, the others ring out',
    rungOut().invites(4, 'c2', of('carol')).final(5, 607, [], 'c2'),
    'missed / no-answer',
    MISSED,
  ],
  [
    'one member declines on one of two phones: the other phone was ended by it',
    story()
      .caller(0)
      .invites(0, 'b1', of('bob'))
      .rings(1, 'b1')
      .invites(0, 'b2', of('bob'))
      .rings(1, 'b2')
      .final(3, 603, [], 'b1')
      .final(3, 487, [], 'b2'),
    'missed / declined',
    {
      nobody: '- condition',
      group: 'sam',
      first: 'bob, alice not-rung, carol not-rung',
      last: 'bob, alice not-rung, carol not-rung',
      all: 'bob, alice not-rung, carol not-rung',
    },
  ],
  ['all are busy', all(486), 'missed / busy', NOBODY_RANG],
  ['nobody is there', all(480), 'missed / unreachable', NOBODY_RANG],
  [
    'all are busy, and the caller hangs up on the way to voicemail',
    all(486).invites(1, 'v', { kind: 'voicemail' }).cancels(2),
    'missed / voicemail-abandoned',
    NOBODY_RANG,
  ],
  ['no phone takes such a call', all(488), 'failed', notMissed('not-rung')],
  ['the numbers are refused', all(484), 'rejected', notMissed('rejected')],
  [
    'the caller hangs up at once',
    story().caller(0).invites(0, 'a', of('alice')).cancels(1),
    'missed / caller-hung-up',
    notMissed('not-rung'),
  ],
];

const spoken = ({ verdict }: Judged): string =>
  verdict.outcome === null ? 'pending' : [verdict.outcome, verdict.cause].filter((one) => one !== null).join(' / ');

describe('a call to a group, from its legs to its decisions', () => {
  it.each(ROWS.flatMap((row) => NOTIFY.map((notify) => [row[0], notify, row] as const)))(
    '%s (notify: %s)',
    (_, notify, [, told, verdict, expected]) => {
      const { state, endedAt } = ended(told);
      const judged = judgeEnded({ start, evidence: [], rangAt: null, answered: null }, state, endedAt, law(notify));
      expect(spoken(judged)).toBe(verdict);
      expect(decisions(judged, law(notify))).toBe(expected[notify]);
    },
  );

  it.each([
    ['nobody', '- condition'],
    ['group', 'sam'],
    ['first', 'alice, bob condition, carol condition'],
    ['last', 'carol, alice condition, bob condition'],
    ['all', 'alice, bob, carol'],
  ] as const)('the gateway dies while it rings: nobody knows where (notify: %s)', (notify, expected) => {
    const call = { start, evidence: [], rangAt: START + 1_000, answered: null };
    const judged = judgeInterrupted(call, START + 5_000, 'it died', law(notify));
    expect(spoken(judged)).toBe('missed / interrupted');
    expect(decisions(judged, law(notify))).toBe(expected);
  });

  it('is judged the same by what an earlier version wrote, which names no members', () => {
    const { state, endedAt } = ended(rungOut());
    const older = JSON.parse(JSON.stringify(state), (key, value: unknown) =>
      key === 'mailbox' ? undefined : value,
    ) as CallState;
    const call = { start, evidence: [], rangAt: null, answered: null };
    expect(spoken(judgeEnded(call, older, endedAt, law('all')))).toBe('missed / no-answer');
  });
});
