import { DEFAULT_TIMERS } from '../../../src/sip/stack.types.ts';
import type {
  Action,
  ClientInput,
  Machine,
  Rules,
  ServerInput,
  TimerName,
  Transition,
} from '../../../src/sip/transaction/machine.ts';

/** Machines of either side are tried alike; methods let the wider type in. */
export type AnyInput = ClientInput | ServerInput;

export const UDP: Rules = { timers: DEFAULT_TIMERS, reliable: false };
export const TCP: Rules = { timers: DEFAULT_TIMERS, reliable: true };

/** `timer A`, `response 180`, `respond 200`, `ack`, … as an input. */
export function input(text: string): AnyInput {
  const [kind = '', value = ''] = text.split(' ');
  if (kind === 'timer') return { kind, timer: value as TimerName };
  const status = Number(value);
  return (kind === 'response' || kind === 'respond' ? { kind, status } : { kind }) as AnyInput;
}

/** An action as a short text: `send`, `start A 500`, `conclude 487`. */
export function written(action: Action): string {
  if (action.do === 'start') return `start ${action.timer} ${action.delayMs}`;
  if (action.do === 'stop') return `stop ${action.timer}`;
  return action.do === 'conclude' ? `conclude ${action.status}` : action.do;
}

/** The state and the actions after the last of these inputs. */
export function after<State extends { readonly name: string }>(
  machine: Machine<State, AnyInput>,
  rules: Rules,
  inputs: string,
): { state: string; actions: string } {
  let transition: Transition<State> = machine.start(rules);
  for (const text of inputs.split(', ').filter(Boolean)) {
    transition = machine.next(transition.state, input(text), rules);
  }
  return { state: transition.state.name, actions: transition.actions.map(written).join(', ') };
}
