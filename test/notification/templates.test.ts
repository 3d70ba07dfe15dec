import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  openTemplates,
  previewMail,
  renderMail,
  sampleNotification,
  TEMPLATE_PARTS,
  TEMPLATE_VARIABLES,
  TemplateError,
  type TemplatePart,
} from '../../src/notification/index.ts';
import { LANGUAGES } from '../../src/notification/languages/index.ts';
import { MAX_TEMPLATE_LANGUAGES } from '../../src/notification/templates/store.ts';
import { compilePart } from '../../src/notification/templates/built-ins.ts';
import {
  MAX_RENDERED_LENGTH,
  MAX_SECTION_DEPTH,
  MAX_TEMPLATE_LENGTH,
  wrap,
} from '../../src/notification/templates/syntax.ts';
import { content, FROM, notification } from './support.ts';

const settings = { from: FROM };

interface Told {
  readonly fields: object;
  readonly message: string;
}

async function opened(files: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'mcg-templates-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, source] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), source);
  }
  const told: Told[] = [];
  const say = (fields: object, message: string): number => told.push({ fields, message });
  const templates = await openTemplates(folder, { debug: say, info: say, warn: say, error: say });
  return { folder, templates, told };
}

const problemOf = (source: string, part: TemplatePart = 'text'): string => {
  try {
    compilePart(part, source);
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
  return 'none';
};

describe('a template', () => {
  it.each([
    ['{{calller}}', 'line 1: There is no variable "calller"'],
    ['\n\n{{CALLER}}', 'line 3: There is no variable "CALLER": it is "caller".'],
    ['{{{caller}}}', 'line 1: Values are always escaped'],
    ['{{&caller}}', 'line 1: Values are always escaped'],
    ['{{>other}}', 'line 1: A template takes in no other'],
    ['a\n{{=<% %>=}}', 'line 2: The tags are {{ and }}'],
    ['{{#rows}}', 'line 1: Unclosed section "rows"'],
    ['a\n{{/rows}}', 'line 2: Unopened section "rows"'],
    ['{{caller', 'line 1: Unclosed tag'],
    ['{{label}}', 'line 1: There is no variable "label"'],
    ['{{#links}}{{label}}{{/links}}', 'line 1: There is no variable "label"'],
    ['{{constructor}}', 'line 1: There is no variable "constructor"'],
    ['{{__proto__}}', 'line 1: There is no variable "__proto__"'],
    ['{{caller.constructor}}', 'line 1: There is no variable "caller.constructor"'],
    ['{{rows}}', 'line 1: {{rows}} is a section'],
    ['{{.}}', 'line 1: There is no variable "."'],
  ])('%j is refused: %s', (source, problem) => {
    expect(problemOf(source)).toContain(problem);
  });

  it('takes every variable that is listed, by its example or its name', () => {
    for (const { name, section, example } of TEMPLATE_VARIABLES) {
      expect(problemOf(section === true ? example.replace('…', 'x') : `{{${name}}}`)).toBe('none');
    }
  });

  it(`is ${MAX_TEMPLATE_LENGTH} characters long at most (MAX_TEMPLATE_LENGTH)`, () => {
    expect(problemOf('x'.repeat(MAX_TEMPLATE_LENGTH))).toBe('none');
    expect(problemOf('x'.repeat(MAX_TEMPLATE_LENGTH + 1))).toContain(`${MAX_TEMPLATE_LENGTH} are the most`);
  });

  it(`has sections ${MAX_SECTION_DEPTH} deep at most (MAX_SECTION_DEPTH)`, () => {
    const nested = (depth: number): string => '{{#caller}}'.repeat(depth) + 'x' + '{{/caller}}'.repeat(depth);
    expect(problemOf(nested(MAX_SECTION_DEPTH))).toBe('none');
    expect(problemOf(nested(MAX_SECTION_DEPTH + 1))).toContain('deep at most');
  });

  it('shows the lines of a list once each: no list stands within a list', () => {
    expect(problemOf('{{#rows}}{{#caller}}{{#rows}}x{{/rows}}{{/caller}}{{/rows}}')).toContain(
      '{{#rows}} stands within {{#rows}}',
    );
    expect(problemOf('{{#rows}}x{{/rows}}{{#rows}}{{^rows}}x{{/rows}}{{/rows}}')).toBe('none');
  });

  it('is wrapped at the spaces outside parentheses', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(' ', '(', ')', 'a'), maxLength: 40 }), (text) => {
        const words = text.split(/ (?![^(]*\))/);
        // As narrow as that, each word is a line.
        expect(wrap(text, 0)).toEqual(words);
      }),
    );
  });

  it(`makes ${MAX_RENDERED_LENGTH} characters at most; beyond that the mail has the built-in text (MAX_RENDERED_LENGTH)`, () => {
    const text = `{{#rows}}${'x'.repeat(MAX_TEMPLATE_LENGTH - 100)}{{/rows}}`.repeat(1);
    const one = { text: compilePart('text', text) };
    const often = '{{caller}}'.repeat(MAX_TEMPLATE_LENGTH / '{{caller}}'.length - 10);
    const long = { text: compilePart('text', `{{#rows}}${often}{{/rows}}`) };
    const problems: string[] = [];
    const render = (overrides: object): string =>
      renderMail(notification(), settings, overrides, (part, problem) => problems.push(`${part}: ${problem}`)).text;
    expect(render(one).length).toBeLessThanOrEqual(MAX_RENDERED_LENGTH);
    expect(problems).toEqual([]);
    expect(render(long)).toBe(renderMail(notification(), settings).text);
    expect(problems).toEqual([expect.stringMatching(/^text: .*are the most/)]);
  });

  it('of any sort is compiled or refused with a line, and never puts a caller’s markup into a page', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{{#rows}}',
      '{{/rows}}',
      '{{caller}}',
      '{{{',
      '}}}',
      '&',
      '\n',
      'é',
      '#',
      '^',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }), (pieces) => {
        const source = pieces.join('');
        const problem = problemOf(source, 'html');
        if (problem !== 'none') {
          expect(problem).toMatch(/^line \d+: /);
          return;
        }
        if (source.includes('script')) return;
        const hostile = { ...content().caller, displayName: '<script>"\'&' };
        const mail = renderMail(notification({}, { caller: hostile }), settings, { html: compilePart('html', source) });
        expect(mail.html).not.toContain('<script');
      }),
    );
  });

  it('of a subject makes one line, whatever it says', () => {
    const subject = compilePart('subject', 'Call\r\nBcc: x@example.com\n{{caller}}');
    expect(renderMail(notification(), settings, { subject }).subject).toBe('Call Bcc: x@example.com Zoe Leblanc');
  });
});

describe('the folder of templates', () => {
  it('need not be there: the built-in texts hold, and are shown', async () => {
    const { templates, told } = await opened();
    expect(templates.overridesFor('fr-FR')).toEqual({});
    expect(templates.list().map(({ language, part }) => `${language}/${part}`)).toEqual(
      LANGUAGES.flatMap((language) => TEMPLATE_PARTS.map((part) => `${language}/${part}`)),
    );
    expect(templates.list().every(({ overridden, error }) => !overridden && error === null)).toBe(true);
    expect(told).toEqual([]);
  });

  it('gives a built-in text that makes the same mail when it is saved as it is shown', async () => {
    const { templates } = await opened();
    for (const language of LANGUAGES) {
      const { recipient } = content();
      const one = notification({}, { recipient: { ...recipient, language } });
      const before = renderMail(one, settings);
      for (const { part, source } of templates.list().filter((info) => info.language === language)) {
        await templates.save(language, part, source);
      }
      expect(renderMail(one, settings, templates.overridesFor(language))).toEqual(before);
    }
  });

  it('takes the place of one part in one language; readers of another have the built-in one', async () => {
    const { templates } = await opened({ 'fr/subject.txt': 'Un appel de {{caller}}, {{dialled}}\n' });
    const mail = (language: string) => {
      const one = notification({}, { recipient: { ...content().recipient, language } });
      return renderMail(one, settings, templates.overridesFor(language));
    };
    expect(mail('fr-CA').subject).toBe('Un appel de Zoe Leblanc, 1001');
    expect(mail('fr-CA').text).toContain('Vous avez manqué un appel');
    expect(mail('en').subject).toBe('Missed call from Zoe Leblanc');
  });

  it('may have a language that the program does not: what it leaves out is English', async () => {
    const source = 'Anruf von {{caller}}{{#because.caller-hung-up}} (aufgelegt){{/because.caller-hung-up}}';
    const { templates } = await opened({ 'de/subject.txt': source });
    const one = notification({}, { recipient: { ...content().recipient, language: 'de-DE' } });
    const mail = renderMail(one, settings, templates.overridesFor('de-DE'));
    expect(mail.subject).toBe('Anruf von Zoe Leblanc (aufgelegt)');
    expect(mail.text).toContain('You missed a call');
    expect(templates.list().filter(({ language }) => language === 'de')).toHaveLength(3);
  });

  it('says of a text that cannot be used why, with its line; mails have the built-in one', async () => {
    const { templates, told } = await opened({
      'en/html.html': '<p>\n{{nobody}}',
      'en/text.txt': 'Call from {{caller}}',
    });
    expect(told).toEqual([
      expect.objectContaining({ fields: expect.objectContaining({ error: expect.stringContaining('line 2') }) }),
    ]);
    const [html] = templates.list().filter(({ language, part }) => language === 'en' && part === 'html');
    expect(html).toMatchObject({
      overridden: true,
      source: '<p>\n{{nobody}}',
      error: expect.stringContaining('nobody'),
    });
    const mail = renderMail(notification(), settings, templates.overridesFor('en-GB'));
    expect(mail.html).toBe(renderMail(notification(), settings).html);
    expect(mail.text).toBe('Call from Zoe Leblanc');
  });

  it('tells once of a text that fails with a mail', async () => {
    const { templates, told } = await opened({ 'en/subject.txt': '{{caller}}' });
    templates.failed('en-GB', 'subject', 'line 1: too long');
    templates.failed('en-GB', 'subject', 'line 1: too long');
    expect(told).toHaveLength(1);
    expect(templates.list().find(({ part, language }) => language === 'en' && part === 'subject')?.error).toContain(
      'too long',
    );
  });

  it('is written whole; a text that cannot be used is refused and changes nothing', async () => {
    const { folder, templates } = await opened();
    await templates.save('fr', 'subject', 'Appel de {{caller}}');
    await expect(templates.save('fr', 'subject', '{{nobody}}')).rejects.toThrow('line 1');
    expect(await readFile(join(folder, 'fr/subject.txt'), 'utf8')).toBe('Appel de {{caller}}');
    expect(await readdir(join(folder, 'fr'))).toEqual(['subject.txt']);
    await templates.reload();
    expect(renderMail(notification(), settings, templates.overridesFor('fr')).subject).toBe('Appel de Zoe Leblanc');
    const back = await templates.reset('fr', 'subject');
    expect(back).toMatchObject({ overridden: false, error: null, source: 'Appel manqué de {{caller}}' });
    expect(await readdir(join(folder, 'fr'))).toEqual([]);
  });

  it.each(['..', '../x', 'fr/../..', 'FR', 'fr\0', '', 'fr-FR', 'constructor'])(
    'takes %j for no language',
    async (language) => {
      const { templates } = await opened();
      await expect(templates.save(language, 'text', 'x')).rejects.toThrow('is not a language');
      await expect(templates.reset(language, 'text')).rejects.toThrow('is not a language');
    },
  );

  it(`has ${MAX_TEMPLATE_LANGUAGES} languages at most (MAX_TEMPLATE_LANGUAGES)`, async () => {
    const name = (index: number): string => `x${String.fromCharCode(97 + (index % 26), 97 + Math.floor(index / 26))}`;
    const names = Array.from({ length: MAX_TEMPLATE_LANGUAGES }, (_, index) => name(index));
    const { folder, templates, told } = await opened(
      Object.fromEntries(names.map((one) => [`${one}/subject.txt`, '{{caller}}'])),
    );
    expect(told).toEqual([]);
    await expect(templates.save('zzz', 'subject', 'x')).rejects.toThrow('take one away');
    await mkdir(join(folder, 'zzz'));
    await templates.reload();
    expect(told).toEqual([expect.objectContaining({ fields: { left: 'zzz' } })]);
  });
});

describe('a preview', () => {
  it('is the mail by texts that are not saved, and says what is wrong with them', async () => {
    const { templates } = await opened({ 'en/text.txt': 'saved' });
    const preview = (drafts: object) => previewMail(sampleNotification({}), { settings, templates, drafts });
    expect(preview({ subject: '{{caller}}!' })).toMatchObject({
      mail: { subject: 'Zoé Leblanc!', text: 'saved' },
      problems: [],
    });
    const { mail, problems } = preview({ text: 'a\n{{nobody}}', html: '{{{caller}}}' });
    expect(problems).toEqual([expect.stringMatching(/^text: line 2: /), expect.stringMatching(/^html: line 1: /)]);
    expect(mail.text).toContain('You missed a call');
  });
});
