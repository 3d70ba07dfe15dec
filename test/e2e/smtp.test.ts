import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { NotificationRecord } from '../../src/journal/index.ts';
import type { Caller } from '../../src/lab/index.ts';
import { refusal, startMailServer } from '../notification/support.ts';
import { command, type GatewayProcess, until } from '../support/gateway-process.ts';
import { freePort } from '../support/ports.ts';
import { byNumber, call, callerFor, filesFor, onThisMachine, phoneFor, run, settings } from './support.ts';

/** A gateway that mails to `transport`, and somebody who calls through it. */
async function gatewayTo(transport: string): Promise<{ gateway: GatewayProcess; caller: Caller }> {
  const phone = await phoneFor(byNumber);
  const [files, caller] = [await filesFor(settings(phone), { transport }), await callerFor()];
  return { gateway: await run(files), caller };
}

/** 1001 rings, and the caller gives up. */
async function miss(caller: Caller, gateway: GatewayProcess): Promise<void> {
  expect((await call(caller, gateway, { hangUpAfterRingingMs: 20 })).end).toBe('cancelled');
}

async function notifications(gateway: GatewayProcess): Promise<NotificationRecord[]> {
  return JSON.parse(await gateway.mcg('notifications', 'list', '--json')) as NotificationRecord[];
}

/** What health says of mail. */
async function mailCheck(gateway: GatewayProcess): Promise<unknown> {
  const { checks } = JSON.parse((await gateway.page('/readyz')).text) as { checks: readonly { name: string }[] };
  return checks.find(({ name }) => name === 'mail');
}

describe('mail by SMTP', () => {
  it('is handed over with the call it is about', async () => {
    const server = await startMailServer();
    const { gateway, caller } = await gatewayTo(server.uri);
    await miss(caller, gateway);
    await gateway.logged('notification sent');
    const [judged] = await gateway.settled(1);
    expect(judged).toMatchObject({ outcome: 'missed', notification: { state: 'sent', attempts: 1 } });
    const [mail] = server.received;
    expect(server.received).toHaveLength(1);
    expect(mail).toMatchObject({ messageId: judged?.notification?.messageId });
    expect(mail?.to).toMatchObject({ text: '"Alice Martin" <alice@example.com>' });
    expect(mail?.subject).toContain('Jean Dupont');
    expect(mail?.text).toContain('+33199001234');
    expect(mail?.headers.get('content-class')).toBe('missedcall');
    expect(mail?.headers.get('x-callid')).toBe(judged?.callId);
  });

  it('that the server refuses for ever is dead at once; retried by hand when the server is mended, or dropped', async () => {
    let mended = false;
    const server = await startMailServer({
      onRcptTo: (_address, _session, callback) => callback(mended ? null : refusal(550, 'no such user')),
    });
    const { gateway, caller } = await gatewayTo(server.uri);
    await miss(caller, gateway);
    await miss(caller, gateway);
    await gateway.logged('notification is dead');
    await gateway.logged(() => gateway.log.filter(({ msg }) => msg === 'notification is dead').length === 2);
    // The log has it before the journal does.
    const [first, second] = await until(10_000, 'two that are not claimed any more', async () => {
      const found = await notifications(gateway);
      return found.some(({ state }) => state === 'claimed') ? null : found;
    });
    for (const dead of [first, second]) {
      expect(dead).toMatchObject({ state: 'dead', attempts: 1, lastError: 'RCPT TO: 550 no such user' });
    }
    const shown = await gateway.mcg('notifications', 'list');
    expect(shown).toContain('alice@example.com');
    expect(shown).toMatch(/dead .*550 no such user/);

    mended = true;
    const retried = await gateway.mcg('notifications', 'retry', first!.id);
    expect(retried).toBe(`Notification ${first!.id} is retried.\n`);
    await gateway.logged('notification sent');
    // The end of an id, as the table shows it, is enough.
    await gateway.mcg('notifications', 'drop', second!.id.slice(-8));
    expect((await notifications(gateway)).map(({ state, attempts }) => [state, attempts])).toEqual([
      ['sent', 2],
      ['dropped', 1],
    ]);
    expect(server.received.map(({ messageId }) => messageId)).toEqual([first!.messageId]);
    const again = await command('notifications', 'retry', second!.id, '--config', gateway.config);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('is dropped: it cannot be retried') });
  });

  it('waits for a server that is down, and keeps its Message-ID when the connection is lost after DATA', async () => {
    const port = await freePort();
    const { gateway, caller } = await gatewayTo(`smtp://127.0.0.1:${port}`);
    await miss(caller, gateway);
    const failed = await gateway.logged('notification not sent; it will be tried again');
    expect(failed['error']).toContain('ECONNREFUSED');
    // The log has it before the journal does. Health stays good: the mail waits, no call does.
    await expect.poll(() => mailCheck(gateway)).toMatchObject({ ok: true, attention: true, code: 'mail-failing' });
    let drops = 1;
    const server = await startMailServer({ port, afterData: () => (drops-- > 0 ? 'drop' : null) });
    await gateway.logged('notification sent');
    const [owed] = await notifications(gateway);
    expect(owed).toMatchObject({ state: 'sent', lastError: null });
    expect(await mailCheck(gateway)).toMatchObject({ ok: true, code: 'mail-idle' });
    expect(server.received.length).toBeGreaterThan(1);
    expect(new Set(server.received.map(({ messageId }) => messageId))).toEqual(new Set([owed?.messageId]));
    expect(new Set(server.raw).size).toBe(1);
  });

  it('does not hold up calls while its server hangs at the greeting', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { gateway, caller } = await gatewayTo(`smtp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const connected = once(server, 'connection');
    await miss(caller, gateway);
    await connected;
    const reports = await Promise.all(
      Array.from({ length: 20 }, () => call(caller, gateway, { hangUpAfterRingingMs: 100 })),
    );
    for (const { provisionals, final, endedMs } of reports) {
      const rangMs = provisionals.find(({ status }) => status === 180)?.atMs ?? Infinity;
      expect(rangMs).toBeLessThan(onThisMachine(500));
      expect(final?.status).toBe(487);
      expect(endedMs - rangMs).toBeLessThan(onThisMachine(600));
    }
    const calls = await gateway.settled(21, onThisMachine(2_000));
    expect(calls.map(({ reason, notification }) => `${reason} ${notification?.state}`)).toEqual(
      Array(21).fill('missed claimed'),
    );
    expect((await gateway.page('/readyz')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});
