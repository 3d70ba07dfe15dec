import type { shell as english } from '../en/shell.ts';
import type { Same } from '../shape.ts';

export const shell: Same<typeof english> = {
  product: 'Missed Call Gateway',
  skip: 'Aller au contenu',
  navigation: 'Menu de navigation',
  openNavigation: 'Ouvrir la navigation',
  preferences: 'Langue et thème',
  language: 'Langue',
  languages: { en: 'English', fr: 'Français' },
  theme: 'Thème',
  themes: { system: 'Comme le système', light: 'Clair', dark: 'Sombre' },
  account: 'Compte de {{name}}',
  signOut: 'Se déconnecter',
  sections: {
    start: 'Vue d’ensemble',
    unifiedMessaging: 'Messagerie unifiée',
    calls: 'Appels',
    mail: 'Courrier',
    permissions: 'Autorisations',
    system: 'Système',
  },
  lost: {
    title: 'Cette page n’existe pas',
    text: 'L’adresse est peut-être mal saisie, ou ce qu’elle désignait a été supprimé.',
    home: 'Aller à la vue d’ensemble',
  },
  forbidden: {
    title: 'Vous n’avez pas accès à cette page',
    text: 'Vos rôles ne la comprennent pas. L’administrateur de la passerelle peut vous en attribuer un autre.',
  },
};
