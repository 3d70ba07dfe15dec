import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TIMERS } from '../../../src/sip/stack.types.ts';
import {
  beginReliable,
  nextReliable,
  orderOfReliable,
  parseRAck,
  parseRSeq,
  type ReliableAction,
  type ReliableInput,
  type ReliableState,
} from '../../../src/sip/transaction/reliable-provisional.ts';

/** `18x`, `18x sdp`, `200`, `486`, `prack 2`, `timer repeat`. */
function input(text: string): ReliableInput<string> {
  const [first = '', second = ''] = text.split(' ');
  if (first === 'prack') return { kind: 'prack', rseq: Number(second) };
  if (first === 'timer') return { kind: 'timer', timer: second === 'repeat' ? 'repeat' : 'give-up' };
  if (first.startsWith('1')) return { kind: 'provisional', response: text, describes: second === 'sdp' };
  return { kind: 'final', response: text, success: first.startsWith('2') };
}

function written(action: ReliableAction<string>): string {
  if (action.do === 'send') return `send ${action.response}`;
  if (action.do === 'start') return `start ${action.timer} ${action.delayMs}`;
  return action.do === 'stop' ? `stop ${action.timer}` : action.do;
}

/** What the last of these inputs does; the first number is 1. */
function after(inputs: string): string {
  let state: ReliableState<string> = beginReliable(1);
  let actions: readonly ReliableAction<string>[] = [];
  for (const text of inputs.split(', ')) ({ state, actions } = nextReliable(state, input(text), DEFAULT_TIMERS));
  return actions.map(written).join(', ');
}

const STOP = 'stop repeat, stop give-up';
const START = 'start repeat 500, start give-up 32000';

describe('reliable provisional responses (RFC 3262 3)', () => {
  it.each([
    ['180', `send 180, ${START}`],
    ['180, timer repeat', 'send 180, start repeat 1000'],
    ['180, timer repeat, timer repeat, timer repeat, timer repeat', 'send 180, start repeat 8000'],
    ['180, timer give-up', 'stop repeat, give-up'],
    ['180, 183', ''],
    ['180, 183, prack 1', `${STOP}, send 183, ${START}`],
    ['180, 183, prack 1, prack 2', STOP],
    ['180, prack 2', 'refuse'],
    ['180, prack 1, prack 1', 'refuse'],
    ['prack 1', 'refuse'],
    ['200', 'send 200'],
    ['180, 200', `${STOP}, send 200`],
    ['180, 200, prack 1', ''],
    ['180, 200, prack 1, prack 1', 'refuse'],
    ['180, 183, 200', `${STOP}, send 200`],
    ['180, 183, 200, prack 2', 'refuse'],
    ['183 sdp, 200', ''],
    ['183 sdp, 200, prack 1', `${STOP}, send 200`],
    ['180, 183 sdp, 200', ''],
    ['180, 183 sdp, 200, prack 1', `${STOP}, send 183 sdp, ${START}`],
    ['180, 183 sdp, 200, prack 1, prack 2', `${STOP}, send 200`],
    ['183 sdp, 200, 486', `${STOP}, send 486`],
    ['183 sdp, 486', `${STOP}, send 486`],
    ['183 sdp, prack 1, 200', 'send 200'],
    ['180, 200, 183', ''],
  ])('%s: %s', (inputs, actions) => {
    expect(after(inputs)).toBe(actions);
  });

  it('a timer that does not run is a defect', () => {
    expect(() => after('timer repeat')).toThrow('timer repeat');
  });

  it('whatever comes: numbers rise by one, one is outstanding at a time, and a 2xx never passes a description', () => {
    const texts = fc.constantFrom('180', '183 sdp', '200', '486', 'ack', 'wrong');
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 30 }), (steps) => {
        let state: ReliableState<string> = beginReliable(7);
        let finals = 0;
        for (const step of steps) {
          const text = step === 'ack' ? `prack ${state.outstanding?.rseq ?? 0}` : step === 'wrong' ? 'prack 1' : step;
          const before = state;
          const { state: next, actions } = nextReliable(state, input(text), DEFAULT_TIMERS);
          state = next;
          const sent = actions.filter((action) => action.do === 'send').map(({ response }) => response);
          expect(sent.length).toBeLessThanOrEqual(1);
          if (sent[0] === '200') {
            finals += 1;
            const left = text === '200' && before.outstanding !== null ? [before.outstanding, ...before.waiting] : [];
            expect(left.some(({ describes }) => describes)).toBe(false);
          }
          if (step === '486') return;
          expect(state.sequence - before.sequence).toBeLessThanOrEqual(1);
        }
        if (!steps.includes('200')) expect(finals).toBe(0);
      }),
    );
  });
});

describe('the numbers of those that come in (RFC 3262 4)', () => {
  it.each([
    [undefined, 5, 'next'],
    [5, 6, 'next'],
    [5, 5, 'copy'],
    [5, 4, 'copy'],
    [5, 7, 'gap'],
  ] as const)('after %s, %s is a %s', (last, rseq, order) => {
    expect(orderOfReliable(last, rseq)).toBe(order);
  });

  it.each([
    ['1', 1],
    [' 4294967295 ', 4_294_967_295],
    ['4294967296', null],
    ['', null],
    ['-1', null],
    ['1x', null],
    ['1.5', null],
  ])('RSeq %j is %s', (text, value) => {
    expect(parseRSeq(text)).toBe(value);
  });

  it.each([
    ['776656 1 INVITE', { rseq: 776656, cseq: 1, method: 'INVITE' }],
    ['  1   2\tINVITE ', { rseq: 1, cseq: 2, method: 'INVITE' }],
    ['1 2', null],
    ['1 2 INVITE x', null],
    ['4294967296 1 INVITE', null],
    ['1 99999999999 INVITE', null],
    ['', null],
    [`1 1 ${'A'.repeat(100_000)}`, null],
  ])('RAck %.40j is %j', (text, value) => {
    expect(parseRAck(text)).toEqual(value);
  });
});
