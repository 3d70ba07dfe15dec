import type { Catalogue } from './catalogue.ts';

function count(value: number, unit: string): string {
  return `${value} ${unit}${value === 1 ? '' : 's'}`;
}

const notAnswered = 'The call was not answered.';

export const en = {
  language: 'en',
  hiddenCaller: 'Anonymous',
  unknownCaller: 'Unknown caller',
  subject: 'Missed call from {{caller}}',
  sentence: 'You missed a call from {{caller}}.',
  colon: ':',
  labels: {
    caller: 'Caller',
    arrived: 'Arrived',
    rang: 'Rang for',
    dialled: 'Your number',
    reason: 'Why',
    callBack: 'Call back',
  },
  rang(durationMs) {
    if (durationMs === null) return 'It did not ring';
    const seconds = Math.round(durationMs / 1000);
    if (seconds < 1) return 'Less than a second';
    if (seconds < 60) return count(seconds, 'second');
    const minutes = count(Math.floor(seconds / 60), 'minute');
    return seconds % 60 === 0 ? minutes : `${minutes} ${count(seconds % 60, 'second')}`;
  },
  causes: {
    'caller-hung-up': 'The caller hung up before anyone answered.',
    'no-answer': 'Nobody answered.',
    busy: 'Your line was busy.',
    // A PBX sends 603 for reasons of its own: never tell people that they declined a call.
    declined: 'Your phone system did not accept the call.',
    unreachable: 'None of your phones could be reached.',
    'voicemail-abandoned': 'The caller reached your voicemail and hung up without leaving a message.',
    'voicemail-blank': 'The caller reached your voicemail but left no message that can be heard.',
    'voicemail-access': notAnswered,
    unwanted: notAnswered,
    interrupted: 'The phone service was interrupted before anyone answered.',
  },
  notAnswered,
  footer:
    'You receive this message because missed-call notifications are turned on for your number. ' +
    'Your administrator can turn them off.',
} as const satisfies Catalogue;
