import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../support/certificates.ts';
import { tlsPeer, type Received, type SipPeer } from '../support/sip-peer.ts';
import { command, type GatewayFiles } from '../support/gateway-process.ts';
import { filesFor, run } from './support.ts';

const authority = makeAuthority();
const own = authority.issue(['IP:127.0.0.1']);

/** A PBX or a phone: listens by TLS, and calls `port` when it speaks first. */
async function peerFor(port: number, name: string): Promise<SipPeer> {
  const { certificate: cert, key } = authority.issue([name]);
  const peer = await tlsPeer(port, { cert, key, ca: authority.certificate });
  onTestFinished(() => peer.close());
  return peer;
}

async function tlsFiles(hopPort: number): Promise<GatewayFiles> {
  const files = await filesFor(
    `peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:localhost:${hopPort};transport=tls"]`,
    {
      sip: `listen: [udp://127.0.0.1:0, tls://127.0.0.1:0]
  tls: { certificate: gateway.pem, keyFile: gateway.key, serverCa: ca.pem }`,
    },
  );
  await writeFile(join(files.folder, 'gateway.pem'), own.certificate);
  await writeFile(join(files.folder, 'gateway.key'), own.key, { mode: 0o600 });
  await writeFile(join(files.folder, 'ca.pem'), authority.certificate);
  return files;
}

const request = (method: string, to = '<sip:1001@127.0.0.1>'): string => `${method} sip:1001@127.0.0.1 SIP/2.0
Via: SIP/2.0/TLS pbx.example.com;branch=z9hG4bKtls1
Max-Forwards: 70
From: "Jean Dupont" <sip:+33199001234@pbx.example.com>;tag=a
To: ${to}
Call-ID: over-tls@pbx.example.com
CSeq: 1 ${method}
Contact: <sip:+33199001234@pbx.example.com;transport=tls>
`;

const reply = (to: Received, status: string): string => `SIP/2.0 ${status}
${to
  .all('Via')
  .map((via) => `Via: ${via}`)
  .join('\n')}
From: ${to.header('From')}
To: ${to.header('To')};tag=b
Call-ID: ${to.header('Call-ID')}
CSeq: ${to.header('CSeq')}
`;

it('a call that comes and goes by TLS, and is missed, is mailed', async () => {
  const phone = await peerFor(0, 'DNS:localhost');
  const files = await tlsFiles(phone.port);
  const checked = await command('check', '--config', files.config);
  expect(checked).toMatchObject({ code: 0, stdout: expect.not.stringContaining('private key') });
  const gateway = await run(files);
  const { sip } = (await gateway.logged('ready')) as unknown as { sip: readonly string[] };
  const port = Number(/:(\d+)$/.exec(sip.find((address) => address.startsWith('tls')) ?? '')?.[1]);
  const pbx = await peerFor(port, 'DNS:pbx.example.com');

  pbx.send(request('INVITE'));
  const invite = await phone.expect(/^INVITE sip:1001@localhost/);
  expect(invite.header('Via')).toMatch(new RegExp(`^SIP/2\\.0/TLS 127\\.0\\.0\\.1:${port};`));
  phone.send(reply(invite, '180 Ringing'));
  await pbx.expect(/^SIP\/2\.0 180 /);
  pbx.send(request('CANCEL'));
  phone.send(reply(await phone.expect(/^CANCEL /), '200 OK'));
  phone.send(reply(invite, '487 Request Terminated'));
  const ended = await pbx.expect(/^SIP\/2\.0 487 /);
  pbx.send(request('ACK', ended.header('To')));

  const [mail] = await gateway.mailed(1);
  expect(mail?.subject).toContain('Jean Dupont');
  expect(await gateway.settled(1)).toMatchObject([{ outcome: 'missed', callee: expect.stringContaining('1001') }]);
  expect(await gateway.stop()).toBe(0);
});
