import { describe, expect, it } from 'vitest';
import {
  Dialogs,
  ENDED_DIALOG_MS,
  formatReplaces,
  MAX_ENDED_DIALOGS,
  parseReplaces,
  Side,
  type SideFacts,
} from '../../../src/gateway/calls/dialogs.ts';
import { MAX_EARLY_DIALOGS } from '../../../src/gateway/limits.ts';

describe('a Replaces', () => {
  it.each([
    'a@b;to-tag=1;from-tag=2',
    'a@b;to-tag=1;from-tag=2;early-only',
    `(425928)~!%*<>:\\"/[]?{}@x;to-tag=7743;from-tag=6472`,
  ])('%s is read and written', (text) => {
    const read = parseReplaces(text);
    expect(read === null ? null : formatReplaces(read)).toBe(text);
  });

  it('is read in any order, with spaces, in any case, with parameters that nobody knows', () => {
    expect(parseReplaces(' a@b ; From-Tag = 2;x;TO-TAG=1 ')).toEqual({
      callId: 'a@b',
      toTag: '1',
      fromTag: '2',
      earlyOnly: false,
    });
  });

  it.each([
    '',
    'a',
    'a;to-tag=1',
    'a;from-tag=2',
    ';to-tag=1;from-tag=2',
    'a;to-tag=;from-tag=2',
    'a;to-tag=1;to-tag=1;from-tag=2',
    'a;to-tag=1;from-tag=2,b;to-tag=1;from-tag=2',
    'a b;to-tag=1;from-tag=2',
  ])('%j is none, or several', (text) => {
    expect(parseReplaces(text)).toBeNull();
  });
});

describe('the dialogs', () => {
  const rig = () => {
    let now = 1_000;
    const dialogs = new Dialogs(() => now);
    const side = (initiated: boolean): Side => new Side({ initiated, leg: 'leg' } as SideFacts, dialogs);
    const named = (callId: string, toTag: string, fromTag: string) =>
      dialogs.find({ callId, toTag, fromTag, earlyOnly: false }).kind;
    return { dialogs, side, named, pass: (ms: number) => (now += ms) };
  };

  it('each of several early dialogs is known until one is confirmed; then only that', () => {
    const { side, named } = rig();
    const [caller, callee] = [side(true), side(false)];
    callee.other = caller;
    caller.heard('in', 'us', 'them', false);
    for (const tag of ['1', '2']) callee.heard('out', 'us', tag, false);
    expect([named('out', 'us', '1'), named('out', 'us', '2'), named('out', 'us', '3')]).toEqual([
      'found',
      'found',
      'none',
    ]);
    callee.heard('out', 'us', '2', true);
    expect([named('out', 'us', '1'), named('out', 'us', '2')]).toEqual(['none', 'found']);
  });

  it('is found from both ends, and by no other tags', () => {
    const { side, dialogs } = rig();
    const [caller, callee] = [side(true), side(false)];
    [callee.other, caller.other] = [caller, callee];
    caller.heard('in', 'us', 'them', false);
    caller.confirm();
    callee.heard('out', 'we', 'those', true);
    const find = (callId: string, toTag: string, fromTag: string) =>
      dialogs.find({ callId, toTag, fromTag, earlyOnly: false });
    expect(find('in', 'us', 'them')).toEqual({ kind: 'found', target: callee, replaced: caller });
    expect(find('in', 'them', 'us')).toEqual({ kind: 'found', target: caller, replaced: callee });
    expect(find('out', 'we', 'those')).toEqual({ kind: 'found', target: caller, replaced: callee });
    expect(find('out', 'us', 'those')).toEqual({ kind: 'none' });
    expect(find('other', 'us', 'them')).toEqual({ kind: 'unknown' });
  });

  it(`no more than ${MAX_EARLY_DIALOGS} early dialogs of one INVITE can be named; the one that is confirmed always`, () => {
    const { side, named } = rig();
    const [caller, callee] = [side(true), side(false)];
    callee.other = caller;
    caller.heard('in', 'us', 'them', false);
    for (let tag = 0; tag <= MAX_EARLY_DIALOGS; tag += 1) callee.heard('out', 'us', String(tag), false);
    expect([named('out', 'us', '0'), named('out', 'us', String(MAX_EARLY_DIALOGS))]).toEqual(['found', 'none']);
    callee.heard('out', 'us', 'late', true);
    expect(named('out', 'us', 'late')).toBe('found');
  });

  it('in which they talked is over, from both ends, also while another of its Call-ID lives', () => {
    const { side, named } = rig();
    const [one, other] = [side(true), side(false)];
    one.heard('same', 'us', 'them', true);
    other.heard('same', 'we', 'those', false);
    one.leave();
    expect([named('same', 'us', 'them'), named('same', 'them', 'us')]).toEqual(['over', 'over']);
    other.leave();
    expect([named('same', 'us', 'them'), named('same', 'we', 'those'), named('same', 'us', 'x')]).toEqual([
      'over',
      'none',
      'none',
    ]);
  });

  it(`those that ended are remembered for ${ENDED_DIALOG_MS} ms, ${MAX_ENDED_DIALOGS} of them`, () => {
    const { side, named, dialogs, pass } = rig();
    const end = (callId: string): void => {
      const one = side(true);
      one.heard(callId, 'us', 'them', false);
      one.leave();
      one.leave();
      one.heard(callId, 'us', 'late', false);
    };
    end('first');
    expect(dialogs.size).toBe(0);
    pass(ENDED_DIALOG_MS - 1);
    expect(named('first', 'us', 'them')).toBe('none');
    pass(1);
    expect(named('first', 'us', 'them')).toBe('unknown');
    for (let n = 0; n <= MAX_ENDED_DIALOGS; n += 1) end(`call-${n}`);
    expect([named('call-0', 'us', 'them'), named('call-1', 'us', 'them')]).toEqual(['unknown', 'none']);
  });
});
