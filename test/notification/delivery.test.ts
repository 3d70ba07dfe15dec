import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Journal, JournalError, type NotificationContent } from '../../src/journal/index.ts';
import {
  type Clock,
  createNotificationWorker,
  type DeliveryResult,
  type MailTransport,
  type NotificationLog,
  type NotificationWorker,
  type NotificationWorkerOptions,
  openMailTransport,
  type RenderedMail,
} from '../../src/notification/index.ts';
import { MAILS_PER_TURN } from '../../src/notification/worker.ts';
import { FROM, content, owe, quiet, refusal, startMailServer, stored, temporaryJournal } from './support.ts';

async function transportTo(uri: string): Promise<MailTransport> {
  const transport = await openMailTransport(uri);
  onTestFinished(() => transport.close());
  return transport;
}

/** A transport whose sends end when the test says so. */
function heldTransport(): MailTransport & { readonly begun: RenderedMail[]; finish(result: DeliveryResult): void } {
  const begun: RenderedMail[] = [];
  const held: ((result: DeliveryResult) => void)[] = [];
  return {
    begun,
    send(mail) {
      begun.push(mail);
      return new Promise((resolve) => held.push(resolve));
    },
    finish: (result) => held.splice(0).forEach((resolve) => resolve(result)),
    close: () => Promise.resolve(),
  };
}

interface Running {
  readonly worker: NotificationWorker;
  /** Every attempt's result so far. */
  readonly results: DeliveryResult[];
  /** Resolves when there have been `count` results. */
  readonly result: (count: number) => Promise<DeliveryResult>;
}

function start(
  journal: NotificationWorkerOptions['journal'],
  transport: MailTransport,
  changes: Partial<NotificationWorkerOptions> = {},
): Running {
  const worker = createNotificationWorker({
    journal,
    transport,
    mail: { from: FROM },
    owner: 'gw1/a',
    log: quiet,
    random: () => 0,
    ...changes,
  });
  onTestFinished(() => worker.stop(200));
  const results: DeliveryResult[] = [];
  worker.onResult = (_, result) => void results.push(result);
  void worker.start();
  return {
    worker,
    results,
    async result(count) {
      await until(() => results.length >= count);
      return results[count - 1]!;
    },
  };
}

/** Waits for a condition that other threads bring about. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** A clock that stands until a test puts it forward. Its timers are real, and counted. */
function testClock(): Clock & { forward(ms: number): void; readonly timers: number } {
  let now = Date.now();
  const timers = new Set<unknown>();
  return {
    now: () => now,
    setTimeout(callback, delayMs) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        callback();
      }, delayMs);
      timers.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      timers.delete(timer);
      clearTimeout(timer as NodeJS.Timeout);
    },
    forward: (ms) => void (now += ms),
    get timers() {
      return timers.size;
    },
  };
}

type Statement = 'claim' | 'renew' | 'complete' | 'fail' | 'nextDueAt' | 'releaseClaims';

/** The journal, except that the named statements are refused while `broken` holds their names. */
function breakable(
  journal: Journal,
  error: Error = new Error('disk I/O error'),
): { journal: Journal; broken: Set<Statement>; refused: Statement[] } {
  const broken = new Set<Statement>();
  const refused: Statement[] = [];
  const proxy = new Proxy(journal, {
    get(target, name: string) {
      const statement = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => {
        if (!broken.has(name as Statement)) return statement(...args);
        refused.push(name as Statement);
        return Promise.reject(error);
      };
    },
  });
  return { journal: proxy, broken, refused };
}

describe('delivery', () => {
  it('sends what is due and notes it as sent', async () => {
    const journal = await temporaryJournal();
    const server = await startMailServer();
    const owed = await owe(journal);
    const { worker, result } = start(journal, await transportTo(server.uri));
    expect(await result(1)).toEqual({ kind: 'sent' });
    await worker.stop(5_000);
    expect(server.received.map(({ messageId }) => messageId)).toEqual([owed.messageId]);
    expect(await stored(journal, owed.id)).toMatchObject({ state: 'sent', attempts: 1, claimedBy: null });
  });

  it('sends each of many once', async () => {
    const journal = await temporaryJournal();
    const server = await startMailServer();
    const owed = await Promise.all(Array.from({ length: 200 }, () => owe(journal)));
    // Nobody polls and nobody gives a hint: each finished send makes room for the next.
    const limits = { concurrency: 8, pollMs: 3_600_000 };
    const { worker, result } = start(journal, await transportTo(server.uri), { limits });
    await result(200);
    await worker.stop(5_000);
    const ids = server.received.map(({ messageId }) => messageId);
    expect(ids).toHaveLength(200);
    expect(new Set(ids)).toEqual(new Set(owed.map(({ messageId }) => messageId)));
    expect((await journal.counts()).notifications).toMatchObject({ sent: 200, due: 0, claimed: 0 });
  });

  it('by two workers of one journal sends each once', async () => {
    const journal = await temporaryJournal();
    const server = await startMailServer();
    const transport = await transportTo(server.uri);
    const one = start(journal, transport, { owner: 'gw1/a', limits: { concurrency: 3, pollMs: 10 } });
    const two = start(journal, transport, { owner: 'gw1/b', limits: { concurrency: 3, pollMs: 10 } });
    await Promise.all(Array.from({ length: 60 }, () => owe(journal)));
    await until(() => one.results.length + two.results.length >= 60);
    await Promise.all([one.worker.stop(5_000), two.worker.stop(5_000)]);
    expect(new Set(server.received.map(({ messageId }) => messageId)).size).toBe(60);
    expect(server.received).toHaveLength(60);
  });

  it('finds by polling alone what nobody told it of, and at once what it is told of', async () => {
    const journal = await temporaryJournal();
    const server = await startMailServer();
    const polling = start(journal, await transportTo(server.uri), { limits: { pollMs: 20 } });
    await owe(journal);
    await polling.result(1);
    await polling.worker.stop(1_000);
    await owe(journal);
    const told = start(journal, await transportTo(server.uri), { limits: { pollMs: 3_600_000 } });
    await told.result(1);
    await owe(journal);
    told.worker.wake();
    await told.result(2);
  });

  it('of a whole batch begins a few in each turn of the loop, so that calls need not wait for it', async () => {
    const journal = await temporaryJournal();
    await Promise.all(Array.from({ length: 20 }, () => owe(journal)));
    const turns: number[] = [];
    let begun = 0;
    const transport: MailTransport = {
      send() {
        if (begun === 0) {
          setImmediate(() => {
            turns.push(begun);
            begun = 0;
          });
        }
        begun += 1;
        return Promise.resolve({ kind: 'sent' });
      },
      close: () => Promise.resolve(),
    };
    const { worker, result } = start(journal, transport);
    await result(20);
    await worker.stop(5_000);
    expect(turns.reduce((sum, count) => sum + count, begun)).toBe(20);
    expect(Math.max(...turns)).toBeLessThanOrEqual(MAILS_PER_TURN);
  });

  it('has written a mail before it begins, so that the first call need not wait for what is loaded then', async () => {
    const journal = await temporaryJournal();
    const formatted = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    onTestFinished(() => formatted.mockRestore());
    start(journal, heldTransport());
    expect(formatted).toHaveBeenCalled();
  });

  it('holds at most `concurrency` notifications at once', async () => {
    const journal = await temporaryJournal();
    await Promise.all(Array.from({ length: 20 }, () => owe(journal)));
    const transport = heldTransport();
    const { worker, result } = start(journal, transport, { limits: { concurrency: 4, pollMs: 10 } });
    await until(() => transport.begun.length === 4);
    expect(worker.active).toBe(4);
    expect((await journal.counts()).notifications).toMatchObject({ claimed: 4, due: 16 });
    transport.finish({ kind: 'sent' });
    await result(4);
    await until(() => transport.begun.length === 8);
    expect(worker.active).toBe(4);
    transport.finish({ kind: 'sent' });
  });
});

describe('a failed attempt', () => {
  it('is repeated with the same Message-ID where the server hung up before it answered DATA', async () => {
    const journal = await temporaryJournal();
    let drops = 1;
    const server = await startMailServer({ afterData: () => (drops-- > 0 ? 'drop' : null) });
    const owed = await owe(journal);
    const clock = testClock();
    const { worker, result } = start(journal, await transportTo(server.uri), { clock });
    expect(await result(1)).toMatchObject({ kind: 'retry' });
    await until(async () => (await stored(journal, owed.id)).state === 'due');
    clock.forward(3_000);
    worker.wake();
    expect(await result(2)).toEqual({ kind: 'sent' });
    await worker.stop(5_000);
    expect(server.received.map(({ messageId }) => messageId)).toEqual([owed.messageId, owed.messageId]);
    expect(await stored(journal, owed.id)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  it('waits from 2 s on, longer each time', async () => {
    const journal = await temporaryJournal();
    const owed = await owe(journal);
    const clock = testClock();
    const transport: MailTransport = {
      send: () => Promise.resolve({ kind: 'retry', error: 'greylisted' }),
      close: () => Promise.resolve(),
    };
    const { worker, result } = start(journal, transport, { clock });
    for (const [attempt, delayMs] of [2_000, 4_000, 8_000, 16_000].entries()) {
      await result(attempt + 1);
      await until(async () => (await stored(journal, owed.id)).state === 'due');
      const { dueAt, attempts, lastError } = await stored(journal, owed.id);
      expect({ attempts, lastError, dueAt }).toEqual({
        attempts: attempt + 1,
        lastError: 'greylisted',
        dueAt: clock.now() + delayMs,
      });
      clock.forward(delayMs);
      worker.wake();
    }
  });

  it('with a permanent refusal of the recipient is the last', async () => {
    const journal = await temporaryJournal();
    const server = await startMailServer({ onRcptTo: (_a, _s, callback) => callback(refusal(550, 'no such user')) });
    const owed = await owe(journal);
    const { worker, result } = start(journal, await transportTo(server.uri));
    expect(await result(1)).toMatchObject({ kind: 'dead' });
    await worker.stop(5_000);
    const { state, lastError } = await stored(journal, owed.id);
    expect({ state, lastError }).toEqual({ state: 'dead', lastError: expect.stringContaining('550 no such user') });
  });

  it('with a refusal of the sender is repeated until an admin has put it right', async () => {
    const journal = await temporaryJournal();
    let wrong = true;
    const server = await startMailServer({
      onMailFrom: (_a, _s, callback) => callback(wrong ? refusal(550, 'who are you') : null),
    });
    const owed = await owe(journal);
    const clock = testClock();
    const { worker, result } = start(journal, await transportTo(server.uri), { clock });
    expect(await result(1)).toMatchObject({ kind: 'retry' });
    await until(async () => (await stored(journal, owed.id)).state === 'due');
    wrong = false;
    clock.forward(3_000);
    worker.wake();
    expect(await result(2)).toEqual({ kind: 'sent' });
  });

  it('at the greatest age is the last', async () => {
    const journal = await temporaryJournal();
    const clock = testClock();
    const owed = await owe(journal, { createdAt: clock.now(), dueAt: clock.now() });
    const transport = heldTransport();
    const { worker, result } = start(journal, transport, { clock, limits: { maxAgeMs: 60_000 } });
    await until(() => transport.begun.length === 1);
    clock.forward(59_000);
    transport.finish({ kind: 'retry', error: 'down' });
    await until(async () => (await stored(journal, owed.id)).state === 'due');
    // Not after 2 s, but when the age is reached.
    expect((await stored(journal, owed.id)).dueAt).toBe(owed.createdAt + 60_000);
    clock.forward(1_500);
    worker.wake();
    await until(() => transport.begun.length === 2);
    transport.finish({ kind: 'retry', error: 'still down' });
    expect(await result(2)).toEqual({ kind: 'dead', error: 'given up after 2 attempts: still down' });
    await until(async () => (await stored(journal, owed.id)).state === 'dead');
  });

  it('of a mail server that is down ends when it is back', async () => {
    const journal = await temporaryJournal();
    const down = await startMailServer();
    await down.close();
    await Promise.all([owe(journal), owe(journal), owe(journal)]);
    const clock = testClock();
    const { worker, result } = start(journal, await transportTo(down.uri), { clock });
    await result(3);
    await until(async () => (await journal.counts()).notifications.due === 3);
    const back = await startMailServer({ port: down.port });
    clock.forward(3_000);
    worker.wake();
    await result(6);
    await worker.stop(5_000);
    expect(back.received).toHaveLength(3);
    expect((await journal.counts()).notifications.sent).toBe(3);
  });

  it('by a mail that cannot be rendered harms no other', async () => {
    const journal = await temporaryJournal();
    const recipient = { ...content().recipient, language: null } as unknown as NotificationContent['recipient'];
    const broken = await owe(journal, { content: content({ recipient }) });
    const whole = await owe(journal);
    const server = await startMailServer();
    const { worker, result } = start(journal, await transportTo(server.uri));
    await result(2);
    await worker.stop(5_000);
    expect(await stored(journal, whole.id)).toMatchObject({ state: 'sent' });
    expect(await stored(journal, broken.id)).toMatchObject({
      state: 'due',
      lastError: expect.stringContaining('not rendered or sent'),
    });
  });
});

describe('a journal that fails', () => {
  it('does not make a sent mail go out again: its completion is made up for', async () => {
    const { journal, broken, refused } = breakable(await temporaryJournal());
    const server = await startMailServer();
    const owed = await owe(journal);
    for (const statement of ['complete', 'renew'] as const) broken.add(statement);
    const clock = testClock();
    const { worker, result } = start(journal, await transportTo(server.uri), { clock, limits: { pollMs: 10 } });
    await result(1);
    await until(() => refused.includes('complete'));
    // Its lease runs out, and this worker claims it again.
    clock.forward(31_000);
    worker.wake();
    await until(async () => (await stored(journal, owed.id)).attempts === 2);
    broken.clear();
    await until(async () => (await stored(journal, owed.id)).state === 'sent');
    expect(server.received).toHaveLength(1);
    expect(worker.active).toBe(0);
  });

  it('stops the claims, and memory stays bounded', async () => {
    const { journal, broken } = breakable(await temporaryJournal());
    const server = await startMailServer();
    await Promise.all(Array.from({ length: 12 }, () => owe(journal)));
    broken.add('complete');
    const { worker, result } = start(journal, await transportTo(server.uri), { limits: { concurrency: 5, pollMs: 5 } });
    await result(5);
    await until(async () => (await journal.counts()).notifications.claimed === 5);
    expect(worker.active).toBe(5);
    expect(server.received).toHaveLength(5);
    broken.clear();
    await result(12);
    await worker.stop(5_000);
    expect(server.received).toHaveLength(12);
  });

  it('at any statement is asked again, and is complained of once', async () => {
    const { journal, broken, refused } = breakable(await temporaryJournal());
    const server = await startMailServer();
    const complaints: string[] = [];
    const log: NotificationLog = { ...quiet, error: (_, message) => complaints.push(message) };
    const statements: Statement[] = ['releaseClaims', 'claim', 'nextDueAt'];
    for (const statement of statements) broken.add(statement);
    await owe(journal);
    const { worker, result } = start(journal, await transportTo(server.uri), { log, limits: { pollMs: 5 } });
    await until(() => refused.length === 2);
    broken.delete('releaseClaims');
    await until(() => refused.includes('claim'));
    broken.delete('claim');
    await result(1);
    await until(() => refused.includes('nextDueAt'));
    await worker.stop(5_000);
    expect(server.received).toHaveLength(1);
    expect(complaints).toEqual([
      'the journal failed to free earlier claims',
      'the journal failed to claim notifications',
      'the journal failed to say what is due',
    ]);
  });
});

describe('a statement that the journal will never take', () => {
  it('is given up, so that its slot is free for others', async () => {
    const never = new JournalError('statement', 'no such notification');
    const { journal, broken, refused } = breakable(await temporaryJournal(), never);
    broken.add('complete');
    await owe(journal);
    const transport = heldTransport();
    const { worker } = start(journal, transport);
    await until(() => transport.begun.length === 1);
    transport.finish({ kind: 'sent' });
    await until(() => worker.active === 0);
    expect(refused).toEqual(['complete']);
  });
});

describe('a claim', () => {
  it('is renewed while its send lasts, so that nobody else takes it', async () => {
    const journal = await temporaryJournal();
    const owed = await owe(journal);
    const transport = heldTransport();
    const { worker } = start(journal, transport, { limits: { renewMs: 20 } });
    await until(() => transport.begun.length === 1);
    const first = (await stored(journal, owed.id)).leaseUntil ?? 0;
    await until(async () => ((await stored(journal, owed.id)).leaseUntil ?? 0) > first + 1);
    expect(await journal.claim('gw2/b', first + 1, 30_000, 10)).toEqual([]);
    transport.finish({ kind: 'sent' });
    await worker.stop(5_000);
    expect(await stored(journal, owed.id)).toMatchObject({ state: 'sent', attempts: 1 });
  });

  it('that was lost is not completed by who lost it', async () => {
    const journal = await temporaryJournal();
    const owed = await owe(journal);
    const transport = heldTransport();
    const warnings: string[] = [];
    const log: NotificationLog = { ...quiet, warn: (_, message) => warnings.push(message) };
    const { worker } = start(journal, transport, { log });
    await until(() => transport.begun.length === 1);
    await journal.claim('gw2/b', Date.now() + 31_000, 30_000, 10);
    transport.finish({ kind: 'sent' });
    await worker.stop(5_000);
    expect(warnings).toEqual(['the claim was lost before its result was noted']);
    expect(await stored(journal, owed.id)).toMatchObject({ state: 'claimed', claimedBy: 'gw2/b' });
  });

  it('of an earlier life of this gateway is freed at the start', async () => {
    const journal = await temporaryJournal();
    const server = await startMailServer();
    const owed = await owe(journal);
    expect(await journal.claim('gw1/earlier', Date.now(), 3_600_000, 10)).toHaveLength(1);
    const { result } = start(journal, await transportTo(server.uri));
    expect(await result(1)).toEqual({ kind: 'sent' });
    expect(server.received[0]?.messageId).toBe(owed.messageId);
  });
});

describe('stopping', () => {
  it('claims no more, and finishes what is in hand', async () => {
    const journal = await temporaryJournal();
    await Promise.all([owe(journal), owe(journal), owe(journal)]);
    const transport = heldTransport();
    const { worker } = start(journal, transport, { limits: { concurrency: 2 } });
    await until(() => transport.begun.length === 2);
    const stopped = worker.stop(5_000);
    transport.finish({ kind: 'sent' });
    await stopped;
    expect(transport.begun).toHaveLength(2);
    expect((await journal.counts()).notifications).toMatchObject({ sent: 2, due: 1 });
  });

  it('also finishes what was claimed while it began', async () => {
    const journal = await temporaryJournal();
    const server = await startMailServer();
    await owe(journal);
    const claimed = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const slow: NotificationWorkerOptions['journal'] = {
      ...journal,
      async claim(...args) {
        const batch = await journal.claim(...args);
        claimed.resolve();
        await answer.promise;
        return batch;
      },
    };
    const { worker } = start(slow, await transportTo(server.uri));
    await claimed.promise;
    const stopped = worker.stop(5_000);
    answer.resolve();
    await stopped;
    expect((await journal.counts()).notifications).toMatchObject({ sent: 1 });
  });

  it('waits no longer than told; what hung is due again in the next life, under the same Message-ID', async () => {
    const journal = await temporaryJournal();
    const owed = await owe(journal);
    const transport = heldTransport();
    const { worker, results } = start(journal, transport);
    await until(() => transport.begun.length === 1);
    const began = performance.now();
    await worker.stop(100);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(results).toEqual([]);
    const server = await startMailServer();
    const next = start(journal, await transportTo(server.uri), { owner: 'gw1/next' });
    expect(await next.result(1)).toEqual({ kind: 'sent' });
    await next.worker.stop(5_000);
    expect(server.received[0]?.messageId).toBe(owed.messageId);
    // The first life's send ends after all: it notes nothing any more.
    transport.finish({ kind: 'dead', error: 'late' });
    await until(() => worker.active === 0);
    expect(await stored(journal, owed.id)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  it('leaves no timer behind, idle, waiting, or with a journal that fails', async () => {
    const { journal, broken, refused } = breakable(await temporaryJournal());
    const clock = testClock();
    const { worker } = start(journal, heldTransport(), { clock });
    await until(() => clock.timers >= 2);
    await Promise.all([worker.stop(5_000), worker.stop(5_000)]);
    expect(clock.timers).toBe(0);
    broken.add('claim');
    const failing = start(journal, heldTransport(), { clock });
    await until(() => refused.includes('claim'));
    await failing.worker.stop(5_000);
    expect(clock.timers).toBe(0);
  });

  it('is possible before the start, and ends it', async () => {
    const worker = createNotificationWorker({
      journal: await temporaryJournal(),
      transport: heldTransport(),
      mail: { from: FROM },
      owner: 'gw1/a',
      log: quiet,
      random: () => 0,
    });
    await worker.stop(1_000);
    await worker.start();
    expect(worker.active).toBe(0);
  });
});

describe('results', () => {
  it('are told with the notification, and a listener that throws harms nothing', async () => {
    const journal = await temporaryJournal();
    const server = await startMailServer();
    const owed = await owe(journal);
    const { worker } = start(journal, await transportTo(server.uri));
    const told: string[] = [];
    worker.onResult = ({ id }, { kind }) => {
      told.push(`${id} ${kind}`);
      throw new Error('listener');
    };
    await until(async () => (await stored(journal, owed.id)).state === 'sent');
    expect(told).toEqual([`${owed.id} sent`]);
  });
});
