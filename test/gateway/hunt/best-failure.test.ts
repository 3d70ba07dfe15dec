import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, classify, newCall, type CallEvent, type Reason } from '../../../src/call/index.ts';
import { bestFailure } from '../../../src/gateway/hunt/best-failure.ts';
import { diversionCause, finalAnswer, type Asked, type Failure } from '../../../src/gateway/hunt/outcome.ts';

function final(status: number, rang = false, reasons: readonly Reason[] = []): Failure {
  return { kind: 'final', status, phrase: `of ${status}`, headers: {}, reasons, rang, alerted: rang };
}

const rangOut: Failure = { kind: 'timed-out', rang: true, alerted: true };
const silent: Failure = { kind: 'failed', failure: 'timeout', sent: true, rang: false, alerted: false };
const dead: Failure = { kind: 'failed', failure: 'transport', sent: true, rang: false, alerted: false };
const declined = final(480, false, [{ protocol: 'Q.850', cause: 21 }]);

describe('the best of several failures', () => {
  it.each<[string, readonly Failure[], number]>([
    ['a 6xx before all else (RFC 3261 16.7 step 6)', [final(486), final(603), rangOut], 1],
    ['the lowest class', [final(500), final(404), final(503)], 1],
    ['busy, which tells of the user, before a phone that rang out', [rangOut, final(486)], 1],
    ['declined by Q.850 cause 21 like it', [rangOut, declined], 1],
    ['a phone that rang before a number that was refused', [final(484), rangOut], 1],
    ['what makes the caller send a better request', [final(404), final(484)], 1],
    ['415 like it', [final(480), final(415)], 1],
    ['nothing of 401 and 407, which were challenges to us', [final(407), final(404)], 1],
    ['a word rather than silence', [silent, final(404)], 1],
    ['silence (408) rather than a hop that could not be reached (503)', [dead, silent], 1],
    ['a redirection that nobody followed last of what the caller would get a 4xx for', [final(302), final(404)], 1],
    ['of equals the first', [final(404), final(410)], 0],
  ])('is %s', (_what, failures, index) => {
    expect(bestFailure(failures, 'user')).toBe(failures[index]);
  });

  it.each<[string, readonly Failure[], number]>([
    ['one member who declines speaks for nobody else', [final(603), rangOut], 1],
    ['nor does one who is nowhere', [final(604), final(503)], 1],
    ['but all of them together do', [final(603), final(603)], 0],
  ])('of a group: %s', (_what, failures, index) => {
    expect(bestFailure(failures, 'group')).toBe(failures[index]);
  });

  it('of none is none', () => {
    expect(bestFailure([], 'user')).toBeNull();
  });

  const reasons = fc.constantFrom<readonly Reason[]>(
    [],
    [{ protocol: 'Q.850', cause: 17 }],
    [{ protocol: 'Q.850', cause: 21 }],
  );
  const failure = fc.oneof(
    fc.constantFrom(rangOut, silent, dead),
    fc
      .record({ status: fc.integer({ min: 300, max: 699 }), rang: fc.boolean(), why: reasons })
      .map(({ status, rang, why }) => final(status, rang, why)),
  );
  const classOf = (one: Failure): number => {
    const status = one.kind === 'final' ? one.status : one.kind === 'failed' && one.failure === 'transport' ? 503 : 408;
    return Math.max(4, Math.floor(status / 100));
  };

  it('is one of them, of the lowest class but for a user’s 6xx, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.array(failure, { minLength: 1, maxLength: 6 }), fc.constantFrom('user', 'group'), (all, of) => {
        const best = bestFailure(all, of);
        expect(all).toContain(best);
        if (best === null) return;
        const classes = all.map(classOf);
        const expected = of === 'user' && classes.includes(6) ? 6 : Math.min(...classes);
        expect(classOf(best)).toBe(expected);
        const other = bestFailure(all.toReversed(), of);
        expect(other === null ? 0 : classOf(other)).toBe(expected);
        expect(finalAnswer(best).status).toBeGreaterThanOrEqual(400);
      }),
    );
  });

  describe('diverts a call to voicemail', () => {
    const settings = {
      voicemail: { owner: 'gateway', greetingMs: 10_000, minimumMessageMs: 3_000, settleMs: 90_000 },
    } as const;

    function outcomeOf(asked: readonly Asked[], hasMailbox: boolean): string | null {
      const events: CallEvent[] = [{ type: 'caller-invited', at: 0, caller: 'caller', returned: false }];
      for (const [index, { failure: one, mailbox }] of asked.entries()) {
        const leg = `leg-${index + 1}`;
        events.push({
          type: 'leg-invited',
          at: 0,
          leg,
          caller: 'caller',
          kind: 'phone',
          target: 'sip:x',
          ...(mailbox === null ? {} : { mailbox }),
        });
        if (one.rang) events.push({ type: 'leg-provisional', at: 1, leg, status: 180, sdp: false });
        if (one.kind === 'timed-out') events.push({ type: 'leg-timed-out', at: 2, leg });
        else if (one.kind === 'failed') events.push({ type: 'leg-failed', at: 2, leg, failure: one.failure });
        else events.push({ type: 'leg-final', at: 2, leg, status: one.status, reasons: one.reasons });
      }
      const state = events.reduce(advance, newCall({ voicemailAccess: false }));
      return classify({ state, evidence: [], endedAt: 3, hasMailbox }, settings, { settled: true }).outcome;
    }

    const whose = fc.constantFrom(null, null, 'alice', 'bob');
    const rung = fc.record({ failure, mailbox: whose });

    it('exactly where the verdict on all of its legs is that it was missed', () => {
      fc.assert(
        fc.property(fc.array(rung, { minLength: 1, maxLength: 4 }), fc.boolean(), (asked, hasMailbox) => {
          const diverted = diversionCause(asked, hasMailbox) !== null;
          expect(diverted).toBe(outcomeOf(asked, hasMailbox) === 'missed');
        }),
        { numRuns: 2_000 },
      );
    });
  });
});
