import type { calls as english } from '../en/calls.ts';
import type { Same } from '../shape.ts';

export const calls: Same<typeof english> = {
  hidden: 'Numéro masqué',
  when: 'Date',
  caller: 'Appelant',
  called: 'Appelé',
  rang: 'Sonnerie',
  notRung: 'N’a pas sonné',
  cause: 'Raison',
  notice: 'Notification',
  group: 'au groupe {{group}}',
  causes: {
    'no-answer': 'Sans réponse',
    busy: 'Occupé',
    declined: 'Refusé',
    'caller-hung-up': 'L’appelant a raccroché',
    unreachable: 'Aucun téléphone joint',
    'voicemail-abandoned': 'Raccroché sur la messagerie',
    'voicemail-blank': 'Message vocal vide',
    interrupted: 'Interrompu',
  },
  decisions: {
    skip: 'Non notifié',
    due: 'En attente d’envoi',
    claimed: 'Envoi en cours',
    sent: 'Envoyée',
    dead: 'N’a pas pu être envoyée',
    dropped: 'Abandonnée',
    pending: 'Pas encore décidé',
  },
};
