import type { policies as english } from '../en/policies.ts';
import type { Same } from '../shape.ts';

export const policies: Same<typeof english> = {
  um: 'Messagerie unifiée',
  dialPlans: 'Plans de numérotation de messagerie unifiée',
  dialPlan: 'Plan de numérotation de messagerie unifiée',
  mailboxPolicies: 'Stratégies de boîte aux lettres de messagerie unifiée',
  mailboxPolicy: 'Stratégie de boîte aux lettres de messagerie unifiée',
  name: 'Nom',
  uriType: 'Type d’URI',
  digits: 'Longueur des postes (chiffres)',
  language: 'Langue par défaut',
  policyCount: 'Stratégies',
  noDialPlans:
    'Il n’y a pas encore de plan de numérotation. Un plan indique la longueur des numéros de poste et la façon de numéroter.',
  noneFound: 'Rien ne porte ce nom.',
};
