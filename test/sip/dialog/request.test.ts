import { describe, expect, it } from 'vitest';
import { receiveRequest, type Dialog } from '../../../src/sip/dialog/dialog.ts';
import { ackInDialog, nextHopOf, requestInDialog } from '../../../src/sip/dialog/request.ts';
import { parseCSeq } from '../../../src/sip/message/cseq.ts';

const dialog: Dialog = {
  callId: 'call',
  localTag: 'alice',
  remoteTag: 'bob',
  localParty: '"Alice" <sip:alice@a.example>;tag=alice',
  remoteParty: '<sip:bob@b.example>;tag=bob',
  remoteTarget: 'sip:bob@10.0.0.2:5062',
  routeSet: [],
  localSequence: 7,
  remoteSequence: null,
  early: false,
};

describe('a request in a dialog (RFC 3261 12.2.1.1)', () => {
  it('has both parties with their tags, the Call-ID, and a CSeq one higher', () => {
    const { dialog: next, request } = requestInDialog(dialog, 'BYE');
    expect(request.headers.fields).toEqual([
      { name: 'From', value: dialog.localParty },
      { name: 'To', value: dialog.remoteParty },
      { name: 'Call-ID', value: 'call' },
      { name: 'CSeq', value: '8 BYE' },
    ]);
    expect(next.localSequence).toBe(8);
    expect(requestInDialog(next, 'INFO').request.headers.get('CSeq')).toBe('9 INFO');
  });

  it('the first request of a UAS counts on from the number of the INVITE', () => {
    const uas = { ...dialog, localSequence: null, remoteSequence: 314 };
    expect(requestInDialog(uas, 'BYE').request.headers.get('CSeq')).toBe('315 BYE');
  });

  it('but not where that leaves no room: below 2^31 is all there is (RFC 3261 8.1.1.5)', () => {
    const cseq = (remoteSequence: number): string | undefined =>
      requestInDialog({ ...dialog, localSequence: null, remoteSequence }, 'BYE').request.headers.get('CSeq');
    expect(cseq(2 ** 31 - 1)).toBe('1 BYE');
    expect(cseq(2 ** 30 + 1)).toBe('1 BYE');
    expect(cseq(2 ** 30 - 1)).toBe(`${2 ** 30} BYE`);
  });

  it('the number never reaches 2^31: the last one stays, for a lower one would be refused, an equal one is not', () => {
    const last = requestInDialog({ ...dialog, localSequence: 2 ** 31 - 2 }, 'INFO');
    expect(last.request.headers.get('CSeq')).toBe('2147483647 INFO');
    const again = requestInDialog(last.dialog, 'BYE');
    expect(again.request.headers.get('CSeq')).toBe('2147483647 BYE');
    expect(parseCSeq(again.request.headers.get('CSeq') ?? '')).not.toBeNull();
    const peer = receiveRequest({ ...dialog, remoteSequence: 2 ** 31 - 1 }, again.request);
    expect(peer.outOfOrder).toBe(false);
  });

  it('without a route set the remote target is Request-URI and next hop', () => {
    const { request, nextHop } = requestInDialog(dialog, 'BYE');
    expect([request.uri, nextHop]).toEqual([dialog.remoteTarget, dialog.remoteTarget]);
    expect(request.headers.has('Route')).toBe(false);
  });

  it('a loose first route: the remote target is the Request-URI, the whole set goes into Route in order', () => {
    const routed = { ...dialog, routeSet: ['<sip:p1.example;lr>', '"P" <sip:p2.example:5070;lr>'] };
    const { request, nextHop } = requestInDialog(routed, 'INFO');
    expect(request.uri).toBe(dialog.remoteTarget);
    expect(request.headers.all('Route')).toEqual(routed.routeSet);
    expect(nextHop).toBe('sip:p1.example;lr');
  });

  it('a strict first route goes into the Request-URI, and the remote target to the end of Route', () => {
    const routed = { ...dialog, routeSet: ['<sip:p1.example>', '<sip:p2.example;lr>'] };
    const { request, nextHop } = requestInDialog(routed, 'INFO');
    expect(request.uri).toBe('sip:p1.example');
    expect(request.headers.all('Route')).toEqual(['<sip:p2.example;lr>', '<sip:bob@10.0.0.2:5062>']);
    expect(nextHop).toBe('sip:p1.example');
  });

  it('what no Request-URI may hold is cut off a Contact (19.1.1)', () => {
    const odd = { ...dialog, remoteTarget: 'sip:bob@10.0.0.2;method=INVITE;transport=tcp?Subject=x' };
    expect(requestInDialog(odd, 'BYE').request.uri).toBe('sip:bob@10.0.0.2;transport=tcp');
  });

  it('headers and body of the user are added', () => {
    const { request } = requestInDialog(dialog, 'INFO', {
      headers: [{ name: 'Content-Type', value: 'text/plain' }],
      body: Buffer.from('hello'),
    });
    expect(request.headers.get('Content-Type')).toBe('text/plain');
    expect(request.body.toString()).toBe('hello');
  });
});

describe('the ACK to a 2xx (RFC 3261 13.2.2.4)', () => {
  const routed = { ...dialog, routeSet: ['<sip:p1.example;lr>'] };

  it('has the CSeq number of its INVITE and the route set of the dialog', () => {
    const { request, nextHop } = ackInDialog({ ...routed, localSequence: 12 }, 7);
    expect(request.method).toBe('ACK');
    expect(request.headers.get('CSeq')).toBe('7 ACK');
    expect(request.uri).toBe(dialog.remoteTarget);
    expect(request.headers.all('Route')).toEqual(['<sip:p1.example;lr>']);
    expect(nextHop).toBe(nextHopOf(routed));
  });
});
