import { describe, expect, it, onTestFinished } from 'vitest';
import { placeCall, startPhone, type Phone, type PhoneOptions } from '../../src/lab/index.ts';
import { tagOf, type SipResponse } from '../../src/sip/index.ts';
import { requestAt, responseAt, udpPeer, type RawPeer } from '../sip/raw-peer.ts';
import { answered, written, type WrittenRequest } from '../sip/written.ts';

const quick = { timers: { t1Ms: 10, t2Ms: 40, t4Ms: 40, t1x64Ms: 200 } };
const OFFER = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';

interface Line {
  readonly phone: Phone;
  readonly peer: RawPeer;
  readonly send: (request: WrittenRequest, body?: string) => void;
}

/** A phone, and a raw peer that calls it. */
async function line(behaviour: PhoneOptions['behaviour']): Promise<Line> {
  const phone = await startPhone({ behaviour, ...quick });
  onTestFinished(() => phone.close());
  const port = phone.addresses.find(({ protocol }) => protocol === 'udp')?.port ?? 0;
  const peer = await udpPeer({ port });
  onTestFinished(() => peer.close());
  const send = (request: WrittenRequest, body = ''): void => {
    const extra = [`Contact: <sip:alice@127.0.0.1:${peer.port}>`, ...(request.extra ?? [])];
    const text = written({ ...request, extra }).replace('Contact: <sip:alice@127.0.0.1>\r\n', '');
    peer.send(text.replace('Content-Length: 0\r\n\r\n', `Content-Length: ${body.length}\r\n\r\n${body}`));
  };
  return { phone, peer, send };
}

/** A call that was answered and acknowledged. */
async function talking(): Promise<Line & { readonly toTag: string; readonly answer: SipResponse }> {
  const some = await line({ kind: 'answer' });
  some.send({ method: 'INVITE' }, OFFER);
  const answer = await responseAt(some.peer, 200);
  const toTag = tagOf(answer.headers.get('To')) ?? '';
  some.send({ method: 'ACK', branch: 'z9hG4bK-ack', toTag });
  return { ...some, toTag, answer };
}

describe('a phone on the wire', () => {
  it('answers OPTIONS with what it can, and other strangers with 405', async () => {
    const { peer, send } = await line({ kind: 'ring' });
    send({ method: 'OPTIONS' });
    const ok = await responseAt(peer, 200);
    expect(ok.headers.get('Allow')).toBe('INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY');
    send({ method: 'REGISTER', branch: 'z9hG4bK-2', callId: 'call-2' });
    await responseAt(peer, 405);
    send({ method: 'BYE', branch: 'z9hG4bK-3', callId: 'call-3', toTag: 'unknown' });
    await responseAt(peer, 481);
  });

  it('answers with SDP and Contact, and repeats the 200 until the ACK comes', async () => {
    const { peer, send, phone } = await line({ kind: 'answer' });
    send({ method: 'INVITE' }, OFFER);
    const [first, second] = [await responseAt(peer, 200), await responseAt(peer, 200)];
    expect(second).toEqual(first);
    expect(first.headers.get('Contact')).toBe(`<${phone.uri()}>`);
    expect(first.headers.get('Content-Type')).toBe('application/sdp');
    expect(first.body.toString()).toContain('m=audio 9 RTP/AVP 0\r\n');
  });

  it('hangs up where the ACK never comes', async () => {
    const { peer, send, phone } = await line({ kind: 'answer' });
    send({ method: 'INVITE' }, OFFER);
    peer.send(answered(await requestAt(peer, 'BYE'), 200));
    await phone.calls[0]!.ended;
    expect(phone.calls[0]!.end).toBe('no-ack');
  });

  it('takes a repeated INVITE for the same call', async () => {
    const { peer, send, phone } = await line({ kind: 'ring' });
    send({ method: 'INVITE' }, OFFER);
    const first = await responseAt(peer, 180);
    send({ method: 'INVITE' }, OFFER);
    expect(await responseAt(peer, 180)).toEqual(first);
    expect(phone.calls).toHaveLength(1);
  });

  it('refuses media it has not with 488', async () => {
    const { peer, send } = await line({ kind: 'answer' });
    send({ method: 'INVITE' }, OFFER.replace('RTP/AVP 0', 'RTP/AVP 9'));
    await responseAt(peer, 488);
  });

  it('a BYE while it rings is a caller who gives up (RFC 3261 15.1.2)', async () => {
    const { peer, send, phone } = await line({ kind: 'ring' });
    send({ method: 'INVITE' }, OFFER);
    const toTag = tagOf((await responseAt(peer, 180)).headers.get('To')) ?? '';
    send({ method: 'BYE', branch: 'z9hG4bK-2', sequence: 2, toTag });
    await responseAt(peer, 200);
    await responseAt(peer, 487);
    expect(phone.calls[0]!.endedBy?.method).toBe('BYE');
  });

  it('in a call: hold is answered, INFO and OPTIONS 200, an old CSeq 500, REFER 405, BYE 200', async () => {
    const { peer, send, phone, toTag } = await talking();
    send({ method: 'INVITE', branch: 'z9hG4bK-2', sequence: 2, toTag }, `${OFFER}a=sendonly\r\n`);
    const held = await peer.messages.next(({ body }) => body.includes('a=recvonly'));
    expect(held).toMatchObject({ kind: 'response', status: 200 });
    send({ method: 'ACK', branch: 'z9hG4bK-ack2', sequence: 2, toTag });

    for (const [index, method] of ['INFO', 'OPTIONS', 'UPDATE'].entries()) {
      send({ method, branch: `z9hG4bK-${method}`, sequence: index + 3, toTag });
      const ok = await peer.messages.next((each) => each.headers.get('CSeq') === `${index + 3} ${method}`);
      expect(ok).toMatchObject({ status: 200 });
    }
    send({ method: 'INFO', branch: 'z9hG4bK-old', sequence: 2, toTag });
    await responseAt(peer, 500);
    send({ method: 'REFER', branch: 'z9hG4bK-refer', sequence: 6, toTag });
    await responseAt(peer, 405);
    send({ method: 'BYE', branch: 'z9hG4bK-bye', sequence: 7, toTag, extra: ['Reason: Q.850;cause=16'] });
    await peer.messages.next((each) => each.headers.get('CSeq') === '7 BYE');
    await phone.calls[0]!.ended;
    expect(phone.calls[0]!.endedBy?.headers.get('Reason')).toBe('Q.850;cause=16');
  });

  it('offers where a re-INVITE brings no SDP, and refuses media that went away with 488', async () => {
    const { peer, send, toTag } = await talking();
    send({ method: 'INVITE', branch: 'z9hG4bK-2', sequence: 2, toTag });
    const offer = await peer.messages.next((each) => each.headers.get('CSeq') === '2 INVITE' && each.body.length > 0);
    expect(offer.body.toString()).toContain('m=audio 9 RTP/AVP 0');
    send({ method: 'ACK', branch: 'z9hG4bK-ack2', sequence: 2, toTag });
    send({ method: 'INVITE', branch: 'z9hG4bK-3', sequence: 3, toTag }, OFFER.replace('RTP/AVP 0', 'RTP/AVP 9'));
    await responseAt(peer, 488);
  });
});

describe('a caller on the wire', () => {
  const from = '<sip:alice@a.example>';

  async function callee(): Promise<RawPeer & { to: { port: number } }> {
    const peer = await udpPeer();
    onTestFinished(() => peer.close());
    return peer;
  }

  it('acknowledges every branch that answers, and talks to the first (RFC 3261 13.2.2.4)', async () => {
    const peer = await callee();
    const call = placeCall({ from, to: `sip:bob@127.0.0.1:${peer.port}`, ...quick });
    const invite = await requestAt(peer, 'INVITE');
    peer.to.port = Number(/:(\d+)/.exec(invite.headers.get('Via') ?? '')?.[1]);
    const contact = { headers: [{ name: 'Contact', value: `<sip:bob@127.0.0.1:${peer.port}>` }] };
    for (const toTag of ['one', 'two']) peer.send(answered(invite, 200, { toTag, ...contact }));
    const acks = [await requestAt(peer, 'ACK'), await requestAt(peer, 'ACK')];
    expect(acks.map((ack) => tagOf(ack.headers.get('To')))).toEqual(['one', 'two']);
    const bye = await requestAt(peer, 'BYE');
    expect(tagOf(bye.headers.get('To'))).toBe('two');
    peer.send(answered(bye, 200));

    // A repeated 200 of the first is acknowledged again.
    peer.send(answered(invite, 200, { toTag: 'one', ...contact }));
    expect((await requestAt(peer, 'ACK')).headers.get('To')).toBe(acks[0]!.headers.get('To'));

    const sent = written({ method: 'BYE', callId: invite.headers.get('Call-ID') ?? '', fromTag: 'one' });
    const ours = tagOf(invite.headers.get('From')) ?? '';
    peer.send(sent.replace('To: <sip:bob@b.example>', `To: <sip:bob@b.example>;tag=${ours}`));
    expect(await call).toMatchObject({ end: 'peer-hung-up', otherAnswers: 1, final: { toTag: 'one' } });
  });

  it('an answer that crosses its CANCEL is acknowledged and hung up', async () => {
    const peer = await callee();
    const call = placeCall({ from, to: `sip:bob@127.0.0.1:${peer.port}`, hangUpAfterRingingMs: 0, ...quick });
    const invite = await requestAt(peer, 'INVITE');
    peer.to.port = Number(/:(\d+)/.exec(invite.headers.get('Via') ?? '')?.[1]);
    peer.send(answered(invite, 180));
    const cancel = await requestAt(peer, 'CANCEL');
    peer.send(answered(invite, 200, { headers: [{ name: 'Contact', value: `<sip:bob@127.0.0.1:${peer.port}>` }] }));
    peer.send(answered(cancel, 200));
    await requestAt(peer, 'ACK');
    peer.send(answered(await requestAt(peer, 'BYE'), 200));
    expect(await call).toMatchObject({ end: 'hung-up', final: { status: 200 } });
  });

  it('waits with its CANCEL for a provisional response (RFC 3261 9.1)', async () => {
    const peer = await callee();
    const call = placeCall({ from, to: `sip:bob@127.0.0.1:${peer.port}`, hangUpAfterMs: 0, ...quick });
    const invite = await requestAt(peer, 'INVITE');
    peer.to.port = Number(/:(\d+)/.exec(invite.headers.get('Via') ?? '')?.[1]);
    await requestAt(peer, 'INVITE');
    expect(peer.messages.left.some((each) => each.kind === 'request' && each.method === 'CANCEL')).toBe(false);
    peer.send(answered(invite, 100));
    peer.send(answered(await requestAt(peer, 'CANCEL'), 200));
    peer.send(answered(invite, 487));
    expect(await call).toMatchObject({ end: 'cancelled', final: { status: 487 } });
  });
});
