import {
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
 * The non-INVITE client transaction: RFC 3261 17.1.2.
 *
 * ```
 *                     | request from above: send, start E (UDP), F
 *   E: send again     v
 *         +------ [trying] ------ F, silence: timeout, or error ----+
 *         +------->  |   |                                          |
 *            1xx: up |   | 200-699: up                              |
 *                    v   +---------+                                |
 *   1xx: up    [proceeding] -------|-- F: timeout, transport error -+
 *   E: send again    |             |                                |
 *                    | 200-699: up |                                |
 *                    v             v                                |
 *                 [completed] <----+                                |
 *                    | K (zero on TCP)                              |
 *                    v                                              |
 *                [terminated] <-------------------------------------+
 * ```
 */
export interface NonInviteClientState {
  readonly name: 'trying' | 'proceeding' | 'completed' | 'terminated';
  /** Timer E's present value. */
  readonly intervalMs: number;
}

type Name = NonInviteClientState['name'];

const EDGES: Record<Name, readonly Name[]> = {
  trying: ['trying', 'proceeding', 'completed', 'terminated'],
  proceeding: ['proceeding', 'completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

function move(
  from: NonInviteClientState,
  name: Name,
  actions: readonly Action[],
  intervalMs: number = from.intervalMs,
): Transition<NonInviteClientState> {
  if (!EDGES[from.name].includes(name)) throw illegal('non-INVITE client', from.name, `to ${name}`);
  return { state: { name, intervalMs }, actions };
}

function begin(rules: Rules): Transition<NonInviteClientState> {
  const { t1Ms, t1x64Ms } = rules.timers;
  const { silenceMs, totalMs } = rules.share ?? { silenceMs: t1x64Ms, totalMs: t1x64Ms };
  const state: NonInviteClientState = { name: 'trying', intervalMs: t1Ms };
  // 17.1.2.2: timer F on every transport; E "if an unreliable transport is in use".
  const actions = rules.reliable ? [SEND, start('F', totalMs)] : [SEND, start('E', t1Ms), start('F', totalMs)];
  // RFC 4321 1.2: who answers after 64*T1 answers nobody, so a second address that got its turn then would get it in vain.
  if (silenceMs < totalMs) actions.push(start('silence', silenceMs));
  return { state, actions };
}

function next(state: NonInviteClientState, input: ClientInput, rules: Rules): Transition<NonInviteClientState> {
  switch (state.name) {
    case 'trying':
    case 'proceeding':
      return waiting(state, input, rules);
    case 'completed':
      if (input.kind !== 'timer') return { state, actions: NOTHING };
      if (input.timer !== 'K') throw illegal('non-INVITE client', state.name, `timer ${input.timer}`);
      return move(state, 'terminated', NOTHING);
    case 'terminated':
      if (input.kind === 'timer') throw illegal('non-INVITE client', state.name, `timer ${input.timer}`);
      return { state, actions: NOTHING };
  }
}

function waiting(state: NonInviteClientState, input: ClientInput, rules: Rules): Transition<NonInviteClientState> {
  const { t2Ms, t4Ms } = rules.timers;
  const stopE = stop('E');
  const stops = rules.share === undefined ? [stopE, stop('F')] : [stopE, stop('F'), stop('silence')];
  switch (input.kind) {
    case 'response':
      // 17.1.2.2: provisional responses go up; E and F keep running.
      if (input.status < 200) {
        // RFC 3263 4.3: an address that has given any response has not failed.
        const heard = state.name === 'trying' && rules.share !== undefined;
        return move(state, 'proceeding', heard ? [stop('silence'), DELIVER] : [DELIVER]);
      }
      // 17.1.2.2: timer K buffers further copies of the final response on unreliable transports, and is zero on others.
      if (rules.reliable) return move(state, 'terminated', [stop('F'), DELIVER]);
      return move(state, 'completed', [...stops, start('K', t4Ms), DELIVER]);
    case 'timer': {
      if (input.timer === 'E') {
        // 17.1.2.2: trying: MIN(2*E, T2); proceeding: T2.
        const intervalMs = state.name === 'proceeding' ? t2Ms : Math.min(state.intervalMs * 2, t2Ms);
        return move(state, state.name, [SEND, start('E', intervalMs)], intervalMs);
      }
      // 17.1.2.2: "If Timer F fires ... the client transaction SHOULD inform the TU about the timeout".
      if (input.timer === 'F') return move(state, 'terminated', [stopE, TIMEOUT]);
      if (input.timer === 'silence' && state.name === 'trying') {
        return move(state, 'terminated', [stopE, stop('F'), TIMEOUT]);
      }
      throw illegal('non-INVITE client', state.name, `timer ${input.timer}`);
    }
    case 'cancel':
      // 9.1: "A UAC ... SHOULD NOT send a CANCEL for requests other than INVITE".
      throw illegal('non-INVITE client', state.name, 'a CANCEL');
    case 'transport-error':
      // 17.1.4
      return move(state, 'terminated', [...stops, FAIL]);
  }
}

export const nonInviteClient: Machine<NonInviteClientState, ClientInput> = { start: begin, next };
