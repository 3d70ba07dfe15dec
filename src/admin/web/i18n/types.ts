import type { en } from './en.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    // `t` takes the keys that there are, and no other.
    resources: { translation: typeof en };
    returnNull: false;
  }
}
