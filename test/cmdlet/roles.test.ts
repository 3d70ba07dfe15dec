import { describe, expect, it } from 'vitest';
import { type Caller, permits, type Permission, ROLES, type Role } from '../../src/cmdlet/index.ts';
import { CMDLETS } from '../../src/cmdlet/cmdlets/index.ts';
import { ADMIN, bench, callerWith } from './support.ts';

const POLICY = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: Staff, dialPlan: Paris, allowMissedCallNotifications: true }
  - { name: Spare, dialPlan: Paris, allowMissedCallNotifications: true }
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Staff }
  - { identity: bob, emailAddress: bob@example.com, extensions: ["1002"], mailboxPolicy: Staff }
`;
const files = bench(POLICY);

/** A line of each cmdlet that works, the permission that it takes, and whether everybody may run it for the own mailbox. */
const LINES: readonly (readonly [cmdlet: string, line: string, permission: Permission | null, self?: 'self'])[] = [
  ['Get-UMMailboxPolicy', 'Get-UMMailboxPolicy', 'policy.read'],
  ['Set-UMMailboxPolicy', 'Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false', 'policy.write'],
  ['New-UMMailboxPolicy', 'New-UMMailboxPolicy New -UMDialPlan Paris', 'policy.write'],
  ['Remove-UMMailboxPolicy', 'Remove-UMMailboxPolicy Spare -Confirm:$false', 'policy.write'],
  ['Get-UMDialPlan', 'Get-UMDialPlan', 'policy.read'],
  ['Set-UMDialPlan', 'Set-UMDialPlan Paris -OutsideLineAccessCode 9', 'policy.write'],
  ['New-UMDialPlan', 'New-UMDialPlan Lyon -NumberOfDigitsInExtension 4', 'policy.write'],
  ['Remove-UMDialPlan', 'Remove-UMDialPlan Paris -WhatIf', 'policy.write'],
  ['Get-UMMailbox', 'Get-UMMailbox alice', 'mailboxes.read', 'self'],
  ['Set-UMMailbox', 'Set-UMMailbox alice -MissedCallNotificationEnabled $false', 'mailboxes.switch', 'self'],
  ['Enable-UMMailbox', 'Enable-UMMailbox zoe@example.com -UMMailboxPolicy Staff -Extensions 1003', 'mailboxes.write'],
  ['Disable-UMMailbox', 'Disable-UMMailbox bob -Confirm:$false', 'mailboxes.write'],
  ['Get-UMCallDataRecord', 'Get-UMCallDataRecord alice', 'calls.read', 'self'],
  ['Get-UMCallSummaryReport', 'Get-UMCallSummaryReport -GroupBy Total', 'reports.read'],
  ['Search-AdminAuditLog', 'Search-AdminAuditLog', 'audit.read'],
  ['Get-Help', 'Get-Help', null],
  ['Get-Command', 'Get-Command', null],
];
/** These work on nothing but what comes through the pipe. */
const PIPED = CMDLETS.filter(({ name }) => /-(?:Object|Table|List|Json|Csv)$/.test(name)).map(({ name }) => name);

const CELLS = LINES.flatMap(([, line, permission, self]) =>
  ROLES.map((role) => {
    const isAllowed = permission === null || permits([role], permission) || self === 'self';
    return [role, isAllowed ? 'may' : 'may not', line] as const;
  }),
);

describe('who may run what', () => {
  it('the table has every cmdlet', () => {
    expect([...LINES.map(([name]) => name), ...PIPED].toSorted()).toEqual(CMDLETS.map(({ name }) => name).toSorted());
  });

  it.each(CELLS)('%s %s: %s', async (role, verdict, line) => {
    const result = await files.run(line, { caller: callerWith([role], 'alice') });
    if (verdict === 'may not') {
      expect(result).toMatchObject({ exitCode: 1, output: '', errors: expect.stringContaining('You may not run') });
      expect(await files.file()).toBe(POLICY);
      expect(files.journal.records).toEqual([]);
    } else if (line.startsWith('Remove-UMDialPlan')) {
      // There is none that could be removed: the refusal is the file's, not the role's.
      expect(result.errors).toContain('is in use');
    } else expect(result).toMatchObject({ exitCode: 0, errors: '' });
  });

  it('the refusal names the permission and who has it', async () => {
    const { errors } = await files.run(
      'Get-UMMailboxPolicy | Set-UMMailboxPolicy -AllowMissedCallNotifications $false',
      {
        caller: callerWith(['View-Only Organization Management']),
      },
    );
    expect(errors).toBe(
      'You may not run Set-UMMailboxPolicy: it takes the permission policy.write, which comes with Organization Management, UM Management.\n',
    );
  });

  it('who has no permission at all may ask for help, and no more', async () => {
    const caller: Caller = { ...callerWith([]), mailbox: 'alice' };
    for (const [name, line, permission] of LINES)
      expect([name, (await files.run(line, { caller })).exitCode]).toEqual([name, permission === null ? 0 : 1]);
  });

  it('Get-Command lists what the caller may run', async () => {
    const listed = async (roles: readonly Role[], mailbox: string | null): Promise<string> =>
      (await files.run('Get-Command *UM* | Select-Object -ExpandProperty Name', { caller: callerWith(roles, mailbox) }))
        .output;
    expect(await listed(['self'], 'alice')).toBe('Get-UMMailbox\nSet-UMMailbox\nGet-UMCallDataRecord\n');
    expect(await listed(['self'], null)).toBe('');
    expect(await listed(['UM Management'], null)).toContain('Remove-UMDialPlan');
  });
});

describe('who has self alone', () => {
  const caller = callerWith(['self'], 'alice');

  it.each(['Get-UMMailbox', 'Get-UMMailbox alice', 'Get-UMMailbox alice@example.com', 'Get-UMMailbox ALICE'])(
    '%s shows the own mailbox and no other',
    async (line) => {
      const { output } = await files.run(`${line} | Select-Object -ExpandProperty Name`, { caller });
      expect(output).toBe('alice\n');
    },
  );

  it.each([
    'Get-UMMailbox bob',
    'Get-UMMailbox nobody',
    'Get-UMMailbox *',
    "Get-UMMailbox 'bob@example.com'",
    'Set-UMMailbox bob -MissedCallNotificationEnabled $false',
    'Set-UMMailbox nobody -MissedCallNotificationEnabled $false',
    "'bob' | Set-UMMailbox -MissedCallNotificationEnabled $false",
    'Get-UMCallDataRecord bob',
    'Get-UMCallDataRecord nobody',
  ])('%s: whether another mailbox exists is not told', async (line) => {
    const { exitCode, output, errors } = await files.run(line, { caller });
    expect({ exitCode, output }).toEqual({ exitCode: 1, output: '' });
    if (!line.startsWith("'")) expect(errors).toBe("You may see and switch your own mailbox, 'alice', and no other.\n");
    expect(await files.file()).toBe(POLICY);
  });

  it.each([
    '-UMMailboxPolicy Spare',
    '-EmailAddress x@example.com',
    '-Name boss',
    '-Extensions 1009',
    '-Language fr-FR',
  ])('may not give %s', async (given) => {
    for (const roles of [['self'], ['Help Desk']] as const) {
      const result = await files.run(`Set-UMMailbox alice ${given}`, { caller: callerWith(roles, 'alice') });
      expect(result.errors).toContain('it takes the permission mailboxes.write');
    }
    expect(await files.file()).toBe(POLICY);
  });

  it('without a mailbox reaches none', async () => {
    for (const mailbox of [null, 'gone']) {
      const result = await files.run('Get-UMMailbox', { caller: callerWith(['self'], mailbox) });
      expect(result.exitCode).toBe(1);
    }
  });
});

it('what a policy change means for whom is not told to who may not see mailboxes', async () => {
  const caller: Caller = { ...ADMIN, by: 'token', permissions: new Set<Permission>(['policy.write']) };
  const { output } = await files.run('Set-UMMailboxPolicy Staff -AllowMissedCallNotifications $false -WhatIf', {
    caller,
  });
  expect(output).toMatch(/for 2 mailboxes\.\n$/);
});
