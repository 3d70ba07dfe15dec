import { ENGLISH } from './english.ts';
import { FRENCH } from './french.ts';
import type { Words } from './types.ts';

export type { Words } from './types.ts';

export const EXPLANATION_LANGUAGES = ['en', 'fr'] as const;
export type ExplanationLanguage = (typeof EXPLANATION_LANGUAGES)[number];

export const WORDS: Record<ExplanationLanguage, Words> = { en: ENGLISH, fr: FRENCH };
