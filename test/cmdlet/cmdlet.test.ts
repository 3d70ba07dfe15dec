import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { MAX_TEXT_LENGTH } from '../../src/cmdlet/language/reader.ts';
import { bench } from './support.ts';

const POLICY = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
  - { name: Lyon, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: MyUMMailboxPolicy, dialPlan: Paris, allowMissedCallNotifications: true } # ours
  - { name: Tout l'étage, dialPlan: Paris, allowMissedCallNotifications: false }
mailboxes:
  - { identity: alice, extensions: ["1001"], mailboxPolicy: MyUMMailboxPolicy }
`;

const files = bench(POLICY);
const { run, file: fileNow } = files;
const SWITCHED_OFF = POLICY.replace('allowMissedCallNotifications: true', 'allowMissedCallNotifications: false');

describe('Set-UMMailboxPolicy changes the file and says nothing, in each of Exchange’s spellings', () => {
  it.each([
    'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications $false',
    'SET-UMMAILBOXPOLICY -IDENTITY mYumMAILBOXpOLICY -ALLOWMISSEDCALLNOTIFICATIONS $FALSE',
    'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissedCallNotifications $false',
    'Set-UMMailboxPolicy -AllowMissedCallNotifications $false MyUMMailboxPolicy',
    'Set-UMMailboxPolicy -id MyUMMailboxPolicy -allowmissed $false',
    'Set-UMMailboxPolicy -Identity:MyUMMailboxPolicy -AllowMissedCallNotifications:$false',
    'Set-UMMailboxPolicy -Identity: MyUMMailboxPolicy -AllowMissedCallNotifications: $false -Confirm:$false',
    "Set-UMMailboxPolicy 'MyUMMailboxPolicy' -AllowMissed 0",
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
    expect(await run("Set-UMMailboxPolicy 'tout l''étage' -AllowMissed $true")).toEqual({
      exitCode: 0,
      output: '',
      errors: '',
    });
    expect(await fileNow()).not.toContain('false');
  });

  it('a default policy that stands in no file yet', async () => {
    expect((await run("Set-UMMailboxPolicy 'Lyon Default Policy' -AllowMissed $false")).exitCode).toBe(0);
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
      'Set-UMMailboxPolicy nobody -AllowMissed $false',
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
      'Set-UMMailboxPolicy $null -AllowMissed $false',
      "Cannot bind argument to parameter 'Identity' because it is null.",
    ],
    [
      'to get the policy $null',
      'Get-UMMailboxPolicy -Identity $null',
      "Cannot bind argument to parameter 'Identity' because it is null.",
    ],
    ['the policy without a name', "Set-UMMailboxPolicy '' -AllowMissed $false", 'because it is an empty string.'],
    ['no policy', 'Set-UMMailboxPolicy -AllowMissed $false', 'missing mandatory parameters: Identity'],
    ['a pattern', 'Set-UMMailboxPolicy * -AllowMissed $false', "Wildcards aren't taken by Set-UMMailboxPolicy"],
    [
      'a name with a space and no quotes',
      'Set-UMMailboxPolicy -Identity Lyon Default -AllowMissed $false',
      "A positional parameter cannot be found that accepts argument 'Default'.",
    ],
    [
      'a word for a boolean',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed no',
      'Cannot convert value "no" to type "System.Boolean". Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0 instead.',
    ],
    [
      '$false in quotes, which is a text',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed "$false"',
      'to type "System.Boolean"',
    ],
    ['$null for a boolean', 'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed $null', 'Cannot convert value "$null"'],
    [
      'a parameter that does not exist',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissedCallNotification1 $false',
      "A parameter cannot be found that matches parameter name 'AllowMissedCallNotification1'. Did you mean -AllowMissedCallNotifications?",
    ],
    [
      'a parameter twice',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed $false -allowmissed $true',
      "parameter 'AllowMissedCallNotifications' is specified more than once",
    ],
    [
      'a value that a POSIX shell took away',
      'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications ',
      "put '$false' in single quotes, or the whole command",
    ],
    [
      'the same in the middle',
      'Set-UMMailboxPolicy -AllowMissedCallNotifications -identity MyUMMailboxPolicy',
      "put '$false' in single quotes, or the whole command",
    ],
    ['a bare -Confirm', 'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed $false -Confirm', 'nobody to confirm'],
    [
      'a switch with a value behind a space',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed $false -WhatIf $true',
      "accepts argument '$true'",
    ],
    [
      'a cmdlet that is not there',
      'Remove-Mailbox MyUMMailboxPolicy',
      "The term 'Remove-Mailbox' is not recognized as the name of a cmdlet.",
    ],
    [
      'a misprint of the documentation',
      'Set-UMMailboxPolicy- -id MyUMMailboxPolicy -AllowMissed $false',
      "The term 'Set-UMMailboxPolicy-' is not recognized",
    ],
    ['another variable', 'Set-UMMailboxPolicy $name -AllowMissed $false', 'There is no variable $name here.'],
    [
      'of two commands the second',
      'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed $false; transport=tcp',
      'A text that holds ";" goes in quotes.',
    ],
    ['a pipe to nothing', 'Get-UMMailboxPolicy |', 'An empty pipe element is not allowed.'],
    [
      'a name behind a pipe',
      'Get-UMMailboxPolicy | Set-UMMailboxPolicy -Identity MyUMMailboxPolicy -AllowMissed $false',
      'leave -Identity out after a pipe',
    ],
    [
      'an open quote',
      "Set-UMMailboxPolicy 'MyUMMailboxPolicy -AllowMissed $false",
      "The string is missing the terminator: '.",
    ],
    ['a line that is too long', `Get-UMMailboxPolicy ${'x'.repeat(MAX_TEXT_LENGTH)}`, 'longer than 1000000 characters'],
  ];

  it.each(refusals)('%s', async (_rule, line, error) => {
    const result = await run(line);
    expect(result).toMatchObject({ exitCode: 1, output: '' });
    expect(result.errors).toContain(error);
    expect(await fileNow()).toBe(POLICY);
  });

  it('a file with mistakes, which are told', async () => {
    await files.write(`${POLICY}mailboxs: []\n`);
    for (const line of ['Get-UMMailboxPolicy', 'Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed $false']) {
      const result = await run(line);
      expect(result.exitCode).toBe(1);
      expect(result.errors).toContain('policy.yaml:9:1 unknown key "mailboxs". Did you mean "mailboxes"?');
    }
  });

  it('a file that is not there', async () => {
    await rm(files.policyPath);
    expect((await run('Get-UMMailboxPolicy')).errors).toContain('does not exist');
    expect((await run('Set-UMMailboxPolicy x -AllowMissed $true')).errors).toContain('does not exist');
  });

  it('an empty line is nothing', async () => {
    expect(await run('  ')).toEqual({ exitCode: 0, output: '', errors: '' });
  });
});

describe('what changes nothing says so', () => {
  it('-WhatIf says what would be, and for whom', async () => {
    const result = await run('Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed $false -wi');
    expect(result).toEqual({
      exitCode: 0,
      output:
        'What if: Setting UM mailbox policy "MyUMMailboxPolicy": AllowMissedCallNotifications from True to False, for 1 mailbox: alice.\n',
      errors: '',
    });
    expect(await fileNow()).toBe(POLICY);
  });

  it.each(['Set-UMMailboxPolicy MyUMMailboxPolicy -AllowMissed $true', 'Set-UMMailboxPolicy MyUMMailboxPolicy'])(
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
