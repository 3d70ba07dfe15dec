import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  answer,
  connectSrf,
  SDP_A,
  type Srf,
  type SrfDialog,
  type SrfRequest,
  type SrfResponse,
} from '../drachtio/support.ts';
import { readMessage, type Received, type SipPeer } from '../support/sip-peer.ts';
import { peerTo, ping, startHostileEngine } from './support.ts';

/** Torture messages that only mean something where they belong to something. */

function read(name: string): string {
  return readFileSync(new URL(`../data/rfc4475/${name}.dat`, import.meta.url), 'latin1');
}

/** The torture response as the answer to this request: what finds its transaction and dialog is the request's. */
function asAnswer(name: string, request: Received, to = `${request.header('To')};tag=callee`): string {
  return read(name)
    .replace(/^Via:.*$/m, `Via: ${request.header('Via')}`)
    .replace(/^From:.*$/m, `From: ${request.header('From')}`)
    .replace(/^To:.*$/m, `To: ${to}`)
    .replace(/^Call-ID:.*$/m, `Call-ID: ${request.header('Call-ID')}`)
    .replace(/^CSeq:.*$/m, `CSeq: ${request.header('CSeq')}`);
}

interface Calling {
  readonly peer: SipPeer;
  readonly invite: Received;
  readonly request: SrfRequest;
  readonly responses: SrfResponse[];
  readonly final: Promise<SrfResponse>;
}

/** An INVITE of the application has come to the peer. */
async function calling(): Promise<Calling> {
  const { engine, udpPort } = await startHostileEngine();
  const peer = await peerTo(udpPort);
  const srf: Srf = await connectSrf(engine, (app) => app.options((_req, res) => res.send(200)));
  const responses: SrfResponse[] = [];
  const final = Promise.withResolvers<SrfResponse>();
  const request = await srf.request(`sip:bob@127.0.0.1:${peer.port}`, { method: 'INVITE', body: SDP_A });
  request.on('response', (response: SrfResponse, ack: () => void) => {
    responses.push(response);
    if (response.status < 200) return;
    ack();
    final.resolve(response);
  });
  return { peer, invite: await peer.expect(/^INVITE /), request, responses, final: final.promise };
}

it('3.1.1.12: the application gets an unusual reason phrase as it was written', async () => {
  const { peer, invite, final } = await calling();
  peer.sendRaw(Buffer.from(asAnswer('valid/unreason', invite), 'latin1'));
  const written = Buffer.from(/^SIP\/2\.0 200 (.*)\r$/m.exec(read('valid/unreason'))?.[1] ?? '', 'latin1').toString();
  expect(await final).toMatchObject({ status: 200, reason: written.trimEnd() });
  await peer.expect(/^ACK sip:user@host198\.example\.com/);
});

it('3.1.1.13: a 100 without a reason phrase is one: a CANCEL that waited for it leaves', async () => {
  const { peer, invite, request, final } = await calling();
  request.cancel();
  await ping(peer);
  expect(peer.count(/^CANCEL /)).toBe(0);
  peer.sendRaw(asAnswer('valid/noreason', invite, invite.header('To')));
  answer(peer, await peer.expect(/^CANCEL /), 200);
  answer(peer, invite, 487);
  expect((await final).status).toBe(487);
});

it.each(['invalid/bcast', 'invalid/bigcode', 'invalid/scalarlg'])(
  '3.1.2.5, 3.1.2.19, 3.3.10: %s is no answer, also where all the rest is right; one that is is taken after it',
  async (name) => {
    const { peer, invite, responses, final } = await calling();
    // scalarlg is what it is for its CSeq.
    const text = asAnswer(name, invite);
    peer.sendRaw(name.endsWith('scalarlg') ? text.replace(/^CSeq:.*$/m, 'CSeq: 9292394834772304023312 INVITE') : text);
    await ping(peer);
    expect(responses).toEqual([]);
    expect(peer.count(/^ACK /)).toBe(0);
    answer(peer, invite, 486);
    expect((await final).status).toBe(486);
  },
);

it('3.1.1.1: the tortuous INVITE is read as what it means in its dialog', async () => {
  const { engine, udpPort } = await startHostileEngine();
  const peer = await peerTo(udpPort);
  const modified = Promise.withResolvers<SrfRequest>();
  await connectSrf(engine, (app) => {
    app.options((_req, res) => res.send(200));
    app.invite((req, res) => {
      const options = { localSdp: SDP_A, headers: { To: '<sip:vivekg@chair-dnrc.example.com>;tag=1918181833n' } };
      void app.createUAS(req, res, options).then((dialog: SrfDialog) => {
        dialog.on('modify', (again: SrfRequest, reply: SrfResponse) => {
          reply.send(200, { body: SDP_A });
          modified.resolve(again);
        });
      });
    });
  });
  const head = `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK1
From: "J Rosenberg" <sip:jdrosen@example.com>;tag=98asjd8
To: <sip:vivekg@chair-dnrc.example.com>
Call-ID: wsinv.ndaksdj@192.0.2.1
Max-Forwards: 70
Contact: <sip:jdrosen@127.0.0.1:${peer.port}>`;
  peer.send(
    `INVITE sip:vivekg@chair-dnrc.example.com SIP/2.0\n${head}\nCSeq: 8 INVITE\nContent-Type: application/sdp\n\n${SDP_A}`,
  );
  const ok = await peer.expect(/^SIP\/2\.0 200 [^]*CSeq: 8 INVITE/);
  const acked = head.replace('branch=z9hG4bK1', 'branch=z9hG4bK2').replace(/^To:.*$/m, `To: ${ok.header('To')}`);
  peer.send(`ACK sip:vivekg@chair-dnrc.example.com SIP/2.0\n${acked}\nCSeq: 8 ACK\n`);
  await ping(peer);
  peer.sendRaw(read('valid/wsinv'));
  const again = await modified.promise;
  expect(again.get('Subject')).toBe('');
  expect(again.get('NewFangledHeader').replace(/\s+/g, ' ')).toBe('newfangled value continued newfangled value');
  expect(again.body).toContain('a=rtpmap:31 LPC');
  const answered = await peer.expect(/^SIP\/2\.0 200 [^]*cseq: 0009/i);
  expect(readMessage(answered.text).all('Via')).toHaveLength(2);
});
