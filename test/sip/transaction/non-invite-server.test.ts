import { describe, expect, it } from 'vitest';
import { nonInviteServer } from '../../../src/sip/transaction/non-invite-server.ts';
import { after, TCP, UDP } from './machines.ts';

describe('non-INVITE server transaction (RFC 3261 17.2.2)', () => {
  const rows: [title: string, rules: typeof UDP, inputs: string, state: string, actions: string][] = [
    ['"trying" is entered, and nothing is sent', UDP, '', 'trying', 'start answer 32000'],
    ['retransmissions are discarded while trying', UDP, 'request', 'trying', ''],
    ['a provisional response leads to "proceeding" and is sent', UDP, 'respond 100', 'proceeding', 'send'],
    ['further provisional responses are sent', UDP, 'respond 100, respond 180', 'proceeding', 'send'],
    [
      'while proceeding a retransmission MUST get the last provisional response',
      UDP,
      'respond 100, request',
      'proceeding',
      'send',
    ],
    [
      'a final response leads to "completed" and is sent; J is 64*T1',
      UDP,
      'respond 200',
      'completed',
      'stop answer, send, start J 32000',
    ],
    ['J is zero on reliable transports', TCP, 'respond 200', 'terminated', 'stop answer, send'],
    [
      'while completed a retransmission MUST get the final response again',
      UDP,
      'respond 200, request',
      'completed',
      'send',
    ],
    ['J MUST end the transaction', UDP, 'respond 200, timer J', 'terminated', ''],
    [
      'a transport error is told and ends the transaction',
      UDP,
      'respond 100, transport-error',
      'terminated',
      'stop answer, fail',
    ],
    ['also while completed', UDP, 'respond 200, transport-error', 'terminated', 'stop J, fail'],
    ['a user that is silent for 64*T1: 500', UDP, 'timer answer', 'trying', 'conclude 500'],
    ['also after a provisional response', UDP, 'respond 100, timer answer', 'proceeding', 'conclude 500'],
    ['an ACK means nothing to it', UDP, 'ack', 'trying', ''],
  ];

  it.each(rows)('%s', (_title, rules, inputs, state, actions) => {
    expect(after(nonInviteServer, rules, inputs)).toEqual({ state, actions });
  });

  it.each(['respond 200, respond 200', 'timer J', 'respond 200, timer answer', 'respond 200, timer J, timer J'])(
    'a second final response, or a timer of another state, is a defect: %s',
    (inputs) => {
      expect(() => after(nonInviteServer, UDP, inputs)).toThrow(/not legal in state/);
    },
  );
});
