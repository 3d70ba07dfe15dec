import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CallReport } from '../../src/lab/index.ts';
import { openSqliteJournal, type Journal } from '../../src/journal/index.ts';
import { startMailServer } from '../notification/support.ts';
import { until, type GatewayFiles } from '../support/gateway-process.ts';
import { freePort } from '../support/ports.ts';
import { byNumber, call, callerFor, counter, filesFor, phoneFor, run, settings } from './support.ts';

/** The journal beside the running gateway, as commands open it. */
async function journalOf(files: GatewayFiles): Promise<Journal> {
  const path = join(files.folder, 'var', 'gateway.db');
  const journal = await openSqliteJournal({ path, node: hostname(), now: Date.now, mode: 'beside' });
  onTestFinished(() => journal.close());
  return journal;
}

const EACH = 25;

describe('kill -9', () => {
  it('with 25 calls ringing and 25 talking: after the restart each has its outcome, the 25 that rang are mailed, none twice', async () => {
    const ringing = counter(EACH);
    const talking = counter(EACH);
    const phone = await phoneFor(byNumber);
    const caller = await callerFor();
    const server = await startMailServer();
    const port = await freePort();
    const files = await filesFor(settings(phone), {
      transport: server.uri,
      listen: `[udp://127.0.0.1:${port}]`,
    });
    const gateway = await run(files);
    const hangUp = new AbortController();
    const dial = (number: string, counted: 'provisional' | 'final', tick: () => void): Promise<CallReport[]> =>
      Promise.all(
        Array.from({ length: EACH }, () =>
          call(caller, gateway, { number, signal: hangUp.signal, onEvent: ({ kind }) => kind === counted && tick() }),
        ),
      );
    void dial('1001', 'provisional', ringing.tick);
    const talks = dial('1002', 'final', talking.tick);
    await Promise.all([ringing.reached, talking.reached]);
    const journal = await journalOf(files);
    // The caller hears the 200 a moment before the journal's commit of it is on the disk.
    await until(20_000, 'the journal to have every answer', async () => {
      const calls = await journal.calls({ limit: 100 });
      return calls.filter(({ answeredAt }) => answeredAt !== null).length === EACH || null;
    });
    await gateway.kill();
    expect((await gateway.exited).signal).toBe('SIGKILL');
    expect((await journal.calls({ limit: 100 })).map(({ outcome }) => outcome)).toEqual(Array(2 * EACH).fill(null));

    const again = await run(files);
    await server.arrived(EACH);
    // Those who were cut off hang up only now, at a gateway that knows nothing of their dialogs: no new calls come of it.
    hangUp.abort();
    await talks;
    await again.settled(2 * EACH);
    expect(await again.stop()).toBe(0);

    const calls = await again.calls();
    const verdicts = calls.map(({ callee, outcome, cause, decision, reason, notification }) =>
      [callee, outcome, cause, decision, reason, notification?.state ?? null].join(' '),
    );
    const rang = '1001 missed interrupted notify missed sent';
    const talked = '1002 answered interrupted skip answered ';
    expect(verdicts.toSorted()).toEqual([...Array(EACH).fill(rang), ...Array(EACH).fill(talked)]);
    const messageIds = server.received.map(({ messageId }) => messageId);
    expect(messageIds).toHaveLength(EACH);
    expect(new Set(messageIds).size).toBe(EACH);
    const owed = calls.flatMap(({ notification }) => notification?.messageId ?? []);
    expect(new Set(messageIds)).toEqual(new Set(owed));
  });

  it('in the middle of deliveries: no mail is lost, and one that comes twice has the same Message-ID and text', async () => {
    const OWED = 40;
    const phone = await phoneFor({ kind: 'busy' });
    const caller = await callerFor();
    const allOwed = Promise.withResolvers<void>();
    const server = await startMailServer({
      onMailFrom: (_address, _session, callback) =>
        void (async () => {
          await allOwed.promise;
          callback();
        })(),
      // Accepted, and the gateway dies before it can have noted it.
      afterData() {
        if (server.received.length === 10) gateway.child.kill('SIGKILL');
        return null;
      },
    });
    const files = await filesFor(settings(phone), { transport: server.uri });
    const gateway = await run(files);
    await Promise.all(Array.from({ length: OWED }, () => call(caller, gateway)));
    await gateway.settled(OWED);
    allOwed.resolve();
    await gateway.exited;
    expect(server.received.length).toBeLessThan(OWED);

    const again = await run(files);
    const journal = await journalOf(files);
    await until(20_000, 'all to be sent', async () => {
      const { notifications } = await journal.counts();
      return notifications.sent === OWED || null;
    });
    expect(await again.stop()).toBe(0);
    const byId = Map.groupBy(server.raw, (text) => /^Message-ID: (\S+)/im.exec(text)?.[1] ?? '');
    expect(byId.size).toBe(OWED);
    const twice = [...byId.values()].filter(({ length }) => length > 1);
    // The tenth at least: its sender died before it heard that it was accepted.
    expect(twice.length).toBeGreaterThan(0);
    for (const copies of twice) expect(new Set(copies).size).toBe(1);
  });
});
