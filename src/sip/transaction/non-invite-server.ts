import {
  FAIL,
  NOTHING,
  SEND,
  illegal,
  start,
  stop,
  type Action,
  type Machine,
  type Rules,
  type ServerInput,
  type Transition,
} from './machine.ts';

/**
 * The non-INVITE server transaction: RFC 3261 17.2.2.
 *
 * ```
 *                | request: up
 *                v
 *            [trying] ------ 200-699: send --------+
 *   request:     | 1xx: send                       |
 *   nothing      v                                 v
 *          [proceeding] --- 200-699: send ---> [completed]  request: send again
 *   request,     |                                 |
 *   1xx: send    | transport error                 | J (zero on TCP), or transport error
 *                v                                 v
 *           [terminated] <-------------------------+
 * ```
 */
export interface NonInviteServerState {
  readonly name: 'trying' | 'proceeding' | 'completed' | 'terminated';
}

type Name = NonInviteServerState['name'];

const EDGES: Record<Name, readonly Name[]> = {
  trying: ['trying', 'proceeding', 'completed', 'terminated'],
  proceeding: ['proceeding', 'completed', 'terminated'],
  completed: ['completed', 'terminated'],
  terminated: [],
};

const STATES: Record<Name, NonInviteServerState> = {
  trying: { name: 'trying' },
  proceeding: { name: 'proceeding' },
  completed: { name: 'completed' },
  terminated: { name: 'terminated' },
};

function move(from: NonInviteServerState, name: Name, actions: readonly Action[]): Transition<NonInviteServerState> {
  if (!EDGES[from.name].includes(name)) throw illegal('non-INVITE server', from.name, `to ${name}`);
  return { state: STATES[name], actions };
}

function begin(rules: Rules): Transition<NonInviteServerState> {
  // After 64*T1 the client's timer F has ended its side; the application is not waited for any longer.
  return { state: STATES.trying, actions: [start('answer', rules.timers.t1x64Ms)] };
}

function next(state: NonInviteServerState, input: ServerInput, rules: Rules): Transition<NonInviteServerState> {
  switch (state.name) {
    case 'trying':
    case 'proceeding':
      return waiting(state, input, rules);
    case 'completed':
      return completed(state, input);
    case 'terminated':
      if (input.kind === 'timer') throw illegal('non-INVITE server', state.name, `timer ${input.timer}`);
      if (input.kind === 'respond') throw illegal('non-INVITE server', state.name, `a ${input.status}`);
      return { state, actions: NOTHING };
  }
}

function waiting(state: NonInviteServerState, input: ServerInput, rules: Rules): Transition<NonInviteServerState> {
  switch (input.kind) {
    case 'request':
      // 17.2.2: in "trying" retransmissions are discarded; in "proceeding" the last provisional response is sent again.
      return { state, actions: state.name === 'trying' ? NOTHING : [SEND] };
    case 'ack':
    case 'settled':
      return { state, actions: NOTHING };
    case 'respond':
      if (input.status < 200) return move(state, 'proceeding', [SEND]);
      // 17.2.2: timer J is 64*T1 on unreliable transports and zero on reliable ones.
      if (rules.reliable) return move(state, 'terminated', [stop('answer'), SEND]);
      return move(state, 'completed', [stop('answer'), SEND, start('J', rules.timers.t1x64Ms)]);
    case 'timer':
      if (input.timer !== 'answer') throw illegal('non-INVITE server', state.name, `timer ${input.timer}`);
      // The runner answers with this status, which comes back here as an ordinary `respond`.
      return move(state, state.name, [{ do: 'conclude', status: 500 }]);
    case 'transport-error':
      // 17.2.4
      return move(state, 'terminated', [stop('answer'), FAIL]);
  }
}

function completed(state: NonInviteServerState, input: ServerInput): Transition<NonInviteServerState> {
  switch (input.kind) {
    case 'request':
      // 17.2.2: "MUST pass the final response to the transport layer for retransmission".
      return move(state, 'completed', [SEND]);
    case 'ack':
    case 'settled':
      return { state, actions: NOTHING };
    case 'respond':
      throw illegal('non-INVITE server', state.name, `a ${input.status}`);
    case 'timer':
      if (input.timer !== 'J') throw illegal('non-INVITE server', state.name, `timer ${input.timer}`);
      return move(state, 'terminated', NOTHING);
    case 'transport-error':
      return move(state, 'terminated', [stop('J'), FAIL]);
  }
}

export const nonInviteServer: Machine<NonInviteServerState, ServerInput> = { start: begin, next };
