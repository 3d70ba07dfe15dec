import { describe, expect, onTestFinished } from 'vitest';
import { requestAt, tcpServer, udpPeer } from '../sip/raw-peer.ts';
import { answered } from '../sip/written.ts';
import { freePort } from '../support/ports.ts';
import { rawApplication } from './raw-application.ts';
import { embeddedIt } from './target.ts';

const WHY = 'a drachtio-server does so only where its configuration has udp-mtu';

/** A callee that has TCP and UDP at one port. */
async function callee(to: { port: number }) {
  const port = await freePort();
  const tcp = await tcpServer(port);
  const udp = await udpPeer(to, '127.0.0.1', port);
  onTestFinished(() => {
    tcp.close();
    udp.close();
  });
  return { tcp, udp };
}

describe('an INVITE that no datagram should carry (RFC 3261 18.1.1)', () => {
  embeddedIt(WHY, 'goes by TCP, and its Contact says so', async () => {
    const { client, udpPort, tcpPort } = await rawApplication();
    const { tcp } = await callee({ port: udpPort });
    const uri = `sip:1001@127.0.0.1:${tcp.port}`;
    const ok = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\nX-Large: ${'x'.repeat(1_300)}\r\n\r\n`);
    expect(ok.tokens.slice(3, 5)).toEqual(['OK', 'application']);
    const peer = await tcp.peers.next();
    const invite = await requestAt(peer, 'INVITE');
    expect(invite.headers.get('Contact')).toBe(`<sip:127.0.0.1:${tcpPort};transport=tcp>`);
    expect(invite.headers.get('From')).toMatch(new RegExp(`^<sip:127.0.0.1:${tcpPort}.*>;tag=`));
    peer.send(answered(invite, 486));
    await client.sip(/SIP\/2\.0 486/);
  });

  embeddedIt(WHY, 'goes by UDP at once where no TCP is taken, and shows the UDP socket', async () => {
    const { client, udpPort } = await rawApplication();
    const { tcp, udp } = await callee({ port: udpPort });
    tcp.close();
    const uri = `sip:1001@127.0.0.1:${udp.port}`;
    await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\nX-Large: ${'x'.repeat(1_300)}\r\n\r\n`);
    const invite = await requestAt(udp, 'INVITE');
    expect(invite.headers.get('Contact')).toBe(`<sip:127.0.0.1:${udpPort}>`);
    udp.send(answered(invite, 486));
    await client.sip(/SIP\/2\.0 486/);
  });

  embeddedIt(WHY, 'stays on UDP where the engine is told so', async () => {
    const { client, udpPort } = await rawApplication({ udpMtuBytes: Infinity });
    const { udp } = await callee({ port: udpPort });
    const uri = `sip:1001@127.0.0.1:${udp.port}`;
    await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\nX-Large: ${'x'.repeat(1_300)}\r\n\r\n`);
    udp.send(answered(await requestAt(udp, 'INVITE'), 486));
    await client.sip(/SIP\/2\.0 486/);
  });
});
