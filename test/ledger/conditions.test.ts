import { describe, expect, it } from 'vitest';
import type { CallStart, Cause } from '../../src/call/index.ts';
import { decide, type Question } from '../../src/ledger/index.ts';
import { bob, callStart } from '../journal/samples.ts';
import { policyFrom } from './support.ts';

function policy(conditions: string, mailbox = '') {
  return policyFrom(`
dialPlans:
  - { name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4, numberPrefixes: ["+3314000"] }
  - { name: Lyon, uriType: TelExtn, numberOfDigitsInExtension: 3 }
mailboxPolicies:
  - { name: Staff, dialPlan: Paris, conditions: { ${conditions} } }
  - { name: Lyon Staff, dialPlan: Lyon }
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Staff${mailbox} }
  - { identity: carol, extensions: ["1003"], sipAddresses: ["sip:carol@example.com"], mailboxPolicy: Staff }
  - { identity: lea, extensions: ["203"], mailboxPolicy: Lyon Staff }
`);
}

interface Asked {
  readonly conditions: string;
  readonly cause?: Cause;
  readonly rangMs?: number | null;
  readonly call?: Partial<CallStart>;
}

function reasonOf({ conditions, cause = 'no-answer', rangMs = 20_000, call = {} }: Asked, mailbox = ''): string {
  const asked: Question = {
    call: callStart(call),
    verdict: { outcome: 'missed', cause, reason: 'missed' },
    rangAt: null,
    rangMs,
    endedAt: 0,
    state: null,
    evidence: [],
    policy: policy(conditions, mailbox),
  };
  const [decision] = decide(asked);
  return `${decision?.record.reason} ${decision?.record.detail ?? ''}`.trim();
}

const unmet = (key: string): string => `condition conditions.${key} of Staff`;
const from = (number: string | null, uri: string): Partial<CallStart> => ({ caller: { ...bob, number, uri } });
const inside = from('1003', 'sip:1003@pbx');

describe('the conditions of a mailbox policy', () => {
  it('are Exchange’s where none is set: every missed call is told of', () => {
    for (const call of [{}, inside, { peer: 'phones' }, { caller: { ...bob, hidden: true } }]) {
      for (const cause of ['busy', 'declined', 'unreachable', 'caller-hung-up', 'interrupted'] as const) {
        expect(reasonOf({ conditions: '', cause, call, rangMs: 0 })).toBe('missed');
      }
    }
  });

  const rows: [string, Asked, string][] = [
    [
      'a call from a mailbox’s extension is internal',
      { conditions: 'internalCalls: false', call: inside },
      unmet('internalCalls'),
    ],
    [
      'from its number with a listed prefix too',
      { conditions: 'internalCalls: false', call: from('+33140001003', 'sip:+33140001003@carrier') },
      unmet('internalCalls'),
    ],
    [
      'from its SIP address',
      { conditions: 'internalCalls: false', call: from('carol', 'sip:carol@example.com') },
      unmet('internalCalls'),
    ],
    [
      'from a mailbox of another dial plan',
      { conditions: 'internalCalls: false', call: from('203', 'sip:203@pbx') },
      unmet('internalCalls'),
    ],
    [
      'from a registered phone',
      { conditions: 'internalCalls: false', call: { peer: 'phones' } },
      unmet('internalCalls'),
    ],
    ['a foreign number is not internal', { conditions: 'internalCalls: false' }, 'missed'],
    [
      'not even with the last digits of an extension',
      { conditions: 'internalCalls: false', call: from('+33999991003', 'sip:+33999991003@carrier') },
      'missed',
    ],
    ['it is external', { conditions: 'externalCalls: false' }, unmet('externalCalls')],
    ['and an internal one is not', { conditions: 'externalCalls: false', call: inside }, 'missed'],
    [
      'a caller who hides',
      { conditions: 'hiddenCallers: false', call: { caller: { ...bob, hidden: true } } },
      unmet('hiddenCallers'),
    ],
    ['one who does not', { conditions: 'hiddenCallers: false' }, 'missed'],
    ['a ring shorter than the minimum', { conditions: 'minimumRing: 5s', rangMs: 4_999 }, unmet('minimumRing')],
    ['a ring just as long', { conditions: 'minimumRing: 5s', rangMs: 5_000 }, 'missed'],
    ['a call that did not ring, or nobody knows how long', { conditions: 'minimumRing: 5s', rangMs: null }, 'missed'],
    ['busy', { conditions: 'busy: false', cause: 'busy' }, unmet('busy')],
    ['declined', { conditions: 'declined: false', cause: 'declined' }, unmet('declined')],
    ['unreachable', { conditions: 'unreachable: false', cause: 'unreachable' }, unmet('unreachable')],
    ['none of these three', { conditions: 'busy: false, declined: false, unreachable: false' }, 'missed'],
    ['groupCalls, of a call to the user’s own number', { conditions: 'groupCalls: false' }, 'missed'],
  ];
  it.each(rows)('%s', (_, asked, expected) => {
    expect(reasonOf(asked)).toBe(expected);
  });

  it('come after the user’s own switch and before a missing address', () => {
    const asked = { conditions: 'busy: false', cause: 'busy' } as const;
    expect(reasonOf(asked, ', missedCallNotificationEnabled: false')).toBe('mailbox-disabled alice');
    const carol = { ...asked, call: { mailbox: 'carol' } };
    expect(reasonOf(carol)).toBe(unmet('busy'));
    expect(reasonOf({ ...carol, cause: 'no-answer' })).toBe('no-email-address carol');
  });
});
