import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseYaml, withLists } from '../../src/yamlfile/index.ts';
import { changedItems } from '../../src/yamlfile/items.ts';
import { textAsYaml } from '../../src/yamlfile/write.ts';

interface Edit {
  readonly changed?: Readonly<Record<number, object>>;
  readonly removed?: readonly number[];
  readonly added?: readonly object[];
}

/** The text with its list `list` changed. */
function edited(text: string, { changed = {}, removed = [], added = [] }: Edit, list = 'list'): string | null {
  const document = parseYaml(text);
  if ('syntax' in document) throw new Error(JSON.stringify(document.syntax));
  const changes = new Map(Object.entries(changed).map(([position, value]) => [Number(position), value]));
  return withLists(document, [{ list, changed: changes, removed: new Set(removed), added }]);
}

type Case = readonly [rule: string, before: string, edit: Edit, after: string];

describe('an entry that is added is written as its neighbours are', () => {
  const cases: readonly Case[] = [
    ['one-line, padded', 'list:\n  - { a: x }\n', { added: [{ a: 'k' }] }, 'list:\n  - { a: x }\n  - { a: k }\n'],
    ['one-line, not padded', 'list:\n- {a: x}\n', { added: [{ a: 'k' }] }, 'list:\n- {a: x}\n- {a: k}\n'],
    [
      'a block, with its blank line, its quotes and its kinds of lists',
      "list:\n  - a: x\n\n  - a: 'x'\n    b: [ 'p' ]\n    c:\n      - q\n",
      { added: [{ a: 'k', b: ['r'], c: ['s', 't'] }] },
      "list:\n  - a: x\n\n  - a: 'x'\n    b: [ 'p' ]\n    c:\n      - q\n\n  - a: 'k'\n    b: ['r']\n    c:\n      - s\n      - t\n",
    ],
    [
      'quotes that were needed there are not needed everywhere',
      'list: [{ a: "x #" }]\n',
      { added: [{ a: 'k' }, { a: '1' }] },
      'list: [{ a: "x #" }, { a: k }, { a: "1" }]\n',
    ],
    [
      'before the comments that end the list, behind those of its last entry',
      'list:\n  - a: x\n    # b: z\n  # - a: z\n\n# end\n',
      { added: [{ a: 'k' }] },
      'list:\n  - a: x\n    # b: z\n  - a: k\n  # - a: z\n\n# end\n',
    ],
    ['the file has no last line break', 'list:\n  - a: x', { added: [{ a: 'k' }] }, 'list:\n  - a: x\n  - a: k'],
    ['brackets, on one line', 'list: [{ a: x } ]\n', { added: [{ a: 'k' }] }, 'list: [{ a: x }, { a: k } ]\n'],
    [
      'brackets, a line each',
      'list: [\n  { a: x } # the first\n  ]\n',
      { added: [{ a: 'k' }] },
      'list: [\n  { a: x }, # the first\n  { a: k }\n  ]\n',
    ],
    [
      'brackets, a line each with its comma',
      'list: [\n  { a: x }, # the first\n  ]\n',
      { added: [{ a: 'k' }, { a: 'z' }] },
      'list: [\n  { a: x }, # the first\n  { a: k },\n  { a: z },\n  ]\n',
    ],
    [
      'brackets that close behind the last',
      'list: [\n  { a: x },\n  { a: w }]\n',
      { added: [{ a: 'k' }] },
      'list: [\n  { a: x },\n  { a: w },\n  { a: k }]\n',
    ],
    [
      'an empty list becomes lines, its comment stays',
      'list: [] # nobody yet\nend: 1\n',
      { added: [{ a: 'k' }, { a: ['z'] }] },
      'list: # nobody yet\n  - { a: k }\n  - a: [z]\nend: 1\n',
    ],
    ['no list: at the end', '# top\nend: 1\n', { added: [{ a: 'k' }] }, '# top\nend: 1\n\nlist:\n  - { a: k }\n'],
    ['no list, in braces', '{ end: 1 }\n', { added: [{ a: 'k' }] }, '{ end: 1, list: [{ a: k }] }\n'],
    ['nothing at all', '# top\n{}\n', { added: [{ a: 'k' }] }, '# top\nlist:\n  - { a: k }\n'],
    [
      'a dash on a line of its own',
      'list:\n  -\n    a: x\n    b: 1\n',
      { added: [{ a: 'k', b: 2 }] },
      'list:\n  -\n    a: x\n    b: 1\n  - a: k\n    b: 2\n',
    ],
  ];
  it.each(cases)('%s', (_rule, before, edit, after) => {
    expect(edited(before, edit)).toBe(after);
  });
});

describe('an entry that is removed takes its own comments along, not its neighbours’', () => {
  const text =
    'list: # all\n\n  # about x\n  - a: x # x\n    # b: x\n\n  # about k\n  - { a: k } # k\n  # about z\n  - a: z\n# end\n';
  const cases: readonly Case[] = [
    [
      'the first',
      text,
      { removed: [0] },
      'list: # all\n\n  # about k\n  - { a: k } # k\n  # about z\n  - a: z\n# end\n',
    ],
    [
      'one between',
      text,
      { removed: [1] },
      'list: # all\n\n  # about x\n  - a: x # x\n    # b: x\n\n  # about z\n  - a: z\n# end\n',
    ],
    [
      'the last',
      text,
      { removed: [2] },
      'list: # all\n\n  # about x\n  - a: x # x\n    # b: x\n\n  # about k\n  - { a: k } # k\n# end\n',
    ],
    ['several', text, { removed: [0, 1] }, 'list: # all\n\n  # about z\n  - a: z\n# end\n'],
    ['all of them', text, { removed: [0, 1, 2] }, 'list: [] # all\n\n# end\n'],
    [
      'all of them, and others come',
      'list: # all\n  # about x\n  - a: x\nend: 1\n',
      { removed: [0], added: [{ a: 'k' }] },
      'list: # all\n  - a: k\nend: 1\n',
    ],
    [
      'a headline further left stays',
      'list:\n  - a: x\n# the south\n  # about k\n  - a: k\n',
      { removed: [1] },
      'list:\n  - a: x\n# the south\n',
    ],
    [
      'a comment that a blank line parts from it stays',
      'list:\n  # all of them\n\n  - a: x\n  - a: k\n',
      { removed: [0] },
      'list:\n  # all of them\n\n  - a: k\n',
    ],
    ['in brackets, the first', 'list: [{ a: x }, { a: k }]\n', { removed: [0] }, 'list: [{ a: k }]\n'],
    ['in brackets, the last', 'list: [{ a: x }, { a: k }, ]\n', { removed: [1] }, 'list: [{ a: x }, ]\n'],
    ['in brackets, all', 'list: [{ a: x }, { a: k }, ]\n', { removed: [0, 1] }, 'list: []\n'],
    [
      'in brackets, a line each',
      'list: [\n  # about x\n  { a: x },\n  # about k\n  { a: k } # k\n  ]\n',
      { removed: [1] },
      'list: [\n  # about x\n  { a: x },\n  ]\n',
    ],
    [
      'in brackets, on the line of the bracket, with the next one’s comment below',
      'list: [{ a: x }, # x\n  # about k\n  { a: k }]\n',
      { removed: [0] },
      'list: [\n  # about k\n  { a: k }]\n',
    ],
  ];
  it.each(cases)('%s', (_rule, before, edit, after) => {
    expect(edited(before, edit)).toBe(after);
  });
});

describe('of an entry that is changed only its own keys are', () => {
  const cases: readonly Case[] = [
    [
      'a text keeps its quotes',
      'list:\n  - { a: \'x\', b: "x", c: x }\n',
      { changed: { 0: { a: 'k', b: 'k', c: 'k' } } },
      'list:\n  - { a: \'k\', b: "k", c: k }\n',
    ],
    [
      'a text over several lines',
      'list:\n  - a: |\n      x\n      k\n    b: x\n      k # k\n    c: >- # c\n      x\n',
      { changed: { 0: { a: 'z', b: 'z', c: 'z' } } },
      'list:\n  - a: z\n    b: z # k\n    c: z\n',
    ],
    [
      'a list: what stays keeps its line and its comment',
      'list:\n  - a:\n      - x # x\n      # about k\n      - k\n      - z # z\n',
      { changed: { 0: { a: ['x', 'w', 'z', 'v'] } } },
      'list:\n  - a:\n      - x # x\n      # about k\n      - w\n      - z # z\n      - v\n',
    ],
    [
      'a list in brackets',
      'list: [{ a: ["1", \'2\', "3"] }]\n',
      { changed: { 0: { a: ['1', '3', '4'] } } },
      'list: [{ a: ["1", "3", "4"] }]\n',
    ],
    [
      'a list that becomes empty',
      'list:\n  - a:\n      - x\n    b: 1\n',
      { changed: { 0: { a: [], b: 1 } } },
      'list:\n  - a: []\n    b: 1\n',
    ],
    [
      'a key that goes takes its comments along',
      'list:\n  - a: x\n    # about b\n    b: # b\n      c: 1\n      # d: 2\n    # about e\n    e: 1\n',
      { changed: { 0: { a: 'x', e: 1 } } },
      'list:\n  - a: x\n    # about e\n    e: 1\n',
    ],
    ['the first key goes', 'list:\n  - a: x # a\n    b: 1\n', { changed: { 0: { b: 1 } } }, 'list:\n  - b: 1\n'],
    [
      'the first key goes, and the next has a comment',
      'list:\n  - a: x # a\n    # about b\n    b: 1\n',
      { changed: { 0: { b: 1 } } },
      'list:\n  -\n    # about b\n    b: 1\n',
    ],
    [
      'keys that come stand behind the one before them',
      'list:\n  - a: x # a\n    c: 1\n',
      { changed: { 0: { a: 'x', b: { d: 1 }, b2: ['k'], c: 1 } } },
      'list:\n  - a: x # a\n    b:\n      d: 1\n    b2: [k]\n    c: 1\n',
    ],
    [
      'in braces over several lines',
      'list:\n  - {\n      a: x, # a\n      c: 1 # c\n    }\n',
      { changed: { 0: { a: 'x', b: 2, c: 3, d: 4 } } },
      'list:\n  - {\n      a: x, # a\n      b: 2,\n      c: 3, # c\n      d: 4\n    }\n',
    ],
    [
      'a key without a value',
      'list:\n  - a: # none\n    b: 1\n',
      { changed: { 0: { a: 'k', b: 1 } } },
      'list:\n  - a: k # none\n    b: 1\n',
    ],
    [
      'an anchor and a tag stay',
      'list: [{ a: &x !!str x }]\n',
      { changed: { 0: { a: 'k' } } },
      'list: [{ a: &x !!str k }]\n',
    ],
  ];
  it.each(cases)('%s', (_rule, before, edit, after) => {
    expect(edited(before, edit)).toBe(after);
  });
});

describe('one list becomes another', () => {
  const list = fc.array(fc.nat(4), { maxLength: 12 });
  const made = (
    before: readonly unknown[],
    { changed, removed, inserted }: ReturnType<typeof changedItems>,
  ): unknown[] => [
    ...(inserted.get(-1) ?? []),
    ...before.flatMap((item, at) => [
      ...(removed.has(at) ? [] : [changed.has(at) ? changed.get(at) : item]),
      ...(inserted.get(at) ?? []),
    ]),
  ];

  it('by what is changed, removed and inserted; nothing is both', () => {
    fc.assert(
      fc.property(list, list, (before, after) => {
        const changes = changedItems(before, after);
        expect(made(before, changes)).toEqual(after);
        for (const at of changes.changed.keys()) expect(changes.removed.has(at)).toBe(false);
        for (const at of changes.inserted.keys()) expect(changes.removed.has(at)).toBe(false);
      }),
    );
  });

  it('lists that are long and have little in common cost little', () => {
    const before = Array.from({ length: 10_000 }, (_, at) => at);
    const after = before.toReversed();
    const startedAt = performance.now();
    expect(made(before, changedItems(before, after))).toEqual(after);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('a text is written so that it is read as this text', () => {
  it.each(['', '"', "'"] as const)('in any place, with %j for quotes', (quote) => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
    fc.assert(
      fc.property(text, fc.boolean(), (value, isChosen) => {
        const written = textAsYaml(value, { quote, isChosen });
        const document = parseYaml(
          `- ${written} # x\n- [${written}, {a: ${written}, ${JSON.stringify('b')}: 1}]\n- a: ${written}\n`,
        );
        expect('value' in document && document.value).toEqual([value, [value, { a: value, b: 1 }], { a: value }]);
        expect(written).not.toMatch(/[\n\r\u0085\u2028\u2029\ufeff]/);
      }),
    );
  });

  it.each([
    'yes',
    'NULL',
    'on',
    '~',
    '12',
    '012',
    '1e3',
    '.5',
    '*56',
    '#x',
    'a: b',
    'a #b',
    '- a',
    '',
    ' a',
    'a ',
    '[a',
    '0x1f',
    'x:',
  ])('in quotes where it could be something else: %j', (value) => {
    expect(textAsYaml(value)).toBe(JSON.stringify(value));
  });

  it.each([
    'Alice Martin',
    'Chloé',
    'sip:a@example.com',
    'Europe/Paris',
    '20s',
    'fr-FR',
    "o'brien@example.com",
    'A (B)',
  ])('without quotes where it is nothing else: %j', (value) => {
    expect(textAsYaml(value)).toBe(value);
  });
});
