import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCAL_LIMITS, REMOTE_LIMITS } from '../../src/cmdlet/index.ts';
import { csv } from '../../src/cmdlet/output/text.ts';
import { table } from '../../src/cmdlet/output/format.ts';
import type { ShellObject } from '../../src/cmdlet/objects.ts';
import { bench, NOW } from './support.ts';

const POLICY = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: Staff, dialPlan: Paris, allowMissedCallNotifications: true }
  - { name: Quiet, dialPlan: Paris, allowMissedCallNotifications: false, conditions: { minimumRing: 10s } }
  - { name: sales, dialPlan: Paris, conditions: { minimumRing: 2s } }
mailboxes:
  - { identity: alice, displayName: =1+1, emailAddress: alice@example.com, extensions: ["1001", "1002"], mailboxPolicy: Staff }
  - { identity: bob, displayName: '"Bob", the "builder"', extensions: ["1003"], mailboxPolicy: Staff }
  - { identity: carol, displayName: "\\u202Elorac", extensions: ["1004"], mailboxPolicy: sales, missedCallNotificationEnabled: false }
`;
const files = bench(POLICY);
const { run } = files;
const names = async (line: string): Promise<string> =>
  (await run(`${line} | Select-Object -ExpandProperty Name`)).output.trimEnd().replaceAll('\n', ' ');

describe('Where-Object', () => {
  it.each([
    ['{ $_.AllowMissedCallNotifications -eq $false }', 'Quiet'],
    ['{ -not $_.AllowMissedCallNotifications }', 'Quiet'],
    ['{ !$_.AllowMissedCallNotifications }', 'Quiet'],
    ['{ $_.AllowMissedCallNotifications }', 'Staff sales'],
    ["{ $_.name -eq 'STAFF' }", 'Staff'],
    ["{ $_.Name -ceq 'STAFF' }", ''],
    ["{ $_.Name -ne 'staff' }", 'Quiet sales'],
    ["{ $_.Name -like 's*' }", 'Staff sales'],
    ["{ $_.Name -clike 's*' }", 'sales'],
    ["{ $_.Name -notlike '*a*' }", 'Quiet'],
    ["{ $_.Name -match '^s.*[ef]$' }", 'Staff'],
    ["{ $_.Name -notmatch 'a' }", 'Quiet'],
    ['{ $_.NotifyMinimumRing -gt 2 }', 'Quiet'],
    ['{ $_.NotifyMinimumRing -ge 2 }', 'Quiet sales'],
    ['{ $_.NotifyMinimumRing -lt 2 }', 'Staff'],
    ['{ $_.NotifyMinimumRing -le 2 }', 'Staff sales'],
    ["{ $_.Name -in 'staff','quiet' }", 'Staff Quiet'],
    ["{ 'a','Quiet' -contains $_.Name }", 'Quiet'],
    ["{ $_.Name -like 's*' -and $_.NotifyMinimumRing -gt 0 }", 'sales'],
    ["{ $_.Name -eq 'quiet' -or ($_.Name -like 's*' -and -not ($_.NotifyMinimumRing -gt 0)) }", 'Staff Quiet'],
    ["{ $_.Name -eq 'quiet' -xor $_.Name -like '*' }", 'Staff sales'],
    ['AllowMissedCallNotifications', 'Staff sales'],
    ['AllowMissedCallNotifications -eq $false', 'Quiet'],
    ['Name -like s*', 'Staff sales'],
    ['Name -Match ^s', 'Staff sales'],
    ['NotifyMinimumRing -GT 1', 'Quiet sales'],
    ['Name -in staff,quiet', 'Staff Quiet'],
    ['-Property Name -EQ -Value Staff', 'Staff'],
  ])('%s lets through: %s', async (condition, expected) => {
    expect(await names(`Get-UMMailboxPolicy | Where-Object ${condition}`)).toBe(expected);
  });

  it('of a list one member is enough', async () => {
    expect(await names("Get-UMMailbox | where { $_.Extensions -eq '1002' }")).toBe('alice');
    expect(await names("Get-UMMailbox | where { $_.Extensions -contains '1003' }")).toBe('bob');
    expect(await names('Get-UMMailbox | ? { $_.Extensions.Count -gt 1 }')).toBe('alice');
    expect(await names('Get-UMMailbox | ? { $_.EmailAddress -eq $null }')).toBe('bob carol');
  });

  it.each([
    ['{ $_.Nme -eq 1 }', "UMMailboxPolicy has no property 'Nme'. Did you mean Name?"],
    ['{ $_.NotifyMinimumRing -gt "long" }', 'cannot be compared with a number'],
    ['{ $_.AllowMissedCallNotifications -eq "maybe" }', 'cannot be compared with a boolean'],
    ['{ Name -eq 1 }', 'properties are written $_.Name'],
    ['{ $_.Name -equals 1 }', 'There is no operator -equals'],
    ["{ $_.Name -match '(a' }", 'is no regular expression'],
    ['{ Set-UMMailboxPolicy Staff }', 'is not understood in { }'],
    ['Name -eq', 'Write one comparison with its value'],
    ['', 'Write a condition'],
    [`{ $_.Name -like '${'*a'.repeat(200)}' }`, 'at most 256 characters'],
  ])('refuses %s', async (condition, says) => {
    const result = await run(`Get-UMMailboxPolicy | Where-Object ${condition}`);
    expect(result).toMatchObject({ exitCode: 1, output: '' });
    expect(result.errors).toContain(says);
  });
});

describe('Select-, Sort-, Measure- and ForEach-Object', () => {
  it.each([
    ['select -First 2', 'Staff Quiet'],
    ['select -Last 1', 'sales'],
    ['select -Skip 1', 'Quiet sales'],
    ['select -First 1 -Last 1', 'Staff sales'],
    ['Sort-Object Name', 'Quiet sales Staff'],
    ['sort Name -Descending', 'Staff sales Quiet'],
    ['sort NotifyMinimumRing', 'Staff sales Quiet'],
    ['sort AllowMissedCallNotifications,Name', 'Quiet sales Staff'],
  ])('%s', async (stage, expected) => {
    expect(await names(`Get-UMMailboxPolicy | ${stage}`)).toBe(expected);
  });

  it('Select-Object takes properties in the order asked for, in any case and by pattern', async () => {
    expect((await run('Get-UMMailboxPolicy Staff | select umdialplan,Name,NotifyM*')).output).toBe(
      'UMDialPlan Name  NotifyMinimumRing\n---------- ----  -----------------\nParis      Staff                 0\n',
    );
  });

  it('what was selected is still the same thing for the next cmdlet', async () => {
    await run(
      'Get-UMMailboxPolicy Staff | select UMDialPlan | Set-UMMailboxPolicy -AllowMissedCallNotifications $false',
    );
    expect(await names('Get-UMMailboxPolicy | where AllowMissedCallNotifications -eq $false')).toBe('Staff Quiet');
  });

  it('Measure-Object counts', async () => {
    expect((await run('Get-UMMailbox | Measure-Object')).output).toBe('Count\n-----\n    3\n');
    expect((await run('Get-UMMailbox x* | measure')).output).toContain('    0');
  });

  it('ForEach-Object puts out values', async () => {
    expect((await run('Get-UMMailbox | % { $_.Extensions }')).output).toBe('1001\n1002\n1003\n1004\n');
    expect((await run('Get-UMMailbox | ForEach-Object EmailAddress')).output).toBe('alice@example.com\n');
  });

  it.each(['Where-Object Name', 'select Name', 'sort Name', 'ft', 'ConvertTo-Json', 'Get-UMMailbox | ft | fl'])(
    '%s is refused where nothing that it could take comes',
    async (line) => {
      expect((await run(line)).exitCode).toBe(1);
    },
  );
});

describe('output', () => {
  it('control characters, and those that turn text round, do not reach the terminal', async () => {
    const { output } = await run('Get-UMMailbox carol | fl DisplayName');
    expect(output).toBe('DisplayName : ·lorac\n');
    expect((await run('Get-UMMailbox carol | % { $_.DisplayName }')).output).toBe('·lorac\n');
    expect((await run('Get-UMMailbox carol | ConvertTo-Json')).output).toContain(String.raw`"\u202elorac"`);
  });

  it('nor by way of errors, warnings, and what -WhatIf says', async () => {
    const whatIf = await run('Set-UMMailbox carol -DisplayName carol -WhatIf');
    expect(whatIf.output).toContain('DisplayName from ·lorac to carol');
    const { errors } = await run("Get-UMMailbox '\u001b[2J\u202Ex'");
    expect(errors).toContain("object '·[2J·x' couldn't be found");
  });

  it('a table is cut to the terminal, and never so far that nothing is left', () => {
    const object: ShellObject = { type: 'x', identity: null, properties: { A: 'a'.repeat(50), B: 'b'.repeat(50) } };
    for (const columns of [100, 60, 40]) {
      const lines = table([object], null, { columns, colour: false });
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(lines[2]).toMatch(/^a+…? b+…?$/);
    }
  });

  it('headings are coloured where that is wanted', async () => {
    const { output } = await run('Get-UMDialPlan | ft Name', { display: { columns: 80, colour: true } });
    expect(output).toContain('\u001b[32;1mName');
    expect((await run('Get-UMDialPlan | ft Name')).output).not.toContain('\u001b');
  });

  it('ConvertTo-Json gives values of their own kinds', async () => {
    expect(JSON.parse((await run('Get-UMMailbox bob | ConvertTo-Json')).output)).toMatchObject({
      Name: 'bob',
      Extensions: ['1003'],
      EmailAddress: null,
      UMEnabled: true,
    });
    expect(JSON.parse((await run('Get-UMMailbox bob | ConvertTo-Json -AsArray -Compress')).output)).toHaveLength(1);
    expect(JSON.parse((await run('Get-UMMailbox | select Name | ConvertTo-Json')).output)).toHaveLength(3);
  });

  it('ConvertTo-Csv: cells in quotes, lists in one, and none that a sheet would calculate', async () => {
    expect((await run('Get-UMMailbox | select Name,DisplayName,Extensions | ConvertTo-Csv')).output).toBe(
      [
        '"Name","DisplayName","Extensions"',
        '"alice","\'=1+1","1001; 1002"',
        '"bob","""Bob"", the ""builder""","1003"',
        '"carol","·lorac","1004"',
        '',
      ].join('\n'),
    );
  });

  it('no text makes a cell that begins as a formula does, and each is read back whole', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('=', '+', '-', '@', ' ', '\t', '"', '1') })),
        (text) => {
          const written = csv([{ type: 'x', identity: null, properties: { A: text } }], ',', false);
          const cell = written.slice(1, -3).replaceAll('""', '"');
          expect(cell.replace(/^'/, '')).toBe(text.replace(/^'/, ''));
          if (!/^[+-]?\d+(?:\.\d+)?$/.test(cell)) expect(cell).not.toMatch(/^\s*[=+\-@]/);
        },
      ),
    );
  });

  it('Export-Csv writes where the caller has files, and nowhere else', async () => {
    const written: unknown[] = [];
    const context = {
      files: {
        write: (...given: unknown[]): Promise<void> => {
          written.push(given);
          return Promise.resolve();
        },
      },
    };
    expect(
      await run('Get-UMMailbox | select Name | Export-Csv out.csv -Delimiter ";" -NoTypeInformation', context),
    ).toMatchObject({
      exitCode: 0,
      output: '',
    });
    await run('Get-UMMailbox bob | select Name | Export-Csv out.csv -Append -NoClobber', context);
    expect(written).toEqual([
      ['out.csv', '"Name"\r\n"alice"\r\n"bob"\r\n"carol"\r\n', { append: false, keep: false }],
      ['out.csv', '"bob"\r\n', { append: true, keep: true }],
    ]);
    const refused = await run('Get-UMMailbox | Export-Csv out.csv');
    expect(refused).toMatchObject({ exitCode: 1, errors: expect.stringContaining('writes no files here') });
  });
});

describe('limits', () => {
  const limits = { ...LOCAL_LIMITS };

  it('rows that are too many are left out, and said so', async () => {
    const shown = await run('Get-UMMailbox', { limits: { ...limits, rows: 2 } });
    expect(shown.output).not.toContain('carol');
    expect(shown.errors).toBe('WARNING: 3 objects were found; the first 2 are shown.\n');
  });

  it.each(['ft', 'fl', 'ConvertTo-Json', 'ConvertTo-Csv'])(
    '%s makes no text of more than would be shown',
    async (stage) => {
      const few = { limits: { ...limits, rows: 2 } };
      const { exitCode, output, errors } = await run(`Get-UMMailbox | ${stage}`, few);
      expect({ exitCode, output }).toEqual({ exitCode: 1, output: '' });
      expect(errors).toContain('put Select-Object -First 2 before it');
      expect((await run(`Get-UMMailbox | select -First 2 | ${stage}`, few)).exitCode).toBe(0);
    },
  );

  it('output that is too long is refused whole: half of it would be something else', async () => {
    for (const line of ['Get-UMMailbox', 'Get-UMMailbox | ConvertTo-Json', 'Get-UMMailbox | fl']) {
      const result = await run(line, { limits: { ...limits, characters: 100 } });
      expect(result).toMatchObject({ exitCode: 1, output: '', errors: expect.stringContaining('longer than 100') });
    }
  });

  it('objects that are too many end the command', async () => {
    const result = await run('Get-UMMailbox | measure', { limits: { ...limits, objects: 2 } });
    expect(result.errors).toContain('more than 2 objects');
  });

  it('time that is up, and a caller who is gone, end the command; nothing is changed after', async () => {
    let now = NOW;
    const slow = { limits: { ...limits, timeMs: 1_000 }, now: () => (now += 300) };
    const change = 'Get-UMMailbox | where Name -like * | Set-UMMailbox -MissedCallNotificationEnabled $false';
    expect((await run(change, slow)).errors).toContain('takes longer than 1 s');
    expect((await run(change, { signal: AbortSignal.abort() })).errors).toBe('The command was stopped.\n');
    expect(await files.file()).toBe(POLICY);
  });

  it('over HTTP they are tighter', () => {
    for (const name of ['objects', 'rows', 'characters', 'timeMs'] as const)
      expect(REMOTE_LIMITS[name]).toBeLessThan(LOCAL_LIMITS[name]);
  });
});

describe('Get-Help', () => {
  it.each([
    'Get-Help Set-UMMailboxPolicy',
    'Set-UMMailboxPolicy -?',
    'help set-ummailboxpolicy',
    'man Set-UMMailboxPol',
  ])('%s tells all of it', async (line) => {
    const { output } = await run(line);
    expect(output).toContain('-NotifyMinimumRing <value>');
    expect(output).toContain('Organization Management, UM Management. (policy.write)');
    expect(output).toContain('TAKEN, WITHOUT A MEANING HERE');
  });

  it('lists all cmdlets, or those that a word fits', async () => {
    expect((await run('Get-Help')).output).toContain('Search-AdminAuditLog');
    expect((await run('Get-Help *DialPlan')).output.trimEnd().split('\n')).toHaveLength(4);
    expect((await run('Get-Help Set-UMMailbox -Parameter miss*')).output).toContain('-MissedCallNotificationEnabled');
    expect((await run('Get-Help nonsense')).errors).toContain("There is no cmdlet 'nonsense'.");
    expect((await run('Get-Help Get-UMMailbox -Examples')).output).toContain('Get-UMMailbox -Anr smi');
  });

  it('Get-Command knows patterns, verbs and nouns', async () => {
    expect(await names('Get-Command -Verb new')).toBe('New-UMMailboxPolicy New-UMDialPlan');
    expect(await names('Get-Command -Noun UMMailbox')).toBe(
      'Get-UMMailbox Set-UMMailbox Enable-UMMailbox Disable-UMMailbox',
    );
    expect((await run('Get-Command Get-UMMailbx')).errors).toContain('Did you mean Get-UMMailbox?');
  });
});
