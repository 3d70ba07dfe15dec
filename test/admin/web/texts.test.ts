import { glob, readFile } from 'node:fs/promises';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';
import { en } from '../../../src/admin/web/i18n/en.ts';
import { fr } from '../../../src/admin/web/i18n/fr.ts';
import { withNoBreakSpaces } from '../../../src/admin/web/i18n/spaces.ts';

const WEB = 'src/admin/web';

/** Texts that are the same in both languages, and why. */
const SAME: Readonly<Record<string, string>> = {
  'shell.product': 'a name',
  'shell.languages.en': 'a language is called what its speakers call it',
  'shell.languages.fr': 'a language is called what its speakers call it',
  'calls.notice': 'the same word',
  'parts.seconds': 'a unit',
  'policies.uriTypes.E164': 'a standard',
  'home.version': 'the same word',
  'home.checkNames.sip': 'a standard',
  'home.checkNames.journal': 'the same word',
};

/** What is a word in JSX without being one for a reader. */
const ATTRIBUTES_OF_TEXT = new Set([
  'label',
  'title',
  'placeholder',
  'alt',
  'aria-label',
  'aria-description',
  'text',
  'hint',
  'legend',
  'action',
  'empty',
  'description',
  'kind',
  'note',
]);

function flat(texts: object, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts) as [string, string | object][]) {
    const at = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') found.set(at, value);
    else for (const [deeper, text] of flat(value, at)) found.set(deeper, text);
  }
  return found;
}

const english = flat(en);
const french = flat(fr);

interface JsxNode {
  readonly type: string;
  readonly name?: { readonly name?: string };
  readonly value?: string | { readonly type: string; readonly value: string } | null;
}

function isWord(text: string): boolean {
  return /\p{L}/u.test(text);
}

/** Words in JSX: text between tags, and literals of attributes that are read. */
function literalsIn(file: string, source: string): string[] {
  const { program, errors } = parseSync(file, source, { lang: 'tsx' });
  expect(errors).toEqual([]);
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const { type, name, value } = node as JsxNode;
    if (type === 'JSXText' && typeof value === 'string' && isWord(value)) found.push(value.trim());
    if (type === 'JSXAttribute' && ATTRIBUTES_OF_TEXT.has(name?.name ?? '') && typeof value === 'object') {
      if (value?.type === 'Literal' && isWord(value.value)) found.push(value.value);
    }
    Object.values(node).forEach(visit);
  };
  visit(program);
  return found;
}

describe('the texts of the admin centre', () => {
  it('both languages have the same keys', () => {
    expect([...french.keys()]).toEqual([...english.keys()]);
  });

  it('no text is empty, and each takes the same values in both languages', () => {
    const values = (text = ''): string[] => [...text.matchAll(/\{\{\w+\}\}/g)].map(([value]) => value).toSorted();
    for (const [key, text] of english) {
      expect(text, key).not.toBe('');
      expect(values(french.get(key)), key).toEqual(values(text));
    }
  });

  it('French is not English, but for what is the same and says why', () => {
    const same = [...english].filter(([key, text]) => french.get(key) === text).map(([key]) => key);
    expect(same.toSorted()).toEqual(Object.keys(SAME).toSorted());
  });

  it('every text that counts has one for one and one for many', () => {
    for (const key of english.keys()) {
      if (key.endsWith('_one')) expect([...english.keys()]).toContain(key.replace(/_one$/, '_other'));
    }
  });

  it('French says what Exchange’s help says on the way to the switch', () => {
    const { um, dialPlans, mailboxPolicies, general, allow } = fr.policies;
    expect([um, dialPlans, fr.parts.edit, mailboxPolicies, general, allow, fr.parts.save]).toEqual([
      'Messagerie unifiée',
      'Plans de numérotation de messagerie unifiée',
      'Modifier',
      'Stratégies de boîte aux lettres de messagerie unifiée',
      'Général',
      "Autoriser les notifications d'appel en absence",
      'Enregistrer',
    ]);
  });

  it('French has a space before two-part punctuation, which no line ends at', () => {
    const wrong = [...french].filter(([, text]) =>
      /[^\s][?!;»](\s|$)|[^\s]:\s/.test(text.replaceAll(/\{\{\w+\}\}/g, 'x')),
    );
    expect(wrong.map(([key]) => key)).toEqual([]);
    const { leaveTitle } = withNoBreakSpaces(fr).parts.edited;
    expect(leaveTitle).toBe('Quitter sans enregistrer\u00a0?');
    expect(withNoBreakSpaces({ quoted: '« A » : b' }).quoted).toBe('«\u00a0A\u00a0»\u00a0: b');
  });

  it('no page has words of its own', async () => {
    const wrong: string[] = [];
    for await (const file of glob(`${WEB}/**/*.tsx`)) {
      for (const literal of literalsIn(file, await readFile(file, 'utf8'))) wrong.push(`${file}: ${literal}`);
    }
    expect(wrong).toEqual([]);
  });

  it('words in JSX are found', () => {
    expect(literalsIn('a.tsx', 'export const a = <p title="Hello">there <b lang="en">{x}</b></p>;')).toEqual([
      'Hello',
      'there',
    ]);
  });
});
