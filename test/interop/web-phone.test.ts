import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startPhone, type Phone } from '../../src/lab/index.ts';
import { makeAuthority } from '../support/certificates.ts';
import { gatewayFiles, removeFiles, startGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { describeWith } from '../support/peers.ts';
import { tcpPeer, type Received, type SipPeer } from '../support/sip-peer.ts';
import { openWebPhone, startWebSite, type WebPhone, type WebSite } from './web-phone.ts';

const CHROMIUM = '/usr/bin/chromium';
const CALLER = 'sip:+33199001234@example.com';

/** What a phone says to a request; a 2xx to an INVITE brings an answer. */
function reply(to: Received, status: string, { port, sdp = '' }: { port: number; sdp?: string }): string {
  const lines = [...to.all('Via').map((via) => `Via: ${via}`), `From: ${to.header('From')}`];
  const toTag = to.header('To').includes(';tag=') ? '' : ';tag=phone';
  lines.push(`To: ${to.header('To')}${toTag}`, `Call-ID: ${to.header('Call-ID')}`, `CSeq: ${to.header('CSeq')}`);
  lines.push(`Contact: <sip:1002@127.0.0.1:${port};transport=tcp>`);
  if (sdp !== '') lines.push('Content-Type: application/sdp');
  return `SIP/2.0 ${status}\n${lines.join('\n')}\n\n${sdp}`;
}

describeWith(CHROMIUM, 'a web phone, SIP.js in chromium', () => {
  let browser: Browser;
  let site: WebSite;
  let lab: Phone;
  let phone: SipPeer;
  let gateway: GatewayProcess;
  let judgedBefore = 0;

  beforeAll(async () => {
    lab = await startPhone({ behaviour: { kind: 'ring' } });
    phone = await tcpPeer(0);
    site = await startWebSite();
    const files = await gatewayFiles(
      `  tls: { certificate: gateway.pem, keyFile: gateway.key }
  origins: ["${site.origin}"]
peers:
  - { name: browsers, allow: [127.0.0.1/32] }
routing:
  nextHop: ["${lab.uri()}"]
  routes:
    - { to: '^1002$', nextHop: ["sip:127.0.0.1:${phone.port};transport=tcp"] }`,
      { listen: '[udp://127.0.0.1:0, tcp://127.0.0.1:0, ws://127.0.0.1:0, wss://127.0.0.1:0]' },
    );
    const { certificate, key } = makeAuthority().issue(['IP:127.0.0.1']);
    await writeFile(join(files.folder, 'gateway.pem'), certificate);
    await writeFile(join(files.folder, 'gateway.key'), key, { mode: 0o600 });
    gateway = await startGateway(files);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      // It runs as root in containers, and has no way to learn of the test's authority; its microphone is a tone, and its
      // candidates are addresses, not names that only multicast would resolve.
      args: [
        '--no-sandbox',
        '--ignore-certificate-errors',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--allow-loopback-in-peer-connection',
        '--disable-features=WebRtcHideLocalIpsWithMdns',
      ],
    });
  }, 60_000);
  afterEach(() => {
    judgedBefore += 1;
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
    await Promise.all([lab.close(), phone.close(), site.close(), removeFiles(gateway)]);
  });

  const open = async (from = site): Promise<WebPhone> =>
    openWebPhone(await (await browser.newContext()).newPage(), from);

  async function serverOf(kind: 'ws' | 'wss'): Promise<string> {
    const { sip } = (await gateway.logged('ready')) as unknown as { sip: readonly string[] };
    return sip.find((address) => address.startsWith(`${kind}:`)) ?? '';
  }

  function judged(): Promise<Record<string, unknown>> {
    let seen = 0;
    return gateway.logged(({ msg }) => msg === 'call ended' && ++seen > judgedBefore);
  }

  it.each(['ws', 'wss'] as const)(
    'calls over %s a phone that rings, and gives up: missed, and mailed',
    async (kind) => {
      const caller = await open();
      await caller.call('dial', await serverOf(kind), CALLER, 'sip:1001@example.com');
      await caller.heard(180);
      await caller.call('cancel');
      await caller.heard(487);
      expect((await lab.nextCall()).callerName).toBe('Jean Dupont');
      expect(await judged()).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up', callee: '1001' });
      const [mail] = await gateway.mailed(judgedBefore + 1);
      expect(mail?.subject).toContain('Jean Dupont');
    },
  );

  /** Takes the call with the WebRTC of another page. */
  async function answer(other: WebPhone, invite: Received): Promise<void> {
    const sdp = await other.call<string>('answer', invite.body);
    phone.send(reply(invite, '200 OK', { port: phone.port, sdp }));
    await phone.expect(/^ACK /);
  }

  it('talks to another over wss, by DTLS and SRTP that the gateway does not touch; holds, resumes, hangs up', async () => {
    const [caller, other] = [await open(), await open()];
    await caller.call('dial', await serverOf('wss'), CALLER, 'sip:1002@example.com');
    await answer(other, await phone.expect(/^INVITE /));
    await caller.heard('Established');
    await caller.until("webPhone.media().dtls === 'connected'");
    await other.until('webPhone.bytesReceived().then((bytes) => bytes > 0)');
    for (const [hold, direction, heard] of [
      [true, 'sendonly', 'held'],
      [false, 'sendrecv', 'resumed'],
    ] as const) {
      const done = caller.call('hold', hold);
      const reinvite = await phone.expect(/^INVITE /);
      expect(reinvite.body).toContain(`a=${direction}`);
      await answer(other, reinvite);
      await done;
      await caller.heard(heard);
    }
    await caller.call('bye');
    phone.send(reply(await phone.expect(/^BYE /), '200 OK', { port: phone.port }));
    expect(await judged()).toMatchObject({ outcome: 'answered', decision: 'skip', callee: '1002' });
  });

  it('is hung up on over the WebSocket that it opened', async () => {
    const [caller, other] = [await open(), await open()];
    await caller.call('dial', await serverOf('ws'), CALLER, 'sip:1002@example.com');
    const invite = await phone.expect(/^INVITE /);
    await answer(other, invite);
    await caller.heard('Established');
    const contact = /<([^>]+)>/.exec(invite.header('Contact'))?.[1] ?? '';
    phone.send(`BYE ${contact} SIP/2.0
Via: SIP/2.0/TCP 127.0.0.1:${phone.port};branch=z9hG4bKbye
Max-Forwards: 70
From: ${invite.header('To')};tag=phone
To: ${invite.header('From')}
Call-ID: ${invite.header('Call-ID')}
CSeq: 1 BYE
`);
    await phone.expect(/^SIP\/2\.0 200 [^]*CSeq: 1 BYE/);
    await caller.heard('BYE');
    expect(await judged()).toMatchObject({ outcome: 'answered' });
  });

  it('closes its page while the phone rings: the phone stops, missed', async () => {
    const context = await browser.newContext();
    const caller = await openWebPhone(await context.newPage(), site);
    await caller.call('dial', await serverOf('wss'), CALLER, 'sip:1001@example.com');
    await caller.heard(180);
    await context.close();
    const call = lab.calls.at(-1);
    await call?.ended;
    expect(call?.end).toBe('cancelled');
    expect(await judged()).toMatchObject({ outcome: 'missed', callee: '1001' });
  });

  it('of another web site is not let in', async () => {
    const stranger = await startWebSite();
    const caller = await open(stranger);
    await expect(caller.call('dial', await serverOf('ws'), CALLER, 'sip:1001@example.com')).rejects.toThrow('1006');
    await stranger.close();
  });
});
