import {
  ACK,
  CANCEL,
  DELIVER,
  FAIL,
  NOTHING,
  SEND,
  TIMEOUT,
  illegal,
  start,
  stop,
  type Action,
  type ClientInput,
  type Machine,
  type Rules,
  type Transition,
} from './machine.ts';

/**
 * The INVITE client transaction: RFC 3261 17.1.1, with the Accepted state of RFC 6026 8.4 and the CANCEL of RFC 3261 9.1.
 *
 * ```
 *                     | INVITE from above: send, start A (UDP), B
 *   A: send again     v
 *         +----- [calling] ------- transport error ---------------------+
 *         +------->  |   |   \____ B: timeout --> [given-up], below      |
 *                1xx |   | 300-699: ACK, up                             |
 *                    v   +---------------+                              |
 *   1xx: up    [proceeding] -------------|-- cancelled 64*T1 ago: 487 --+
 *                    |   | 300-699: ACK, |   (error: CANCEL, [given-up])|
 *   2xx: up          |   | up            |                              |
 *  (from calling     v   v               v                              |
 *   as well)   [accepted] [completed] <--+  300-699: ACK again          |
 *   2xx: up          | M      | D (zero on TCP), or transport error     |
 *                    v        v                                         v
 *                  [terminated] <---------------------------------------+
 *
 *   1xx: CANCEL, once   [given-up] -- late --> [terminated]
 *                        |      |
 *      2xx: up           v      v  300-699: ACK, not up
 *                 [accepted] [completed]
 * ```
 *
 * 17.1.1.2 would end the transaction with timer B. Not so here, for a phone that rings or answers after that would do so for ever:
 * what comes until 64*T1 is cancelled, passed up for the user to acknowledge and end, or acknowledged.
 */
export interface InviteClientState {
  readonly name: 'calling' | 'proceeding' | 'given-up' | 'accepted' | 'completed' | 'terminated';
  /** Timer A's present value. */
  readonly intervalMs: number;
  /** `held`: the CANCEL waits for the first provisional response. */
  readonly cancel: 'none' | 'held' | 'sent';
}

type Name = InviteClientState['name'];

const EDGES: Record<Name, readonly Name[]> = {
  calling: ['calling', 'proceeding', 'given-up', 'accepted', 'completed', 'terminated'],
  proceeding: ['proceeding', 'given-up', 'accepted', 'completed', 'terminated'],
  'given-up': ['given-up', 'accepted', 'completed', 'terminated'],
  accepted: ['accepted', 'terminated'],
  completed: ['completed', 'terminated'],
  terminated: ['terminated'],
};

function move(
  from: InviteClientState,
  name: Name,
  actions: readonly Action[],
  change?: Partial<InviteClientState>,
): Transition<InviteClientState> {
  if (!EDGES[from.name].includes(name)) throw illegal('INVITE client', from.name, `to ${name}`);
  return { state: { ...from, ...change, name }, actions };
}

function stay(state: InviteClientState): Transition<InviteClientState> {
  return { state, actions: NOTHING };
}

/** 17.1.1.2: 64*T1, where nobody configured less, nor another address waits for its turn. */
function timerBMs({ timers, share }: Rules): number {
  return Math.min(timers.timerBMs ?? timers.t1x64Ms, share?.silenceMs ?? Infinity);
}

function begin(rules: Rules): Transition<InviteClientState> {
  const { t1Ms } = rules.timers;
  // 17.1.1.2: the initial state is "calling"; timer A runs on unreliable transports only, B on all.
  const state: InviteClientState = { name: 'calling', intervalMs: t1Ms, cancel: 'none' };
  const waiting = start('B', timerBMs(rules));
  return { state, actions: rules.reliable ? [SEND, waiting] : [SEND, start('A', t1Ms), waiting] };
}

function next(state: InviteClientState, input: ClientInput, rules: Rules): Transition<InviteClientState> {
  switch (state.name) {
    case 'calling':
      return calling(state, input, rules);
    case 'proceeding':
      return proceeding(state, input, rules);
    case 'given-up':
      return givenUp(state, input, rules);
    case 'accepted':
      return accepted(state, input);
    case 'completed':
      return completed(state, input);
    case 'terminated':
      if (input.kind === 'timer') throw illegal('INVITE client', state.name, `timer ${input.timer}`);
      return stay(state);
  }
}

function calling(state: InviteClientState, input: ClientInput, rules: Rules): Transition<InviteClientState> {
  switch (input.kind) {
    case 'response':
      // 17.1.1.2: any response stops the retransmissions.
      if (input.status < 200) return firstProvisional(state, rules);
      return final(state, input.status, rules, [stop('A'), stop('B')]);
    case 'cancel':
      // 9.1: "If no provisional response has been received, the CANCEL request MUST NOT be sent".
      return move(state, 'calling', NOTHING, { cancel: 'held' });
    case 'timer': {
      if (input.timer === 'A') {
        // 17.1.1.2: timer A doubles with each retransmission; there is no T2 here.
        const intervalMs = state.intervalMs * 2;
        return move(state, 'calling', [SEND, start('A', intervalMs)], { intervalMs });
      }
      // 17.1.1.2: "If the client transaction is still in the Calling state when timer B fires, [it] SHOULD inform the TU".
      if (input.timer === 'B') return move(state, 'given-up', [stop('A'), start('late', lateMs(rules)), TIMEOUT]);
      throw illegal('INVITE client', state.name, `timer ${input.timer}`);
    }
    case 'transport-error':
      // 17.1.4
      return move(state, 'terminated', [stop('A'), stop('B'), FAIL]);
  }
}

function firstProvisional(state: InviteClientState, rules: Rules): Transition<InviteClientState> {
  const actions: Action[] = [stop('A'), stop('B')];
  if (state.cancel !== 'held') return move(state, 'proceeding', [...actions, DELIVER]);
  // 9.1: the first provisional response is what the CANCEL waited for.
  actions.push(CANCEL, start('cancelled', rules.timers.t1x64Ms), DELIVER);
  return move(state, 'proceeding', actions, { cancel: 'sent' });
}

function proceeding(state: InviteClientState, input: ClientInput, rules: Rules): Transition<InviteClientState> {
  switch (input.kind) {
    case 'response':
      if (input.status < 200) return move(state, 'proceeding', [DELIVER]);
      return final(state, input.status, rules, state.cancel === 'sent' ? [stop('cancelled')] : []);
    case 'cancel':
      if (state.cancel === 'sent') return stay(state);
      return move(state, 'proceeding', [CANCEL, start('cancelled', rules.timers.t1x64Ms)], { cancel: 'sent' });
    case 'timer':
      if (input.timer !== 'cancelled') throw illegal('INVITE client', state.name, `timer ${input.timer}`);
      // 9.1: no final response within 64*T1 of the CANCEL: the client "SHOULD then consider the transaction cancelled".
      return move(state, 'terminated', [{ do: 'conclude', status: 487 }]);
    case 'transport-error':
      return lost(state, rules);
  }
}

/**
 * The connection has closed while a phone rings (17.1.1 leaves it open; for UDP nobody reports it here). The user hears of it at
 * once, for most such peers have gone; one that is there answers over another connection (18.2.2), by which it is cancelled.
 */
function lost(state: InviteClientState, { timers }: Rules): Transition<InviteClientState> {
  const late = start('late', timers.t1x64Ms);
  if (state.cancel === 'sent') return move(state, 'given-up', [stop('cancelled'), late, FAIL]);
  return move(state, 'given-up', [CANCEL, late, FAIL], { cancel: 'sent' });
}

/** Until 64*T1 after the first copy; the last one may be under way for T4 (17.1.2.2), and so may its answer. */
function lateMs(rules: Rules): number {
  const { t1x64Ms, t4Ms } = rules.timers;
  return Math.max(t1x64Ms - timerBMs(rules), t4Ms);
}

function givenUp(state: InviteClientState, input: ClientInput, rules: Rules): Transition<InviteClientState> {
  const { t1x64Ms } = rules.timers;
  switch (input.kind) {
    case 'response': {
      const { status } = input;
      if (status >= 200 && status < 300) return move(state, 'accepted', [stop('late'), start('M', t1x64Ms), DELIVER]);
      if (status >= 300) return refused(state, rules, [stop('late'), ACK]);
      if (state.cancel === 'sent') return stay(state);
      // 9.1: now that there is a provisional response; its final one, or the 2xx that crosses the CANCEL, has 64*T1 again.
      return move(state, 'given-up', [CANCEL, start('late', t1x64Ms)], { cancel: 'sent' });
    }
    case 'timer':
      if (input.timer !== 'late') throw illegal('INVITE client', state.name, `timer ${input.timer}`);
      return move(state, 'terminated', NOTHING);
    case 'transport-error':
    case 'cancel':
      // 18.2.2: a server whose connection has closed sends its answer over another one.
      return stay(state);
  }
}

function final(
  state: InviteClientState,
  status: number,
  rules: Rules,
  stops: readonly Action[],
): Transition<InviteClientState> {
  const { t1x64Ms } = rules.timers;
  // RFC 6026 8.4: a 2xx leads to "accepted", where timer M lets the 2xx of other branches and repeated ones in.
  if (status < 300) return move(state, 'accepted', [...stops, start('M', t1x64Ms), DELIVER]);
  // 17.1.1.2: "the client transaction MUST generate an ACK request".
  const { state: after, actions } = refused(state, rules, [...stops, ACK]);
  return { state: after, actions: [...actions, DELIVER] };
}

/** 17.1.1.2: timer D is zero on reliable transports. */
function refused(state: InviteClientState, rules: Rules, actions: readonly Action[]): Transition<InviteClientState> {
  if (rules.reliable) return move(state, 'terminated', actions);
  return move(state, 'completed', [...actions, start('D', rules.timers.t1x64Ms)]);
}

function accepted(state: InviteClientState, input: ClientInput): Transition<InviteClientState> {
  switch (input.kind) {
    case 'response':
      // RFC 6026 8.4: every 2xx goes up; the layer above ACKs it (13.2.2.4). Late 1xx and failures of other branches do not.
      return input.status >= 200 && input.status < 300 ? move(state, 'accepted', [DELIVER]) : stay(state);
    case 'timer':
      if (input.timer !== 'M') throw illegal('INVITE client', state.name, `timer ${input.timer}`);
      return move(state, 'terminated', NOTHING);
    case 'cancel':
    case 'transport-error':
      return stay(state);
  }
}

function completed(state: InviteClientState, input: ClientInput): Transition<InviteClientState> {
  switch (input.kind) {
    case 'response':
      // 17.1.1.2: a retransmitted failure is ACKed again, but "MUST NOT be passed up to the TU".
      return input.status >= 300 ? move(state, 'completed', [ACK]) : stay(state);
    case 'timer':
      if (input.timer !== 'D') throw illegal('INVITE client', state.name, `timer ${input.timer}`);
      return move(state, 'terminated', NOTHING);
    case 'transport-error':
      // The ACK could not be sent. The user has the final response already: nothing is left to tell.
      return move(state, 'terminated', [stop('D')]);
    case 'cancel':
      return stay(state);
  }
}

export const inviteClient: Machine<InviteClientState, ClientInput> = { start: begin, next };
