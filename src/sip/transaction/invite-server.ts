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
  type ServerInput,
  type Machine,
  type Rules,
  type Transition,
} from './machine.ts';

/**
 * The INVITE server transaction: RFC 3261 17.2.1, with the Accepted state of RFC 6026 8.5. The repetition of the 2xx until its
 * ACK (RFC 3261 13.3.1.4, a duty of the layer above) is here too, as `repeat`.
 *
 * ```
 *                    | INVITE: 100 Trying
 *   INVITE, 1xx:     v
 *   send (again)  [proceeding] ---- transport error ---------------------+
 *                    |    |                                              |
 *         2xx: send  |    | 300-699: send                                |
 *                    v    v                                              |
 *   repeat:   [accepted] [completed] --- H, or transport error --------->|
 *   send again       |    |    G (UDP), INVITE: send again               |
 *   ACK: up          |    | ACK                                          |
 *                    |    v                                              |
 *                    |  [confirmed]                                      |
 *                 L  |    | I (zero on TCP)                              |
 *                    v    v                                              |
 *                  [terminated] <----------------------------------------+
 * ```
 */
export interface InviteServerState {
  readonly name: 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';
  /** Present value of timer G, or of `repeat`. */
  readonly intervalMs: number;
  /** Proceeding: a response above 100 was sent, so the caller hears ringing and may wait as long as it likes. */
  readonly answering: boolean;
  /** Accepted: the ACK has come. */
  readonly acknowledged: boolean;
}

type Name = InviteServerState['name'];

const EDGES: Record<Name, readonly Name[]> = {
  proceeding: ['proceeding', 'accepted', 'completed', 'terminated'],
  accepted: ['accepted', 'terminated'],
  completed: ['completed', 'confirmed', 'terminated'],
  confirmed: ['terminated'],
  terminated: [],
};

function move(
  from: InviteServerState,
  name: Name,
  actions: readonly Action[],
  change?: Partial<InviteServerState>,
): Transition<InviteServerState> {
  if (!EDGES[from.name].includes(name)) throw illegal('INVITE server', from.name, `to ${name}`);
  return { state: { ...from, ...change, name }, actions };
}

function stay(state: InviteServerState): Transition<InviteServerState> {
  return { state, actions: NOTHING };
}

function begin(rules: Rules): Transition<InviteServerState> {
  const { t1Ms, t1x64Ms } = rules.timers;
  const state: InviteServerState = { name: 'proceeding', intervalMs: t1Ms, answering: false, acknowledged: false };
  // 17.2.1: "MUST generate a 100 (Trying) response unless it knows that the TU will generate [one] within 200 ms". It does not.
  // The caller's own patience is its business, but an application that is silent for 128*T1 has forgotten the call.
  return { state, actions: [SEND, start('answer', 2 * t1x64Ms)] };
}

function next(state: InviteServerState, input: ServerInput, rules: Rules): Transition<InviteServerState> {
  switch (state.name) {
    case 'proceeding':
      return proceeding(state, input, rules);
    case 'accepted':
      return accepted(state, input, rules);
    case 'completed':
      return completed(state, input, rules);
    case 'confirmed':
      // 17.2.1: "confirmed" absorbs whatever ACKs (and INVITEs) still come, until timer I.
      if (input.kind === 'timer' && input.timer === 'I') return move(state, 'terminated', NOTHING);
      return absorb(state, input);
    case 'terminated':
      return absorb(state, input);
  }
}

function absorb(state: InviteServerState, input: ServerInput): Transition<InviteServerState> {
  if (input.kind === 'timer') throw illegal('INVITE server', state.name, `timer ${input.timer}`);
  if (input.kind === 'respond') throw illegal('INVITE server', state.name, `a ${input.status}`);
  return stay(state);
}

function proceeding(state: InviteServerState, input: ServerInput, rules: Rules): Transition<InviteServerState> {
  switch (input.kind) {
    case 'request':
      // 17.2.1: "the most recent provisional response ... MUST be passed to the transport layer for retransmission".
      return move(state, 'proceeding', [SEND]);
    case 'ack':
    case 'settled':
      return stay(state);
    case 'respond':
      return respond(state, input.status, rules);
    case 'timer':
      if (input.timer !== 'answer') throw illegal('INVITE server', state.name, `timer ${input.timer}`);
      // The runner answers with this status, which comes back here as an ordinary `respond`.
      return move(state, 'proceeding', [{ do: 'conclude', status: 408 }], { answering: true });
    case 'transport-error':
      // 17.2.4
      return move(state, 'terminated', [...stopAnswer(state), FAIL]);
  }
}

/** Timer `answer` runs from the INVITE to the first response above 100. */
function stopAnswer(state: InviteServerState): readonly Action[] {
  return state.answering ? NOTHING : [stop('answer')];
}

function respond(state: InviteServerState, status: number, rules: Rules): Transition<InviteServerState> {
  const { t1Ms, t1x64Ms } = rules.timers;
  if (status === 100) return move(state, 'proceeding', [SEND]);
  const stops = stopAnswer(state);
  if (status < 200) return move(state, 'proceeding', [...stops, SEND], { answering: true });
  if (status < 300) {
    // RFC 6026 8.5: a 2xx leads to "accepted", for 64*T1 (timer L). RFC 3261 13.3.1.4: the 2xx is repeated "with an interval that
    // starts at T1 seconds and doubles for each retransmission until it reaches T2", whatever the transport, until the ACK.
    return move(state, 'accepted', [...stops, SEND, start('repeat', t1Ms), start('L', t1x64Ms)], { intervalMs: t1Ms });
  }
  // 17.2.1: timer H on every transport, G on unreliable ones.
  const actions = [...stops, SEND, start('H', t1x64Ms)];
  if (!rules.reliable) actions.push(start('G', t1Ms));
  return move(state, 'completed', actions, { intervalMs: t1Ms });
}

function accepted(state: InviteServerState, input: ServerInput, rules: Rules): Transition<InviteServerState> {
  switch (input.kind) {
    case 'request':
      // RFC 6026 8.5: retransmitted INVITEs are absorbed; timer `repeat` takes care of a lost 2xx.
      return stay(state);
    case 'ack':
      // RFC 6026 8.5: the ACK goes up. Once: its copies answer copies of our 2xx.
      if (state.acknowledged) return stay(state);
      return move(state, 'accepted', [stop('repeat'), DELIVER], { acknowledged: true });
    case 'settled':
      // 15: a caller that says BYE has seen the 2xx; nobody waits for the rest of its copies.
      if (state.acknowledged) return stay(state);
      return move(state, 'accepted', [stop('repeat')], { acknowledged: true });
    case 'respond':
      throw illegal('INVITE server', state.name, `a ${input.status}`);
    case 'timer': {
      if (input.timer === 'repeat') {
        const intervalMs = Math.min(state.intervalMs * 2, rules.timers.t2Ms);
        return move(state, 'accepted', [SEND, start('repeat', intervalMs)], { intervalMs });
      }
      if (input.timer !== 'L') throw illegal('INVITE server', state.name, `timer ${input.timer}`);
      // 13.3.1.4: "If the server retransmits the 2xx response for 64*T1 seconds without receiving an ACK", the layer above
      // ends the dialog.
      return move(state, 'terminated', state.acknowledged ? NOTHING : [stop('repeat'), TIMEOUT]);
    }
    case 'transport-error':
      // RFC 6026 8.5 stays in "accepted": the next repetition may pass, and if none does timer L tells.
      return stay(state);
  }
}

function completed(state: InviteServerState, input: ServerInput, rules: Rules): Transition<InviteServerState> {
  const stops = rules.reliable ? [stop('H')] : [stop('G'), stop('H')];
  switch (input.kind) {
    case 'request':
      // 17.2.1: "the server SHOULD pass the response to the transport for retransmission".
      return move(state, 'completed', [SEND]);
    case 'ack':
      // 17.2.1: timer I absorbs further ACKs for T4, zero on reliable transports.
      if (rules.reliable) return move(state, 'terminated', stops);
      return move(state, 'confirmed', [...stops, start('I', rules.timers.t4Ms)]);
    case 'settled':
      return stay(state);
    case 'respond':
      throw illegal('INVITE server', state.name, `a ${input.status}`);
    case 'timer': {
      if (input.timer === 'G') {
        // 17.2.1: G is reset to MIN(2*G, T2).
        const intervalMs = Math.min(state.intervalMs * 2, rules.timers.t2Ms);
        return move(state, 'completed', [SEND, start('G', intervalMs)], { intervalMs });
      }
      if (input.timer !== 'H') throw illegal('INVITE server', state.name, `timer ${input.timer}`);
      // 17.2.1: no ACK ever came. The call has failed either way; there is nobody to tell.
      return move(state, 'terminated', rules.reliable ? NOTHING : [stop('G')]);
    }
    case 'transport-error':
      return move(state, 'terminated', [...stops, FAIL]);
  }
}

export const inviteServer: Machine<InviteServerState, ServerInput> = { start: begin, next };
