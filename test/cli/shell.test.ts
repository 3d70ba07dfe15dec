import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run, type Terminal } from '../../src/cli/index.ts';
import { MAX_HISTORY, readHistory, saveHistory } from '../../src/cli/history.ts';
import { MAX_SCRIPT_LENGTH } from '../../src/cli/shell.ts';
import { openSqliteJournal } from '../../src/journal/index.ts';

const POLICY = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: MyUMMailboxPolicy, dialPlan: Paris, allowMissedCallNotifications: true } # ours
  - { name: Two Words, dialPlan: Paris, allowMissedCallNotifications: true }
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: MyUMMailboxPolicy }
`;
const GATEWAY = `sip:
  listen: [udp://127.0.0.1:5060]
peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: [sip:127.0.0.1:5090]
policy: policy.yaml
journal: sqlite:gateway.db
notification:
  transport: maildir:mail
  from: Missed calls <missed-calls@example.com>
`;
const SEED = ['Set-UMMailboxPolicy', '-identity', 'MyUMMailboxPolicy', '-AllowMissedCallNotifications'];
const NO_JOURNAL = /^WARNING: There is no journal yet.*\n$/;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcg-shell-'));
  await writeFile(join(folder, 'policy.yaml'), POLICY);
  await writeFile(join(folder, 'gateway.yaml'), GATEWAY);
});
afterEach(() => rm(folder, { recursive: true }));

const file = (name = 'policy.yaml'): Promise<string> => readFile(join(folder, name), 'utf8');
const isOff = async (): Promise<boolean> => (await file()).includes('allowMissedCallNotifications: false');

interface Seat {
  readonly exitCode: Promise<number>;
  readonly output: () => string;
  readonly errors: () => string;
  /** What a person types. */
  readonly type: (text: string) => void;
  readonly end: () => void;
  /** Waits until this is on the screen. */
  readonly shows: (text: string) => Promise<void>;
}

/** Somebody before a terminal (`isTTY`), or a program with pipes. */
function seat(
  argv: readonly string[],
  { isTTY = false, env = {} }: { isTTY?: boolean; env?: Terminal['env'] } = {},
): Seat {
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns: 120 });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  let [output, errors] = ['', ''];
  stdout.on('data', (text: Buffer) => (output += text.toString()));
  stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const exitCode = run({
    argv: [...argv, '--config', 'gateway.yaml'],
    env: { HOME: folder, TERM: 'dumb', ...env },
    cwd: folder,
    hostname: 'here',
    pid: 1,
    stdin,
    stdout,
    stderr,
    onSignal: () => undefined,
    exitNow: () => undefined,
  });
  return {
    exitCode,
    output: () => output,
    errors: () => errors,
    type: (text) => void stdin.write(text),
    end: () => void stdin.end(),
    shows: async (text) => {
      await vi.waitUntil(() => (output + errors).includes(text), { timeout: 10_000, interval: 5 });
    },
  };
}

async function outcome(
  argv: readonly string[],
  input?: string,
): Promise<{ code: number; output: string; errors: string }> {
  const { exitCode, output, errors, type, end } = seat(argv);
  if (input !== undefined) type(input);
  end();
  return { code: await exitCode, output: output(), errors: errors() };
}

describe('a cmdlet behind mcg itself', () => {
  it.each([[[...SEED, '$false']], [[...SEED, '0']], [[`${SEED.join(' ')} $false`]]])('%j', async (argv) => {
    const { code, output, errors } = await outcome(argv);
    expect({ code, output }).toEqual({ code: 0, output: '' });
    expect(errors).toMatch(NO_JOURNAL);
    expect(await isOff()).toBe(true);
  });

  it.each([
    ['nothing is left of $false', SEED],
    ['an empty text is left of "$false"', [...SEED, '']],
    ['the next parameter stands in its place', [...SEED, '-WhatIf']],
  ])('where a shell took $false away, and %s, says how to quote it', async (_what, argv) => {
    const { code, errors } = await outcome(argv);
    expect(code).toBe(1);
    expect(errors).toContain("put '$false' in single quotes, or the whole command");
    expect(await isOff()).toBe(false);
  });

  it('names with spaces, pipes and conditions come through a shell’s quotes', async () => {
    const { output } = await outcome(['Get-UMMailboxPolicy', 'Two Words', '|', 'select', '-ExpandProperty', 'Name']);
    expect(output).toBe('Two Words\n');
    const where = ['Get-UMMailboxPolicy', '|', 'where', "{ $_.Name -like 't*' }", '|', 'select', 'Name'];
    expect((await outcome(where)).output).toContain('Two Words');
  });

  it('a misspelt one is told what was meant', async () => {
    const { code, errors } = await outcome(['RemoveUMDialplan', '-identity', 'Paris']);
    expect({ code, errors }).toEqual({
      code: 1,
      errors:
        "The term 'RemoveUMDialplan' is not recognized as the name of a cmdlet. Did you mean Remove-UMDialPlan?\n",
    });
  });

  it('Remove- is refused where nobody can be asked', async () => {
    expect((await outcome(['Remove-UMMailboxPolicy', 'Two Words'])).errors).toContain('write -Confirm:$false');
    expect((await outcome(['Remove-UMMailboxPolicy', 'Two Words', '-Confirm:$false'])).code).toBe(0);
    expect(await file()).not.toContain('Two Words');
  });

  it('a configuration that is not there ends it', async () => {
    await rm(join(folder, 'gateway.yaml'));
    expect(await outcome(['Get-UMMailbox'])).toMatchObject({ code: 2, output: '' });
  });
});

describe('mcg shell with a text', () => {
  it('-c runs a line, and its exit code says how it went', async () => {
    expect(await outcome(['shell', '-c', 'Get-UMMailbox | select -ExpandProperty Name'])).toEqual({
      code: 0,
      output: 'alice\n',
      errors: '',
    });
    expect(await outcome(['shell', '-c', 'Get-UMMailbox bob'])).toMatchObject({ code: 1, output: '' });
  });

  const SCRIPT = `# switches all off
<# and says
   so #>
Get-UMMailboxPolicy |
  Where-Object {
    $_.AllowMissedCallNotifications
  } | Set-UMMailboxPolicy \`
    -AllowMissedCallNotifications $false
Get-UMMailboxPolicy | select -ExpandProperty Name; Get-UMMailbox nobody
Get-UMMailbox
`;

  it.each([
    ['a file', ['shell', 'off.ps1'], undefined],
    ['the standard input', ['shell'], SCRIPT],
  ])('runs %s until something goes wrong', async (_what, argv, input) => {
    // Windows' editors begin a file with a mark, and end its lines with two characters.
    await writeFile(join(folder, 'off.ps1'), `\uFEFF${SCRIPT.replaceAll('\n', '\r\n')}`);
    const { code, output, errors } = await outcome(argv, input);
    expect({ code, output }).toEqual({ code: 1, output: 'MyUMMailboxPolicy\nTwo Words\n' });
    expect(errors).toContain("'nobody' couldn't be found");
    expect((await file()).match(/allowMissedCallNotifications: false/g)).toHaveLength(2);
  });

  it.each([
    ['a script that is not there', ['shell', 'no.ps1'], 'no.ps1 cannot be read'],
    ['a script and a line', ['shell', 'off.ps1', '-c', 'Get-UMMailbox'], 'not both'],
  ])('%s: exit code 2', async (_what, argv, says) => {
    expect(await outcome(argv)).toMatchObject({ code: 2, errors: expect.stringContaining(says) });
  });

  it('a script ends where it says so, with its code', async () => {
    const lines = (...all: string[]): string => all.join('\r\n');
    const ended = await outcome(
      ['shell'],
      lines('Get-UMMailbox | select -ExpandProperty Name', ' EXIT 3;', 'no cmdlet'),
    );
    expect(ended).toEqual({ code: 3, output: 'alice\n', errors: '' });
    expect(await outcome(['shell'], lines('Get-UMMailbox alice | select Name', 'quit'))).toMatchObject({ code: 0 });
    expect(await outcome(['shell'], lines('Get-UMMailbox nobody', 'exit'))).toMatchObject({ code: 1 });
  });

  it('a script that is too long', async () => {
    await writeFile(join(folder, 'off.ps1'), ' '.repeat(MAX_SCRIPT_LENGTH + 1));
    expect(await outcome(['shell', 'off.ps1'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('longer than'),
    });
  });

  it('Export-Csv writes beside whoever runs it, and over nothing where it must not', async () => {
    const line = 'Get-UMMailbox | select Name | Export-Csv users.csv';
    expect(await outcome(['shell', '-c', line])).toEqual({ code: 0, output: '', errors: '' });
    expect(await file('users.csv')).toBe('"Name"\r\n"alice"\r\n');
    const again = await outcome(['shell', '-c', `${line} -NoClobber`]);
    expect(again).toMatchObject({ code: 1, errors: "The file 'users.csv' already exists (-NoClobber).\n" });
    expect((await outcome(['shell', '-c', line.replace('users', 'no/users')])).errors).toContain('(ENOENT)');
  });
});

describe('the journal', () => {
  const journal = () => openSqliteJournal({ path: join(folder, 'gateway.db'), node: 'here', now: Date.now });

  it('beside a running gateway keeps who changed what, and is asked for it', async () => {
    const running = await journal();
    try {
      expect(await outcome([...SEED, '$false', '-Why', 'as the page says'])).toEqual({
        code: 0,
        output: '',
        errors: '',
      });
      const { items } = await running.audit({}, { limit: 10 });
      expect(items).toMatchObject([
        {
          operation: 'Set-UMMailboxPolicy',
          by: 'command-line',
          source: 'local',
          why: 'as the page says',
          result: 'done',
        },
      ]);
      const found = await outcome(['Search-AdminAuditLog', '|', 'select', '-ExpandProperty', 'ModifiedProperties']);
      expect(found.output).toBe('AllowMissedCallNotifications: True -> False\n');
      expect((await outcome(['Get-UMCallDataRecord', 'alice'])).code).toBe(0);
      expect((await outcome(['Get-UMCallSummaryReport', 'Total'])).output).toContain('---');
    } finally {
      await running.close();
    }
  });

  it('that is no journal keeps the file from being changed', async () => {
    await writeFile(join(folder, 'gateway.db'), 'something else entirely, and long enough to be looked at'.repeat(100));
    const { code, errors } = await outcome([...SEED, '$false']);
    expect(code).toBe(1);
    expect(errors).toContain('The change was not made');
    expect(await isOff()).toBe(false);
    // What needs no journal does not open it.
    expect((await outcome(['Get-UMMailbox'])).code).toBe(0);
  });

  it('that is not there yet is asked for in vain', async () => {
    const { code, errors } = await outcome(['Search-AdminAuditLog']);
    expect({ code, errors }).toMatchObject({ code: 1, errors: expect.stringContaining('There is no journal yet') });
  });
});

describe('the prompt', () => {
  const TERMINAL = { isTTY: true };

  it('runs lines, goes on over several, asks, and exits with the last one’s code', async () => {
    const here = seat(['shell'], TERMINAL);
    await here.shows('mcg> ');
    here.type('Get-UMMailbox |\n');
    await here.shows('>> ');
    here.type('select -ExpandProperty EmailAddress\n');
    await here.shows('alice@example.com\n');
    here.type("Remove-UMMailboxPolicy 'Two Words'\n");
    await here.shows('Removing UM mailbox policy "Two Words"');
    here.type('perhaps\n');
    await vi.waitUntil(() => here.output().split('(default is "Y"): ').length === 3);
    here.type('n\n');
    await here.shows('Nothing was changed.');
    here.type("Remove-UMMailboxPolicy 'Two Words'\n");
    await vi.waitUntil(() => here.output().split('Removing UM mailbox policy').length === 3);
    here.type('\n');
    await here.shows('There is no journal yet');
    expect(await file()).not.toContain('Two Words');
    here.type('Get-UMMailbox nobody\n');
    await here.shows("'nobody' couldn't be found");
    here.type('exit\n');
    expect(await here.exitCode).toBe(1);
  });

  it.each([
    ['exit 3', 3],
    ['quit', 0],
  ])('%s', async (line, code) => {
    const here = seat(['shell'], TERMINAL);
    await here.shows('mcg> ');
    here.type(`${line}\n`);
    expect(await here.exitCode).toBe(code);
  });

  it('Ctrl-C takes back what was typed, Ctrl-D ends', async () => {
    const here = seat(['shell'], TERMINAL);
    await here.shows('mcg> ');
    here.type(`${SEED.join(' ')} $fal\u0003`);
    await here.shows('^C');
    here.type('Get-UMMailbox |\n');
    await here.shows('>> ');
    here.type('\u0003');
    here.type('Get-UMDialPlan | select -ExpandProperty Name\n');
    await here.shows('Paris\n');
    here.type('\u0004');
    expect(await here.exitCode).toBe(0);
    expect(await isOff()).toBe(false);
  });

  it('Ctrl-C at a question is a No', async () => {
    const here = seat(['shell'], TERMINAL);
    await here.shows('mcg> ');
    here.type("Remove-UMMailboxPolicy 'Two Words'\n");
    await here.shows('(default is "Y"): ');
    here.type('\u0003');
    await here.shows('Nothing was changed.');
    here.type('exit\n');
    await here.exitCode;
    expect(await file()).toBe(POLICY);
  });

  it('Tab completes cmdlets, parameters and names', async () => {
    const here = seat(['shell'], TERMINAL);
    await here.shows('mcg> ');
    // A Tab that comes with other letters was pasted.
    for (const part of ['Get-UMMailboxP', '\t', 'my', '\t', '| select -Exp', '\t', 'Name\n']) {
      here.type(part);
      await new Promise(setImmediate);
    }
    await here.shows('MyUMMailboxPolicy\n');
    here.type('exit\n');
    expect(await here.exitCode).toBe(0);
    expect(here.errors()).toBe('');
  });

  it('keeps a history for the next time, for its user alone and without secrets', async () => {
    const here = seat(['shell'], TERMINAL);
    await here.shows('mcg> ');
    here.type('Get-UMDialPlan\n');
    await here.shows('TelExtn');
    here.type('Enable-UMMailbox zoe@x.org -UMMailboxPolicy MyUMMailboxPolicy -Extensions 1002 -PIN 5643892\n');
    await here.shows('{1002}');
    here.type('exit\n');
    await here.exitCode;
    expect(await file('.mcg_history')).toBe('Get-UMDialPlan\nexit\n');
    expect((await stat(join(folder, '.mcg_history'))).mode & 0o777).toBe(0o600);
    const again = seat(['shell'], TERMINAL);
    await again.shows('mcg> ');
    // Twice up: the line before `exit`.
    again.type('\u001b[A\u001b[A\n');
    await again.shows('TelExtn');
    again.type('exit\n');
    expect(await again.exitCode).toBe(0);
  });

  it('the history has so many lines, and is no obstacle where it cannot be kept', async () => {
    const path = join(folder, 'history');
    saveHistory(
      path,
      Array.from({ length: MAX_HISTORY + 10 }, (_, index) => `line ${index}`),
    );
    const kept = await readHistory(path);
    expect(kept).toHaveLength(MAX_HISTORY);
    expect(kept[0]).toBe('line 0');
    saveHistory(join(folder, 'no', 'history'), ['x']);
    expect(await readHistory(join(folder, 'no', 'history'))).toEqual([]);
  });

  it('colours on a terminal alone, and not where NO_COLOR says so', async () => {
    const coloured = async (env: Terminal['env'], isTTY = true): Promise<boolean> => {
      const here = seat(['shell', '-c', 'Get-UMDialPlan'], { isTTY, env });
      await here.exitCode;
      return here.output().includes('\u001b[32;1mName');
    };
    expect(await coloured({ TERM: 'xterm' })).toBe(true);
    expect(await coloured({ TERM: 'xterm', NO_COLOR: '1' })).toBe(false);
    expect(await coloured({ TERM: 'dumb' })).toBe(false);
    expect(await coloured({ TERM: 'xterm' }, false)).toBe(false);
  });
});
