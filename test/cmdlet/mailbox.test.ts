import { describe, expect, it } from 'vitest';
import { bench } from './support.ts';

const POLICY = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Paris Default Policy } # first
  - { identity: albert, extensions: ["1002"], mailboxPolicy: Paris Default Policy, missedCallNotificationEnabled: false }
  - { identity: bob, extensions: ["1003"], mailboxPolicy: Paris Default Policy }
`;
const SWITCHED_OFF = POLICY.replace(
  '["1001"], mailboxPolicy: Paris Default Policy',
  '$&, missedCallNotificationEnabled: false',
);

const { run, file: fileNow } = bench(POLICY);

describe('Set-UMMailbox sets a user’s own switch', () => {
  it.each([
    'Set-UMMailbox -Identity alice -MissedCallNotificationEnabled $false',
    'set-ummailbox ALICE -missed 0',
    'Get-UMMailbox alice | Set-UMMailbox -MissedCallNotificationEnabled $false',
  ])('%s', async (line) => {
    expect(await run(line)).toEqual({ exitCode: 0, output: '', errors: '' });
    expect(await fileNow()).toBe(SWITCHED_OFF);
  });

  it('-WhatIf says what would be, and changes nothing', async () => {
    expect(await run('Set-UMMailbox alice -MissedCallNotificationEnabled $false -WhatIf')).toMatchObject({
      exitCode: 0,
      output: 'What if: Setting UM mailbox "alice": MissedCallNotificationEnabled from True to False.\n',
    });
    expect(await fileNow()).toBe(POLICY);
  });

  it('warns where the file says so already, and where nothing is to be set', async () => {
    for (const line of ['Set-UMMailbox albert -MissedCallNotificationEnabled $false', 'Set-UMMailbox albert']) {
      expect(await run(line)).toMatchObject({ exitCode: 0, errors: expect.stringContaining("settings of 'albert'") });
    }
    expect(await fileNow()).toBe(POLICY);
  });

  it.each([
    ['Set-UMMailbox zoe -MissedCallNotificationEnabled $false', "object 'zoe' couldn't be found on 'policy.yaml'"],
    ['Set-UMMailbox * -MissedCallNotificationEnabled $false', "Wildcards aren't taken by Set-UMMailbox"],
    ['Set-UMMailbox $null -MissedCallNotificationEnabled $false', "parameter 'Identity' because it is null"],
    ['Set-UMMailbox alice -MissedCallNotificationEnabled maybe', 'Cannot convert value "maybe"'],
    ['Set-UMMailbox alice -MissedCallNotificationEnabled $false -Confirm', 'nobody to confirm'],
    ['Set-UMMailbox -MissedCallNotificationEnabled $false', 'Identity'],
  ])('%s is refused', async (line, says) => {
    expect(await run(line)).toMatchObject({ exitCode: 1, errors: expect.stringContaining(says) });
    expect(await fileNow()).toBe(POLICY);
  });
});

describe('Get-UMMailbox', () => {
  const names = async (line: string): Promise<string[]> =>
    (await run(line)).output
      .split('\n')
      .slice(2, -1)
      .map((row) => row.split(' ')[0] ?? '');

  it('shows one, those of a pattern, or all', async () => {
    const { output } = await run('Get-UMMailbox -Identity Alice');
    expect(output).toMatch(/^Name +EmailAddress +Extensions +UMMailboxPolicy +MissedCallNotificationEnabled\n/);
    expect(output).toMatch(/\nalice alice@example\.com \{1001\} +Paris Default Policy True\n$/);
    expect(await names('Get-UMMailbox al*')).toEqual(['alice', 'albert']);
    expect(await names('Get-UMMailbox')).toEqual(['alice', 'albert', 'bob']);
  });

  it('of nobody, of nothing: an error, never all', async () => {
    expect(await run('Get-UMMailbox zoe')).toMatchObject({ exitCode: 1, output: '' });
    expect(await run('Get-UMMailbox -Identity $null')).toMatchObject({ exitCode: 1, output: '' });
  });
});
