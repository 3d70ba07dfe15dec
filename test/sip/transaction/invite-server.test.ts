import { describe, expect, it } from 'vitest';
import { inviteServer } from '../../../src/sip/transaction/invite-server.ts';
import { after, TCP, UDP } from './machines.ts';

describe('INVITE server transaction (RFC 3261 17.2.1, RFC 6026 8.5)', () => {
  const rows: [title: string, rules: typeof UDP, inputs: string, state: string, actions: string][] = [
    [
      '"proceeding" is entered and 100 MUST be sent where the user may take longer than 200 ms',
      UDP,
      '',
      'proceeding',
      'send, start answer 64000',
    ],
    // the caller said BYE
    ['who has said BYE gets no more copies of the 2xx', UDP, 'respond 200, settled', 'accepted', 'stop repeat'],
    ['and its ACK is nobody`s business', UDP, 'respond 200, settled, ack', 'accepted', ''],
    ['nor is it missed', UDP, 'respond 200, settled, timer L', 'terminated', ''],
    ['before the 2xx it changes nothing', UDP, 'settled', 'proceeding', ''],
    ['nor after a failure', UDP, 'respond 486, settled', 'completed', ''],
    // proceeding
    ['a retransmitted INVITE gets the most recent provisional response', UDP, 'request', 'proceeding', 'send'],
    [
      'a provisional response of the user is sent; then the caller may wait without limit',
      UDP,
      'respond 180',
      'proceeding',
      'stop answer, send',
    ],
    ['further ones are sent as well', UDP, 'respond 180, respond 183', 'proceeding', 'send'],
    ['a 100 of the user does not count as an answer', UDP, 'respond 100', 'proceeding', 'send'],
    ['a user that is silent for 128*T1: 408', UDP, 'timer answer', 'proceeding', 'conclude 408'],
    [
      'that 408 is a failure like any other',
      UDP,
      'timer answer, respond 408',
      'completed',
      'send, start H 32000, start G 500',
    ],
    [
      '2xx leads to "accepted"; L is 64*T1; it is repeated after T1',
      UDP,
      'respond 180, respond 200',
      'accepted',
      'send, start repeat 500, start L 32000',
    ],
    [
      '2xx is repeated on reliable transports too (13.3.1.4)',
      TCP,
      'respond 180, respond 200',
      'accepted',
      'send, start repeat 500, start L 32000',
    ],
    [
      '300-699 leads to "completed"; H is 64*T1, G is T1',
      UDP,
      'respond 180, respond 486',
      'completed',
      'send, start H 32000, start G 500',
    ],
    ['G MUST NOT run on reliable transports', TCP, 'respond 180, respond 486', 'completed', 'send, start H 32000'],
    [
      'a final response ends the wait for the user',
      UDP,
      'respond 486',
      'completed',
      'stop answer, send, start H 32000, start G 500',
    ],
    ['an ACK that comes too early is dropped', UDP, 'ack', 'proceeding', ''],
    [
      'a response that cannot be sent ends the transaction and is told',
      TCP,
      'transport-error',
      'terminated',
      'stop answer, fail',
    ],
    ['also after a provisional response', TCP, 'respond 180, transport-error', 'terminated', 'fail'],
    // RFC 6026 accepted
    ['a retransmitted INVITE MUST be absorbed while accepted', UDP, 'respond 200, request', 'accepted', ''],
    ['the repetition of the 2xx doubles', UDP, 'respond 200, timer repeat', 'accepted', 'send, start repeat 1000'],
    [
      'and stops growing at T2',
      UDP,
      'respond 200, timer repeat, timer repeat, timer repeat, timer repeat',
      'accepted',
      'send, start repeat 4000',
    ],
    ['the ACK MUST be passed up, and ends the repetition', UDP, 'respond 200, ack', 'accepted', 'stop repeat, deliver'],
    ['a copy of the ACK is absorbed', UDP, 'respond 200, ack, ack', 'accepted', ''],
    ['L ends the transaction', UDP, 'respond 200, ack, timer L', 'terminated', ''],
    ['L without ACK is told (13.3.1.4)', UDP, 'respond 200, timer L', 'terminated', 'stop repeat, timeout'],
    ['a transport error MUST NOT end "accepted"', UDP, 'respond 200, transport-error', 'accepted', ''],
    // completed
    ['a retransmitted INVITE gets the failure again', UDP, 'respond 486, request', 'completed', 'send'],
    [
      'when G fires the failure is sent again and G doubles',
      UDP,
      'respond 486, timer G',
      'completed',
      'send, start G 1000',
    ],
    ['G is never above T2', UDP, 'respond 486, timer G, timer G, timer G, timer G', 'completed', 'send, start G 4000'],
    [
      'an ACK MUST lead to "confirmed" and stops G; I is T4',
      UDP,
      'respond 486, ack',
      'confirmed',
      'stop G, stop H, start I 5000',
    ],
    ['I is zero on reliable transports', TCP, 'respond 486, ack', 'terminated', 'stop H'],
    ['H ends the transaction', UDP, 'respond 486, timer H', 'terminated', 'stop G'],
    ['a failure that cannot be sent is told', TCP, 'respond 486, transport-error', 'terminated', 'stop H, fail'],
    // confirmed
    ['further ACKs are absorbed', UDP, 'respond 486, ack, ack', 'confirmed', ''],
    ['a late copy of the INVITE is absorbed', UDP, 'respond 486, ack, request', 'confirmed', ''],
    ['I MUST end the transaction', UDP, 'respond 486, ack, timer I', 'terminated', ''],
  ];

  it.each(rows)('%s', (_title, rules, inputs, state, actions) => {
    expect(after(inviteServer, rules, inputs)).toEqual({ state, actions });
  });

  it.each([
    'respond 200, respond 200',
    'respond 486, respond 200',
    'respond 486, ack, respond 200',
    'respond 200, timer G',
    'respond 180, timer answer, timer L',
    'timer I',
    'respond 486, ack, timer G',
  ])('a second final response, or a timer of another state, is a defect: %s', (inputs) => {
    expect(() => after(inviteServer, UDP, inputs)).toThrow(/not legal in state/);
  });
});
