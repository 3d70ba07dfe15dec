import { afterEach, describe, expect, it } from 'vitest';
import { createThread, type Thread } from '../../src/journal/sqlite/thread.ts';

type Mortal = { echo: (text: string) => string; die: () => void };

describe('the near side of a worker thread', () => {
  let thread: Thread<Mortal>;
  afterEach(() => thread.close());

  function mortal(listIntervalMs = 0): Thread<Mortal> {
    thread = createThread<Mortal>({
      entry: new URL('./mortal-worker.ts', import.meta.url),
      name: 'mortal',
      settings: { path: 'nowhere.db', node: 'gw1', mode: 'beside', pid: null, openedAt: 0 },
      listIntervalMs,
    });
    return thread;
  }

  it('answers requests in order, started by the first of them', async () => {
    mortal(4);
    expect(await Promise.all(['a', 'b', 'c'].map((text) => thread.request('echo', text)))).toEqual(['a', 'b', 'c']);
    expect(await thread.request('echo', 'd')).toBe('d');
  });

  it('that dies fails what it had in hand and what waited, and starts anew for the next request', async () => {
    mortal();
    await thread.start();
    const requests = [thread.request('die'), thread.request('echo', 'waiting')];
    for (const result of await Promise.allSettled(requests)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'stopped', retryable: true } });
    }
    expect(await thread.request('echo', 'again')).toBe('again');
  });

  it('closes though it was never started', async () => {
    await mortal().close();
    await expect(thread.request('echo', 'late')).rejects.toMatchObject({ code: 'closed' });
  });
});
