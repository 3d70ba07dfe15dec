import type { reports as english } from '../en/reports.ts';
import type { Same } from '../shape.ts';

export const reports: Same<typeof english> = {
  title: 'Statistiques d’appels',
  per: 'Par',
  by: { day: 'Jour', hour: 'Heure', mailbox: 'Boîte aux lettres', group: 'Groupe' },
  span: 'Période',
  spans: { day: 'Aujourd’hui', week: '7 derniers jours', month: '31 derniers jours', quarter: '3 derniers mois' },
  missed: 'En absence',
  share: '% en absence',
  answered: 'Répondus',
  voicemail: 'Messages vocaux',
  elsewhere: 'Pris ailleurs',
  other: 'Rejetés ou échoués',
  others: 'Autres appels',
  notified: 'Notifiés',
  none: 'Il n’y a pas eu d’appels dans cette période.',
  truncated: 'Seules les premières lignes sont affichées.',
  unreturned: 'Appels sans suite',
  unreturnedText: 'Qui a appelé en vain, n’a joint personne depuis, et n’a été rappelé par personne.',
  last: 'Dernier appel',
  noneUnreturned: 'Personne n’attend d’être rappelé.',
};
