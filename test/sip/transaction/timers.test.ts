import { describe, expect, it } from 'vitest';
import { inviteClient } from '../../../src/sip/transaction/invite-client.ts';
import { inviteServer } from '../../../src/sip/transaction/invite-server.ts';
import type { Machine, Rules } from '../../../src/sip/transaction/machine.ts';
import { nonInviteClient } from '../../../src/sip/transaction/non-invite-client.ts';
import { nonInviteServer } from '../../../src/sip/transaction/non-invite-server.ts';
import { after, type AnyInput } from './machines.ts';

/** No two of these, nor their usual multiples, are alike. */
const TIMERS = { t1Ms: 7, t2Ms: 23, t4Ms: 101, t1x64Ms: 1_009 };
const SHORT_B = { ...TIMERS, timerBMs: 211 };
const UDP: Rules = { timers: TIMERS, reliable: false };
const TCP: Rules = { timers: TIMERS, reliable: true };
const BRIEF: Rules = { timers: SHORT_B, reliable: false };

type AnyMachine = Machine<{ readonly name: string }, AnyInput>;

describe('every timer is made of T1, T2, T4, 64*T1 and timer B (RFC 3261 table 4, RFC 6026 8)', () => {
  const rows: [timer: string, machine: AnyMachine, rules: Rules, inputs: string, delays: readonly number[]][] = [
    ['A', inviteClient, UDP, '', [7]],
    ['A', inviteClient, UDP, 'timer A, timer A, timer A', [56]],
    ['A', inviteClient, TCP, '', []],
    ['B', inviteClient, UDP, '', [1_009]],
    ['B', inviteClient, TCP, '', [1_009]],
    ['B', inviteClient, BRIEF, '', [211]],
    ['D', inviteClient, UDP, 'response 486', [1_009]],
    ['D', inviteClient, TCP, 'response 486', []],
    ['M', inviteClient, UDP, 'response 200', [1_009]],
    ['M', inviteClient, TCP, 'response 200', [1_009]],
    ['M', inviteClient, BRIEF, 'response 200', [1_009]],
    ['cancelled', inviteClient, UDP, 'response 180, cancel', [1_009]],
    ['late', inviteClient, UDP, 'timer B', [101]],
    ['late', inviteClient, BRIEF, 'timer B', [798]],
    ['E', nonInviteClient, UDP, '', [7]],
    ['E', nonInviteClient, UDP, 'timer E', [14]],
    ['E', nonInviteClient, UDP, 'timer E, timer E', [23]],
    ['E', nonInviteClient, UDP, 'response 100, timer E', [23]],
    ['E', nonInviteClient, TCP, '', []],
    ['F', nonInviteClient, UDP, '', [1_009]],
    ['F', nonInviteClient, BRIEF, '', [1_009]],
    ['K', nonInviteClient, UDP, 'response 200', [101]],
    ['K', nonInviteClient, TCP, 'response 200', []],
    ['G', inviteServer, UDP, 'respond 486', [7]],
    ['G', inviteServer, UDP, 'respond 486, timer G', [14]],
    ['G', inviteServer, UDP, 'respond 486, timer G, timer G', [23]],
    ['G', inviteServer, TCP, 'respond 486', []],
    ['H', inviteServer, UDP, 'respond 486', [1_009]],
    ['H', inviteServer, TCP, 'respond 486', [1_009]],
    ['I', inviteServer, UDP, 'respond 486, ack', [101]],
    ['I', inviteServer, TCP, 'respond 486, ack', []],
    ['L', inviteServer, UDP, 'respond 200', [1_009]],
    ['L', inviteServer, TCP, 'respond 200', [1_009]],
    ['repeat', inviteServer, TCP, 'respond 200', [7]],
    ['J', nonInviteServer, UDP, 'respond 200', [1_009]],
    ['J', nonInviteServer, TCP, 'respond 200', []],
  ];

  it.each(rows)('timer %s', (timer, machine, rules, inputs, delays) => {
    const started = after(machine, rules, inputs)
      .actions.split(', ')
      .filter((action) => action.startsWith(`start ${timer} `))
      .map((action) => Number(action.split(' ')[2]));
    expect(started).toEqual(delays);
  });
});
