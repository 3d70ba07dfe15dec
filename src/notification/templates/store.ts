import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { catalogueFor, LANGUAGES } from '../languages/index.ts';
import type { NotificationLog } from '../log.ts';
import { builtInTemplates } from './built-in.ts';
import { compilePart, type MailTemplates } from './built-ins.ts';
import { type CompiledTemplate, MAX_TEMPLATE_LENGTH, TEMPLATE_PARTS, type TemplatePart } from './syntax.ts';

/** How many languages may have texts of their own. */
export const MAX_TEMPLATE_LANGUAGES = 50;

/** A text of the mails, as administrators see it. */
export interface TemplateInfo {
  /** The first subtag of BCP 47: `fr`. */
  readonly language: string;
  readonly part: TemplatePart;
  /** The override as it is written, also where it cannot be used; else what comes with the program. */
  readonly source: string;
  readonly overridden: boolean;
  /** Why the override is not used; null: it is, or there is none. */
  readonly error: string | null;
}

/** Texts that take the place of those that come with the program: `FOLDER/fr/subject.txt`, `text.txt`, `html.html`. */
export interface TemplateStore {
  /** What holds for a reader of this language (BCP 47). */
  overridesFor(language: string): Partial<MailTemplates>;
  /** By language and part, for every language that the program or the folder knows. */
  list(): TemplateInfo[];
  /** Reads the folder again. Never rejects: what cannot be used is said in `list` and in the log. */
  reload(): Promise<void>;
  /**
   * Writes the text, whole or not at all; it holds at once.
   * @throws TemplateError of a text that cannot be used: nothing was written
   */
  save(language: string, part: TemplatePart, source: string): Promise<TemplateInfo>;
  /** Takes the override away. */
  reset(language: string, part: TemplatePart): Promise<TemplateInfo>;
  /** A mail was written without the override, because it failed. Said once until the text is another one. */
  failed(language: string, part: TemplatePart, problem: string): void;
}

interface Override {
  readonly source: string;
  readonly compiled: CompiledTemplate | null;
  readonly error: string | null;
}

const FILES = { subject: 'subject.txt', text: 'text.txt', html: 'html.html' } as const satisfies Record<
  TemplatePart,
  string
>;

/** What a language's folder may be called. */
export const isTemplateLanguage = (language: string): boolean => /^[a-z]{2,3}$/.test(language);

/** @param folder need not be there */
export async function openTemplates(folder: string, log: NotificationLog): Promise<TemplateStore> {
  const store = new Templates(folder, log);
  await store.reload();
  return store;
}

class Templates implements TemplateStore {
  readonly #folder: string;
  readonly #log: NotificationLog;
  /** By `language/part`. */
  #overrides = new Map<string, Override>();

  constructor(folder: string, log: NotificationLog) {
    this.#folder = folder;
    this.#log = log;
  }

  overridesFor(language: string): Partial<MailTemplates> {
    if (this.#overrides.size === 0) return {};
    const first = primary(language);
    const found: { -readonly [Part in TemplatePart]?: CompiledTemplate } = {};
    for (const part of TEMPLATE_PARTS) {
      const compiled = this.#overrides.get(`${first}/${part}`)?.compiled;
      if (compiled !== null && compiled !== undefined) found[part] = compiled;
    }
    return found;
  }

  list(): TemplateInfo[] {
    const languages = new Set([...LANGUAGES, ...[...this.#overrides.keys()].map((key) => key.split('/', 1)[0] ?? '')]);
    return [...languages].sort().flatMap((language) => TEMPLATE_PARTS.map((part) => this.#info(language, part)));
  }

  async reload(): Promise<void> {
    const overrides = new Map<string, Override>();
    for (const language of await this.#languages()) {
      for (const part of TEMPLATE_PARTS) {
        const path = this.#path(language, part);
        const override = await readOverride(path, part);
        if (override === null) continue;
        overrides.set(`${language}/${part}`, override);
        const { error } = override;
        if (error !== null) this.#log.error({ path, error }, 'a template cannot be used: mails have the built-in text');
      }
    }
    this.#overrides = overrides;
  }

  async save(language: string, part: TemplatePart, source: string): Promise<TemplateInfo> {
    const compiled = compilePart(part, source);
    const path = this.#path(language, part);
    const known = new Set([...this.#overrides.keys()].map((key) => key.split('/', 1)[0]));
    if (!known.has(language) && known.size >= MAX_TEMPLATE_LANGUAGES) {
      throw new Error(`There are texts in ${MAX_TEMPLATE_LANGUAGES} languages already: take one away first.`);
    }
    await mkdir(join(this.#folder, language), { recursive: true });
    await writeWhole(path, source);
    this.#overrides.set(`${language}/${part}`, { source, compiled, error: null });
    return this.#info(language, part);
  }

  async reset(language: string, part: TemplatePart): Promise<TemplateInfo> {
    await rm(this.#path(language, part), { force: true });
    this.#overrides.delete(`${language}/${part}`);
    return this.#info(language, part);
  }

  failed(language: string, part: TemplatePart, problem: string): void {
    const first = primary(language);
    const override = this.#overrides.get(`${first}/${part}`);
    if (override === undefined || override.error !== null) return;
    this.#overrides.set(`${first}/${part}`, { ...override, error: problem });
    this.#log.error({ language: first, part, problem }, 'a template failed: the mail has the built-in text');
  }

  async #languages(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (!isMissing(error)) this.#log.error({ error, folder: this.#folder }, 'the folder of templates cannot be read');
      return [];
    });
    const languages = names.filter(isTemplateLanguage).sort();
    if (languages.length > MAX_TEMPLATE_LANGUAGES) {
      const left = languages.slice(MAX_TEMPLATE_LANGUAGES).join(', ');
      this.#log.error({ left }, `templates of ${MAX_TEMPLATE_LANGUAGES} languages are used, the others are not`);
    }
    return languages.slice(0, MAX_TEMPLATE_LANGUAGES);
  }

  /** @throws where the language is none: its name becomes part of a path */
  #path(language: string, part: TemplatePart): string {
    if (!isTemplateLanguage(language)) throw new Error(`"${language.slice(0, 20)}" is not a language: fr, en, …`);
    return join(this.#folder, language, FILES[part]);
  }

  #info(language: string, part: TemplatePart): TemplateInfo {
    const override = this.#overrides.get(`${language}/${part}`);
    if (override !== undefined) {
      return { language, part, source: override.source, overridden: true, error: override.error };
    }
    const source = builtInTemplates(catalogueFor(language))[part];
    return { language, part, source, overridden: false, error: null };
  }
}

/** Null: there is no such file. */
async function readOverride(path: string, part: TemplatePart): Promise<Override | null> {
  let source: string;
  try {
    const file = await open(path, 'r');
    try {
      // UTF-8 has four bytes for a character at most.
      const limit = MAX_TEMPLATE_LENGTH * 4;
      if ((await file.stat()).size > limit) {
        return { source: '', compiled: null, error: `It is longer than ${limit} bytes.` };
      }
      source = await readFile(file, 'utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    return isMissing(error) ? null : { source: '', compiled: null, error: messageOf(error) };
  }
  const text = part === 'subject' ? source.trim() : source;
  try {
    return { source: text, compiled: compilePart(part, text), error: null };
  } catch (error) {
    return { source: text, compiled: null, error: messageOf(error) };
  }
}

async function writeWhole(path: string, source: string): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w');
  try {
    await file.writeFile(source, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

function primary(language: string): string {
  return language.split('-', 1)[0]?.toLowerCase() ?? '';
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
