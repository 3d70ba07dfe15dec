import { describe, expect, it, onTestFinished } from 'vitest';
import type { Journal } from '../../src/journal/index.ts';
import {
  createNotificationWorker,
  type MailTransport,
  type NotificationWorker,
  type NotificationWorkerOptions,
  openMailTransport,
} from '../../src/notification/index.ts';
import { FROM, owe, quiet, startMailServer, stored, temporaryJournal } from './support.ts';

async function transportTo(uri: string): Promise<MailTransport> {
  const transport = await openMailTransport(uri);
  onTestFinished(() => transport.close());
  return transport;
}

function startWorker(
  journal: NotificationWorkerOptions['journal'],
  transport: MailTransport,
  changes: Partial<NotificationWorkerOptions> = {},
): NotificationWorker {
  const worker = createNotificationWorker({
    journal,
    transport,
    mail: { from: FROM },
    owner: 'gw1/test',
    log: quiet,
    random: () => 0,
    ...changes,
  });
  onTestFinished(() => worker.stop(1_000));
  void worker.start();
  return worker;
}

/** Resolves with the results of the next `count` attempts. */
function results(worker: NotificationWorker, count: number): Promise<string[]> {
  const seen: string[] = [];
  return new Promise((resolve) => {
    worker.onResult = (_, result) => {
      seen.push(result.kind);
      if (seen.length === count) resolve(seen);
    };
  });
}

async function settled(worker: NotificationWorker): Promise<void> {
  await worker.stop(5_000);
}

describe('the notification worker', () => {
  it('sends what is due and notes it as sent', async () => {
    const journal: Journal = await temporaryJournal();
    const server = await startMailServer();
    const owed = await owe(journal);
    const worker = startWorker(journal, await transportTo(server.uri));
    expect(await results(worker, 1)).toEqual(['sent']);
    await settled(worker);
    expect(server.received).toHaveLength(1);
    expect(server.received[0]?.messageId).toBe(owed.messageId);
    expect(await stored(journal, owed.id)).toMatchObject({ state: 'sent', attempts: 1, claimedBy: null });
  });
});
