import type { mine as english } from '../en/mine.ts';
import type { Same } from '../shape.ts';

export const mine: Same<typeof english> = {
  title: 'Mes appels en absence',
  switch: 'M’avertir des appels en absence par courrier électronique',
  to: 'Envoyé à {{address}}.',
  noAddress:
    'Votre boîte aux lettres n’a pas d’adresse électronique : rien ne peut être envoyé. Adressez-vous à l’administrateur de la passerelle.',
  notAllowed:
    'Votre stratégie de boîte aux lettres n’autorise pas les notifications d’appel en absence ; aucune n’est envoyée, quel que soit votre choix ici.',
  turnedOn: 'Vous serez averti des appels en absence.',
  turnedOff: 'Vous ne serez plus averti des appels en absence.',
  noMailbox: 'Votre compte n’est relié à aucune boîte aux lettres. L’administrateur de la passerelle peut le relier.',
  none: 'Vous n’avez manqué aucun appel.',
};
