import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DECISION_REASONS, type DecisionReason, type Verdict } from '../../src/call/index.ts';
import { decide, messageIdOf, type Decision, type Question } from '../../src/ledger/index.ts';
import type { Policy } from '../../src/policy/index.ts';
import { callStart } from '../journal/samples.ts';
import { policyFrom } from './support.ts';

const PLAN =
  'name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4, defaultLanguage: fr-FR, timeZone: Europe/Paris';

function policy({ allow = true, enabled = true, mail = true, mailbox = '' } = {}): Policy {
  return policyFrom(`
dialPlans: [{ ${PLAN} }]
mailboxPolicies: [{ name: Staff, dialPlan: Paris, allowMissedCallNotifications: ${allow} }]
mailboxes:
  - identity: alice
    displayName: Alice Martin
    extensions: ["1001"]
    mailboxPolicy: Staff
    missedCallNotificationEnabled: ${enabled}
    ${mail ? 'emailAddress: alice@example.com' : ''}
    ${mailbox}
`);
}

const missed: Verdict = { outcome: 'missed', cause: 'no-answer', reason: 'missed' };
const verdictOf = (reason: DecisionReason): Verdict => ({ outcome: 'answered', cause: null, reason });

function question(changes: Partial<Question> = {}): Question {
  const call = callStart();
  const { startedAt } = call;
  return {
    call,
    verdict: missed,
    rangAt: startedAt + 1_000,
    rangMs: 20_000,
    endedAt: startedAt + 21_000,
    state: null,
    evidence: [],
    policy: policy(),
    ...changes,
  };
}

/** The decision on a call that concerns one mailbox at most. */
function theDecision(asked: Question): Decision {
  const [decision, ...others] = decide(asked);
  if (decision === undefined || others.length > 0) throw new Error('One decision was expected.');
  return decision;
}

describe('the decision', () => {
  const table: readonly [rule: string, asked: Question, reason: DecisionReason, detail: string | null][] = [
    ['a missed call that both switches allow is notified', question(), 'missed', null],
    ['a number without a mailbox is skipped', question({ call: callStart({ mailbox: null }) }), 'no-mailbox', null],
    [
      'no mailbox outranks every other reason',
      question({ call: callStart({ mailbox: null }), verdict: verdictOf('answered') }),
      'no-mailbox',
      null,
    ],
    [
      'an ambiguous number has no mailbox, and it is said between which',
      question({
        call: callStart({ mailbox: null }),
        evidence: [{ at: 1, kind: 'ambiguous', source: 'gateway', strength: 'certain', detail: 'alice or bob' }],
      }),
      'no-mailbox',
      'alice or bob',
    ],
    [
      'a mailbox that vanished while the call rang has none',
      question({ call: callStart({ mailbox: 'carol' }) }),
      'no-mailbox',
      'carol is no longer in the policy file',
    ],
    ['an answered call is skipped', question({ verdict: verdictOf('answered') }), 'answered', null],
    [
      'what happened outranks what the switches say',
      question({ verdict: verdictOf('voicemail-left'), policy: policy({ allow: false, enabled: false, mail: false }) }),
      'voicemail-left',
      null,
    ],
    [
      'the mailbox policy’s switch outranks the user’s',
      question({ policy: policy({ allow: false, enabled: false, mail: false }) }),
      'policy-disabled',
      'Staff',
    ],
    [
      'the user’s switch outranks the missing address',
      question({ policy: policy({ enabled: false, mail: false }) }),
      'mailbox-disabled',
      'alice',
    ],
    [
      'a mailbox without an address cannot be mailed',
      question({ policy: policy({ mail: false }) }),
      'no-email-address',
      'alice',
    ],
  ];

  it.each(table)('%s', (_rule, asked, reason, detail) => {
    const { record, content } = theDecision(asked);
    expect(record).toMatchObject({ primary: true, reason, detail, decision: reason === 'missed' ? 'notify' : 'skip' });
    expect(content === null).toBe(reason !== 'missed');
    expect(record.mailbox).toBe(reason === 'no-mailbox' ? null : 'alice');
  });

  it('takes every reason of a verdict but `missed` as it is', () => {
    for (const reason of DECISION_REASONS.filter((reason) => reason !== 'missed')) {
      expect(theDecision(question({ verdict: verdictOf(reason) })).record).toMatchObject({ decision: 'skip', reason });
    }
  });

  it('notifies if and only if the call is missed, both switches allow, and there is an address', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DECISION_REASONS),
        fc.constantFrom('alice', 'ALICE', 'carol', null),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (reason, mailbox, allow, enabled, mail) => {
          const asked = question({
            call: callStart({ mailbox }),
            verdict: verdictOf(reason),
            policy: policy({ allow, enabled, mail }),
          });
          const { record, content } = theDecision(asked);
          const known = mailbox?.toLowerCase() === 'alice';
          const notified = known && reason === 'missed' && allow && enabled && mail;
          expect(record.decision === 'notify').toBe(notified);
          expect(record.reason === 'missed').toBe(notified);
          expect(content !== null).toBe(notified);
          expect(DECISION_REASONS).toContain(record.reason);
        },
      ),
    );
  });

  it('tells the renderer what it needs, in the dial plan’s language and zone where the mailbox names none', () => {
    const call = callStart();
    expect(theDecision(question({ call })).content).toEqual({
      recipient: {
        address: 'alice@example.com',
        displayName: 'Alice Martin',
        language: 'fr-FR',
        timeZone: 'Europe/Paris',
      },
      caller: call.caller,
      callee: '1001',
      startedAt: call.startedAt,
      rangMs: 20_000,
      cause: 'no-answer',
      sipCallId: call.sipCallId,
    });
    const own = policy({ mailbox: 'language: en-GB\n    timeZone: Europe/London' });
    expect(theDecision(question({ policy: own })).content?.recipient).toMatchObject({
      language: 'en-GB',
      timeZone: 'Europe/London',
    });
  });
});

describe('the Message-ID of a notification', () => {
  const id = '01990000-0000-7000-8000-000000000001';

  it.each([
    ['gw1', `<${id}@missed-call.gw1>`],
    ['GW1.Example.COM', `<${id}@missed-call.gw1.example.com>`],
    ['gate way\r\nBcc: x@y', `<${id}@missed-call.gate-way-bcc-x-y>`],
    ['-.-', `<${id}@missed-call>`],
    ['', `<${id}@missed-call>`],
    ['é', `<${id}@missed-call>`],
  ])('on node %j is %s', (node, expected) => {
    expect(messageIdOf(id, node)).toBe(expected);
  });

  it('is one msg-id within a line, whatever the node is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (node) => {
        const messageId = messageIdOf(id, node);
        expect(messageId).toMatch(/^<[0-9a-f-]{36}@missed-call(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*>$/);
        expect(messageId.length).toBeLessThan(400);
        expect(messageIdOf(id, node)).toBe(messageId);
      }),
    );
  });
});
