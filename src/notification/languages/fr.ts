import type { Catalogue } from './catalogue.ts';

/** French counts 0 and 1 as singular. */
function count(value: number, unit: string): string {
  return `${value} ${unit}${value < 2 ? '' : 's'}`;
}

const notAnswered = 'L’appel est resté sans réponse.';

export const fr = {
  language: 'fr',
  hiddenCaller: 'Numéro masqué',
  unknownCaller: 'Appelant inconnu',
  subject: 'Appel manqué de {{caller}}',
  sentence: 'Vous avez manqué un appel de {{caller}}.',
  // French sets a space before it that does not break.
  colon: '\u00a0:',
  labels: {
    caller: 'Appelant',
    arrived: 'Reçu',
    rang: 'Sonnerie',
    dialled: 'Votre numéro',
    reason: 'Motif',
    callBack: 'Rappeler',
  },
  rang(durationMs) {
    if (durationMs === null) return 'Le téléphone n’a pas sonné';
    const seconds = Math.round(durationMs / 1000);
    if (seconds < 1) return 'Moins d’une seconde';
    if (seconds < 60) return count(seconds, 'seconde');
    const minutes = count(Math.floor(seconds / 60), 'minute');
    return seconds % 60 === 0 ? minutes : `${minutes} ${count(seconds % 60, 'seconde')}`;
  },
  causes: {
    'caller-hung-up': 'L’appelant a raccroché avant que quelqu’un ne réponde.',
    'no-answer': 'Personne n’a répondu.',
    busy: 'Votre ligne était occupée.',
    // A PBX sends 603 for reasons of its own: never tell people that they declined a call.
    declined: 'Votre installation téléphonique n’a pas accepté l’appel.',
    unreachable: 'Aucun de vos téléphones n’était joignable.',
    'voicemail-abandoned': 'L’appelant a atteint votre messagerie vocale et a raccroché sans laisser de message.',
    'voicemail-blank': 'L’appelant a atteint votre messagerie vocale mais n’a laissé aucun message audible.',
    'voicemail-access': notAnswered,
    unwanted: notAnswered,
    interrupted: 'Le service téléphonique a été interrompu avant que quelqu’un ne réponde.',
  },
  notAnswered,
  footer:
    'Vous recevez ce message parce que les notifications d’appel manqué sont activées pour votre numéro. ' +
    'Votre administrateur peut les désactiver.',
} as const satisfies Catalogue;
