import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicy, openPolicyStore, policyVersions } from '../../src/policy/index.ts';
import { MAX_NAMED_MAILBOXES } from '../../src/cmdlet/cmdlets/edit.ts';
import { ADMIN, bench } from './support.ts';

const POLICY = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 } # the first
  - { name: Sip, uriType: SipName, numberOfDigitsInExtension: 4 }
  - { name: World, uriType: E164, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: Staff, dialPlan: Paris, allowMissedCallNotifications: true }
  - { name: Spare, dialPlan: Paris, allowMissedCallNotifications: true }
mailboxes:
  - { identity: alice, displayName: Alice Martin, emailAddress: alice@example.com, extensions: ["1001", "1002"], mailboxPolicy: Staff }
  - { identity: bob, displayName: Bob, emailAddress: bob@example.com, extensions: ["1003"], mailboxPolicy: Staff }
groups:
  - { identity: sales, dialPlan: Paris, extensions: ["1100"], members: [bob] }
`;
const files = bench(POLICY);
const { run } = files;

/** The policy's line with this beginning, as the file has it now. */
async function line(beginning: string): Promise<string | undefined> {
  const text = await files.file();
  return text
    .split('\n')
    .find((each) => each.trim().startsWith(beginning))
    ?.trim();
}

async function refusal(command: string): Promise<string> {
  const result = await run(command);
  expect(result).toMatchObject({ exitCode: 1, output: '' });
  expect(await files.file()).toBe(POLICY);
  return result.errors;
}

describe('policies', () => {
  it('conditions are set one by one, those that are not named stay, and what is the default is not written', async () => {
    await run('Set-UMMailboxPolicy Staff -NotifyInternalCalls $false -NotifyMinimumRing 2');
    expect(await line('- { name: Staff')).toContain('conditions: { internalCalls: false, minimumRing: 2s }');
    await run('Set-UMMailboxPolicy Staff -NotifyMinimumRing 500ms -NotifyBusy $false');
    expect(await line('- { name: Staff')).toContain('{ internalCalls: false, minimumRing: 500ms, busy: false }');
    const { output } = await run('Get-UMMailboxPolicy Staff | Format-List Notify*');
    expect(output).toBe(
      `${[
        'NotifyInternalCalls : False',
        'NotifyExternalCalls : True',
        'NotifyHiddenCallers : True',
        'NotifyBusy          : False',
        'NotifyDeclined      : True',
        'NotifyUnreachable   : True',
        'NotifyGroupCalls    : True',
        'NotifyMinimumRing   : 0.5',
      ].join('\n')}\n`,
    );
  });

  it('are made, renamed with their mailboxes following, and removed', async () => {
    expect((await run('New-UMMailboxPolicy Night -UMDialPlan paris -NotifyBusy $false')).output).toContain('Night');
    expect(await line('- { name: Night')).toContain('dialPlan: Paris');
    expect(await run('Set-UMMailboxPolicy Staff -Name Everybody')).toMatchObject({ exitCode: 0, errors: '' });
    expect(await line('- { identity: alice')).toContain('mailboxPolicy: Everybody');
    expect((await run('Remove-UMMailboxPolicy Night -Confirm:$false')).exitCode).toBe(0);
    expect(await line('- { name: Night')).toBeUndefined();
  });

  it.each([
    ['Remove-UMMailboxPolicy Staff -Confirm:$false', 'in use by mailboxes "alice", "bob"'],
    ['Remove-UMMailboxPolicy nobody -Confirm:$false', "object 'nobody' couldn't be found"],
    ['Remove-UMMailboxPolicy Spare', 'write -Confirm:$false to have it done'],
    ['New-UMMailboxPolicy staff -UMDialPlan Paris', 'There is a mailbox policy named "staff" already.'],
    ['New-UMMailboxPolicy New', 'missing mandatory parameters: UMDialPlan'],
    ['New-UMMailboxPolicy New -UMDialPlan Lyon', "object 'Lyon' couldn't be found"],
    [`New-UMMailboxPolicy ${'x'.repeat(65)} -UMDialPlan Paris`, 'longer than 64 characters'],
    ["New-UMMailboxPolicy 'a/b' -UMDialPlan Paris", 'holds a character that names may not have'],
    ['Set-UMMailboxPolicy Staff -Name Spare', 'There is a mailbox policy named "Spare" already.'],
    ['Set-UMMailboxPolicy Staff -NotifyMinimumRing soon', 'NotifyMinimumRing must be seconds'],
    ['Set-UMMailboxPolicy Staff -MinPINLength 3', 'MinPINLength takes 4 to 24'],
    ['Set-UMMailboxPolicy Staff -PINLifetime 1000', 'PINLifetime takes 1 to 999, or Unlimited'],
    [`Set-UMMailboxPolicy Staff -UMEnabledText ${'x'.repeat(513)}`, 'longer than 512 characters'],
    ['Set-UMMailboxPolicy Staff -ProtectAuthenticatedVoiceMail Some', 'None, Private, All'],
    ['Set-UMMailboxPolicy Staff -LogonFailuresBeforePINReset 5 -MaxLogonAttempts 5', 'must be less than'],
    ['Set-UMMailboxPolicy Staff -AllowM $false', 'ambiguous'],
  ])('%s is refused', async (command, says) => {
    expect(await refusal(command)).toContain(says);
  });
});

describe('dial plans', () => {
  it('are made with their default policy, unless it is not wanted', async () => {
    const { output } = await run(
      'New-UMDialPlan Lyon -NumberOfDigits 4 -CountryOrRegionCode 33 -DefaultLanguage fr-FR',
    );
    expect(output).toMatch(/Lyon +TelExtn +4 +33 +fr-FR/);
    expect(await line('- { name: Lyon Default Policy')).toContain('dialPlan: Lyon');
    const made = await run('New-UMDialPlan Metz -NumberOfDigits 4 | select -ExpandProperty UMMailboxPolicies');
    expect(made.output).toBe('Metz Default Policy\n');
    await run('New-UMDialPlan Nice -NumberOfDigits 4 -GenerateUMMailboxPolicy $false');
    expect(await line('- { name: Nice Default Policy')).toBeUndefined();
    expect((await run('Get-UMMailboxPolicy -UMDialPlan Nice')).output).toContain('Nice Default Policy');
  });

  it('are changed: codes, and lists in whole or in part; $null takes out', async () => {
    await run(
      "Set-UMDialPlan Paris -NumberPrefixes '+3314000','+3314001' -NationalNumberPrefix 0 -CountryOrRegionCode 33",
    );
    await run("Set-UMDialPlan Paris -NumberPrefixes @{Add='+3314002'; Remove='+3314000'} -NationalNumberPrefix $null");
    const now = await line('- { name: Paris');
    expect(now).toContain('numberPrefixes: ["+3314001", "+3314002"]');
    expect(now).not.toContain('nationalNumberPrefix');
    expect(now).toContain('# the first');
  });

  it('are renamed, and their policies and groups follow', async () => {
    await run('Set-UMDialPlan Paris -Name Lutetia');
    expect(await line('- { name: Staff')).toContain('dialPlan: Lutetia');
    expect(await line('- { identity: sales')).toContain('dialPlan: Lutetia');
  });

  it('are removed where nothing refers to them', async () => {
    expect((await run('Remove-UMDialPlan World -Confirm:$false')).exitCode).toBe(0);
    expect(await line('- { name: World')).toBeUndefined();
  });

  it.each([
    ['Remove-UMDialPlan Paris -Confirm:$false', 'mailbox policies "Staff", "Spare"'],
    [`New-UMDialPlan ${'x'.repeat(50)} -NumberOfDigits 4`, 'longer than 49 characters'],
    ['New-UMDialPlan Lyon -NumberOfDigits 21', 'NumberOfDigitsInExtension takes 1 to 20'],
    ['New-UMDialPlan Lyon', 'missing mandatory parameters: NumberOfDigitsInExtension'],
    ['New-UMDialPlan Lyon -NumberOfDigits 4 -CountryOrRegionCode +33', 'must be 1 to 4 digits'],
    ['New-UMDialPlan Lyon -NumberOfDigits 4 -URIType Tel', 'TelExtn, SipName, E164'],
    ['New-UMDialPlan Lyon -NumberOfDigits 4 -DefaultLanguage french', 'is not a language'],
    ['Set-UMDialPlan Paris -URIType E164', 'keeps the URI type'],
    ['Set-UMDialPlan Paris -NumberOfDigitsInExtension 5', 'keeps the length of extensions'],
    ["Set-UMDialPlan Paris -NumberPrefixes @{Remove='+1'}", "has no '+1' to remove"],
    ["Set-UMDialPlan Paris -NumberPrefixes @{Put='+1'}", "Write @{Add='…','…'; Remove='…'}"],
  ])('%s is refused', async (command, says) => {
    expect(await refusal(command)).toContain(says);
  });
});

describe('mailboxes', () => {
  it.each(['alice', 'ALICE', "'Alice Martin'", 'alice@example.com', 'contoso\\alice'])(
    'go by name, display name, address and domain\\name: %s',
    async (name) => {
      expect((await run(`Set-UMMailbox ${name} -MissedCallNotificationEnabled $false`)).errors).toBe('');
      expect(await line('- { identity: alice')).toContain('missedCallNotificationEnabled: false');
    },
  );

  it('extensions and addresses are added and removed', async () => {
    await run("Set-UMMailbox alice -Extensions @{Add='1009'; Remove='1002'} -SIPAddresses sip:alice@example.com");
    expect(await line('- { identity: alice')).toContain(
      'extensions: ["1001", "1009"], sipAddresses: [sip:alice@example.com]',
    );
    await run('Set-UMMailbox alice -EmailAddress $null -Language fr-FR -Name alix');
    const now = await line('- { identity: alix');
    expect(now).toContain('language: fr-FR');
    expect(now).not.toContain('emailAddress');
  });

  it('are enabled by the address, whose part before the @ is the name', async () => {
    const { output } = await run('Enable-UMMailbox zoe@example.com -UMMailboxPolicy Staff -Extensions 1010,1011');
    expect(output).toMatch(/zoe +zoe@example\.com +\{1010, 1011\} +Staff +True/);
    expect(await line('- { identity: zoe')).toBe(
      '- { identity: zoe, emailAddress: zoe@example.com, extensions: ["1010", "1011"], mailboxPolicy: Staff }',
    );
  });

  it('of SipName and E164 plans have their SIP address or whole number', async () => {
    await run(
      "Enable-UMMailbox zoe -EmailAddress zoe@x.org -UMMailboxPolicy 'Sip Default Policy' -Extensions 1010 -SIPResourceIdentifier zoe@x.org",
    );
    expect(await line('- { identity: zoe')).toContain('sipAddresses: [sip:zoe@x.org]');
    await run(
      "Enable-UMMailbox yves -EmailAddress yves@x.org -UMMailboxPolicy 'World Default Policy' -Extensions 1010 -SIPResourceIdentifier '+33140001010'",
    );
    expect(await line('- { identity: yves')).toContain('extensions: ["1010", "+33140001010"]');
  });

  it('-ValidateOnly says nothing where it could be done, and does nothing', async () => {
    const command = 'Enable-UMMailbox zoe@x.org -UMMailboxPolicy Staff -ValidateOnly -Extensions';
    expect(await run(`${command} 1010`)).toEqual({ exitCode: 0, output: '', errors: '' });
    expect(await refusal(`${command} 1001`)).toContain('already that of');
  });

  it('without an address are enabled with a warning', async () => {
    const { errors } = await run('Enable-UMMailbox zoe -UMMailboxPolicy Staff -Extensions 1010');
    expect(errors).toContain('nobody is told yet');
  });

  it('are disabled: taken out', async () => {
    expect((await run('Disable-UMMailbox alice@example.com -Confirm:$false')).exitCode).toBe(0);
    expect(await line('- { identity: alice')).toBeUndefined();
  });

  it.each([
    ['Disable-UMMailbox bob -Confirm:$false', 'in use by group "sales"'],
    ['Disable-UMMailbox alice', 'write -Confirm:$false'],
    ['Enable-UMMailbox alice@example.com -UMMailboxPolicy Staff -Extensions 1010', 'enabled already, as the mailbox'],
    ['Enable-UMMailbox zoe@x.org -UMMailboxPolicy Staff -Extensions 10100', 'has 5 digits'],
    ['Enable-UMMailbox zoe@x.org -UMMailboxPolicy Staff -Extensions 1001', 'already that of'],
    ['Enable-UMMailbox zoe@x.org -UMMailboxPolicy Staff', 'neither an extension nor a SIP address'],
    ['Enable-UMMailbox zoe@x.org -Extensions 1010', 'missing mandatory parameters: UMMailboxPolicy'],
    ['Enable-UMMailbox zoe@x.org -UMMailboxPolicy Staff -SIPResourceIdentifier z@x.org', "'Paris' is TelExtn"],
    [
      "Enable-UMMailbox zoe@x.org -UMMailboxPolicy 'Sip Default Policy' -Extensions 1010",
      'give -SIPResourceIdentifier',
    ],
    ['Set-UMMailbox alice -UMMailboxPolicy Nope', "object 'Nope' couldn't be found"],
    ['Set-UMMailbox alice -EmailAddress nonsense', 'is not an e-mail address'],
    ['Set-UMMailbox alise -MissedCallNotificationEnabled $true', 'Did you mean alice?'],
    ['Set-UMMailbox alice -Extensions $null', 'neither an extension nor a SIP address'],
    ['Get-UMMailbox -OrganizationalUnit Sales', 'no organizational units here'],
    ['Get-UMMailbox -Identity $null', 'because it is null'],
    ['Get-UMMailbox -Filter "Nme -eq 1"', "UMMailbox has no property 'Nme'. Did you mean Name?"],
    ['Get-UMMailbox -SortBy Nme', 'Did you mean Name?'],
  ])('%s is refused', async (command, says) => {
    expect(await refusal(command)).toContain(says);
  });

  it('that share a display name are told apart by hand', async () => {
    await files.write(POLICY.replace('displayName: Bob', 'displayName: Alice Martin'));
    const { errors } = await run("Disable-UMMailbox 'Alice Martin' -Confirm:$false");
    expect(errors).toContain("2 go by it ('alice', 'bob'). Name one of them.");
  });

  it.each([
    ['-Anr mar', 'alice\n'],
    ['-Anr b', 'bob\n'],
    ["-Filter \"UMMailboxPolicy -eq 'Staff' -and -not (Name -like 'a*')\"", 'bob\n'],
    ['-SortBy Extensions -ResultSize 1', 'alice\n'],
    ['*b*', 'bob\n'],
  ])('Get-UMMailbox %s', async (given, names) => {
    expect((await run(`Get-UMMailbox ${given} | select -ExpandProperty Name`)).output).toBe(names);
  });
});

describe('what one command changes is one edit', () => {
  it('of all that come through the pipe', async () => {
    const before = await policyVersions(files.policyPath);
    await run('Get-UMMailbox | Set-UMMailbox -MissedCallNotificationEnabled $false -Why "the move"');
    expect((await files.file()).match(/missedCallNotificationEnabled: false/g)).toHaveLength(2);
    const versions = await policyVersions(files.policyPath);
    // The one that was, and the one that is.
    expect(versions.length - before.length).toBe(2);
    expect(versions[0]).toMatchObject({ by: 'root' });
    expect(files.journal.records).toMatchObject([
      {
        operation: 'Set-UMMailbox',
        actor: 'root',
        by: 'command-line',
        source: 'local',
        target: '2 × UM mailbox: alice, bob',
        why: 'the move',
        result: 'done',
        after: { changes: 2 },
      },
    ]);
  });

  it('or of none, where one of them cannot be', async () => {
    expect(await refusal('Get-UMMailbox | Set-UMMailbox -Extensions 1009')).toContain('already that of');
    expect(await refusal('Get-UMMailbox | Disable-UMMailbox -Confirm:$false')).toContain('in use by group "sales"');
    expect(files.journal.records).toEqual([]);
  });

  it('a name that is given twice is changed once', async () => {
    const twice = 'Get-UMMailbox | select -ExpandProperty UMMailboxPolicy | Set-UMMailboxPolicy';
    expect((await run(`${twice} -AllowMissedCallNotifications $false`)).errors).toBe('');
    expect(files.journal.records).toMatchObject([{ target: 'Staff' }]);
  });

  it('nothing through the pipe is nothing done', async () => {
    expect(await run('Get-UMMailboxPolicy x* | Remove-UMMailboxPolicy -Confirm:$false')).toEqual({
      exitCode: 0,
      output: '',
      errors: '',
    });
    expect(files.journal.records).toEqual([]);
  });

  it.each([
    ['Get-UMMailbox | Set-UMMailboxPolicy -AllowMissedCallNotifications $false', 'a UMMailbox is none'],
    ['Get-UMMailbox | Measure-Object | Disable-UMMailbox -Confirm:$false', 'a Measurement is none'],
    ['Get-UMMailbox | Format-List | Disable-UMMailbox -Confirm:$false', 'is none'],
    ['Get-UMMailbox | select -ExpandProperty EmailAddress | Disable-UMMailbox -Confirm:$false', 'in use by group'],
    ["Get-UMMailbox | ForEach-Object { '*' } | Disable-UMMailbox -Confirm:$false", 'this is none'],
    ["Get-UMMailbox | ForEach-Object { '' } | Disable-UMMailbox -Confirm:$false", 'this is none'],
  ])('%s is refused', async (command, says) => {
    expect(await refusal(command)).toContain(says);
  });

  it('is not made where the file has changed since it was looked at', async () => {
    const changed = POLICY.replace('# the first', '# changed by hand');
    const confirm = async (): Promise<boolean> => {
      await files.write(changed);
      return true;
    };
    for (const line of ['Get-UMMailboxPolicy Spare | Remove-UMMailboxPolicy', 'Remove-UMMailboxPolicy Spare']) {
      await files.write(POLICY);
      expect((await run(line, { confirm })).errors).toContain('has changed since it was looked at');
      expect(await files.file()).toBe(changed);
    }
  });

  it('is not made up from a policy that the file has left behind', async () => {
    const loaded = loadPolicy(POLICY);
    if (!loaded.ok) throw new Error('the policy has mistakes');
    const policy = () => loaded.policy;
    await files.write(POLICY.replace('# the first', '# changed by hand'));
    for (const stale of [
      'Get-UMMailboxPolicy s* | Set-UMMailboxPolicy -AllowMissed $false',
      'Get-UMMailbox alice | Disable-UMMailbox -Confirm:$false',
      "Set-UMMailbox alice -Extensions @{Add='1009'}",
      "Set-UMDialPlan Paris -NumberPrefixes @{Add='+331'}",
    ]) {
      expect((await run(stale, { policy })).errors).toContain('has changed since it was looked at');
    }
    // What names its thing, and all of its value, needs no look.
    expect(await run('Set-UMMailboxPolicy Staff -AllowMissed $false', { policy })).toMatchObject({ exitCode: 0 });
  });

  it('a store that reloads holds each edit before the next command looks', async () => {
    const store = await openPolicyStore({ path: files.policyPath, now: Date.now });
    try {
      const context = { policy: () => store.current(), onEdited: async () => void (await store.reload()) };
      const text = `New-UMMailboxPolicy Night -UMDialPlan Paris
Get-UMMailbox | Set-UMMailbox -UMMailboxPolicy Night
Get-UMMailbox | where UMMailboxPolicy -eq Night | measure
Remove-UMMailboxPolicy Night -Confirm:$false`;
      const { output, errors } = await run(text, context);
      expect(output).toContain('    2\n');
      expect(errors).toContain('in use by mailboxes "alice", "bob"');
    } finally {
      await store.close();
    }
  });

  it('is told to whoever holds the policy, before the next command looks', async () => {
    const told: string[] = [];
    const onEdited = async (): Promise<void> => void told.push(await files.file());
    const script = 'Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false\nGet-UMMailboxPolicy Staff';
    const { output } = await run(script, { onEdited });
    expect(told).toHaveLength(1);
    expect(told[0]).not.toBe(POLICY);
    expect(output).toMatch(/Staff +Paris +False/);
    await run('Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false', { onEdited });
    expect(told).toHaveLength(1);
  });
});

describe('the audit', () => {
  it('is intended before the file is replaced; where it cannot be, nothing is changed', async () => {
    const journal = { ...files.journal, intendAudit: () => Promise.reject(new Error('the disk is full')) };
    const result = await run('Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false', { journal });
    expect(result).toMatchObject({ exitCode: 1, errors: expect.stringContaining('the disk is full') });
    expect(await files.file()).toBe(POLICY);
  });

  it('of one object has it before and after; of -WhatIf and of what changes nothing there is none', async () => {
    await run('Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false -WhatIf');
    await run('Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $true');
    expect(files.journal.records).toEqual([]);
    await run('Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false');
    expect(files.journal.records).toMatchObject([
      {
        target: 'Staff',
        before: { allowMissedCallNotifications: true },
        after: { allowMissedCallNotifications: false },
      },
    ]);
  });

  it('has no secrets', async () => {
    const { errors } = await run('Enable-UMMailbox zoe@x.org -UMMailboxPolicy Staff -Extensions 1010 -PIN 5643892');
    expect(JSON.stringify(files.journal.records) + errors).not.toContain('5643892');
  });

  it('without a journal the edit is made, and says once that the versions alone have it', async () => {
    const script = 'Set-UMMailboxPolicy Staff -AllowMissed $false; Set-UMMailboxPolicy Staff -AllowMissed $true';
    const { exitCode, errors } = await run(script, { journal: null });
    expect(exitCode).toBe(0);
    expect(errors.match(/There is no journal yet/g)).toHaveLength(1);
    expect((await run('Search-AdminAuditLog', { journal: null })).errors).toContain('There is no journal yet');
  });
});

describe('-WhatIf and -Confirm', () => {
  it('-WhatIf names the mailboxes that a policy or a dial plan would change something for', async () => {
    const off = await run('Get-UMMailboxPolicy | Set-UMMailboxPolicy -AllowMissedCallNotifications $false -WhatIf');
    expect(off.output.split('\n').slice(0, 2)).toEqual([
      'What if: Setting UM mailbox policy "Staff": AllowMissedCallNotifications from True to False, for 2 mailboxes: alice, bob.',
      'What if: Setting UM mailbox policy "Spare": AllowMissedCallNotifications from True to False, for 0 mailboxes.',
    ]);
    const plan = await run('Set-UMDialPlan Paris -DefaultLanguage fr-FR -WhatIf');
    expect(plan.output).toBe(
      'What if: Setting UM dial plan "Paris": DefaultLanguage from en-US to fr-FR, for 2 mailboxes: alice, bob.\n',
    );
    const made = await run('New-UMDialPlan Lyon -NumberOfDigits 4 -WhatIf');
    expect(made.output).toContain('What if: Creating UM dial plan "Lyon".\n');
    expect(await files.file()).toBe(POLICY);
  });

  it('names so many, and counts the rest', async () => {
    const many = Array.from(
      { length: MAX_NAMED_MAILBOXES + 5 },
      (_, index) => `  - { identity: u${index}, extensions: ["${2_000 + index}"], mailboxPolicy: Staff }\n`,
    );
    await files.write(POLICY.replace('groups:', `${many.join('')}groups:`));
    const { output } = await run('Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false -WhatIf');
    expect(output).toContain(`for ${MAX_NAMED_MAILBOXES + 7} mailboxes: alice, bob, u0, `);
    expect(output).toMatch(/ and 7 more\.\n$/);
  });

  it('of a beginning that Exchange’s and our parameters share, Exchange’s is meant', async () => {
    const { output } = await run('Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false -Wh');
    expect(output).toContain('What if: ');
    expect(await files.file()).toBe(POLICY);
  });

  it('-WhatIf refuses what would be refused', async () => {
    expect((await run('Remove-UMMailboxPolicy Staff -WhatIf')).errors).toContain('in use');
  });

  it.each([
    ['Remove-UMMailboxPolicy Spare', true],
    ['Set-UMMailboxPolicy Staff -AllowMissed $false -Confirm', true],
    ['Set-UMMailboxPolicy Staff -AllowMissed $false -cf', true],
    ['Set-UMMailboxPolicy Staff -AllowMissed $false', false],
    ['Remove-UMMailboxPolicy Spare -Confirm:$false', false],
    ['Remove-UMMailboxPolicy Spare -WhatIf', false],
  ])('%s asks: %s', async (command, asks) => {
    const questions: string[] = [];
    const confirm = (question: string): Promise<boolean> => {
      questions.push(question);
      return Promise.resolve(false);
    };
    const { errors, exitCode } = await run(command, { confirm });
    expect(questions).toHaveLength(asks ? 1 : 0);
    if (!asks) return;
    expect(questions[0]).toMatch(
      /^Are you sure you want to perform this action\?\n(?:Removing|Setting) UM mailbox policy/,
    );
    expect({ errors, exitCode }).toEqual({ errors: 'WARNING: Nothing was changed.\n', exitCode: 0 });
    expect(await files.file()).toBe(POLICY);
  });

  it('asks once for all that come through the pipe', async () => {
    let asked = 0;
    const confirm = (): Promise<boolean> => Promise.resolve(++asked > 0);
    await run('Get-UMMailboxPolicy s* | Set-UMMailboxPolicy -AllowMissed $false -Confirm', { confirm });
    expect(asked).toBe(1);
    expect(await files.file()).not.toBe(POLICY);
  });
});

describe('a text of several commands', () => {
  it('runs none where one is not understood, or not allowed', async () => {
    const first = 'Set-UMMailboxPolicy Staff -AllowMissed $false';
    for (const second of ['Set-UMMailboxPolcy Staff', 'Get-UMMailboxPolicy -Nope', 'Get-UMMailbox |', 'x'])
      expect((await run(`${first}\n${second}`)).exitCode).toBe(1);
    expect(await files.file()).toBe(POLICY);
  });

  it('ends with the first that goes wrong', async () => {
    const text = 'Get-UMDialPlan Nope; Set-UMMailboxPolicy Staff -AllowMissed $false';
    expect(await refusal(text)).toContain("object 'Nope' couldn't be found");
  });

  it('says once what means nothing', async () => {
    const text = 'Get-UMDialPlan -DomainController a; Get-UMMailbox -DomainController b';
    expect((await run(text)).errors).toBe('WARNING: -DomainController means nothing here and was passed over.\n');
    const told = new Set<string>();
    await run(text, { told });
    expect((await run(text, { told })).errors).toBe('');
  });
});

it('no lock or half-written file is left behind', async () => {
  await run('Set-UMMailboxPolicy Staff -AllowMissed $false');
  await run('Remove-UMMailboxPolicy Staff -Confirm:$false');
  expect((await readdir(dirname(files.policyPath))).toSorted()).toEqual(['policy.versions', 'policy.yaml']);
});

it('a file that is gone or broken is said to be so', async () => {
  await files.write('dialPlans: [');
  expect((await run('Get-UMDialPlan')).errors).toContain('The policy file cannot be used');
  await rm(join(files.policyPath));
  expect((await run('Set-UMMailbox alice -Name x', { caller: ADMIN })).errors).toContain('does not exist');
});
