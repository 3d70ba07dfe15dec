import type { groups as english } from '../en/groups.ts';
import type { Same } from '../shape.ts';

export const groups: Same<typeof english> = {
  title: 'Groupes d’appel',
  group: 'Groupe d’appel',
  new: 'Nouveau groupe d’appel',
  none: 'Il n’y a pas encore de groupe d’appel.',
  members: 'Membres',
  membersHint: 'Identités de boîtes aux lettres, ou numéros ; un par ligne, dans l’ordre où ils sonnent.',
  ring: 'Mode de sonnerie',
  rings: { simultaneous: 'Tous à la fois', serial: 'L’un après l’autre' },
  ringTimeout: 'Durée de sonnerie (secondes)',
  ringTimeoutHint: '0 : comme tout autre numéro.',
  notify: 'Qui est prévenu d’un appel en absence',
  notifies: {
    nobody: 'Personne',
    group: 'La boîte aux lettres du groupe',
    first: 'Le premier qui a sonné',
    last: 'Le dernier qui a sonné',
    all: 'Tous ceux qui ont sonné',
  },
  mailbox: 'Boîte aux lettres du groupe',
  mailboxHint: 'L’identité d’une boîte aux lettres ; vide : aucune.',
  removeText: 'Son numéro ne sonne plus chez personne.',
};
