import type { LegKind } from '../../call/index.ts';
import type { LegReports } from '../calls/call.ts';
import { header, type Headers } from '../message/headers.ts';
import type { Voicemail } from '../types.ts';
import type { SipRequest, SipResponse } from '../agent/user-agent.ts';
import { NO_SIGNS, observe, parseMessageWord, type Signalled, type VoicemailTargets } from './voicemail-signs.ts';

export interface WatchedVoicemail extends Pick<Voicemail, 'byeHeader' | 'minimumMessageMs'> {
  readonly known: VoicemailTargets;
}

export interface WatchedLeg {
  readonly call: Pick<LegReports, 'addEvidence'>;
  readonly leg: string;
  readonly kind: LegKind;
  /** A phone that has registered here. */
  readonly isPhone: boolean;
  readonly voicemail: WatchedVoicemail;
  readonly now: () => number;
}

/** Looks at the signalling of an outbound leg, and tells the call what says that a voicemail system has it. */
export interface VoicemailWatch {
  provisional(response: SipResponse): void;
  /** The 2xx, before it is told that the leg was answered. */
  answered(response: SipResponse): void;
  /** A request of the answered side in the dialog. */
  request(request: SipRequest): void;
  /** A BYE of the answered side, or its answer to ours, before it is told that the leg ended. */
  ended(headers: Headers): void;
  /** It is the voicemail system that has the leg. */
  readonly reached: boolean;
  /** The answer to our BYE may say whether a message was left. */
  readonly awaitsWord: boolean;
}

export function watchVoicemail({ call, leg, kind, isPhone, voicemail, now }: WatchedLeg): VoicemailWatch {
  let signs = NO_SIGNS;
  let believed = kind === 'voicemail';
  let worded = false;
  const look = (signalled: Signalled): void => {
    // Where we sent it there, no sign says more; a phone says nothing of the kind, whatever it calls itself.
    if (kind === 'voicemail' || isPhone) return;
    const { signs: next, found } = observe(signs, signalled, voicemail.known);
    signs = next;
    for (const { kind: what, strength, detail } of found) {
      call.addEvidence({ at: now(), kind: what, source: leg, strength, detail });
    }
    believed ||= signs.told === 'certain' || signs.told === 'strong';
  };
  return {
    provisional: ({ headers }) => look({ type: 'provisional', headers }),
    answered: ({ headers }) => look({ type: 'answer', headers }),
    request: ({ method, headers }) => {
      if (method === 'UPDATE' || method === 'INVITE') look({ type: 'request', headers });
    },
    ended: (headers) => {
      // Anybody can write a header: only a voicemail system is believed.
      if (voicemail.byeHeader === null || !believed || worded) return;
      const said = parseMessageWord(header(headers, voicemail.byeHeader), voicemail.minimumMessageMs);
      if (said === null) return;
      worded = true;
      const detail = `the voicemail system ended the call with ${voicemail.byeHeader}: ${said.word}`;
      call.addEvidence({ at: now(), kind: said.kind, source: leg, strength: 'certain', detail });
    },
    get reached() {
      return kind === 'voicemail' || signs.told !== null;
    },
    get awaitsWord() {
      return voicemail.byeHeader !== null && believed && !worded;
    },
  };
}
