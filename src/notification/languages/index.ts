import type { Catalogue } from './catalogue.ts';
import { en } from './en.ts';
import { fr } from './fr.ts';

export type { Catalogue } from './catalogue.ts';

/** Those that come with the program. */
export const LANGUAGES: readonly string[] = [en.language, fr.language];

/** By the language's first subtag (BCP 47): `fr`, `fr-FR`, `FR-ca` are French; everything else is English. */
export function catalogueFor(language: string): Catalogue {
  return /^fr(?:-|$)/i.test(language) ? fr : en;
}
