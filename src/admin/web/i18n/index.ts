import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { LANGUAGES, type Language, preferredLanguage, keepLanguage } from './languages.ts';
import { withNoBreakSpaces } from './spaces.ts';

export { LANGUAGES, type Language } from './languages.ts';

const TEXTS: Readonly<Record<Language, () => Promise<object>>> = {
  en: async () => (await import('./en.ts')).en,
  fr: async () => withNoBreakSpaces((await import('./fr.ts')).fr),
};

/** The texts of the language that this browser wants; of no other. */
export async function startI18n(): Promise<i18n> {
  const language = preferredLanguage();
  const texts = await TEXTS[language]();
  await i18next.use(initReactI18next).init({
    lng: language,
    supportedLngs: LANGUAGES,
    resources: { [language]: { translation: texts } },
    // A test holds the languages to the same keys.
    fallbackLng: false,
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
  return i18next;
}

export async function changeLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await TEXTS[language]());
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  keepLanguage(language);
}
