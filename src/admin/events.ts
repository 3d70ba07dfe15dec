import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type LiveEvent, OPERATIONS } from './contract.ts';
import type { LiveCall } from './contract/calls.ts';
import { sendProblem } from './reply.ts';
import type { LiveSource } from './served.ts';
import { admit, type ServeOptions } from './serve.ts';
import { identify } from './sign-in/guard.ts';

/** Event streams at once, of all and of one account. */
export const MAX_STREAMS = 100;
export const MAX_STREAMS_PER_ACCOUNT = 10;
/** What happens within this time leaves together. */
export const EVENTS_EVERY_MS = 500;
/** A comment keeps proxies from closing the stream. */
export const HEARTBEAT_MS = 15_000;
/** A session that has ended hears no more than what happens within this time. */
export const SIGNED_IN_CHECK_MS = 2_000;
/** Ended calls that wait for the next turn; of more, the log has them. */
export const MAX_WAITING_EVENTS = 100;
/** A client that reads more slowly than this is let go; it comes back by itself. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Live calls that one event has. */
export const MAX_LIVE_CALLS = 100;

/** `GET /api/v1/events`: server-sent events (HTML 9.2), for as long as the session lasts. */
export function serveEvents(app: FastifyInstance, options: ServeOptions): void {
  const streams = new Map<string, number>();
  const open = new Set<() => void>();
  app.addHook('preClose', (done) => {
    for (const close of open) close();
    done();
  });
  const { events } = OPERATIONS;
  app.get(events.path, {
    schema: { operationId: 'events', summary: events.summary, tags: [events.tag] },
    onRequest: (request, reply) => admit(request, reply, events, options),
    handler(request, reply) {
      const account = request.identity?.account.name ?? '';
      const mine = streams.get(account) ?? 0;
      if (open.size >= MAX_STREAMS || mine >= MAX_STREAMS_PER_ACCOUNT) {
        return sendProblem(reply, 429, 'Too many event streams are open: close some pages.');
      }
      streams.set(account, mine + 1);
      const close = stream(request, reply, options, () => {
        open.delete(close);
        const left = (streams.get(account) ?? 1) - 1;
        if (left === 0) streams.delete(account);
        else streams.set(account, left);
      });
      open.add(close);
      return reply;
    },
  });
}

function stream(request: FastifyRequest, reply: FastifyReply, options: ServeOptions, ended: () => void): () => void {
  reply.hijack();
  const { raw } = reply;
  const live = request.api?.live;
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // nginx would gather the events.
    'x-accel-buffering': 'no',
  });
  let last = '';
  let waiting: LiveEvent[] = [];
  const write = (text: string): void => {
    raw.write(text);
    if (raw.writableLength > MAX_BUFFERED_BYTES) raw.destroy();
  };
  const flush = (): void => {
    const events = waiting;
    waiting = [];
    const now: LiveEvent = { kind: 'calls', ...asMutable(live?.calls()) };
    const told = JSON.stringify(now);
    if (told !== last) events.push(now);
    last = told;
    for (const event of events) write(`event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const unsubscribe = live?.subscribe((event) => {
    if (waiting.length < MAX_WAITING_EVENTS) waiting.push(event);
  });
  const ticking = setInterval(flush, EVENTS_EVERY_MS);
  const beating = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  const checking = setInterval(() => {
    void stillSignedIn(request, options)
      .catch(() => false)
      .then((still) => {
        if (!still) raw.end();
      });
  }, SIGNED_IN_CHECK_MS);
  raw.once('close', () => {
    clearInterval(ticking);
    clearInterval(beating);
    clearInterval(checking);
    unsubscribe?.();
    ended();
  });
  write('retry: 2000\n\n');
  flush();
  return () => raw.end();
}

async function stillSignedIn(request: FastifyRequest, { api, origin }: ServeOptions): Promise<boolean> {
  const current = api();
  if (current === null) return false;
  const found = await identify(request, current.sessions, { changes: false, origin: origin() });
  return 'caller' in found && found.caller.permissions.has(OPERATIONS.events.permission);
}

function asMutable(told: ReturnType<LiveSource['calls']> | undefined): { calls: LiveCall[]; total: number } {
  return { calls: [...(told?.calls ?? [])].slice(0, MAX_LIVE_CALLS), total: told?.total ?? 0 };
}
