import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/call/index.ts';
import { decide, type Question } from '../../src/ledger/index.ts';
import type { Policy } from '../../src/policy/index.ts';
import { callStart } from '../journal/samples.ts';
import { START, story, type Story } from '../support/call-events.ts';
import { bench, policyFrom, stateOf, type Bench } from './support.ts';

const missed: Verdict = { outcome: 'missed', cause: 'no-answer', reason: 'missed' };

/** The group is sales; Sam, who is no member, owns its mailbox where it has one. */
function policyText(group: string | null = '', members = '[alice, bob, carol]'): string {
  return `
dialPlans: [{ name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4 }]
mailboxPolicies:
  - { name: Staff, dialPlan: Paris }
  - { name: Quiet, dialPlan: Paris, conditions: { groupCalls: false } }
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Staff }
  - { identity: bob, emailAddress: bob@example.com, extensions: ["1002"], mailboxPolicy: Staff }
  - { identity: carol, emailAddress: carol@example.com, extensions: ["1003"], mailboxPolicy: Staff }
  - { identity: quiet, emailAddress: quiet@example.com, extensions: ["1004"], mailboxPolicy: Quiet }
  - { identity: sam, emailAddress: sam@example.com, extensions: ["1005"], mailboxPolicy: Quiet }
groups: [${group === null ? '' : `{ identity: sales, dialPlan: Paris, extensions: ["1100"], members: ${members}${group} }`}]
`;
}

const policy = (group?: string | null, members?: string): Policy => policyFrom(policyText(group, members));

/** Bob rings first, then Alice, then Bob again; Carol is busy. */
const hunted = (): Story =>
  story()
    .caller(0)
    .invites(0, 'b1', { mailbox: 'bob' })
    .rings(1, 'b1')
    .invites(0, 'c1', { mailbox: 'carol' })
    .final(1, 486, [], 'c1')
    .invites(0, 'a1', { mailbox: 'alice' })
    .rings(3, 'a1')
    .timesOut(10, 'b1')
    .timesOut(13, 'a1')
    .invites(14, 'b2', { mailbox: 'BOB' })
    .rings(15, 'b2')
    .timesOut(20, 'b2');

function question(notify: string, changes: Partial<Question> = {}): Question {
  const state = stateOf(hunted());
  return {
    call: callStart({ callee: '1100', mailbox: null, group: 'sales', startedAt: START }),
    verdict: missed,
    rangAt: START + 1_000,
    rangMs: 19_000,
    endedAt: START + 20_000,
    state,
    evidence: [],
    policy: policy(notify === '' ? '' : `, notify: ${notify}`),
    ...changes,
  };
}

/** Each decision in a line, the primary one starred. */
function told(asked: Question): string[] {
  return decide(asked).map(
    ({ record: { mailbox, primary, decision, reason, detail } }) =>
      `${primary ? '* ' : ''}${mailbox ?? 'nobody'}: ${decision} ${reason}${detail === null ? '' : ` (${detail})`}`,
  );
}

const CAROL = 'carol: skip not-rung (did not ring for group sales)';

describe('who is told of a call that a group missed', () => {
  it('nobody, where it says so: the decision names the group', () => {
    expect(told(question('nobody'))).toEqual(['* nobody: skip condition (notify: nobody of group sales)']);
    const own = policy(', notify: nobody, mailbox: sam');
    expect(told(question('', { policy: own }))).toEqual(['* sam: skip condition (notify: nobody of group sales)']);
  });

  it('the group’s mailbox, whose owner is no member of the group', () => {
    const asked = question('', { policy: policy(', notify: group, mailbox: sam') });
    expect(told(asked)).toEqual(['* sam: notify missed']);
    expect(decide(asked)[0]?.content).toMatchObject({ recipient: { address: 'sam@example.com' }, rangMs: 19_000 });
  });

  it('the first member that rang, the last, or all in the order in which they rang; nobody twice', () => {
    expect(told(question('first'))).toEqual([
      '* bob: notify missed',
      'alice: skip condition (notify: first of group sales)',
      CAROL,
    ]);
    // Bob rang again after Alice.
    expect(told(question('last'))).toEqual([
      '* bob: notify missed',
      'alice: skip condition (notify: last of group sales)',
      CAROL,
    ]);
    expect(told(question('all'))).toEqual(['* bob: notify missed', 'alice: notify missed', CAROL]);
  });

  it('each mail says how long that member’s phones rang', () => {
    const contents = decide(question('all')).map(({ content }) => content);
    expect(contents.map((content) => content && [content.recipient.address, content.rangMs])).toEqual([
      ['bob@example.com', 19_000],
      ['alice@example.com', 10_000],
      null,
    ]);
  });

  it('in the group’s order where they began to ring in the same instant', () => {
    const [first, second] = [story().caller(0), story().caller(0)];
    for (const one of ['carol', 'bob', 'alice']) first.invites(0, one, { mailbox: one }).rings(1, one);
    for (const one of ['bob', 'alice', 'carol']) second.invites(0, one, { mailbox: one }).rings(1, one);
    for (const state of [stateOf(first), stateOf(second)]) {
      expect(told(question('first', { state }))[0]).toBe('* alice: notify missed');
      expect(told(question('last', { state }))[0]).toBe('* carol: notify missed');
      expect(told(question('all', { state }))).toEqual([
        '* alice: notify missed',
        'bob: notify missed',
        'carol: notify missed',
      ]);
    }
  });

  it('nobody where no member rang', () => {
    const busy = story().caller(0).invites(0, 'c1', { mailbox: 'carol' }).final(1, 486, [], 'c1');
    const lines = told(question('all', { state: stateOf(busy), rangAt: null, rangMs: null }));
    expect(lines).toEqual([
      '* nobody: skip not-rung (no phone of a mailbox rang for group sales)',
      'alice: skip not-rung (did not ring for group sales)',
      'bob: skip not-rung (did not ring for group sales)',
      CAROL,
    ]);
  });

  it('nobody for a number that is nobody’s mailbox', () => {
    const outside = story().caller(0).invites(0, 'mobile').rings(1, 'mobile').timesOut(20, 'mobile');
    const asked = question('', {
      state: stateOf(outside),
      policy: policy(', notify: all').groups && policy(', notify: all'),
    });
    expect(told(asked)[0]).toBe('* nobody: skip not-rung (no phone of a mailbox rang for group sales)');
  });

  it('each as the member’s own policy allows', () => {
    const rang = story().caller(0);
    for (const one of ['alice', 'quiet']) rang.invites(0, one, { mailbox: one }).rings(1, one).timesOut(20, one);
    const asked = question('', {
      state: stateOf(rang),
      policy: policy(', notify: all', '[alice, quiet]'),
    });
    expect(told(asked)).toEqual(['* alice: notify missed', 'quiet: skip condition (conditions.groupCalls of Quiet)']);
  });

  it('nobody of a call that was not missed: one decision, for the group’s mailbox where it has one', () => {
    const verdict: Verdict = { outcome: 'answered', cause: null, reason: 'answered' };
    expect(told(question('all', { verdict }))).toEqual(['* nobody: skip answered']);
    const own = policy(', notify: all, mailbox: sam');
    expect(told(question('', { verdict, policy: own }))).toEqual(['* sam: skip answered']);
  });

  it('the mailbox that the group had when the call came, where the group is gone', () => {
    const gone = policy(null);
    const call = callStart({ callee: '1100', mailbox: 'sam', group: 'sales' });
    expect(told(question('', { policy: gone, call }))).toEqual(['* sam: notify missed']);
    expect(told(question('', { policy: gone, call: { ...call, mailbox: null } }))).toEqual([
      '* nobody: skip no-mailbox (group sales is no longer in the policy file)',
    ]);
  });

  it('who is told is what the policy says at the end, of whoever rang', () => {
    const without = policy(', notify: all', '[carol]');
    expect(told(question('', { policy: without }))).toEqual(['* bob: notify missed', 'alice: notify missed', CAROL]);
  });

  it('after a crash: all where they ring at once, the first where one rings after the other, nobody before it rang', () => {
    const crashed = { state: null, rangMs: null } as const;
    expect(told(question('all', crashed))).toEqual([
      '* alice: notify missed',
      'bob: notify missed',
      'carol: notify missed',
    ]);
    const serial = policy(', notify: all, ring: serial');
    expect(told(question('', { ...crashed, policy: serial }))[0]).toBe('* alice: notify missed');
    expect(told(question('', { ...crashed, policy: serial })).filter((line) => line.includes('notify'))).toHaveLength(
      1,
    );
    expect(told(question('all', { ...crashed, rangAt: null }))[0]).toMatch(/^\* nobody: skip not-rung/);
  });

  it('of any group call exactly one decision is primary, and no mailbox is decided on twice', () => {
    for (const notify of ['nobody', 'group, mailbox: sam', 'first', 'last', 'all']) {
      const records = decide(question(notify)).map(({ record }) => record);
      expect(records.filter(({ primary }) => primary)).toHaveLength(1);
      const named = records.flatMap(({ mailbox }) => mailbox ?? []);
      expect(new Set(named).size).toBe(named.length);
    }
  });
});

describe('a group call in the journal', () => {
  let gateway: Bench;
  beforeEach(async () => {
    gateway = await bench();
  });
  afterEach(() => gateway.end());

  it('has a mail for each member that is told, committed at once and shown with its decision', async () => {
    gateway.setPolicy(policyText(', notify: all'));
    const call = callStart({ callee: '1100', mailbox: null, group: 'sales', startedAt: START });
    await gateway.ledger.begin(call);
    gateway.ledger.ended(call.id, stateOf(hunted()), START + 20_000);
    await gateway.drain();
    const view = await gateway.journal.call(call.id);
    expect(gateway.settled).toEqual([view]);
    expect(
      view?.decisions.map(({ mailbox, primary, notifications }) => [mailbox, primary, notifications.length]),
    ).toEqual([
      ['bob', true, 1],
      ['alice', false, 1],
      ['carol', false, 0],
    ]);
    const owed = await gateway.journal.notifications({ limit: 10 });
    expect(new Set(owed.map(({ messageId }) => messageId)).size).toBe(2);
    expect(Object.fromEntries(owed.map(({ mailbox, content }) => [mailbox, content.recipient.address]))).toEqual({
      alice: 'alice@example.com',
      bob: 'bob@example.com',
    });
  });

  it('is unreachable, not failed, where no phone of the group could be reached: its number is somebody’s', async () => {
    gateway.setPolicy(policyText(', notify: group, mailbox: sam'));
    const dead = stateOf(story().caller(0).invites(0, 'b1', { mailbox: 'bob' }).fails(4, 'timeout', 'b1'));
    const [grouped, nobodys] = [
      callStart({ callee: '1100', mailbox: null, group: 'sales', startedAt: START }),
      callStart({ callee: '1100', mailbox: null, startedAt: START }),
    ];
    for (const call of [grouped, nobodys]) {
      await gateway.ledger.begin(call);
      gateway.ledger.ended(call.id, dead, START + 4_000);
    }
    await gateway.drain();
    expect(await gateway.journal.call(grouped.id)).toMatchObject({ outcome: 'missed', cause: 'unreachable' });
    expect(await gateway.journal.call(nobodys.id)).toMatchObject({ outcome: 'failed' });
  });
});

describe('a group that is called by one of its own', () => {
  const called = (own: string, changes: Partial<Question>): Question => {
    const caller = { number: own, uri: `sip:${own}@gw`, displayName: null, hidden: false };
    const base = question('all', changes);
    return { ...base, call: { ...base.call, caller } };
  };

  it('does not tell its mailbox where that one called', () => {
    const decisions = decide(called('1005', { policy: policy(', mailbox: sam, notify: group') })).map(
      ({ record }) => record,
    );
    expect(decisions).toMatchObject([
      { mailbox: 'sam', decision: 'skip', reason: 'condition', detail: 'called group sales itself' },
    ]);
  });

  it('does not tell the member who called where only the journal knows that it rang', () => {
    const decisions = decide(called('1001', { state: null, policy: policy(', notify: all') })).map(
      ({ record }) => record,
    );
    const alice = decisions.find(({ mailbox }) => mailbox === 'alice');
    expect(alice).toMatchObject({ decision: 'skip', reason: 'not-rung', detail: 'called group sales itself' });
    expect(decisions.find(({ mailbox }) => mailbox === 'bob')).toMatchObject({ decision: 'notify' });
  });
});
