import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ha1 } from '../../src/digest/index.ts';
import { placeCall, type CallOptions, type CallReport } from '../../src/lab/index.ts';
import { startBaresip, type Baresip } from '../support/baresip.ts';
import {
  gatewayFiles,
  removeFiles,
  startGateway,
  type GatewayFiles,
  type GatewayProcess,
  type LogLine,
} from '../support/gateway-process.ts';
import { startLinphone, type Linphone } from '../support/linphone.ts';
import { describeWith } from '../support/peers.ts';

const CALLER = '"Jean Dupont" <sip:+33199001234@example.com>';

const REALM = 'gateway.example.com';

/** Accounts that are asked for MD5 alone: baresip 1.0.0 gives up where it sees SHA-256, whatever else is offered. */
const MD5_PHONES = `users:
  - { username: "1001", ha1: { md5: ${ha1('MD5', '1001', REALM, 'secret-of-alice')} } }
  - { username: bob, number: "1002", ha1: { md5: ${ha1('MD5', 'bob', REALM, 'secret-of-bob')} } }
`;
const PHONES = `users:
  - { username: "1001", password: secret-of-alice }
`;

/** Peers call from 127.0.0.2; the phones, on 127.0.0.1, are strangers until they have shown their passwords. */
async function registrarFiles(phones = MD5_PHONES): Promise<GatewayFiles> {
  const files = await gatewayFiles(`peers:
  - { name: pbx, allow: [127.0.0.2] }
routing:
  ringTimeout: 2s
registrar: { realm: ${REALM}, phones: phones.yaml }`);
  await writeFile(join(files.folder, 'phones.yaml'), phones, { mode: 0o600 });
  return files;
}

function call(gateway: GatewayProcess, number: string, options: Partial<CallOptions> = {}): Promise<CallReport> {
  return placeCall({
    from: CALLER,
    to: `sip:${number}@example.com`,
    via: `sip:${gateway.sip.udp}`,
    listen: [{ protocol: 'udp', address: '127.0.0.2', port: 0 }],
    ...options,
  });
}

/** The verdict on the nth call of a gateway, as it logs it. */
function judged(gateway: GatewayProcess, count: number): Promise<LogLine> {
  let seen = 0;
  return gateway.logged(({ msg }) => msg === 'call ended' && ++seen >= count);
}

/** Has said so for the `count`th time. */
function told(gateway: GatewayProcess, msg: string, count = 1): Promise<LogLine> {
  let seen = 0;
  return gateway.logged((line) => line['msg'] === msg && ++seen >= count);
}

for (const transport of ['udp', 'tcp'] as const) {
  describeWith('baresip', `baresip as a registered phone over ${transport.toUpperCase()}`, () => {
    let gateway: GatewayProcess;
    let alice: Baresip;
    let bob: Baresip;

    beforeAll(async () => {
      gateway = await startGateway(await registrarFiles());
      const at = `@${gateway.sip[transport]};transport=${transport}`;
      alice = await startBaresip(`"Alice" <sip:1001${at}>;auth_pass=secret-of-alice;regint=60`);
      bob = await startBaresip(`"Bob" <sip:1002${at}>;auth_user=bob;auth_pass=secret-of-bob;regint=60`);
      await Promise.all([alice, bob].map((phone) => phone.event('REGISTER_OK')));
    });
    afterAll(async () => {
      await alice.stop();
      await bob.stop();
      await gateway.stop();
      await removeFiles(gateway);
    });

    it('is called, rings, answers and hangs up', async () => {
      const report = call(gateway, '1001');
      expect(await alice.event('CALL_INCOMING')).toMatchObject({ peerdisplayname: 'Jean Dupont' });
      await alice.command('accept');
      await alice.event('CALL_ESTABLISHED');
      await alice.command('hangup');
      expect((await report).end).toBe('peer-hung-up');
      expect(await judged(gateway, 1)).toMatchObject({ outcome: 'answered', callee: '1001', mailbox: 'alice' });
    });

    it('is called and does not answer: missed, and mailed', async () => {
      const report = call(gateway, '1001');
      await alice.event('CALL_INCOMING');
      expect((await report).final).toMatchObject({ status: 480 });
      await alice.event('CALL_CLOSED');
      expect(await judged(gateway, 2)).toMatchObject({ outcome: 'missed', cause: 'no-answer', decision: 'notify' });
      const [mail] = await gateway.mailed(1);
      expect(mail?.subject).toContain('Jean Dupont');
    });

    it('calls another phone, as the number of its account', async () => {
      await bob.command('dial', `sip:1001@${gateway.sip[transport]};transport=${transport}`);
      const incoming = await alice.event('CALL_INCOMING');
      expect(incoming).toMatchObject({ peerdisplayname: 'Bob' });
      expect(incoming.peeruri).toContain('sip:1002@');
      await alice.command('accept');
      await bob.event('CALL_ESTABLISHED');
      await bob.command('hangup');
      await alice.event('CALL_CLOSED');
      expect(await judged(gateway, 3)).toMatchObject({ outcome: 'answered', peer: 'phones', caller: '1002' });
    });

    it('takes its registration back: unreachable, and mailed', async () => {
      void alice.command('quit').catch(() => undefined);
      await told(gateway, 'a phone has unregistered');
      const report = await call(gateway, '1001');
      expect(report.final).toMatchObject({ status: 480 });
      expect(await judged(gateway, 4)).toMatchObject({ outcome: 'missed', cause: 'unreachable', decision: 'notify' });
    });
  });
}

describeWith('baresip', 'baresip that registered over UDP before the gateway started anew', () => {
  let gateway: GatewayProcess;
  let alice: Baresip;

  beforeAll(async () => {
    const files = await registrarFiles();
    gateway = await startGateway(files);
    // The same port again, as in every place but a test.
    const written = await readFile(files.config, 'utf8');
    const port = gateway.sip.udp.split(':').at(-1) ?? '';
    await writeFile(files.config, written.replace('udp://127.0.0.1:0', `udp://127.0.0.1:${port}`));
    alice = await startBaresip(`"Alice" <sip:1001@${gateway.sip.udp}>;auth_pass=secret-of-alice;regint=600`);
    await alice.event('REGISTER_OK');
    await gateway.stop();
    gateway = await startGateway(files);
  });
  afterAll(async () => {
    await alice.stop();
    await gateway.stop();
    await removeFiles(gateway);
  });

  it('still rings', async () => {
    const caller = new AbortController();
    const report = call(gateway, '1001', { signal: caller.signal });
    await alice.event('CALL_INCOMING');
    caller.abort();
    expect((await report).end).toBe('cancelled');
    expect(await judged(gateway, 1)).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
  });

  it('rings no longer once its account is gone', async () => {
    await writeFile(join(gateway.folder, 'phones.yaml'), MD5_PHONES.replace(/.*1001.*\n/, ''), { mode: 0o600 });
    gateway.child.kill('SIGHUP');
    await told(gateway, 'a phone is no longer registered');
    expect((await call(gateway, '1001')).final).toMatchObject({ status: 480 });
  });
});

describeWith('baresip', 'baresip with a wrong password', () => {
  it('is told so, and is not registered', async () => {
    const gateway = await startGateway(await registrarFiles());
    const mallory = await startBaresip(`<sip:1001@${gateway.sip.udp}>;auth_pass=guessed;regint=60`);
    expect((await mallory.event('REGISTER_FAIL')).param).toContain('403');
    expect(await call(gateway, '1001')).toMatchObject({ end: 'refused', final: { status: 480 } });
    await mallory.stop();
    await gateway.stop();
    await removeFiles(gateway);
  });
});

for (const transport of ['udp', 'tcp'] as const) {
  describeWith('linphonec', `linphone as a registered phone over ${transport.toUpperCase()}`, () => {
    let gateway: GatewayProcess;
    let alice: Linphone;

    beforeAll(async () => {
      gateway = await startGateway(await registrarFiles(PHONES));
      alice = await startLinphone({
        username: '1001',
        password: 'secret-of-alice',
        displayName: 'Alice',
        registrar: gateway.sip[transport],
        transport,
      });
      await told(gateway, 'a phone has registered');
    });
    afterAll(async () => {
      await alice.stop();
      await gateway.stop();
      await removeFiles(gateway);
    });

    it('is called, answers, and the caller hangs up', async () => {
      const report = call(gateway, '1001', { hangUpAfterAnswerMs: 100 });
      await alice.said(/incoming call from "Jean Dupont" <sip:\+33199001234@example.com>/);
      alice.command('answer');
      await alice.said(/connected\./);
      await alice.said(/Call \d+ with .* ended/);
      expect((await report).end).toBe('hung-up');
      expect(await judged(gateway, 1)).toMatchObject({ outcome: 'answered', callee: '1001' });
    });

    it('is called and does not answer: missed', async () => {
      const report = call(gateway, '1001');
      await alice.said(/incoming call/);
      expect((await report).final).toMatchObject({ status: 480 });
      expect(await judged(gateway, 2)).toMatchObject({ outcome: 'missed', cause: 'no-answer' });
    });

    it('is called, holds, takes back and hangs up: each reaches the caller, answered', async () => {
      const caller = new AbortController();
      const report = call(gateway, '1001', { signal: caller.signal });
      await alice.said(/incoming call/);
      alice.command('answer');
      await alice.said(/connected\./);
      alice.command('pause');
      const [, id] = /Call (\d+)/.exec(await alice.said(/Call \d+ with .* is now paused/)) ?? [];
      alice.command(`resume ${id}`);
      await alice.said(/Media streams established/);
      alice.command('terminate');
      expect((await report).end).toBe('peer-hung-up');
      expect(await judged(gateway, 3)).toMatchObject({ outcome: 'answered', callee: '1001' });
    });

    it('takes its registration back', async () => {
      await alice.quit();
      await told(gateway, 'a phone has unregistered');
    });
  });
}
