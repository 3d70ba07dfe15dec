import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimerName } from '../../../src/sip/transaction/machine.ts';
import { TimerQueue, TransactionTimers, type Timer } from '../../../src/sip/transaction/timer-queue.ts';
import { manualClock } from '../clock.ts';

const NAMES: readonly TimerName[] = ['A', 'B', 'D', 'E', 'F'];

describe('timer queue', () => {
  it('fires every timer once, in order of time, and never a stopped one', () => {
    const plan = fc.array(fc.record({ delayMs: fc.integer({ min: 0, max: 2_000 }), stopped: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(plan, (timers) => {
        const clock = manualClock();
        const queue = new TimerQueue(clock, () => undefined);
        const fired: number[] = [];
        const started: Timer[] = timers.map(({ delayMs }) =>
          queue.start({ onTimer: () => fired.push(clock.now()) }, 'A', delayMs),
        );
        for (const [index, { stopped }] of timers.entries()) if (stopped) queue.stop(started[index]!);
        clock.advance(2_000);
        const expected = timers.filter(({ stopped }) => !stopped).map(({ delayMs }) => delayMs);
        expect(fired).toEqual(expected.toSorted((one, other) => one - other));
        expect(queue.size).toBe(0);
      }),
    );
  });

  it('keeps the order when a stopped timer is replaced by an earlier one of another branch of the heap', () => {
    const clock = manualClock();
    const queue = new TimerQueue(clock, () => undefined);
    const fired: number[] = [];
    const delays = [1, 100, 2, 110, 120, 3, 4, 111, 112, 121, 122, 5, 6, 7, 8];
    const timers = delays.map((delayMs) => queue.start({ onTimer: () => fired.push(clock.now()) }, 'A', delayMs));
    queue.stop(timers[delays.indexOf(110)]!);
    clock.advance(20);
    expect(fired).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('needs one alarm of the clock, however many timers run', () => {
    const clock = manualClock();
    const queue = new TimerQueue(clock, () => undefined);
    for (let index = 0; index < 100; index++) queue.start({ onTimer: () => undefined }, 'A', 1_000 - index);
    expect(clock.alarms).toBe(1);
    queue.close();
    expect(clock.alarms).toBe(0);
    expect(queue.size).toBe(0);
  });

  it('an owner that throws costs no other its timer', () => {
    const clock = manualClock();
    const defects: string[] = [];
    const queue = new TimerQueue(clock, (what) => defects.push(what));
    const fired: string[] = [];
    queue.start(
      {
        onTimer: () => {
          throw new Error('defect');
        },
      },
      'A',
      10,
    );
    queue.start({ onTimer: (name) => fired.push(name) }, 'B', 10);
    clock.advance(10);
    expect(fired).toEqual(['B']);
    expect(defects).toEqual(['timer A']);
  });

  it('a transaction that starts a timer again has it once, and leaves none when it ends', () => {
    const clock = manualClock();
    const queue = new TimerQueue(clock, () => undefined);
    const fired: string[] = [];
    const timers: TransactionTimers = new TransactionTimers(queue, {
      onTimer: (name) => {
        timers.stop(name);
        fired.push(name);
      },
    });
    timers.start('A', 10);
    timers.start('A', 20);
    for (const name of NAMES) timers.start(name, 30);
    clock.advance(25);
    expect(fired).toEqual([]);
    timers.stop('B');
    timers.stopAll();
    expect(queue.size).toBe(0);
    clock.advance(100);
    expect(fired).toEqual([]);
  });
});
