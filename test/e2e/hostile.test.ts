import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startCaller, startPhone, type Caller, type Phone } from '../../src/lab/index.ts';
import {
  gatewayFiles,
  removeFiles,
  startGateway,
  until,
  type CallJson,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { toWire, udpPeer, type SipPeer } from '../support/sip-peer.ts';
import { call, CALLER, settings } from './support.ts';

/** Calls to unknown numbers; MCG_FLOOD=10000 asks for more than fits into every run of the tests. */
const FLOOD = Number(process.env['MCG_FLOOD'] ?? 3_000);
/** Calls of the flood at once: what two cores shared with caller and callee carry without a retransmission. */
const FLOOD_AT_ONCE = 40;
/** What the heaps of five threads may take and not yet have given back. */
const GROWTH_BYTES = 128 * 2 ** 20;
/** After the flood: transactions live for 32 s after their end (RFC 3261 timers D and J), so those of all calls do here. */
const GROWTH_AFTER_FLOOD_BYTES = 640 * 2 ** 20;

describe('a gateway that is sent what no phone sends', () => {
  let phone: Phone;
  let caller: Caller;
  let gateway: GatewayProcess;
  let peer: SipPeer;
  let restingBytes: number;
  /** Calls that are to be in the journal, and those of them that are to be mailed. */
  let made = 0;
  let mailed = 0;

  beforeAll(async () => {
    phone = await startPhone({
      behaviour: ({ uri }) =>
        uri.startsWith('sip:1001@') ? { kind: 'busy' } : { kind: 'refuse', status: 404, reason: 'Not Found' },
    });
    caller = await startCaller();
    gateway = await startGateway(await gatewayFiles(settings(phone)));
    peer = await udpPeer(portOf(gateway.sip.udp));
    await expectNormalCall();
    restingBytes = await residentBytes();
  });
  afterAll(async () => {
    await gateway.kill();
    await Promise.all([peer.close(), caller.close(), phone.close(), removeFiles(gateway)]);
  });

  function portOf(address: string): number {
    return Number(address.slice(address.lastIndexOf(':') + 1));
  }

  async function residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${gateway.child.pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
  }

  /** A call to a busy phone, by UDP and by TCP, is judged and mailed; nothing else has become a call. */
  async function expectNormalCall(): Promise<void> {
    for (const via of [`sip:${gateway.sip.udp}`, `sip:${gateway.sip.tcp};transport=tcp`]) {
      const { final, callId } = await call(caller, gateway, { via });
      expect(final?.status).toBe(486);
      made += 1;
      mailed += 1;
      const judged = await gateway.logged(({ msg, sipCallId }) => msg === 'call ended' && sipCallId === callId);
      expect(judged).toMatchObject({ outcome: 'missed', cause: 'busy', decision: 'notify' });
    }
    expect(gateway.log.filter(({ msg }) => msg === 'call ended')).toHaveLength(made);
    expect(await gateway.mailed(mailed)).toHaveLength(mailed);
    expect(gateway.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  }

  async function expectSmall(growthBytes = GROWTH_BYTES): Promise<void> {
    expect((await residentBytes()) - restingBytes).toBeLessThan(growthBytes);
  }

  let pings = 0;
  /** What was sent before has been read when this is answered. */
  async function ping(): Promise<void> {
    const id = `ping-${(pings += 1)}`;
    peer.send(`OPTIONS sip:${gateway.sip.udp} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${id}
From: <sip:test@127.0.0.1>;tag=${id}
To: <sip:${gateway.sip.udp}>
Call-ID: ${id}
CSeq: 1 OPTIONS
Max-Forwards: 70
`);
    await peer.expect(new RegExp(`^SIP/2.0 200 [^]*Call-ID: ${id}\r\n`));
  }

  function invite(id: string, { from = CALLER, more = '' } = {}): string {
    return `INVITE sip:1001@${gateway.sip.udp} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${id}
Max-Forwards: 70
To: <sip:1001@${gateway.sip.udp}>
Call-ID: ${id}
CSeq: 1 INVITE
Contact: <sip:test@127.0.0.1:${peer.port}>
From: ${from};tag=${id}
${more}`;
  }

  async function flood(datagrams: readonly Buffer[]): Promise<void> {
    for (const [index, datagram] of datagrams.entries()) {
      if (datagram.length > 0) peer.sendRaw(datagram, portOf(gateway.sip.udp));
      if (index % 100 === 99) await ping();
    }
    await ping();
  }

  it('2,000 datagrams of garbage cost nothing', async () => {
    const noise = (seed: number): Buffer =>
      Buffer.concat(
        Array.from({ length: (seed % 40) + 1 }, (_, index) => createHash('sha256').update(`${seed} ${index}`).digest()),
      );
    const starts = ['', 'INVITE ', 'SIP/2.0 200 OK\r\n', 'INVITE sip:1001@x SIP/2.0\r\n', '\r\n\r\n', '\0'];
    const garbage = Array.from({ length: 2_000 }, (_, seed) =>
      Buffer.concat([Buffer.from(starts[seed % starts.length] ?? ''), noise(seed)]),
    );
    await flood(garbage);
    await expectNormalCall();
    await expectSmall();
  });

  it('an INVITE cut off anywhere is no call', async () => {
    const whole = toWire(
      `${invite('cut')}Content-Type: application/sdp\n\nv=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nt=0 0\n`,
    );
    await flood(Array.from({ length: whole.length - 1 }, (_, length) => whole.subarray(0, length)));
    await expectNormalCall();
  });

  it('a header of 1 MB over TCP ends that connection only', async () => {
    const socket = connect(portOf(gateway.sip.tcp), '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    const closed = once(socket, 'close');
    socket.write(toWire(invite('long', { more: `X-Long: ${'a'.repeat(2 ** 20)}\n` })));
    await closed;
    await expectNormalCall();
    await expectSmall();
  });

  it('half a message on each of 300 connections holds nobody up', async () => {
    const half = toWire(invite('half')).subarray(0, 200);
    const sockets = await Promise.all(
      Array.from({ length: 300 }, async (): Promise<Socket> => {
        const socket = connect(portOf(gateway.sip.tcp), '127.0.0.1');
        socket.on('error', () => {});
        await once(socket, 'connect');
        socket.write(half);
        return socket;
      }),
    );
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
    await expectNormalCall();
    await expectSmall();
  });

  it('a caller who writes headers, tags and escapes into a name gets none of them into a mail', async () => {
    const tricks = [
      '"Eve\r\nBcc: victim@example.com" <sip:eve@127.0.0.1>',
      '"Eve\r\n Bcc: victim@example.com" <sip:eve@127.0.0.1>',
      '"Eve\\\r\\\nBcc: victim@example.com" <sip:eve@127.0.0.1>',
      '"Eve\rBcc: victim@example.com" <sip:eve@127.0.0.1>',
      '"Eve\u0085\u2028Bcc: victim@example.com" <sip:eve@127.0.0.1>',
      '"=?utf-8?Q?Eve=0D=0ABcc:_victim@example.com?=" <sip:eve@127.0.0.1>',
      'Eve <sip:%0d%0aBcc%3a%20victim%40example.com@127.0.0.1>',
      '"<script>alert(1)</script>" <sip:"><img src=x onerror=alert(1)>@127.0.0.1>',
      '"</title><script>alert(1)</script>" <sip:%3cscript%3ealert(1)%3c/script%3e@127.0.0.1>',
      `"${'A'.repeat(20_000)}" <sip:${'9'.repeat(5_000)}@127.0.0.1>`,
      '"\u202Egnp.exe\u0000\u001b[31m" <sip:eve@127.0.0.1>',
      '"${jndi:ldap://x}" <sip:eve@127.0.0.1;x="\r\nBcc: victim@example.com">',
    ];
    const finals: string[] = [];
    for (const [index, from] of tricks.entries()) {
      const id = `trick-${index}`;
      const head = invite(id, { from: '@FROM@' })
        .replaceAll('\n', '\r\n')
        .replace('@FROM@', () => from);
      peer.sendRaw(`${head}Content-Length: 0\r\n\r\n`, portOf(gateway.sip.udp));
      const final = await peer.expect(new RegExp(`^SIP/2.0 [3-6][^]*Call-ID: ${id}\r\n`));
      finals.push(final.start.slice(8, 11));
      const ack = head
        .replace('INVITE', 'ACK')
        .replace('1 INVITE', '1 ACK')
        .replace(/^To: .*$/m, `To: ${final.header('To')}`);
      peer.sendRaw(`${ack}Content-Length: 0\r\n\r\n`, portOf(gateway.sip.udp));
    }
    expect(new Set(finals)).toEqual(new Set(['400', '486']));
    const judged = finals.filter((status) => status === '486').length;
    made += judged;
    mailed += judged;
    await expectNormalCall();
    const mails = await gateway.mails();
    // A caller without a number has one header less; nobody has one more.
    const known = new Set(mails[0]?.headers.keys());
    for (const mail of mails) {
      expect([...mail.headers.keys()].filter((name) => !known.has(name))).toEqual([]);
      expect(mail.to).toMatchObject({ value: [{ address: 'alice@example.com' }] });
      expect(mail.subject).not.toMatch(/\p{Cc}|\p{Cf}|\p{Zl}/u);
      expect(mail.subject!.length).toBeLessThanOrEqual(120);
      expect(mail.html).not.toMatch(/<script|<img/i);
      expect(String(mail.html).length).toBeLessThan(10_000);
    }
    await expectSmall();
  });

  it(`${FLOOD} calls to unknown numbers are judged, each of them, and nobody is mailed`, async () => {
    let next = 0;
    const statuses = new Map<number | undefined, number>();
    await Promise.all(
      Array.from({ length: FLOOD_AT_ONCE }, async () => {
        while (next < FLOOD) {
          const number = String(100_000 + (next += 1));
          const { final } = await call(caller, gateway, { number });
          statuses.set(final?.status, (statuses.get(final?.status) ?? 0) + 1);
        }
      }),
    );
    expect([...statuses]).toEqual([[404, FLOOD]]);
    made += FLOOD;
    const judged = new RegExp(`^mcg_decisions_total\\{decision="skip",reason="no-mailbox"\\} ${FLOOD}$`, 'm');
    await until(30_000, 'all to be judged', async () => judged.test((await gateway.page('/metrics')).text) || null);
    const calls = JSON.parse(await gateway.mcg('calls', '--json', '--limit', '10000')) as CallJson[];
    const unknown = calls.filter(({ callee }) => callee.length === 6);
    expect(unknown).toHaveLength(FLOOD);
    expect(new Set(unknown.map(({ callee }) => callee)).size).toBe(unknown.length);
    expect(new Set(unknown.map(({ outcome, reason }) => `${outcome} ${reason}`)).size).toBe(1);
    expect((await gateway.page('/metrics')).text).toMatch(/^mcg_live_calls 0$/m);
    await expectNormalCall();
    await expectSmall(GROWTH_AFTER_FLOOD_BYTES);
  }, 240_000);
});
