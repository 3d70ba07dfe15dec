import { describe, expect, it } from 'vitest';
import { createHopHealth, hear, HOP_DOWN_MS, UNKNOWN_HOP, type HopWord } from '../../../src/gateway/hops/hop-health.ts';

const WORDS: Readonly<Record<string, HopWord>> = {
  a: 'options-answered',
  f: 'options-failed',
  A: 'call-answered',
  F: 'call-failed',
};

describe('a hop goes down and comes up by what is heard in a row', () => {
  it.each([
    ['nothing heard', '', ''],
    ['one OPTIONS lost', 'f', 'u'],
    ['two in a row', 'ff', 'ud'],
    ['two, but not in a row', 'fafa', 'uuuu'],
    ['one answer does not bring it back', 'ffa', 'udd'],
    ['two in a row do', 'ffaa', 'uddu'],
    ['two, but not in a row, do not', 'ffafa', 'udddd'],
    ['a call that fails counts at once', 'F', 'd'],
    ['and so does one that gets through', 'FA', 'du'],
    ['a call between takes the count back', 'fAf', 'uuu'],
    ['a failed call begins the count of answers anew', 'ffaFaa', 'uddddu'],
    ['down stays down', 'FFff', 'dddd'],
  ])('%s: %s', (_, words, states) => {
    let state = UNKNOWN_HOP;
    let seen = '';
    for (let at = 0; at < words.length; at += 1) {
      state = hear(state, WORDS[words.charAt(at)] ?? 'call-failed', at);
      seen += state.up ? 'u' : 'd';
    }
    expect(seen).toBe(states);
  });

  it('and tells since when', () => {
    const down = hear(hear(UNKNOWN_HOP, 'call-failed', 5), 'options-failed', 9);
    expect(down).toMatchObject({ up: false, since: 5 });
    expect(hear(hear(down, 'options-answered', 11), 'options-answered', 12)).toMatchObject({ up: true, since: 12 });
  });
});

describe('a hop known down', () => {
  it('is tried last, until it answers or half a minute has passed', () => {
    let now = 0;
    const health = createHopHealth(() => now);
    const hops = [{ uri: 'a' }, { uri: 'b' }, { uri: 'c' }];
    const order = (): string =>
      health
        .order(hops)
        .map(({ uri }) => uri)
        .join('');
    health.down('a');
    expect(order()).toBe('bca');
    health.down('b');
    expect(order()).toBe('cab');
    health.up('a');
    expect(order()).toBe('acb');
    now = HOP_DOWN_MS;
    expect(order()).toBe('abc');
  });
});

describe('a hop that failed a call', () => {
  it('is taken for there again after a while, and since then; a watched one only once it answers', () => {
    let now = 1_000;
    const health = createHopHealth(() => now);
    health.watch('watched');
    health.down('watched');
    health.down('other');
    now += 10_000;
    health.down('other');
    now += HOP_DOWN_MS;
    expect(health.state('other')).toMatchObject({ up: true, since: now });
    expect(health.state('watched')).toMatchObject({ up: false, since: 1_000 });
    expect([health.asked('watched', true), health.asked('watched', true)]).toEqual([false, true]);
    expect(health.state('watched')).toMatchObject({ up: true, since: now });
  });
});
