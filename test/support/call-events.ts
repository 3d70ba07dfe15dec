import {
  advance,
  newCall,
  type CallEvent,
  type CallState,
  type EndedCall,
  type Evidence,
  type Reason,
} from '../../src/call/index.ts';

/** When every call of the tables begins. */
export const START = 1_700_000_000_000;

/** Events written as a story: each step happens `seconds` after the call began. */
export interface Story {
  readonly events: CallEvent[];
  /** Another inbound INVITE of the same call. */
  caller(seconds: number, caller?: string, returned?: boolean): Story;
  rings(seconds: number, leg?: string, status?: number, sdp?: boolean): Story;
  invites(
    seconds: number,
    leg?: string,
    options?: {
      kind?: 'phone' | 'voicemail';
      caller?: string;
      target?: string;
      mailbox?: string;
      insteadOf?: string;
    },
  ): Story;
  final(seconds: number, status: number, reasons?: Reason[], leg?: string): Story;
  fails(seconds: number, failure: 'timeout' | 'transport', leg?: string): Story;
  timesOut(seconds: number, leg?: string): Story;
  answers(seconds: number, leg?: string): Story;
  relayed(seconds: number, leg?: string, caller?: string): Story;
  cancels(seconds: number, reasons?: Reason[], options?: { trusted?: boolean; caller?: string }): Story;
  byes(seconds: number, leg?: string, by?: 'caller' | 'callee' | 'gateway' | 'lost'): Story;
  refused(seconds: number, status: number): Story;
}

export function story(): Story {
  const events: CallEvent[] = [];
  const at = (seconds: number): number => START + seconds * 1_000;
  const told: Story = {
    events,
    caller: (s, caller = 'caller', returned = false) => tell({ type: 'caller-invited', at: at(s), caller, returned }),
    invites: (
      s,
      leg = 'leg-1',
      { kind = 'phone', caller = 'caller', target = `sip:${leg}@pbx`, mailbox, insteadOf } = {},
    ) =>
      tell({
        type: 'leg-invited',
        at: at(s),
        leg,
        caller,
        kind,
        target,
        ...(mailbox === undefined ? {} : { mailbox }),
        ...(insteadOf === undefined ? {} : { insteadOf }),
      }),
    rings: (s, leg = 'leg-1', status = 180, sdp = false) =>
      tell({ type: 'leg-provisional', at: at(s), leg, status, sdp }),
    final: (s, status, reasons = [], leg = 'leg-1') => tell({ type: 'leg-final', at: at(s), leg, status, reasons }),
    fails: (s, failure, leg = 'leg-1') => tell({ type: 'leg-failed', at: at(s), leg, failure }),
    timesOut: (s, leg = 'leg-1') => tell({ type: 'leg-timed-out', at: at(s), leg }),
    answers: (s, leg = 'leg-1') => tell({ type: 'leg-answered', at: at(s), leg }),
    relayed: (s, leg = 'leg-1', caller = 'caller') => tell({ type: 'answer-relayed', at: at(s), caller, leg }),
    cancels: (s, reasons = [], { trusted = true, caller = 'caller' } = {}) =>
      tell({ type: 'caller-cancelled', at: at(s), caller, reasons, trusted }),
    byes: (s, leg = 'leg-1', by = 'caller') => tell({ type: 'leg-ended', at: at(s), leg, by }),
    refused: (s, status) => tell({ type: 'refused', at: at(s), caller: 'caller', status, why: 'no route' }),
  };
  function tell(event: CallEvent): Story {
    events.push(event);
    return told;
  }
  return told;
}

/** The call at the end of its story. */
export function ended(
  told: Story,
  {
    evidence = [],
    hasMailbox = true,
    voicemailAccess = false,
    endedAt,
  }: { evidence?: Evidence[]; hasMailbox?: boolean; voicemailAccess?: boolean; endedAt?: number } = {},
): EndedCall {
  const state = told.events.reduce<CallState>(advance, newCall({ voicemailAccess }));
  return { state, evidence, hasMailbox, endedAt: endedAt ?? Math.max(...told.events.map((event) => event.at)) };
}

/** A first call: invited, and one phone tried. */
export function oneCall(): Story {
  return story().caller(0).invites(0);
}
