import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inviteClient } from '../../../src/sip/transaction/invite-client.ts';
import { inviteServer } from '../../../src/sip/transaction/invite-server.ts';
import type { Action, Machine, Rules } from '../../../src/sip/transaction/machine.ts';
import { nonInviteClient } from '../../../src/sip/transaction/non-invite-client.ts';
import { nonInviteServer } from '../../../src/sip/transaction/non-invite-server.ts';
import { TCP, UDP, type AnyInput } from './machines.ts';

interface AnyState {
  readonly name: string;
}

/** A machine with the timers it has asked for, as its runner keeps them, and what it did. */
class Bench {
  readonly running = new Map<string, number>();
  readonly done: Action[] = [];
  readonly delivered: string[] = [];
  /** How many were delivered when the timeout or error was told; null before. */
  deliveredInTime: number | null = null;
  readonly #machine: Machine<AnyState, AnyInput>;
  readonly #rules: Rules;
  state: AnyState;
  nowMs = 0;

  constructor(machine: Machine<AnyState, AnyInput>, rules: Rules) {
    this.#machine = machine;
    this.#rules = rules;
    const first = machine.start(rules);
    this.state = first.state;
    this.#perform(first.actions, null);
  }

  get ended(): boolean {
    return this.state.name === 'terminated';
  }

  step(input: AnyInput): void {
    const { state, actions } = this.#machine.next(this.state, input, this.#rules);
    this.state = state;
    if (this.ended) this.running.clear();
    this.#perform(actions, input);
  }

  /** Lets the next timer fire; false where none runs. */
  fire(): boolean {
    const [first] = [...this.running].toSorted((one, other) => one[1] - other[1]);
    if (first === undefined) return false;
    this.running.delete(first[0]);
    this.nowMs = first[1];
    this.step({ kind: 'timer', timer: first[0] } as AnyInput);
    return true;
  }

  #perform(actions: readonly Action[], input: AnyInput | null): void {
    for (const action of actions) {
      this.done.push(action);
      if (action.do === 'start') this.running.set(action.timer, this.nowMs + action.delayMs);
      if (action.do === 'stop') this.running.delete(action.timer);
      if (action.do === 'timeout' || action.do === 'fail') this.deliveredInTime ??= this.delivered.length;
      if (action.do === 'deliver' && input !== null) this.delivered.push(JSON.stringify(input));
      // The runner answers with this status itself, where it is a server's.
      if (action.do === 'conclude' && !this.ended) this.step({ kind: 'respond', status: action.status });
    }
  }
}

const rules = fc.constantFrom(UDP, TCP);
/** Also with a short timer B, and as one of several addresses. */
const clientRules = fc.constantFrom<Rules>(
  UDP,
  TCP,
  ...[UDP, TCP].flatMap((each): Rules[] => [
    { ...each, timers: { ...each.timers, timerBMs: 4_000 } },
    { ...each, share: { silenceMs: 5_000, totalMs: 20_000 } },
    { ...each, share: { silenceMs: 7_000, totalMs: 7_000 } },
  ]),
);
const status = fc.constantFrom(100, 180, 183, 199, 200, 202, 299, 300, 404, 486, 487, 503, 600, 699);
const wait = fc.constant({ kind: 'wait' } as const);
const failure = fc.constant({ kind: 'transport-error' } as const);
const responses = status.map((code) => ({ kind: 'response', status: code }) as const);
const clientInputs = fc.array(fc.oneof(responses, wait, failure, fc.constant({ kind: 'cancel' } as const)), {
  maxLength: 30,
});
const nonInviteInputs = fc.array(fc.oneof(responses, wait, failure), { maxLength: 30 });
const serverInputs = fc.array(
  fc.oneof(
    status.map((code) => ({ kind: 'respond', status: code }) as const),
    fc.constant({ kind: 'request' } as const),
    fc.constant({ kind: 'ack' } as const),
    wait,
    failure,
  ),
  { maxLength: 30 },
);

type Happening = { readonly kind: string; readonly status?: number };

/** Runs what may legally happen; a server's user does not answer twice. */
function run(bench: Bench, happenings: readonly Happening[]): void {
  for (const happening of happenings) {
    if (happening.kind === 'wait') bench.fire();
    else if (happening.kind !== 'respond' || ['trying', 'proceeding'].includes(bench.state.name)) {
      bench.step(happening as AnyInput);
    }
  }
}

/** Lets every timer fire; 100 is far more than 64*T1 holds. */
function runOut(bench: Bench): void {
  for (let left = 100; left > 0 && bench.fire(); left--);
}

function times(bench: Bench, what: Action['do']): number {
  return bench.done.filter((action) => action.do === what).length;
}

describe('every machine', () => {
  it('an INVITE client ends by its timers alone, unless the phone rings and nobody cancels', () => {
    fc.assert(
      fc.property(clientRules, clientInputs, (how, happenings) => {
        const bench = new Bench(inviteClient, how);
        run(bench, happenings);
        runOut(bench);
        if (bench.state.name === 'proceeding') {
          expect(bench.running.size).toBe(0);
          bench.step({ kind: 'cancel' });
          runOut(bench);
        }
        expect(bench.state.name).toBe('terminated');
        expect(bench.running.size).toBe(0);
      }),
    );
  });

  it('an INVITE client that was given up forgets it at 64*T1, or T4 after the last copy; a late 18x is cancelled', () => {
    fc.assert(
      fc.property(clientRules, fc.array(fc.constantFrom(100, 180, 183), { maxLength: 3 }), (how, late) => {
        const bench = new Bench(inviteClient, how);
        while (bench.state.name === 'calling') bench.fire();
        const givenUpMs = bench.nowMs;
        run(
          bench,
          late.map((code) => ({ kind: 'response', status: code })),
        );
        expect(times(bench, 'cancel')).toBe(late.length > 0 ? 1 : 0);
        runOut(bench);
        const { t1x64Ms, t4Ms } = how.timers;
        expect(bench.nowMs).toBe(late.length > 0 ? givenUpMs + t1x64Ms : Math.max(t1x64Ms, givenUpMs + t4Ms));
        expect(bench.delivered).toEqual([]);
      }),
    );
  });

  it('a non-INVITE client ends by its timers alone, within 64*T1 and T4', () => {
    fc.assert(
      fc.property(clientRules, nonInviteInputs, (how, happenings) => {
        const bench = new Bench(nonInviteClient, how);
        run(bench, happenings);
        runOut(bench);
        expect(bench.state.name).toBe('terminated');
        expect(bench.nowMs).toBeLessThanOrEqual(how.timers.t1x64Ms + how.timers.t4Ms);
      }),
    );
  });

  it('an INVITE server ends by its timers alone, unless it rings', () => {
    fc.assert(
      fc.property(rules, serverInputs, (how, happenings) => {
        const bench = new Bench(inviteServer, how);
        run(bench, happenings);
        runOut(bench);
        if (bench.state.name === 'proceeding') {
          expect(bench.running.size).toBe(0);
          bench.step({ kind: 'respond', status: 487 });
          runOut(bench);
        }
        expect(bench.state.name).toBe('terminated');
        expect(bench.running.size).toBe(0);
      }),
    );
  });

  it('a non-INVITE server ends by its timers alone', () => {
    fc.assert(
      fc.property(rules, serverInputs, (how, happenings) => {
        const bench = new Bench(nonInviteServer, how);
        run(bench, happenings);
        runOut(bench);
        expect(bench.state.name).toBe('terminated');
        expect(bench.running.size).toBe(0);
      }),
    );
  });
});

describe('what goes up', () => {
  it('an INVITE client tells exactly one end: one failure, or 2xx, or timeout, or error, or a 487 of its own', () => {
    fc.assert(
      fc.property(clientRules, clientInputs, (how, happenings) => {
        const bench = new Bench(inviteClient, how);
        run(bench, [...happenings, { kind: 'cancel' }]);
        runOut(bench);
        const statuses = bench.delivered.map((text) => Number(/\d+/.exec(text)?.[0]));
        const inTime = statuses.slice(0, bench.deliveredInTime ?? Infinity);
        // Who was told of the timeout, or of an error, hears of late answers, and of nothing else.
        expect(statuses.slice(inTime.length).filter((each) => each < 200 || each > 299)).toEqual([]);
        const finals = inTime.filter((each) => each >= 200);
        const failures = finals.filter((each) => each >= 300);
        const others = times(bench, 'timeout') + times(bench, 'fail') + times(bench, 'conclude');
        expect(others + failures.length + (finals.length > failures.length ? 1 : 0)).toBe(1);
        // 17.1.1.3: each ACK answers a failure that came in.
        const failuresIn = happenings.filter((each) => each.kind === 'response' && each.status >= 300).length;
        expect(times(bench, 'ack')).toBeLessThanOrEqual(failuresIn);
        expect(times(bench, 'ack')).toBeGreaterThanOrEqual(failures.length);
        expect(times(bench, 'cancel')).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('a non-INVITE client tells exactly one end, and passes every response up once at most', () => {
    fc.assert(
      fc.property(clientRules, nonInviteInputs, (how, happenings) => {
        const bench = new Bench(nonInviteClient, how);
        run(bench, happenings);
        runOut(bench);
        const finals = bench.delivered.filter((text) => Number(/\d+/.exec(text)?.[0]) >= 200);
        expect(finals.length + times(bench, 'timeout') + times(bench, 'fail')).toBe(1);
      }),
    );
  });

  it('an INVITE server passes one ACK up at most, and only where it sent a 2xx', () => {
    fc.assert(
      fc.property(rules, serverInputs, (how, happenings) => {
        const bench = new Bench(inviteServer, how);
        run(bench, happenings);
        runOut(bench);
        expect(times(bench, 'deliver')).toBeLessThanOrEqual(1);
        expect(times(bench, 'deliver') + times(bench, 'timeout')).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('nothing is ever sent again over a reliable transport but a 2xx to INVITE', () => {
    fc.assert(
      fc.property(nonInviteInputs, clientInputs, (one, other) => {
        for (const [machine, happenings] of [
          [nonInviteClient, one],
          [inviteClient, other],
        ] as const) {
          const bench = new Bench(machine, TCP);
          run(bench, happenings);
          runOut(bench);
          expect(times(bench, 'send')).toBe(1);
        }
      }),
    );
  });

  it('over UDP a request without answer is sent 7 (INVITE) and 11 times (others) (17.1.1.2, 17.1.2.2)', () => {
    const invite = new Bench(inviteClient, UDP);
    runOut(invite);
    expect(times(invite, 'send')).toBe(7);
    const other = new Bench(nonInviteClient, UDP);
    runOut(other);
    expect(times(other, 'send')).toBe(11);
  });
});
