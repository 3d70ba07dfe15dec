import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { freePort } from '../support/ports.ts';
import { byNumber, call, callerFor, counter, filesFor, phoneFor, run, settings } from './support.ts';

const TOKEN = 'a-token-of-32-characters-or-more';
const UPSTREAM = `voicemail:
  owner: upstream
  settle: 10m
  eventTokenFile: event-token
`;

/** What a voicemail system posts. */
async function post(gateway: GatewayProcess, body: object, token = TOKEN): Promise<Response> {
  return fetch(`${gateway.admin}/api/v1/voicemail-events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
}

describe('a verdict that waits for the voicemail system', () => {
  it('survives kill -9, and is settled by what that tells after the restart', async () => {
    const phone = await phoneFor(byNumber);
    const caller = await callerFor();
    const files = await filesFor(settings(phone, UPSTREAM), { listen: `[udp://127.0.0.1:${await freePort()}]` });
    await writeFile(join(files.folder, 'event-token'), `${TOKEN}\n`);
    const gateway = await run(files);
    for (let i = 0; i < 2; i++) {
      const ringing = counter(1);
      const hangUp = new AbortController();
      const over = call(caller, gateway, {
        signal: hangUp.signal,
        onEvent: ({ kind }) => kind === 'provisional' && ringing.tick(),
      });
      await ringing.reached;
      hangUp.abort();
      await over;
    }
    let waiting = 0;
    await gateway.logged(({ msg }) => msg === 'call ended, its verdict waits for evidence' && ++waiting === 2);
    await gateway.kill();
    expect((await gateway.exited).signal).toBe('SIGKILL');

    const again = await run(files);
    const [left, none] = await again.calls();
    expect([left?.outcome, none?.outcome]).toEqual([null, null]);
    expect((await post(again, { number: '1001', event: 'left' }, 'wrong')).status).toBe(401);
    expect((await post(again, { number: '9999', event: 'left' })).status).toBe(404);

    const told = await post(again, { number: '1001', event: 'left', call: left?.callId, durationSeconds: 12 });
    expect(told.status).toBe(202);
    expect(await told.json()).toEqual({ call: left?.id });
    expect(await (await post(again, { mailbox: 'alice', event: 'none' })).json()).toEqual({ call: none?.id });

    const calls = await again.settled(2);
    expect(calls.map(({ outcome, decision, reason }) => [outcome, decision, reason])).toEqual([
      ['voicemail', 'skip', 'voicemail-left'],
      ['missed', 'notify', 'missed'],
    ]);
    expect(await again.mailed(1)).toHaveLength(1);
    const ready = JSON.parse((await again.page('/readyz')).text) as Record<string, unknown>;
    expect(ready).toMatchObject({ ready: true, registrations: 0, liveCalls: 0 });
    expect(ready['hops']).toBeInstanceOf(Array);
    expect(await again.stop()).toBe(0);
  });
});
