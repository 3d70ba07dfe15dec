import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { placeCall, startPhone, type CallBehaviour, type CallReport, type Phone } from '../../src/lab/index.ts';
import { startBaresip, type Baresip } from '../support/baresip.ts';
import { makeAuthority } from '../support/certificates.ts';
import {
  gatewayFiles,
  removeFiles,
  startGateway,
  type GatewayProcess,
  type LogLine,
} from '../support/gateway-process.ts';
import { describeWith } from '../support/peers.ts';

const CALLER = '"Jean Dupont" <sip:+33199001234@example.com>';

const authority = makeAuthority();
const own = authority.issue(['IP:127.0.0.1']);

interface Way {
  readonly name: string;
  readonly scheme: 'udp' | 'tcp' | 'tls';
  /** As it stands in URIs. */
  readonly host: string;
}

const WAYS: readonly Way[] = [
  { name: 'UDP', scheme: 'udp', host: '127.0.0.1' },
  { name: 'TCP', scheme: 'tcp', host: '127.0.0.1' },
  { name: 'TLS', scheme: 'tls', host: '127.0.0.1' },
  { name: 'UDP and IPv6', scheme: 'udp', host: '[::1]' },
];

for (const { name, scheme, host } of WAYS) {
  describeWith('baresip', `a softphone, baresip, over ${name}`, () => {
    const suffix = scheme === 'udp' ? '' : `;transport=${scheme}`;
    const address = host.replaceAll(/[[\]]/g, '');
    let behaviour: CallBehaviour = { kind: 'ring' };
    let phone: Phone;
    let softphone: Baresip;
    let gateway: GatewayProcess;
    let way: string;
    let judgedBefore = 0;
    let acknowledged = 0;

    beforeAll(async () => {
      phone = await startPhone({
        listen: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address, port: 0 })),
        behaviour: () => behaviour,
        onEvent: ({ kind }) => (acknowledged += kind === 'acknowledged' ? 1 : 0),
      });
      const tls = { certificate: own.certificate + own.key, authority: authority.certificate };
      softphone = await startBaresip(`"Bob Durand" <sip:1002@${host}${suffix}>`, {
        address,
        ...(scheme === 'tls' ? { tls } : {}),
      });
      const files = await gatewayFiles(
        `peers:
  - { name: phones, allow: [127.0.0.0/8, "::1/128"] }
routing:
  nextHop: ["${phone.uri(scheme === 'tcp' ? 'tcp' : 'udp')}"]
  routes:
    - { to: '^1002$', nextHop: ["sip:${host}:${softphone.port + (scheme === 'tls' ? 1 : 0)}${suffix}"] }`,
        {
          sip: `listen: [${['udp', 'tcp', 'tls'].map((each) => `"${each}://${host}:0"`).join(', ')}]
  tls: { certificate: own.pem, keyFile: own.key, serverCa: ca.pem, clientCa: ca.pem }`,
        },
      );
      await writeFile(join(files.folder, 'own.pem'), own.certificate);
      await writeFile(join(files.folder, 'own.key'), own.key, { mode: 0o600 });
      await writeFile(join(files.folder, 'ca.pem'), authority.certificate);
      gateway = await startGateway(files);
      const { sip } = (await gateway.logged('ready')) as unknown as { sip: readonly string[] };
      way = `${sip.find((each) => each.startsWith(scheme))?.replace(/^\w+:\/\//, '')}${suffix}`;
    });
    afterEach(() => {
      judgedBefore += 1;
    });
    afterAll(async () => {
      await softphone.stop();
      await phone.close();
      await gateway.stop();
      await removeFiles(gateway);
    });

    const dialsAlice = (): Promise<void> => softphone.command('dial', `sip:1001@${way}`);

    /** Rings the softphone through the gateway; it has shown the call when this resolves. */
    async function ringSoftphone(signal?: AbortSignal): Promise<{ report: Promise<CallReport> }> {
      const via = `sip:${gateway.sip[scheme === 'tcp' ? 'tcp' : 'udp']}${scheme === 'tcp' ? suffix : ''}`;
      const listen = [{ protocol: scheme === 'tcp' ? 'tcp' : 'udp', address, port: 0 }] as const;
      const report = placeCall({ from: CALLER, to: 'sip:1002@example.com', via, listen, ...(signal && { signal }) });
      const incoming = await softphone.event('CALL_INCOMING');
      expect(incoming.peerdisplayname).toBe('Jean Dupont');
      return { report };
    }

    /** The verdict on this test's call, as the gateway logs it. */
    function judged(): Promise<LogLine> {
      let seen = 0;
      return gateway.logged(({ msg }) => msg === 'call ended' && ++seen > judgedBefore);
    }

    it('it calls and gives up while the phone rings: missed, and mailed with its name', async () => {
      behaviour = { kind: 'ring' };
      await dialsAlice();
      await softphone.event('CALL_RINGING');
      await softphone.command('hangup');
      const call = await phone.nextCall();
      await call.ended;
      expect(call.end).toBe('cancelled');
      expect(await judged()).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up', callee: '1001' });
      const [mail] = await gateway.mailed(1);
      expect(mail!.subject).toContain('Bob Durand');
    });

    it('it calls, holds, resumes and hangs up: each reaches the phone, answered', async () => {
      behaviour = { kind: 'answer', afterMs: 50 };
      acknowledged = 0;
      await dialsAlice();
      await softphone.event('CALL_ESTABLISHED');
      for (const command of ['hold', 'resume']) {
        await softphone.command(command);
        await softphone.event('CALL_REMOTE_SDP', 'answer');
      }
      await softphone.command('hangup');
      const call = await phone.nextCall();
      await call.ended;
      expect({ end: call.end, acknowledged }).toEqual({ end: 'peer-hung-up', acknowledged: 3 });
      expect(await judged()).toMatchObject({ outcome: 'answered', decision: 'skip' });
    });

    it('it calls, the phone hangs up: its call is closed', async () => {
      behaviour = { kind: 'answer', hangUpAfterMs: 50 };
      await dialsAlice();
      await softphone.event('CALL_ESTABLISHED');
      await softphone.event('CALL_CLOSED');
      const call = await phone.nextCall();
      await call.ended;
      expect(call.end).toBe('hung-up');
      expect(await judged()).toMatchObject({ outcome: 'answered', decision: 'skip' });
    });

    it('it calls a busy phone: it is told 486', async () => {
      behaviour = { kind: 'busy' };
      await dialsAlice();
      const closed = await softphone.event('CALL_CLOSED');
      expect(closed.param).toBe('486 Busy Here');
      await phone.nextCall();
      expect(await judged()).toMatchObject({ outcome: 'missed', cause: 'busy' });
    });

    it('it is rung and answers, the caller hangs up', async () => {
      const caller = new AbortController();
      const { report } = await ringSoftphone(caller.signal);
      await softphone.command('accept');
      await softphone.event('CALL_ESTABLISHED');
      caller.abort();
      await softphone.event('CALL_CLOSED');
      expect((await report).end).toBe('hung-up');
      expect(await judged()).toMatchObject({ outcome: 'answered', callee: '1002' });
    });

    it('it is rung, answers, holds, resumes and hangs up', async () => {
      const { report } = await ringSoftphone();
      await softphone.command('accept');
      await softphone.event('CALL_ESTABLISHED');
      for (const command of ['hold', 'resume']) {
        await softphone.command(command);
        await softphone.event('CALL_REMOTE_SDP', 'answer');
      }
      await softphone.command('hangup');
      expect((await report).end).toBe('peer-hung-up');
      expect(await judged()).toMatchObject({ outcome: 'answered', decision: 'skip' });
    });

    it('it is rung, the caller gives up: it stops ringing, missed', async () => {
      const caller = new AbortController();
      const { report } = await ringSoftphone(caller.signal);
      caller.abort();
      await softphone.event('CALL_CLOSED');
      expect((await report).end).toBe('cancelled');
      expect(await judged()).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up', decision: 'notify' });
    });

    it('it is rung and rejects: the caller hears what it said, missed', async () => {
      const { report } = await ringSoftphone();
      await softphone.command('hangup');
      const { end, final } = await report;
      expect({ end, status: final?.status }).toEqual({ end: 'refused', status: 486 });
      expect(await judged()).toMatchObject({ outcome: 'missed', cause: 'busy', decision: 'notify' });
    });
  });
}
