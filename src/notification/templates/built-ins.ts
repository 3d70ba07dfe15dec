import type { Catalogue } from '../languages/index.ts';
import { escapeHtml } from '../text.ts';
import { builtInTemplates } from './built-in.ts';
import { type CompiledTemplate, compileTemplate, type TemplatePart } from './syntax.ts';

export type MailTemplates = Readonly<Record<TemplatePart, CompiledTemplate>>;

/** @throws TemplateError */
export function compilePart(part: TemplatePart, source: string): CompiledTemplate {
  return compileTemplate(source, part === 'html' ? escapeHtml : (value) => value);
}

const compiled = new Map<Catalogue, MailTemplates>();

/** The texts that come with the program, made once for each of its languages. */
export function builtInsFor(words: Catalogue): MailTemplates {
  const known = compiled.get(words);
  if (known !== undefined) return known;
  const { subject, text, html } = builtInTemplates(words);
  const made = {
    subject: compilePart('subject', subject),
    text: compilePart('text', text),
    html: compilePart('html', html),
  };
  compiled.set(words, made);
  return made;
}
