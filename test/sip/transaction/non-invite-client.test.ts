import { describe, expect, it } from 'vitest';
import { nonInviteClient } from '../../../src/sip/transaction/non-invite-client.ts';
import { after, TCP, UDP } from './machines.ts';

describe('non-INVITE client transaction (RFC 3261 17.1.2)', () => {
  const rows: [title: string, rules: typeof UDP, inputs: string, state: string, actions: string][] = [
    [
      '"trying" is entered and the request MUST be sent; E is T1, F is 64*T1',
      UDP,
      '',
      'trying',
      'send, start E 500, start F 32000',
    ],
    ['E MUST NOT run on a reliable transport, F does', TCP, '', 'trying', 'send, start F 32000'],
    ['E is doubled when it fires', UDP, 'timer E', 'trying', 'send, start E 1000'],
    ['E is never above T2', UDP, 'timer E, timer E, timer E, timer E, timer E', 'trying', 'send, start E 4000'],
    ['F while trying SHOULD be told as a timeout', UDP, 'timer F', 'terminated', 'stop E, timeout'],
    ['a transport error while trying SHOULD be told', UDP, 'transport-error', 'terminated', 'stop E, stop F, fail'],
    [
      'a provisional response MUST be passed up and leads to "proceeding"; E and F run on',
      UDP,
      'response 100',
      'proceeding',
      'deliver',
    ],
    [
      'a final response while trying MUST be passed up; K is T4',
      UDP,
      'response 200',
      'completed',
      'stop E, stop F, start K 5000, deliver',
    ],
    ['K is zero on reliable transports', TCP, 'response 200', 'terminated', 'stop F, deliver'],
    ['while proceeding E MUST be T2', UDP, 'response 100, timer E', 'proceeding', 'send, start E 4000'],
    ['F while proceeding ends the transaction', UDP, 'response 100, timer F', 'terminated', 'stop E, timeout'],
    [
      'a transport error while proceeding SHOULD be told',
      TCP,
      'response 100, transport-error',
      'terminated',
      'stop E, stop F, fail',
    ],
    [
      'a final response while proceeding MUST be passed up',
      UDP,
      'response 100, response 404',
      'completed',
      'stop E, stop F, start K 5000, deliver',
    ],
    ['a copy of the final response is buffered: it does not go up', UDP, 'response 200, response 200', 'completed', ''],
    ['K MUST end the transaction', UDP, 'response 200, timer K', 'terminated', ''],
    ['once ended it is deaf', UDP, 'response 200, timer K, response 200', 'terminated', ''],
  ];

  it.each(rows)('%s', (_title, rules, inputs, state, actions) => {
    expect(after(nonInviteClient, rules, inputs)).toEqual({ state, actions });
  });

  it.each([
    ['', 'trying', 'send, start E 500, start F 20000, start silence 5000'],
    ['timer silence', 'terminated', 'stop E, stop F, timeout'],
    // RFC 3263 4.3: "without ever having received any response".
    ['response 100', 'proceeding', 'stop silence, deliver'],
    ['response 100, timer F', 'terminated', 'stop E, timeout'],
    ['response 200', 'completed', 'stop E, stop F, stop silence, start K 5000, deliver'],
    ['transport-error', 'terminated', 'stop E, stop F, stop silence, fail'],
  ])('as one of several addresses has its share, unless it answers: %s', (inputs, state, actions) => {
    const rules = { ...UDP, share: { silenceMs: 5_000, totalMs: 20_000 } };
    expect(after(nonInviteClient, rules, inputs)).toEqual({ state, actions });
  });

  it('as the last of several has what is left', () => {
    const rules = { ...TCP, share: { silenceMs: 7_000, totalMs: 7_000 } };
    expect(after(nonInviteClient, rules, '').actions).toBe('send, start F 7000');
  });

  it.each(['timer K', 'response 200, timer E', 'response 200, timer F', 'cancel'])(
    'what does not belong to this state is a defect: %s',
    (inputs) => {
      expect(() => after(nonInviteClient, UDP, inputs)).toThrow(/not legal in state/);
    },
  );
});
