import { describe, expect, it } from 'vitest';
import type { CallStart, CallState, Evidence, EvidenceKind, VoicemailOwner } from '../../src/call/index.ts';
import type { CallRecord } from '../../src/journal/index.ts';
import { judgeEnded, judgeInterrupted, judgePending, reportedIn, type Law } from '../../src/ledger/judge.ts';
import { settlementOf } from '../../src/ledger/settlement.ts';
import { callStart } from '../journal/samples.ts';
import { oneCall, START } from '../support/call-events.ts';
import { POLICY, policyFrom, stateOf } from './support.ts';

const voicemail = { owner: 'downstream', greetingMs: 10_000, minimumMessageMs: 3_000, settleMs: 90_000 } as const;
const LAW: Law = { settings: { voicemail }, policy: policyFrom(POLICY) };
const ENDED = START + 50_000;
const DUE = ENDED + 90_000;

/** The PBX behind us answered after 20 s, for 30 s. */
const visited = stateOf(oneCall().rings(1).answers(20).relayed(20).byes(50));
const seen = (kind: EvidenceKind, source = 'voicemail'): Evidence => ({
  at: START + 20_000,
  kind,
  source,
  strength: 'certain',
  detail: 'seen by the test',
});
const reached = seen('voicemail-reached', 'leg-1');
const totals = seen('message-totals');

function pendingRecord(changes: Partial<CallRecord> = {}): CallRecord {
  return {
    ...callStart({ startedAt: START }),
    node: 'gw1',
    rangAt: START + 1_000,
    answeredAt: START + 20_000,
    answeredBy: 'voicemail',
    endedAt: ENDED,
    rangMs: 19_000,
    outcome: null,
    cause: null,
    pendingUntil: DUE,
    state: visited,
    rule: null,
    evidence: [reached, totals],
    ...changes,
  };
}

const reported = (evidence: Evidence[], start: CallStart = callStart({ startedAt: START })) => ({
  start,
  evidence,
  rangAt: START + 1_000,
  answered: { at: START + 20_000, by: 'phone' as const },
});

describe('the judge', () => {
  it('shows a phone’s answer that was voicemail’s as voicemail’s', () => {
    const { course, verdict, evidence } = judgeEnded(reported([reached]), visited, ENDED, LAW);
    expect(course).toMatchObject({ answeredBy: 'voicemail', answeredAt: START + 20_000 });
    expect(verdict).toMatchObject({ outcome: 'voicemail' });
    expect(evidence.map(({ kind }) => kind)).toContain('voicemail-duration');
    expect(judgeEnded(reported([]), visited, ENDED, LAW).course).toMatchObject({ answeredBy: 'phone' });
  });

  it('of an answer that went on from voicemail to somebody shows somebody’s', () => {
    const went = stateOf(
      oneCall().rings(1).answers(20).relayed(20).invites(24, 'leg-2').answers(25, 'leg-2').relayed(25, 'leg-2'),
    );
    const { course, verdict } = judgeEnded(reported([reached]), went, ENDED, LAW);
    expect(course).toMatchObject({ answeredBy: 'phone', answeredAt: START + 25_000 });
    expect(verdict).toMatchObject({ outcome: 'answered' });
  });

  it('leaves a visit pending that evidence can still come about, and settles it before it is due where it is decisive', () => {
    expect(judgeEnded(reported([reached, totals]), visited, ENDED, LAW).verdict).toEqual({
      outcome: null,
      pendingUntil: DUE,
    });
    expect(judgePending(pendingRecord(), DUE - 1, LAW).verdict).toEqual({ outcome: null, pendingUntil: DUE });
    const told = pendingRecord({ evidence: [reached, totals, seen('voicemail-blank')] });
    expect(judgePending(told, DUE - 1, LAW).verdict).toMatchObject({ outcome: 'missed', cause: 'voicemail-blank' });
    expect(judgePending(pendingRecord(), DUE, LAW).verdict).toMatchObject({ outcome: 'voicemail' });
    expect(judgePending(pendingRecord({ pendingUntil: null }), ENDED, LAW).verdict.outcome).not.toBeNull();
  });

  it('of a gateway that died asks whether the phone’s answer was voicemail’s', () => {
    const record = pendingRecord({ state: null, answeredBy: 'phone', endedAt: null, pendingUntil: null });
    const found = judgeInterrupted(reportedIn(record), ENDED, 'the gateway stopped', LAW);
    expect(found).toMatchObject({
      verdict: { outcome: null, pendingUntil: DUE },
      course: { answeredBy: 'voicemail', answeredAt: START + 20_000 },
      rule: 'the gateway stopped while the voicemail system had the call',
    });
    const waited = pendingRecord({ state: null, answeredBy: 'phone' });
    expect(judgePending(waited, DUE, LAW).verdict).toMatchObject({ outcome: 'missed', cause: 'interrupted' });
    const talked = judgeInterrupted(reportedIn({ ...record, evidence: [] }), ENDED, 'the gateway stopped', LAW);
    expect(talked.verdict).toMatchObject({ outcome: 'answered', cause: 'interrupted' });
  });

  it('asks the peer’s own owner of voicemail', () => {
    const hungUp = stateOf(oneCall().rings(1).cancels(20));
    const owners = new Map<string, VoicemailOwner>([['upstream-pbx', 'upstream']]);
    const law: Law = { ...LAW, settings: { voicemail: { ...voicemail, owners } } };
    const outcome = (peer: string) => judgeEnded(reported([], callStart({ peer })), hungUp, ENDED, law).verdict.outcome;
    expect([outcome('upstream-pbx'), outcome('pbx')]).toEqual([null, 'missed']);
  });

  it('judges and settles what an earlier version wrote: no groups, no Call-IDs, no members', () => {
    const without = ['group', 'sipCallId', 'mailbox'];
    const state = JSON.parse(JSON.stringify(visited), (key, value: unknown) =>
      without.includes(key) ? undefined : value,
    ) as CallState;
    const { group: _, ...rest } = pendingRecord({ state });
    const older = rest as CallRecord;
    const judged = judgePending(older, DUE, LAW);
    expect(judged.verdict).toMatchObject({ outcome: 'voicemail' });
    const maker = { policy: LAW.policy, node: 'gw1', newId: () => 'id', now: DUE };
    expect(settlementOf(judged, maker).decisions).toMatchObject([{ mailbox: 'alice', reason: 'voicemail-left' }]);
    const short = { ...older, evidence: [reached, seen('voicemail-none')] };
    const missed = settlementOf(judgePending(short, DUE, LAW), maker);
    expect(missed.decisions).toMatchObject([{ mailbox: 'alice', primary: true, decision: 'notify' }]);
    expect(missed.notifications).toHaveLength(1);
  });
});
