import type { entrance as english } from '../en/entrance.ts';
import type { Same } from '../shape.ts';

export const entrance: Same<typeof english> = {
  signIn: 'Se connecter',
  signInText: 'Connectez-vous pour gérer les notifications d’appel en absence.',
  name: 'Nom du compte',
  password: 'Mot de passe',
  or: 'ou',
  oidc: 'Se connecter avec {{provider}}',
  nothing: 'Aucun moyen de se connecter : gateway.yaml n’autorise ni mot de passe ni fournisseur d’identité.',
  refused: 'Le nom ou le mot de passe est incorrect.',
  oidcFailed:
    'Le fournisseur d’identité a refusé l’accès. Réessayez ou adressez-vous à l’administrateur de la passerelle.',
  firstMissing:
    'Il n’y a pas encore de compte. Ouvrez le lien à usage unique que la passerelle a affiché à son démarrage (mcg start).',
  firstTitle: 'Créer le premier compte',
  firstText: 'Ce compte administre tout (Organization Management). Il peut créer d’autres comptes.',
  displayName: 'Nom affiché',
  newPassword: 'Mot de passe (12 caractères au moins)',
  repeat: 'Mot de passe (confirmation)',
  create: 'Créer le compte',
  differ: 'Les deux mots de passe ne sont pas identiques.',
  short: 'Le mot de passe compte moins de 12 caractères.',
  badName: 'Lettres, chiffres et . _ @ - uniquement.',
  missing: 'Ce champ est obligatoire.',
  noSecret:
    'Le lien est incomplet. Copiez-le tel que la passerelle l’a affiché à son démarrage, avec tout ce qui suit le #.',
  alreadyThere: 'Des comptes existent déjà : connectez-vous avec l’un d’eux.',
};
