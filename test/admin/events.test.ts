import { describe, expect, it } from 'vitest';
import {
  EVENTS_EVERY_MS,
  MAX_LIVE_CALLS,
  MAX_STREAMS_PER_ACCOUNT,
  MAX_WAITING_EVENTS,
  SIGNED_IN_CHECK_MS,
} from '../../src/admin/events.ts';
import type { LiveCall, LiveEvent } from '../../src/admin/index.ts';
import type { LiveSource } from '../../src/admin/index.ts';
import { type Browser, firstAccount, type Started, start } from './support.ts';

type Told = Exclude<LiveEvent, { kind: 'calls' }>;

/** What the gateway would tell, told by hand. */
function source(count = 1) {
  const listeners = new Set<(event: Told) => void>();
  const one: LiveCall = {
    id: 'x',
    startedAt: new Date().toISOString(),
    caller: null,
    callee: '1001',
    mailbox: null,
    peer: 'pbx',
    state: 'ringing',
  };
  const live: LiveSource = {
    calls: () => ({
      calls: Array.from({ length: count }, (_, index) => ({ ...one, id: String(index) })),
      total: count,
    }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { live, listeners, tell: (event: Told) => listeners.forEach((listener) => listener(event)) };
}

/** Reads a stream until `enough`, then leaves it. */
async function listen(started: Started, as: Browser, enough: (text: string) => boolean): Promise<string> {
  const response = await fetch(`${started.admin.address}/api/v1/events`, { headers: { cookie: as.cookie } });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (enough(text)) break;
  }
  return text;
}

describe('the stream of events', () => {
  it('begins with the calls of the moment, and tells what happens', async () => {
    const { live, tell, listeners } = source();
    const started = await start({ live });
    const root = await firstAccount(started);
    const text = await listen(started, root, (so) => {
      if (so.includes('event: calls') && !so.includes('policy')) tell({ kind: 'policy', version: 'v2', broken: false });
      return so.includes('event: policy');
    });
    expect(text).toContain('data: {"kind":"calls","calls":[{"id":"0"');
    expect(text).toContain('event: policy\ndata: {"kind":"policy","version":"v2","broken":false}\n\n');
    await expect.poll(() => listeners.size).toBe(0);
  });

  it(`shows ${MAX_LIVE_CALLS} calls, keeps ${MAX_WAITING_EVENTS} events for a turn of ${EVENTS_EVERY_MS} ms (MAX_LIVE_CALLS, MAX_WAITING_EVENTS, EVENTS_EVERY_MS)`, async () => {
    const { live, tell } = source(MAX_LIVE_CALLS + 50);
    const started = await start({ live });
    const root = await firstAccount(started);
    let flooded = false;
    const text = await listen(started, root, (so) => {
      if (!flooded)
        for (let i = 0; i < MAX_WAITING_EVENTS * 2; i += 1) tell({ kind: 'policy', version: `v${i}`, broken: false });
      flooded = true;
      return so.includes(`"v${MAX_WAITING_EVENTS - 1}"`);
    });
    const [, calls = ''] = /event: calls\ndata: (.*)\n/.exec(text) ?? [];
    expect(JSON.parse(calls)).toMatchObject({ calls: { length: MAX_LIVE_CALLS }, total: MAX_LIVE_CALLS + 50 });
    expect(text.match(/event: policy/g)).toHaveLength(MAX_WAITING_EVENTS);
  });

  it(`is open ${MAX_STREAMS_PER_ACCOUNT} times for an account at most, and never to who may not see calls (MAX_STREAMS_PER_ACCOUNT)`, async () => {
    const { live } = source();
    const started = await start({ live });
    const root = await firstAccount(started);
    const leave = new AbortController();
    const open = () =>
      fetch(`${started.admin.address}/api/v1/events`, { headers: { cookie: root.cookie }, signal: leave.signal });
    for (let i = 0; i < MAX_STREAMS_PER_ACCOUNT; i += 1) expect((await open()).status).toBe(200);
    expect((await open()).status).toBe(429);
    leave.abort();
    await expect
      .poll(
        async () =>
          (
            await fetch(`${started.admin.address}/api/v1/events`, {
              headers: { cookie: root.cookie },
              signal: AbortSignal.timeout(2_000),
            })
          ).status,
      )
      .toBe(200);
    expect((await started.send('GET', '/api/v1/events')).status).toBe(401);
  });

  it(`ends within ${SIGNED_IN_CHECK_MS} ms of the sign-out (SIGNED_IN_CHECK_MS)`, async () => {
    const { live, listeners } = source();
    const started = await start({ live });
    const root = await firstAccount(started);
    const response = await fetch(`${started.admin.address}/api/v1/events`, { headers: { cookie: root.cookie } });
    await started.send('DELETE', '/api/v1/session', { as: root });
    expect(await response.text()).toContain('event: calls');
    expect(listeners.size).toBe(0);
  });

  it('does not keep the server from closing', async () => {
    const { live } = source();
    const started = await start({ live });
    const root = await firstAccount(started);
    const response = await fetch(`${started.admin.address}/api/v1/events`, { headers: { cookie: root.cookie } });
    const ended = response.text();
    await started.admin.close();
    expect(await ended).toContain('event: calls');
  });
});

describe('the documentation', () => {
  it('is OpenAPI 3.1 of every operation, and can be read with a browser under a strict policy', async () => {
    const { admin, send } = await start();
    const { json } = await send('GET', '/api/v1/openapi.json');
    expect(json.openapi).toBe('3.1.0');
    expect(Object.keys(json.paths).length).toBeGreaterThan(40);
    expect(json.paths['/api/v1/mailbox-policies/{name}'].patch).toMatchObject({
      operationId: 'changeMailboxPolicy',
      description: 'Permission: policy.write.',
    });
    const page = await fetch(`${admin.address}/api/docs/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe-inline');
  });
});
