import { describe, expect, it } from 'vitest';
import { inviteClient } from '../../../src/sip/transaction/invite-client.ts';
import { after, TCP, UDP } from './machines.ts';

describe('INVITE client transaction (RFC 3261 17.1.1, RFC 6026 8.4)', () => {
  const rows: [title: string, rules: typeof UDP, inputs: string, state: string, actions: string][] = [
    // 17.1.1.2 calling
    [
      'the initial state "calling" MUST be entered and the INVITE sent; A is T1, B is 64*T1',
      UDP,
      '',
      'calling',
      'send, start A 500, start B 32000',
    ],
    ['timer A SHOULD NOT be started on a reliable transport', TCP, '', 'calling', 'send, start B 32000'],
    ['when A fires the INVITE MUST be sent again and A doubles', UDP, 'timer A', 'calling', 'send, start A 1000'],
    ['A doubles without the limit T2', UDP, 'timer A, timer A, timer A, timer A', 'calling', 'send, start A 8000'],
    [
      'when B fires the user SHOULD be told of the timeout; answers to the last copy have T4',
      UDP,
      'timer A, timer B',
      'given-up',
      'stop A, start late 5000, timeout',
    ],
    ['no ACK MUST be made when B fires', TCP, 'timer B', 'given-up', 'stop A, start late 5000, timeout'],
    // given up
    ['a late 1xx is cancelled (9.1)', UDP, 'timer B, response 180', 'given-up', 'cancel, start late 32000'],
    ['so is a late 100', UDP, 'timer B, response 100', 'given-up', 'cancel, start late 32000'],
    ['but once', UDP, 'timer B, response 100, response 180', 'given-up', ''],
    ['a CANCEL that was held goes then', UDP, 'cancel, timer B, response 180', 'given-up', 'cancel, start late 32000'],
    ['the user cannot cancel it any more', UDP, 'timer B, cancel', 'given-up', ''],
    [
      'its 487 MUST be ACKed and does not go up',
      UDP,
      'timer B, response 180, response 487',
      'completed',
      'stop late, ack, start D 32000',
    ],
    ['over TCP too', TCP, 'timer B, response 486', 'terminated', 'stop late, ack'],
    [
      'a late 2xx goes up: somebody has to acknowledge and end it',
      UDP,
      'timer B, response 200',
      'accepted',
      'stop late, start M 32000, deliver',
    ],
    [
      'also where it crosses the CANCEL',
      UDP,
      'timer B, response 180, response 200',
      'accepted',
      'stop late, start M 32000, deliver',
    ],
    ['a connection that closes brings no end: 18.2.2', TCP, 'timer B, transport-error', 'given-up', ''],
    ['in the end it is forgotten', UDP, 'timer B, timer late', 'terminated', ''],
    [
      'a provisional response MUST lead to "proceeding" and goes up; the INVITE SHOULD NOT be sent again',
      UDP,
      'response 180',
      'proceeding',
      'stop A, stop B, deliver',
    ],
    ['100 stops the retransmissions too', UDP, 'response 100', 'proceeding', 'stop A, stop B, deliver'],
    [
      'a transport error while calling MUST be told and ends the transaction',
      UDP,
      'transport-error',
      'terminated',
      'stop A, stop B, fail',
    ],
    [
      '300-699 while calling MUST be ACKed, goes up and leads to "completed"; D is at least 32 s',
      UDP,
      'response 486',
      'completed',
      'stop A, stop B, ack, start D 32000, deliver',
    ],
    ['D is zero on reliable transports', TCP, 'response 486', 'terminated', 'stop A, stop B, ack, deliver'],
    [
      '2xx while calling leads to "accepted", M is 64*T1, and is not ACKed here',
      UDP,
      'response 200',
      'accepted',
      'stop A, stop B, start M 32000, deliver',
    ],
    ['M runs on reliable transports too', TCP, 'response 200', 'accepted', 'stop A, stop B, start M 32000, deliver'],
    // 17.1.1.2 proceeding
    ['any further provisional responses MUST be passed up', UDP, 'response 100, response 183', 'proceeding', 'deliver'],
    [
      '300-699 while proceeding MUST be ACKed and goes up',
      UDP,
      'response 180, response 603',
      'completed',
      'ack, start D 32000, deliver',
    ],
    [
      '2xx while proceeding leads to "accepted"',
      UDP,
      'response 180, response 200',
      'accepted',
      'start M 32000, deliver',
    ],
    [
      'a connection that closes while proceeding is told, and the phone that rings is cancelled (18.2.2)',
      TCP,
      'response 180, transport-error',
      'given-up',
      'cancel, start late 32000, fail',
    ],
    [
      'one that was cancelled already is not cancelled again',
      TCP,
      'response 180, cancel, transport-error',
      'given-up',
      'stop cancelled, start late 32000, fail',
    ],
    // RFC 6026 8.4 accepted
    ['every 2xx MUST be passed up while accepted', UDP, 'response 200, response 200', 'accepted', 'deliver'],
    ['a failure of another branch is not passed up while accepted', UDP, 'response 200, response 486', 'accepted', ''],
    ['a late 18x is not passed up while accepted', UDP, 'response 200, response 180', 'accepted', ''],
    ['M MUST end the transaction', UDP, 'response 200, timer M', 'terminated', ''],
    ['a transport error while accepted changes nothing', TCP, 'response 200, transport-error', 'accepted', ''],
    // 17.1.1.2 completed
    [
      'a retransmitted failure MUST be ACKed again and MUST NOT be passed up',
      UDP,
      'response 486, response 486',
      'completed',
      'ack',
    ],
    [
      'a provisional response that comes after the failure is dropped',
      UDP,
      'response 486, response 180',
      'completed',
      '',
    ],
    ['D MUST end the transaction', UDP, 'response 486, timer D', 'terminated', ''],
    ['an ACK that cannot be sent ends the transaction', UDP, 'response 486, transport-error', 'terminated', 'stop D'],
    ['nothing goes up once it has ended', UDP, 'response 486, timer D, response 486', 'terminated', ''],
    // 9.1
    ['CANCEL MUST NOT be sent before a provisional response', UDP, 'cancel', 'calling', ''],
    [
      'the first provisional response lets the held CANCEL go',
      UDP,
      'cancel, response 100',
      'proceeding',
      'stop A, stop B, cancel, start cancelled 32000, deliver',
    ],
    [
      'after a provisional response CANCEL is sent at once',
      UDP,
      'response 180, cancel',
      'proceeding',
      'cancel, start cancelled 32000',
    ],
    ['CANCEL is sent once', UDP, 'response 180, cancel, cancel', 'proceeding', ''],
    [
      'no final response within 64*T1 of the CANCEL: the INVITE counts as cancelled',
      UDP,
      'response 180, cancel, timer cancelled',
      'terminated',
      'conclude 487',
    ],
    [
      'a final response after CANCEL is taken as it is',
      UDP,
      'response 180, cancel, response 487',
      'completed',
      'stop cancelled, ack, start D 32000, deliver',
    ],
    [
      'a 2xx that crosses the CANCEL is a 2xx',
      UDP,
      'response 180, cancel, response 200',
      'accepted',
      'stop cancelled, start M 32000, deliver',
    ],
    [
      'a held CANCEL is forgotten with the final response',
      UDP,
      'cancel, response 486',
      'completed',
      'stop A, stop B, ack, start D 32000, deliver',
    ],
    ['a CANCEL after the final response has no effect', UDP, 'response 486, cancel', 'completed', ''],
  ];

  it.each(rows)('%s', (_title, rules, inputs, state, actions) => {
    expect(after(inviteClient, rules, inputs)).toEqual({ state, actions });
  });

  it('timer B has a value of its own where one is configured', () => {
    const rules = { ...UDP, timers: { ...UDP.timers, timerBMs: 4_000 } };
    expect(after(inviteClient, rules, '').actions).toBe('send, start A 500, start B 4000');
  });

  it('of several addresses each has its share of the time, and what is left of 64*T1 for late answers', () => {
    const rules = { ...UDP, share: { silenceMs: 8_000, totalMs: 32_000 } };
    expect(after(inviteClient, rules, '').actions).toBe('send, start A 500, start B 8000');
    expect(after(inviteClient, rules, 'timer B').actions).toBe('stop A, start late 24000, timeout');
    const short = { ...rules, timers: { ...UDP.timers, timerBMs: 4_000 } };
    expect(after(inviteClient, short, '').actions).toBe('send, start A 500, start B 4000');
  });

  it.each([
    'timer D',
    'response 180, timer B',
    'response 200, timer A',
    'response 486, timer M',
    'timer B, timer B',
    'timer B, timer late, timer late',
  ])('a timer that does not run in this state is a defect: %s', (inputs) => {
    expect(() => after(inviteClient, UDP, inputs)).toThrow(/not legal in state/);
  });
});
