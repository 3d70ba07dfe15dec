import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { didYouMean, nearest, parseYaml, pathText, readYaml } from '../../src/yamlfile/index.ts';
import { MAX_DEPTH, MAX_SYNTAX_ERRORS } from '../../src/yamlfile/document.ts';

const problemsOf = (text: string, schema: z.ZodType = z.unknown()): string[] => {
  const reading = readYaml(text, { schema, maxCharacters: 10_000_000 });
  return reading.ok ? [] : reading.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
};

describe('what was meant', () => {
  const known = ['mailboxes', 'mailboxPolicies', 'dialPlans'];
  it.each([
    ['mailboxs', 'mailboxes'],
    ['maliboxes', 'mailboxes'],
    ['MAILBOXES', 'mailboxes'],
    ['dialplan', 'dialPlans'],
    ['users', null],
    ['', null],
  ])('%s: %s', (written, meant) => {
    expect(nearest(written, known)).toBe(meant);
  });

  it('a name of one letter is never another one', () => {
    expect(nearest('B', ['A', 'C'])).toBeNull();
  });

  it('a very long word costs nothing and means nothing', () => {
    expect(didYouMean('x'.repeat(1_000_000), ['x'], 'Remove it.')).toBe('Remove it.');
  });

  it('one slip in a word of four letters or more is forgiven', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,20}$/), fc.nat(), (word, at) => {
        const slip = word.slice(0, at % word.length) + word.slice((at % word.length) + 1);
        return nearest(slip, [word]) === word;
      }),
    );
  });
});

describe('syntax errors', () => {
  it('several are told at once', () => {
    expect(problemsOf('a: b: c\nd:\n\t- e\n').length).toBeGreaterThan(1);
  });

  it.each([
    ['extensions: [*56]\n', '1:14 Put it in quotes: "*56".'],
    ['target: *97@pbx.example.com\n', '1:9 Put it in quotes: "*97@pbx.example.com".'],
    ['*56 : on\n', '1:1 Put it in quotes: "*56".'],
    ['*56: on\n', '1:6 Put it in quotes: "*56".'],
    ['code: *57, see below\n', '1:10 Put it in quotes: "*57".'],
    ['to: "^1\\d"\n', '1:8 Put the text in single quotes: in double quotes a backslash is no backslash.'],
    ['a: &x 1\nb: *x\n', '2:4 Write the value out in each place, so that each can be changed by itself.'],
    [
      'a: 1 * 2: 3\n',
      '1:4 Check the indentation of this line and of those above and below; put a text that holds ": " in quotes.',
    ],
  ])('the remedy is that of the case: %j', (text, told) => {
    const reading = readYaml(text, { schema: z.unknown(), maxCharacters: 1_000 });
    const problems = reading.ok ? [] : reading.problems;
    expect(problems.map(({ line, column, remedy }) => `${line}:${column} ${remedy}`)).toEqual([told]);
  });

  it(`at most ${MAX_SYNTAX_ERRORS} are told`, () => {
    expect(problemsOf('- "\\q"\n'.repeat(100))).toHaveLength(MAX_SYNTAX_ERRORS);
  });

  it('of wrong indentation the first is told, and how many more may follow from it', () => {
    const item = '  - name: x\n    on: 1\n';
    const reading = readYaml(`list:\n${item} - name: x\n${item.repeat(3)}`, {
      schema: z.unknown(),
      maxCharacters: 1_000,
    });
    const problems = reading.ok ? [] : reading.problems;
    expect(problems).toHaveLength(1);
    expect(problems[0]?.line).toBe(4);
    expect(problems[0]?.message).toMatch(/; \d+ more may follow from it\.$/);
    expect(problems[0]?.remedy).toContain('above and below');
  });

  it('in a large file the first is told, soon', () => {
    const started = performance.now();
    expect(problemsOf(`${'- { a: 1 }\n'.repeat(200_000)}- {`)).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it(`deeper than ${MAX_DEPTH} is refused`, () => {
    expect(problemsOf('['.repeat(MAX_DEPTH + 1) + ']'.repeat(MAX_DEPTH + 1))).toHaveLength(1);
    expect(problemsOf('['.repeat(MAX_DEPTH - 1) + ']'.repeat(MAX_DEPTH - 1))).toEqual([]);
  });
});

describe('places', () => {
  const text = `# head\n"quoted key": 'it''s'\nlist:\n  - { n: 1, deep: [a, "b"] }\n  - empty:\n`;
  const document = parseYaml(text);
  const at = (...path: (string | number)[]): string | null => {
    const place = 'syntax' in document ? null : document.placeOf(path);
    return place === null ? null : text.slice(place.outerStart, place.outerEnd);
  };

  it('are those of the value’s own characters', () => {
    expect(at('quoted key')).toBe("'it''s'");
    expect(at('list', 0, 'n')).toBe('1');
    expect(at('list', 0, 'deep', 1)).toBe('"b"');
  });

  it('are none where there is no value', () => {
    expect(at('list', 1, 'empty')).toBeNull();
    expect(at('list', 2)).toBeNull();
    expect(at('quoted key', 'x')).toBeNull();
  });

  it('each value of any document is found where it stands', () => {
    const value = fc.letrec<{ node: unknown; list: unknown[]; map: Record<string, unknown>; leaf: number }>((tie) => ({
      node: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('list'), tie('map')),
      list: fc.array(tie('node'), { maxLength: 4 }),
      map: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('node'), { maxKeys: 4 }),
      leaf: fc.nat(),
    })).node;
    fc.assert(
      fc.property(value, (root) => {
        // JSON is YAML.
        const json = JSON.stringify(root, null, 1);
        const parsed = parseYaml(json);
        if ('syntax' in parsed) throw new Error(parsed.syntax[0]?.message);
        const visit = (node: unknown, path: (string | number)[]): void => {
          const place = parsed.placeOf(path);
          if (typeof node === 'number') expect(json.slice(place?.start, place?.end)).toBe(String(node));
          else if (Array.isArray(node)) node.forEach((item, index) => visit(item, [...path, index]));
          else for (const [key, item] of Object.entries(node as object)) visit(item, [...path, key]);
        };
        visit(root, []);
      }),
    );
  });

  it('paths are written as people write them', () => {
    expect(pathText(['mailboxes', 3, 'sipAddresses', 0])).toBe('mailboxes[3].sipAddresses[0]');
    expect(pathText([])).toBe('');
  });
});

describe('a schema’s complaints', () => {
  const schema = z.strictObject({
    name: z.string(),
    on: z.boolean().default(true),
    many: z.array(z.string()).optional(),
  });

  it.each([
    ['name: 0010', '1:7 expected a text, found the number 10.'],
    ['name: x\non: "true"', '2:6 expected true or false, found "true".'],
    ['name: x\nmany: one', '2:7 expected a list, found "one".'],
    ['name:', '1:1 expected a text, found nothing.'],
    ['{}', '1:1 "name" is missing.'],
    ['name: x\nnam: y', '2:1 unknown key "nam".'],
  ])('%j', (text, problem) => {
    expect(problemsOf(text, schema)).toEqual([problem]);
  });

  it('a number that should be a text is shown as it was written', () => {
    const reading = readYaml('name: 0010', { schema, maxCharacters: 100 });
    expect(reading.ok ? [] : reading.problems[0]?.remedy).toBe('Put it in quotes: "0010".');
  });
});
