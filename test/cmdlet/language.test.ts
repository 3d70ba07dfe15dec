import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CMDLETS } from '../../src/cmdlet/cmdlets/index.ts';
import { CmdletError, IncompleteError } from '../../src/cmdlet/errors.ts';
import { bind } from '../../src/cmdlet/language/bind.ts';
import { MAX_DEPTH } from '../../src/cmdlet/language/expression-reader.ts';
import { MATCH_BUDGET, Matcher, MAX_MATCHED_LENGTH } from '../../src/cmdlet/language/match.ts';
import { MAX_PATTERN_LENGTH, patternOf } from '../../src/cmdlet/language/pattern.ts';
import { read, readTyped } from '../../src/cmdlet/language/reader.ts';
import type { Argument, Command, ParameterName } from '../../src/cmdlet/language/syntax.ts';
import { fits, fitsInAnyCase, MAX_WILDCARD_LENGTH } from '../../src/cmdlet/language/wildcard.ts';
import { isComplete, lineOf, looksLikeCmdlet, mayBeRemembered } from '../../src/cmdlet/line.ts';

const commandOf = (text: string): Command => read(text)[0]!.commands[0]!;

function plain(element: Argument | ParameterName): unknown {
  if (element.kind === 'parameter') return `-${element.name}${element.colon ? ':' : ''}`;
  if (element.kind === 'word') return element.value;
  if (element.kind === 'list') return element.items.map(({ value }) => value);
  return element.text;
}
const values = (text: string): unknown[] => commandOf(`x ${text}`).elements.map(plain);
const quote = (text: string): string => `'${text.replaceAll(/['‘-‛]/g, '$&$&')}'`;

describe('words', () => {
  it.each([
    ["'it''s'", ["it's"]],
    ["'$true `n'", ['$true `n']],
    ['"say ""hi"""', ['say "hi"']],
    ['"a`tb`"c`$d"', ['a\tb"c$d']],
    ['"is $true"', ['is True']],
    ["a'b c'd", ['ab cd']],
    ['“l’étage” ‘l’’étage’', ['l’étage', 'l’étage']],
    ['a` b', ['a b']],
    ['$TRUE $False $null', [true, false, null]],
    ['-5', ['-5']],
    ["'-Identity'", ['-Identity']],
    ['-Identity x –id:y', ['-Identity', 'x', '-id:', 'y']],
    ['a,b , "c d"', [['a', 'b', 'c d']]],
    ['sip:a@b:5060', ['sip:a@b:5060']],
    ['C:\\folder\\file.csv', ['C:\\folder\\file.csv']],
    ['a # the rest is a remark', ['a']],
    ['a <# not this #> b', ['a', 'b']],
    ['a#b', ['a#b']],
    ['@{Add=\'1\',"2"; Remove=3}', ['@{Add=\'1\',"2"; Remove=3}']],
    ['a `\n b', ['a', 'b']],
  ])('%s', (text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  it('any text in single quotes is that text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(values(quote(text))).toEqual([text]);
      }),
    );
  });

  it('what lineOf makes of the words of a command line is those words again', () => {
    const word = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...`'"\`$|;{}()&<>, -a`.split('')) }));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        // These the language reads for itself, as they came: pipes, parameters, lists, tables and conditions.
        fc.pre(words.every((each) => !/^(?:[-–—].*|\||@?\{.*|.*,.*|\$\w+)$/s.test(each.trim())));
        expect(values(lineOf(['x', ...words]).slice(2))).toEqual(words);
      }),
    );
  });

  it.each([
    [['Set-UMMailbox', '-id', 'a b'], "Set-UMMailbox -id 'a b'"],
    [['Set-UMMailbox', '-Enabled:$false', '$TRUE'], 'Set-UMMailbox -Enabled:$false $TRUE'],
    [['Get-UMMailbox', '|', 'where', '{ $_.Name -eq 1 }'], 'Get-UMMailbox | where { $_.Name -eq 1 }'],
    [['Get-UMMailbox -id x'], 'Get-UMMailbox -id x'],
    [['x', ''], "x ''"],
    [['x', "l'étage"], "x 'l''étage'"],
    [['x', '-Id:a b'], "x -Id:'a b'"],
    [['x', '@{Add=1}', '1001,1002'], 'x @{Add=1} 1001,1002'],
  ])('%j is the line %s', (words, line) => {
    expect(lineOf(words)).toBe(line);
  });
});

describe('texts', () => {
  it('lines, semicolons, pipes at either end of a line, and remarks between them', () => {
    const text = '# first\na; b x\n\nc |\n d\ne\n| f # last\n';
    expect(read(text).map(({ commands }) => commands.map(({ name }) => name.text))).toEqual([
      ['a'],
      ['b'],
      ['c', 'd'],
      ['e', 'f'],
    ]);
  });

  it.each(["x 'a", 'x "a', 'x |', 'x { $_.A -eq 1', 'x { $_.A -eq', 'x { ($_.A', 'x `', 'x a,', 'x @{Add=1', 'x {'])(
    '%s is not complete',
    (text) => {
      expect(isComplete(text)).toBe(false);
      expect(() => read(text)).toThrow(IncompleteError);
      expect(() => readTyped(text)).not.toThrow();
    },
  );

  it.each(['x', '', 'x | | y', 'x {}', 'x ( y )', 'x > file', 'x { $_.A -is 1 }', '$a = x', 'x $a', 'x & y', 'x ]'])(
    '%s is, or will never be',
    (text) => {
      expect(isComplete(text)).toBe(true);
    },
  );

  it('conditions stand so deep within each other, and no deeper', () => {
    const nested = (depth: number): string => `x { ${'('.repeat(depth)}1${')'.repeat(depth)} }`;
    expect(() => read(nested(MAX_DEPTH))).not.toThrow();
    expect(() => read(nested(MAX_DEPTH + 1))).toThrow('within each other');
    expect(() => read(`x { ${'!'.repeat(100_000)}1 }`)).toThrow('within each other');
  });

  const PIECES = [
    'x',
    ' ',
    '|',
    ';',
    '{',
    '}',
    '(',
    ')',
    '$_',
    '.Name',
    ' -eq ',
    ' -and ',
    "'",
    '"',
    '`',
    '\n',
    '#',
    ',',
  ];
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom(...PIECES, '@{', 'Add=', '-id', ':', '$true', '–', '“', '1'))
      .map((parts) => parts.join('')),
  );

  it('any text is read or refused, and typed text never throws anything else', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const reads of [read, readTyped]) {
          try {
            reads(text);
          } catch (error) {
            expect(error).toBeInstanceOf(CmdletError);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('any arguments of any cmdlet are bound or refused', () => {
    const names = CMDLETS.flatMap(({ parameters }) => parameters.map(({ name }) => `-${name}`));
    const word = fc.oneof(
      fc.constantFrom(
        ...names,
        '-id',
        '$true',
        '$null',
        '@{Add=1}',
        '{ $_.Name }',
        '5',
        'a,b',
        "''",
        '-',
        '2026-11-24',
      ),
      fc.string().map(quote),
    );
    const line = fc.tuple(fc.constantFrom(...CMDLETS), fc.array(word, { maxLength: 6 }), fc.boolean());
    fc.assert(
      fc.property(line, ([cmdlet, words, piped]) => {
        try {
          bind(cmdlet, commandOf(`x ${words.join(' ')}`), piped);
        } catch (error) {
          expect(error).toBeInstanceOf(CmdletError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('patterns of * and ?', () => {
  it.each([
    ['alice', 'al*', true],
    ['alice', '*i?e', true],
    ['alice', 'ali', false],
    ['', '*', true],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    ['aXbXc', 'a*b*c', true],
  ])('%s fits %s: %s', (text, pattern, expected) => {
    expect(fits(text, pattern)).toBe(expected);
  });

  it('fit what a regular expression of the same fits', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?') });
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b') }), letters, (text, pattern) => {
        const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(fits(text, pattern)).toBe(same.test(text));
      }),
    );
  });

  it('that are too long fit nothing', () => {
    expect(fitsInAnyCase('a', '*'.repeat(MAX_WILDCARD_LENGTH))).toBe(true);
    expect(fitsInAnyCase('a', '*'.repeat(MAX_WILDCARD_LENGTH + 1))).toBe(false);
  });
});

describe('-match', () => {
  const matches = (text: string, source: string, caseSensitive = false): boolean =>
    patternOf(source, caseSensitive).test(text, () => undefined);

  it('finds what the platform’s own regular expressions find', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '\\d',
      '\\w',
      'é',
      '(a|b)',
      '(?:ab|c)',
      '\\.',
      '^',
      '$',
      '\\b',
    );
    const repeated = fc
      .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{0,}', '*?'))
      .map(([one, times]) => (/^[\^$]|\\b/.test(one) ? one : one + times));
    const source = fc.array(fc.oneof(repeated, fc.constant('|')), { maxLength: 6 }).map((parts) => parts.join(''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', 'é', 'É', '1', '.', ' ') });
    fc.assert(
      fc.property(text, source, fc.boolean(), (subject, pattern, exact) => {
        expect([pattern, matches(subject, pattern, exact)]).toEqual([
          pattern,
          new RegExp(pattern, exact ? 'u' : 'iu').test(subject),
        ]);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each(['^\\+33', 'a{2,3}$', '\\Aalice\\z', '\\p{Lu}', 'x{', '\\u0041', '(?<name>a)', 'a/b'])(
    'takes %s',
    (source) => {
      expect(() => patternOf(source, false)).not.toThrow();
    },
  );

  it.each([
    '(',
    ')',
    '[a',
    'a**',
    '*a',
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(a)\\1',
    '\\q',
    'a{3,2}',
    '^*',
    '(?i)a',
    '\\',
    '{2}',
  ])('refuses %s, and says why', (source) => {
    expect(() => patternOf(source, false)).toThrow(/-match '.*' is no regular expression that can be used here: .+\./s);
  });

  it.each(['(a+)+$', '(a|a)*$', '(a|aa)+$', '(.*)(.*)(.*)(.*)(.*)x$', '(a?){50}a{50}', '((a*)*)*b'])(
    '%s does not hang',
    (source) => {
      const began = performance.now();
      expect(matches('a'.repeat(2_000), source.endsWith('$') ? source.replace('$', 'b$') : source)).toBe(
        source === '(a?){50}a{50}',
      );
      expect(performance.now() - began).toBeLessThan(1_000);
    },
  );

  it('refuses what is too long, stands for too much, or is too deep', () => {
    expect(() => patternOf('a'.repeat(MAX_PATTERN_LENGTH), false)).not.toThrow();
    expect(() => patternOf('a'.repeat(MAX_PATTERN_LENGTH + 1), false)).toThrow('at most 200 characters');
    expect(() => patternOf('(a{99}){99}', false)).toThrow('stand for too much');
    expect(() => patternOf('a{9999}', false)).toThrow('stand for too much');
    expect(() => patternOf('('.repeat(50) + ')'.repeat(50), false)).toThrow('within each other');
  });

  it('ends a command that has looked too long', () => {
    const matcher = new Matcher();
    const text = 'a'.repeat(MAX_MATCHED_LENGTH);
    const source = `${'(a|b|c)*'.repeat(20)}x`;
    let rounds = 0;
    expect(() => {
      for (; rounds < MATCH_BUDGET; rounds += 1) matcher.matches(text, source, false);
    }).toThrow('takes too long');
    expect(rounds).toBeGreaterThan(1);
    expect(() => matcher.matches(`${text}a`, 'a', false)).toThrow('at most 10000 characters');
  });
});

describe('lines', () => {
  it.each([
    'Set-UMMailboxPolicy',
    'get-ummailbox',
    'RemoveUMDialplan',
    'Set-UMMailbox-',
    'Get-Help',
    'Set-UMMailboxPolcy',
  ])('%s is meant to be a cmdlet', (word) => {
    expect(looksLikeCmdlet(word)).toBe(true);
  });

  it.each(['start', 'check', 'shell', 'calls', 'demo', 'help', '--help', '', 'settings', 'phone-secret', 'status'])(
    '%s is none',
    (word) => {
      expect(looksLikeCmdlet(word)).toBe(false);
    },
  );

  it('with a secret in them are not remembered', () => {
    expect(mayBeRemembered('Enable-UMMailbox alice -PIN 5643892')).toBe(false);
    expect(mayBeRemembered('enable-ummailbox alice –pin:5643892')).toBe(false);
    expect(mayBeRemembered('Enable-UMMailbox alice -PI 5643892')).toBe(false);
    expect(mayBeRemembered('  -PIN 5643892')).toBe(false);
    expect(mayBeRemembered('Enable-UMMailbox alice -PINExpired $true')).toBe(true);
    expect(mayBeRemembered('Get-UMMailbox | sort -p Name')).toBe(true);
    expect(mayBeRemembered('Get-UMMailbox')).toBe(true);
  });
});
