import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nextSession,
  parseSessionExpires,
  SESSION_OFF,
  type SessionTimerAction,
  type SessionTimerInput,
  type SessionTimerState,
} from '../../../src/sip/dialog/session-timer.ts';

const RULES = { jitterMs: 5_000, glareMs: 4_000, ownsCallId: true };

/** `local 1800`, `remote 90`, `none`, `timer`, `busy`, `refused 491`; each with a fraction of a half. */
function input(text: string, fraction = 0.5): SessionTimerInput {
  const [first = '', second = ''] = text.split(' ');
  if (first === 'timer' || first === 'busy') return { kind: 'timer', busy: first === 'busy', fraction };
  if (first === 'refused') return { kind: 'refused', status: Number(second), fraction };
  const session = { seconds: Number(second), refresher: first === 'local' ? 'local' : 'remote' } as const;
  return { kind: 'negotiated', session: first === 'none' ? null : session, fraction };
}

function after(inputs: string, fraction?: number, rules = RULES): string {
  let state: SessionTimerState = SESSION_OFF;
  let actions: readonly SessionTimerAction[] = [];
  for (const text of inputs.split(', ')) ({ state, actions } = nextSession(state, input(text, fraction), rules));
  return [state.name, ...actions.map((each) => (each.do === 'start' ? `start ${each.delayMs}` : each.do))].join(', ');
}

describe('a session timer (RFC 4028 10)', () => {
  it.each([
    ['none', 'off'],
    ['local 1800', 'running, start 900000'],
    ['remote 1800', 'running, start 1800000'],
    ['local 1800, none', 'off, stop'],
    ['remote 1800, local 90', 'running, start 45000'],
    ['local 1800, timer', 'refreshing, start 900000, refresh'],
    ['local 1800, busy', 'running, start 3050'],
    ['remote 1800, timer', 'expired, expire'],
    ['remote 1800, busy', 'expired, expire'],
    ['local 1800, timer, local 1800', 'running, start 900000'],
    ['local 1800, timer, remote 1800', 'running, start 1800000'],
    ['local 1800, timer, refused 491', 'running, start 3050'],
    ['local 1800, timer, refused 491, timer', 'refreshing, start 900000, refresh'],
    ['local 1800, timer, refused 408', 'expired, expire'],
    ['local 1800, timer, refused 481', 'expired, expire'],
    ['local 1800, timer, timer', 'expired, expire'],
    ['local 1800, timer, refused 481, local 1800', 'expired'],
    ['local 1800, refused 481', 'running'],
    ['none, timer', 'off'],
    ['remote 2147483', 'running, start 2147483000'],
    ['remote 2147484', 'off'],
    ['local 90, remote 4294967295', 'off, stop'],
  ])('%s: %s', (inputs, expected) => {
    expect(after(inputs)).toBe(expected);
  });

  it('a refresh goes out five seconds around the half, less where the session is short', () => {
    expect(after('local 90', 0)).toBe('running, start 40000');
    expect(after('local 90', 1)).toBe('running, start 50000');
    expect(after('local 4', 0)).toBe('running, start 1000');
  });

  it('after a 491: 2.1 to 4 s for the side that chose the Call-ID, 0 to 2 s for the other (RFC 3261 14.1)', () => {
    const refused = 'local 90, timer, refused 491';
    const other = { ...RULES, ownsCallId: false };
    expect([after(refused, 0), after(refused, 1)]).toEqual(['running, start 2100', 'running, start 4000']);
    expect([after(refused, 0, other), after(refused, 1, other)]).toEqual(['running, start 0', 'running, start 2000']);
  });

  it('no delay is negative or longer than a timeout can be', () => {
    fc.assert(
      fc.property(
        fc.nat(4_294_967_295),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seconds, local, fraction) => {
          const session = { seconds, refresher: local ? 'local' : 'remote' } as const;
          const { actions } = nextSession(SESSION_OFF, { kind: 'negotiated', session, fraction }, RULES);
          for (const action of actions) {
            if (action.do !== 'start') continue;
            expect(action.delayMs).toBeGreaterThanOrEqual(0);
            expect(action.delayMs).toBeLessThan(2 ** 31);
          }
        },
      ),
    );
  });
});

describe('Session-Expires (RFC 4028 4)', () => {
  it.each([
    ['1800', { seconds: 1800, refresher: null }],
    ['1800;refresher=uac', { seconds: 1800, refresher: 'uac' }],
    [' 90 ; x=1 ; Refresher = UAS ; y', { seconds: 90, refresher: 'uas' }],
    ['90;refresher=both', { seconds: 90, refresher: null }],
    ['', null],
    ['x', null],
    ['-1', null],
    ['90 90', null],
    ['90;', { seconds: 90, refresher: null }],
    ['99999999999', null],
    [undefined, null],
    [`90${';'.repeat(100_000)}x`, { seconds: 90, refresher: null }],
  ])('%.40j is %j', (text, value) => {
    expect(parseSessionExpires(text)).toEqual(value);
  });
});
