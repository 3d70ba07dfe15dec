import { v7 as newId } from 'uuid';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';
import type { NotificationContent, NotificationRecord } from '../../src/journal/index.ts';
import { type Journal, openSqliteJournal } from '../../src/journal/index.ts';
import type { NotificationLog } from '../../src/notification/index.ts';

export const FROM = 'Missed calls <missed-calls@example.com>';

/** A Monday, 14:03 in Paris. */
export const ARRIVED = Date.UTC(2026, 10, 16, 13, 3, 20);

export function content(changes: Partial<NotificationContent> = {}): NotificationContent {
  return {
    recipient: {
      address: 'alice@example.com',
      displayName: 'Alice Martin',
      language: 'en-GB',
      timeZone: 'Europe/Paris',
    },
    caller: {
      number: '+33140005678',
      uri: 'sip:+33140005678@pbx.example.com;user=phone',
      displayName: 'Zoe Leblanc',
      hidden: false,
    },
    callee: '1001',
    startedAt: ARRIVED,
    rangMs: 12_300,
    cause: 'caller-hung-up',
    sipCallId: 'a84b4c76e66710@pc33.example.com',
    ...changes,
  };
}

export function notification(
  changes: Partial<NotificationRecord> = {},
  contentChanges: Partial<NotificationContent> = {},
): NotificationRecord {
  const id = changes.id ?? newId();
  return {
    id,
    callId: newId(),
    mailbox: 'alice',
    channel: 'email',
    state: 'due',
    attempts: 1,
    createdAt: ARRIVED + 30_000,
    dueAt: ARRIVED + 30_000,
    claimedBy: null,
    leaseUntil: null,
    messageId: `<${id}@example.com>`,
    lastError: null,
    sentAt: null,
    content: content(contentChanges),
    ...changes,
  };
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcg-notification-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function temporaryJournal(): Promise<Journal> {
  const journal = await openSqliteJournal({
    path: join(await temporaryFolder(), 'gateway.db'),
    node: 'gw1',
    now: Date.now,
  });
  onTestFinished(() => journal.close());
  return journal;
}

/** Puts one notification into the journal, the way the ledger does: with the call that it is about. */
export async function owe(journal: Journal, changes: Partial<NotificationRecord> = {}): Promise<NotificationRecord> {
  const now = Date.now();
  const owed = notification({ createdAt: now, dueAt: now, attempts: 0, ...changes });
  const { callId, content } = owed;
  await journal.begin({
    id: callId,
    sipCallId: `${callId}@example.com`,
    caller: content.caller,
    callee: content.callee,
    calleeUri: `sip:${content.callee}@example.com`,
    mailbox: owed.mailbox,
    group: null,
    peer: 'pbx',
    startedAt: now,
    evidence: [],
  });
  await journal.settle({
    callId,
    endedAt: now,
    rangAt: now,
    rangMs: 0,
    answeredAt: null,
    answeredBy: null,
    state: null,
    rule: null,
    evidence: [],
    verdict: { outcome: 'missed', cause: 'no-answer' },
    decisions: [{ mailbox: owed.mailbox, primary: true, decision: 'notify', reason: 'missed', detail: null }],
    notifications: [owed],
  });
  return owed;
}

export async function stored(journal: Journal, id: string): Promise<NotificationRecord> {
  const all = await journal.notifications({ limit: 10_000 });
  const found = all.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`the journal has no notification ${id}`);
  return found;
}

export const quiet: NotificationLog = { debug() {}, info() {}, warn() {}, error() {} };

/** An SMTP error with its code, as smtp-server wants it. */
export function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

export interface MailServer {
  readonly port: number;
  readonly uri: string;
  /** Every message whose DATA was read to its end, also those refused or dropped after that. */
  readonly received: ParsedMail[];
  readonly raw: string[];
  /** Resolves when `count` messages have been read. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A real SMTP server on a free port. `afterData` may refuse a message, or drop the connection, after it was read. */
export async function startMailServer(
  options: SMTPServerOptions & {
    readonly port?: number;
    readonly afterData?: (session: { readonly id: string }) => Error | 'drop' | null;
  } = {},
): Promise<MailServer> {
  const { afterData, port = 0, ...rest } = options;
  const received: ParsedMail[] = [];
  const raw: string[] = [];
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: rest.key === undefined ? ['STARTTLS'] : [],
    disableReverseLookup: true,
    ...rest,
    onData(stream, session, callback) {
      void (async () => {
        const chunks = (await stream.toArray().catch(() => null)) as Buffer[] | null;
        // The sender is gone in the middle of its message.
        if (chunks === null) return;
        const message = Buffer.concat(chunks);
        received.push(await simpleParser(message));
        raw.push(message.toString('latin1'));
        for (const check of waiting) check();
        const verdict = afterData?.(session) ?? null;
        if (verdict === 'drop') dropConnections();
        else callback(verdict);
      })();
    },
  });
  server.on('error', () => {});
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  function dropConnections(): void {
    for (const socket of sockets) socket.destroy();
  }
  server.listen(port, '127.0.0.1');
  if (!server.server.listening) await once(server.server, 'listening');
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      dropConnections();
    });
    return closed;
  };
  onTestFinished(close);
  const bound = (server.server.address() as AddressInfo).port;
  return {
    port: bound,
    uri: `${rest.secure === true ? 'smtps' : 'smtp'}://127.0.0.1:${bound}`,
    received,
    raw,
    arrived: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (received.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    close,
  };
}
