import { describe, expect, it } from 'vitest';
import {
  confirmAsUac,
  confirmAsUas,
  dialogAsUac,
  dialogAsUas,
  dialogKey,
  dialogKeyOfRequest,
  receiveRequest,
  refreshTarget,
  type Dialog,
} from '../../../src/sip/dialog/dialog.ts';
import { request, response } from './messages.ts';

const invite = request(
  'INVITE sip:bob@b.example',
  'CSeq: 314 INVITE',
  'Contact: "Alice" <sip:alice@10.0.0.1:5062;transport=tcp>',
  'Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>',
);
const answer = response(
  '200 OK',
  'CSeq: 314 INVITE',
  'Contact: <sip:bob@10.0.0.2>',
  'Record-Route: <sip:p2.example;lr>',
  'Record-Route: <sip:p1.example;lr;x=1>',
);

describe('the dialog a UAS makes (RFC 3261 12.1.1)', () => {
  const dialog = dialogAsUas(invite, answer)!;

  it('the route set is the Record-Route of the request, taken in order and with all parameters', () => {
    expect(dialog.routeSet).toEqual(['<sip:p2.example;lr>', '<sip:p1.example;lr>']);
  });

  it('the remote target is the Contact of the request', () => {
    expect(dialog.remoteTarget).toBe('sip:alice@10.0.0.1:5062;transport=tcp');
  });

  it('tags, parties, Call-ID and numbers are those of the two messages', () => {
    expect(dialog).toMatchObject({
      callId: 'call',
      localTag: 'bob',
      remoteTag: 'alice',
      localParty: '<sip:bob@b.example>;tag=bob',
      remoteParty: '<sip:alice@a.example>;tag=alice',
      remoteSequence: 314,
      localSequence: null,
      early: false,
    });
  });

  it('a request without From tag gives an empty remote tag', () => {
    const old = { ...invite, headers: invite.headers.clone() };
    old.headers.set('From', '<sip:alice@a.example>');
    expect(dialogAsUas(old, answer)?.remoteTag).toBe('');
  });

  it('without a Contact the peer is sought where From says', () => {
    expect(dialogAsUas(request('INVITE sip:bob@b.example'), answer)?.remoteTarget).toBe('sip:alice@a.example');
  });
});

describe('the dialog a UAC gets (RFC 3261 12.1.2)', () => {
  const dialog = dialogAsUac(invite, answer)!;

  it('the route set is the Record-Route of the response in reverse order', () => {
    expect(dialog.routeSet).toEqual(['<sip:p1.example;lr;x=1>', '<sip:p2.example;lr>']);
  });

  it('target, tags and numbers are taken from the other side', () => {
    expect(dialog).toMatchObject({
      localTag: 'alice',
      remoteTag: 'bob',
      localParty: '<sip:alice@a.example>;tag=alice',
      remoteParty: '<sip:bob@b.example>;tag=bob',
      remoteTarget: 'sip:bob@10.0.0.2',
      localSequence: 314,
      remoteSequence: null,
    });
  });

  it('an 18x without Contact makes an early dialog all the same', () => {
    expect(dialogAsUac(invite, response('180 Ringing'))).toMatchObject({
      remoteTarget: 'sip:bob@b.example',
      early: true,
    });
  });

  it('the 2xx to it brings target and route set anew, the numbers stay (13.2.2.4)', () => {
    const early = dialogAsUac(invite, response('180 Ringing'))!;
    expect(confirmAsUac(early, answer)).toEqual(dialog);
  });
});

describe('what makes no dialog', () => {
  it.each([
    ['100', '100 Trying', []],
    ['a failure', '486 Busy Here', []],
    ['a provisional response without To tag', '180 Ringing', ['To: <sip:bob@b.example>']],
  ])('%s', (_title, startLine, headers) => {
    expect(dialogAsUac(invite, response(startLine, ...headers))).toBeNull();
    expect(dialogAsUas(invite, response(startLine, ...headers))).toBeNull();
  });
});

describe('a dialog that is', () => {
  const dialog = dialogAsUas(invite, response('180 Ringing'))!;

  it('is early until its 2xx', () => {
    expect(dialog.early).toBe(true);
    expect(confirmAsUas(dialog).early).toBe(false);
  });

  it.each([
    [315, false],
    [400, false],
    [314, false],
    [313, true],
  ])('after CSeq 314, %i is out of order: %s (12.2.2)', (sequence, outOfOrder) => {
    const received = receiveRequest(dialog, request('BYE sip:bob@b.example', `CSeq: ${sequence} BYE`));
    expect(received.outOfOrder).toBe(outOfOrder);
    expect(received.dialog.remoteSequence).toBe(outOfOrder ? 314 : sequence);
  });

  it('takes any first number of a peer that has sent nothing yet', () => {
    const uac = dialogAsUac(invite, answer)!;
    expect(receiveRequest(uac, request('BYE sip:alice@a.example', 'CSeq: 0 BYE'))).toMatchObject({
      outOfOrder: false,
      dialog: { remoteSequence: 0 },
    });
  });

  it('ACK and CANCEL bear the number of their INVITE and are not counted', () => {
    for (const method of ['ACK', 'CANCEL']) {
      const late = receiveRequest(dialog, request(`${method} sip:bob@b.example`, `CSeq: 1 ${method}`));
      expect(late).toEqual({ dialog, outOfOrder: false });
    }
  });

  const refreshes: [string, Parameters<typeof refreshTarget>[1], boolean][] = [
    ['a re-INVITE', request('INVITE sip:bob@b.example', 'Contact: <sip:new@host>'), true],
    ['an UPDATE', request('UPDATE sip:bob@b.example', 'Contact: <sip:new@host>'), true],
    ['the 2xx to our re-INVITE', response('200 OK', 'Contact: <sip:new@host>'), true],
    ['the 2xx to our UPDATE', response('200 OK', 'CSeq: 2 UPDATE', 'Contact: <sip:new@host>'), true],
    ['an INFO', request('INFO sip:bob@b.example', 'Contact: <sip:new@host>'), false],
    ['a refused re-INVITE', response('488 Not Acceptable Here', 'Contact: <sip:new@host>'), false],
    ['a re-INVITE without Contact', request('INVITE sip:bob@b.example'), false],
    ['a Contact that is *', request('INVITE sip:bob@b.example', 'Contact: *'), false],
  ];
  it.each(refreshes)('%s refreshes the remote target or not (12.2, RFC 3311)', (_title, message, does) => {
    const after = refreshTarget(dialog, message);
    expect(after.remoteTarget).toBe(does ? 'sip:new@host' : dialog.remoteTarget);
    expect(after.routeSet).toEqual(dialog.routeSet);
  });

  it('is found by the Call-ID and tags of a request in it', () => {
    const bye = request('BYE sip:bob@b.example', 'To: <sip:bob@b.example>;tag=bob');
    const { callId, localTag, remoteTag }: Dialog = dialog;
    expect(dialogKeyOfRequest(bye)).toBe(dialogKey(callId, localTag, remoteTag));
    expect(dialogKeyOfRequest(request('INVITE sip:bob@b.example'))).toBeNull();
  });
});
