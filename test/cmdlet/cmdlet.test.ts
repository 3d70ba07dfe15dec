import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCmdlet } from '../../src/cmdlet/index.ts';
import { MAX_LINE_LENGTH, wordsOf } from '../../src/cmdlet/words.ts';

const POLICY = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
  - { name: Lyon, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: MyUMMailboxPolicy, dialPlan: Paris, allowMissedCallNotifications: true } # ours
  - { name: Tout l'étage, dialPlan: Paris, allowMissedCallNotifications: false }
mailboxes:
  - { identity: alice, extensions: ["1001"], mailboxPolicy: MyUMMailboxPolicy }
`;

let folder = '';
let policyPath = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcg-cmdlet-'));
  policyPath = join(folder, 'policy.yaml');
  await writeFile(policyPath, POLICY);
});
afterEach(() => rm(folder, { recursive: true }));

const run = (line: string): ReturnType<typeof runCmdlet> => runCmdlet(line, { policyPath });
const fileNow = (): Promise<string> => readFile(policyPath, 'utf8');
const SWITCHED_OFF = POLICY.replace('allowMissedCallNotifications: true', 'allowMissedCallNotifications: false');

describe('Set-UMMailboxPolicy changes the file and says nothing, in each of Exchange’s spellings', () => {
  it.each([
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications $false',
    'SET-UMMAILBOXPOLICY -IDENTITY mYumMAILBOXpOLICY -ALLOWMISSEDCALLNOTIFICATIONS $FALSE',
    'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissedCallNotifications $false',
    'Set-UMMailboxPolicy -AllowMissedCallNotifications $false MyUMMailboxPolicy',
    'Set-UMMailboxPolicy -id MyUMMailboxPolicy -allow $false',
    'Set-UMMailboxPolicy -Identity:MyUMMailboxPolicy -AllowMissedCallNotifications:$false',
    'Set-UMMailboxPolicy -Identity: MyUMMailboxPolicy -AllowMissedCallNotifications: $false -Confirm:$false',
    "Set-UMMailboxPolicy 'MyUMMailboxPolicy' -a 0",
    '  Set-UMMailboxPolicy   "MyUMMailboxPolicy"   -AllowMissedCallNotifications   $false  ',
    'Set-UMMailboxPolicy “MyUMMailboxPolicy” -AllowMissedCallNotifications $false',
    'Set-UMMailboxPolicy „MyUMMailboxPolicy" -AllowMissedCallNotifications $false',
    'Set-UMMailboxPolicy ‘MyUMMailboxPolicy’ -AllowMissedCallNotifications $false',
    'Set-UMMailboxPolicy MyUM`MailboxPolicy –AllowMissedCallNotifications $false -WhatIf:$false',
  ])('%s', async (line) => {
    const result = await run(line);
    expect(result).toEqual({ exitCode: 0, output: '', errors: '' });
    expect(await fileNow()).toBe(SWITCHED_OFF);
  });

  it('a name with quotes and letters of its own', async () => {
    expect(await run("Set-UMMailboxPolicy 'tout l''étage' -a $true")).toEqual({ exitCode: 0, output: '', errors: '' });
    expect(await fileNow()).not.toContain('false');
  });

  it('a default policy that stands in no file yet', async () => {
    expect((await run("Set-UMMailboxPolicy 'Lyon Default Policy' -a $false")).exitCode).toBe(0);
    expect(await fileNow()).toContain(
      '- { name: Lyon Default Policy, dialPlan: Lyon, allowMissedCallNotifications: false }',
    );
  });

  it('every policy of a pipeline', async () => {
    const result = await run(
      'Get-UMMailboxPolicy -UMDialPlan Paris | Set-UMMailboxPolicy -AllowMissedCallNotifications $true',
    );
    expect(result).toEqual({
      exitCode: 0,
      output: '',
      errors:
        "WARNING: The command completed successfully but no settings of 'MyUMMailboxPolicy' have been modified.\n",
    });
    expect(await fileNow()).not.toContain('false');
  });
});

describe('Get-UMMailboxPolicy', () => {
  it('lists all', async () => {
    expect((await run('Get-UMMailboxPolicy')).output).toBe(
      [
        'Name                UMDialPlan AllowMissedCallNotifications',
        '----                ---------- ----------------------------',
        'MyUMMailboxPolicy   Paris      True',
        "Tout l'étage        Paris      False",
        'Lyon Default Policy Lyon       True',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['one by its name', 'Get-UMMailboxPolicy myummailboxpolicy', ['MyUMMailboxPolicy']],
    ['those of a dial plan', 'Get-UMMailboxPolicy -UMDialPlan LYON', ['Lyon Default Policy']],
    ['those that fit a pattern', 'Get-UMMailboxPolicy *y', ['MyUMMailboxPolicy', 'Lyon Default Policy']],
    ['none that fits', 'Get-UMMailboxPolicy x*', []],
    ['what comes through a pipeline', 'Get-UMMailboxPolicy my* | Get-UMMailboxPolicy', ['MyUMMailboxPolicy']],
  ])('lists %s', async (_rule, line, names) => {
    const { output, exitCode } = await run(line);
    expect(exitCode).toBe(0);
    expect(
      output
        .split('\n')
        .slice(2, -1)
        .map((row) => row.split(/ {2,}| (?=Paris|Lyon )/)[0]),
    ).toEqual(names);
  });
});

describe('what is not understood changes nothing', () => {
  const refusals: readonly (readonly [rule: string, line: string, error: string])[] = [
    [
      'a policy that does not exist',
      'Set-UMMailboxPolicy nobody -a $false',
      "The operation couldn't be performed because object 'nobody' couldn't be found on 'policy.yaml'.",
    ],
    [
      'to get a policy that does not exist',
      'Get-UMMailboxPolicy nobody',
      "The operation couldn't be performed because object 'nobody' couldn't be found on 'policy.yaml'.",
    ],
    ['a dial plan that does not exist', 'Get-UMMailboxPolicy -UMDialPlan Nantes', "object 'Nantes' couldn't be found"],
    [
      'the policy $null',
      'Set-UMMailboxPolicy $null -a $false',
      "Cannot bind argument to parameter 'Identity' because it is null.",
    ],
    [
      'to get the policy $null',
      'Get-UMMailboxPolicy -Identity $null',
      "Cannot bind argument to parameter 'Identity' because it is null.",
    ],
    ['the policy without a name', "Set-UMMailboxPolicy '' -a $false", 'because it is an empty string.'],
    ['no policy', 'Set-UMMailboxPolicy -a $false', 'missing mandatory parameters: Identity'],
    ['a pattern', 'Set-UMMailboxPolicy * -a $false', "Wildcards aren't taken by Set-UMMailboxPolicy"],
    [
      'a name with a space and no quotes',
      'Set-UMMailboxPolicy -Identity Lyon Default -a $false',
      "A positional parameter cannot be found that accepts argument 'Default'.",
    ],
    [
      'a word for a boolean',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -a no',
      'Cannot convert value "no" to type "System.Boolean". Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0 instead.',
    ],
    [
      '$false in quotes, which is a text',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -a "$false"',
      'to type "System.Boolean"',
    ],
    ['$null for a boolean', 'Set-UMMailboxPolicy MyUMMailboxPolicy -a $null', 'Cannot convert value "$null"'],
    [
      'a parameter that does not exist',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowFax $false',
      "A parameter cannot be found that matches parameter name 'AllowFax'.",
    ],
    [
      'a parameter twice',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -a $false -allow $true',
      "parameter 'AllowMissedCallNotifications' is specified more than once",
    ],
    [
      'a value that a POSIX shell took away',
      'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications ',
      'put the whole command in single quotes',
    ],
    [
      'the same in the middle',
      'Set-UMMailboxPolicy -AllowMissedCallNotifications -identity MyUMMailboxPolicy',
      'put the whole command in single quotes',
    ],
    ['a bare -Confirm', 'Set-UMMailboxPolicy MyUMMailboxPolicy -a $false -Confirm', 'nobody to confirm'],
    [
      'a switch with a value behind a space',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -a $false -WhatIf $true',
      "accepts argument '$true'",
    ],
    [
      'a cmdlet that is not there',
      'Remove-UMMailboxPolicy MyUMMailboxPolicy',
      "The term 'Remove-UMMailboxPolicy' is not recognized as the name of a cmdlet. There are Get-UMMailboxPolicy, Set-UMMailboxPolicy, Get-UMMailbox, Set-UMMailbox.",
    ],
    [
      'a misprint of the documentation',
      'Set-UMMailboxPolicy- -id MyUMMailboxPolicy -a $false',
      "The term 'Set-UMMailboxPolicy-' is not recognized",
    ],
    ['another variable', 'Set-UMMailboxPolicy $name -a $false', 'There is no variable $name here.'],
    ['two commands', 'Get-UMMailboxPolicy; Set-UMMailboxPolicy MyUMMailboxPolicy -a $false', 'one command at a time'],
    ['a pipe to nothing', 'Get-UMMailboxPolicy |', 'An empty pipe element is not allowed.'],
    [
      'a name behind a pipe',
      'Get-UMMailboxPolicy | Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -a $false',
      'leave -Identity out after a pipe',
    ],
    ['an open quote', "Set-UMMailboxPolicy 'MyUMMailboxPolicy -a $false", "The string is missing the terminator: '."],
    ['a line that is too long', `Get-UMMailboxPolicy ${'x'.repeat(MAX_LINE_LENGTH)}`, 'longer than 10000 characters'],
  ];

  it.each(refusals)('%s', async (_rule, line, error) => {
    const result = await run(line);
    expect(result).toMatchObject({ exitCode: 1, output: '' });
    expect(result.errors).toContain(error);
    expect(await fileNow()).toBe(POLICY);
  });

  it('a file with mistakes, which are told', async () => {
    await writeFile(policyPath, `${POLICY}mailboxs: []\n`);
    for (const line of ['Get-UMMailboxPolicy', 'Set-UMMailboxPolicy MyUMMailboxPolicy -a $false']) {
      const result = await run(line);
      expect(result.exitCode).toBe(1);
      expect(result.errors).toContain('policy.yaml:9:1 unknown key "mailboxs". Did you mean "mailboxes"?');
    }
  });

  it('a file that is not there', async () => {
    await rm(policyPath);
    expect((await run('Get-UMMailboxPolicy')).errors).toContain('ENOENT');
    expect((await run('Set-UMMailboxPolicy x -a $true')).errors).toContain('does not exist');
  });

  it('an empty line is nothing', async () => {
    expect(await run('  ')).toEqual({ exitCode: 0, output: '', errors: '' });
  });
});

describe('what changes nothing says so', () => {
  it('-WhatIf says what would be, and for how many users', async () => {
    const result = await run('Set-UMMailboxPolicy MyUMMailboxPolicy -a $false -wi');
    expect(result).toEqual({
      exitCode: 0,
      output:
        'What if: Setting UM mailbox policy "MyUMMailboxPolicy": AllowMissedCallNotifications from True to False, for 1 user.\n',
      errors: '',
    });
    expect(await fileNow()).toBe(POLICY);
  });

  it.each(['Set-UMMailboxPolicy MyUMMailboxPolicy -a $true', 'Set-UMMailboxPolicy MyUMMailboxPolicy'])(
    '%s',
    async (line) => {
      expect(await run(line)).toEqual({
        exitCode: 0,
        output: '',
        errors:
          "WARNING: The command completed successfully but no settings of 'MyUMMailboxPolicy' have been modified.\n",
      });
    },
  );

  it('-DomainController means nothing', async () => {
    const result = await run('Get-UMMailboxPolicy MyUMMailboxPolicy -DomainController dc1');
    expect(result).toMatchObject({
      exitCode: 0,
      errors: 'WARNING: -DomainController means nothing here and was passed over.\n',
    });
  });
});

describe('words', () => {
  const values = (line: string): unknown[] =>
    wordsOf(line)
      .flat()
      .map((word) => (word.kind === 'value' ? word.value : `-${word.name}`));

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
    ['-Identity', ['-Identity']],
  ])('%s', (line, expected) => {
    expect(values(line)).toEqual(expected);
  });

  it('any text in single quotes is that text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(values(`x '${text.replaceAll(/['‘-‛]/g, '$&$&')}'`)).toEqual(['x', text]);
      }),
    );
  });

  it('any line gives words or an error, and ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (line) => {
        const result = await runCmdlet(line, { policyPath: join(folder, 'nowhere.yaml') });
        expect([0, 1]).toContain(result.exitCode);
      }),
    );
  });
});
