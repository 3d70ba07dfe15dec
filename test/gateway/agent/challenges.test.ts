import { MAX_CHALLENGES } from '../../../src/gateway/agent/challenges.ts';
import { describe, expect, it } from 'vitest';
import { DigestServer, ha1, type DigestAlgorithm } from '../../../src/digest/index.ts';
import type { Received, SipPeer } from '../../support/sip-peer.ts';
import { ackFailure, answer, callerPeer, SDP_B, sendAck, sendInDialog, sendInvite } from '../../drachtio/support.ts';
import { expectNothingHeld, response, startRig } from '../support.ts';

const REALM = 'carrier.example';
const SOURCE = '127.0.0.1';

/** A carrier that asks for passwords, and checks what it is shown as strictly as we do. */
function carrier(password = 'secret', algorithms: readonly DigestAlgorithm[] = ['SHA-256', 'MD5']) {
  let now = Date.now();
  const server = new DigestServer({ realm: REALM, key: 'the carrier’s', now: () => now });
  return {
    challenge: (stale = false, header = 'WWW-Authenticate') => ({
      headers: server
        .challenges(SOURCE, stale, algorithms)
        .map((value) => `${header}: ${value}`)
        .join('\n'),
    }),
    verdict: (request: Received, header = 'Authorization') => {
      const [method = '', uri = ''] = request.start.split(' ');
      const verdict = server.check({ method, headers: request.all(header), source: SOURCE, algorithms }, (user, by) =>
        user === 'mcg' ? ha1(by, user, REALM, password) : null,
      );
      // It must speak of the very request.
      return verdict.kind === 'right' && verdict.uri !== uri ? 'for another request' : verdict.kind;
    },
    expireNonces: () => {
      now += 600_000;
    },
  };
}

async function calling() {
  const hop = await callerPeer(0);
  const uri = `sip:127.0.0.1:${hop.port}`;
  const rig = await startRig({ nextHop: [{ uri, username: 'mcg', password: 'secret' }] });
  const call = rig.newCall();
  sendInvite(call);
  return { rig, hop, call, first: await hop.expect(/^INVITE /) };
}

const again = (hop: SipPeer): Promise<Received> => hop.expect(/^INVITE [^]*?Authorization:/);

describe('a next hop that challenges our INVITE', () => {
  it.each([
    [['SHA-256', 'MD5'], 'SHA-256'],
    [['MD5', 'SHA-256'], 'MD5'],
    [['SHA-256'], 'SHA-256'],
    [['MD5'], 'MD5'],
    [['SHA-512-256', 'MD5'], 'SHA-512-256'],
  ] as const)('RFC 8760: of %j the topmost, %s, is answered', async (algorithms, expected) => {
    const { hop, call, first } = await calling();
    const { challenge, verdict } = carrier('secret', algorithms);
    answer(hop, first, 401, challenge());
    const second = await again(hop);
    expect(verdict(second)).toBe('right');
    expect(second.header('Authorization')).toContain(`algorithm=${expected}`);
    expect(Number.parseInt(second.header('CSeq'), 10)).toBe(Number.parseInt(first.header('CSeq'), 10) + 1);
    for (const name of ['Call-ID', 'From', 'To']) expect(second.header(name)).toBe(first.header(name));
    answer(hop, second, 486);
    ackFailure(call, await response(call, 486));
  });

  it('a proxy is answered as such (407), and the server behind it too, both at once', async () => {
    const { hop, call, first } = await calling();
    const { challenge, verdict } = carrier();
    answer(hop, first, 407, challenge(false, 'Proxy-Authenticate'));
    const second = await again(hop);
    expect(verdict(second, 'Proxy-Authorization')).toBe('right');
    answer(hop, second, 401, challenge());
    const third = await again(hop);
    expect(verdict(third)).toBe('right');
    expect(third.all('Proxy-Authorization')).toHaveLength(1);
    answer(hop, third, 486);
    ackFailure(call, await response(call, 486));
  });

  it('a nonce that has expired meanwhile is answered anew', async () => {
    const { hop, call, first } = await calling();
    const { challenge, verdict, expireNonces } = carrier();
    answer(hop, first, 401, challenge());
    const second = await again(hop);
    expireNonces();
    expect(verdict(second)).toBe('stale');
    answer(hop, second, 401, challenge(true));
    const third = await again(hop);
    expect(verdict(third)).toBe('right');
    answer(hop, third, 486);
    ackFailure(call, await response(call, 486));
  });

  it('a password that is wrong is shown once: the caller gets 403', async () => {
    const { rig, hop, call, first } = await calling();
    const { challenge, verdict } = carrier('another');
    answer(hop, first, 401, challenge());
    const second = await again(hop);
    expect(verdict(second)).toBe('wrong');
    answer(hop, second, 401, challenge());
    ackFailure(call, await response(call, 403));
    expect(hop.count(/^INVITE /)).toBe(2);
    await expectNothingHeld(rig);
  });

  it('who says stale without end is not answered without end', async () => {
    const { rig, hop, call, first } = await calling();
    const { challenge } = carrier();
    answer(hop, first, 401, challenge());
    for (let asked = 1; asked <= MAX_CHALLENGES; asked += 1) answer(hop, await again(hop), 401, challenge(true));
    ackFailure(call, await response(call, 403));
    expect(hop.count(/^INVITE /)).toBe(MAX_CHALLENGES + 1);
    await expectNothingHeld(rig);
  });

  it.each([
    ['that wants what we cannot do', 'Digest realm="x", nonce="n", algorithm=SHA3'],
    ['of which only auth-int would do', 'Digest realm="x", nonce="n", qop="auth-int"'],
    ['of another scheme', 'Basic realm="x"'],
    ['that is no challenge', '"'],
  ])('a challenge %s is not answered', async (_, value) => {
    const { hop, call, first } = await calling();
    answer(hop, first, 401, { headers: `WWW-Authenticate: ${value}` });
    ackFailure(call, await response(call, 403));
    expect(hop.count(/^INVITE /)).toBe(1);
  });

  it('its challenges within the call are answered for the URI that the request really has', async () => {
    const { rig, hop, call, first } = await calling();
    const { challenge, verdict } = carrier();
    answer(hop, first, 401, challenge());
    const second = await again(hop);
    answer(hop, second, 200, { body: SDP_B });
    await response(call, 200);
    sendAck(call);
    await hop.expect(/^ACK /);
    sendInDialog(call, 'INFO', { headers: 'Content-Type: text/plain', body: 'x' });
    answer(hop, await hop.expect(/^INFO /), 401, challenge());
    const info = await hop.expect(/^INFO [^]*?Authorization:/);
    expect(verdict(info)).toBe('right');
    answer(hop, info, 200);
    await response(call, 200, 'INFO');
    sendInDialog(call, 'BYE');
    answer(hop, await hop.expect(/^BYE /), 407, challenge(false, 'Proxy-Authenticate'));
    const bye = await hop.expect(/^BYE [^]*?Authorization:/);
    expect(verdict(bye, 'Proxy-Authorization')).toBe('right');
    answer(hop, bye, 200);
    await response(call, 200, 'BYE');
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });
});
