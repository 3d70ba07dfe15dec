import { describe, expect, it } from 'vitest';
import { DONE, PASSED_OVER, READ, REFUSED } from './documented-lines.ts';
import { bench } from './support.ts';

const mailbox = (name: string, extension: string, policy: string): string =>
  `  - { identity: ${name}, emailAddress: ${name}@contoso.com, extensions: ["${extension}"], mailboxPolicy: ${policy} }\n`;

/** What the documentation's lines speak of. */
function policyFor(line: string): string {
  const uriType = line.includes('-SIPResourceIdentifier') ? 'SipName' : 'TelExtn';
  if (/^New-UMDialPlan/i.test(line)) return '{}\n';
  const plans = `dialPlans:\n  - { name: MyUMDialPlan, numberOfDigitsInExtension: 5, uriType: ${uriType} }\n`;
  // The line itself makes the policy, or removes the plan.
  if (/^(?:New-UMMailboxPolicy|Remove-UMDialPlan)/.test(line)) return plans;
  const policy = line.startsWith('Remove-UMMailboxPolicy') ? 'OtherPolicy' : 'MyUMMailboxPolicy';
  return `${plans}  - { name: MyDialPlan, numberOfDigitsInExtension: 4 }
  - { name: MySecureDialPlan, numberOfDigitsInExtension: 4 }
  - { name: UMDialPlan, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: MyUMMailboxPolicy, dialPlan: MyUMDialPlan, allowMissedCallNotifications: true }
  - { name: OtherPolicy, dialPlan: MyUMDialPlan, allowMissedCallNotifications: true }
  - { name: UMDialPlan Default Policy, dialPlan: UMDialPlan, allowMissedCallNotifications: true }
mailboxes:
${mailbox('tony', '51001', policy)}${mailbox('tonys', '51002', policy)}${
    line.startsWith('Enable-') ? '' : mailbox('tonysmith', '51003', policy)
  }`;
}

const files = bench('');
/** Somebody who says Yes to whatever is asked. */
const confirm = (): Promise<boolean> => Promise.resolve(true);

describe('lines of Exchange’s documentation, pasted as they stand', () => {
  it.each(DONE)('%s', async (line) => {
    const before = policyFor(line);
    await files.write(before);
    expect(await files.run(line, { confirm })).toMatchObject({ exitCode: 0, errors: '' });
    expect(await files.file()).not.toBe(before);
  });

  it.each(READ)('%s changes nothing', async (line) => {
    const before = policyFor(line);
    await files.write(before);
    const { exitCode, errors } = await files.run(line);
    expect({
      exitCode,
      errors: errors.replace(/^WARNING: The command completed successfully but no settings.*\n/, ''),
    }).toEqual({ exitCode: 0, errors: '' });
    expect(await files.file()).toBe(before);
  });

  it.each(PASSED_OVER)('%s passes over %s', async (line, parameters) => {
    await files.write(policyFor(line));
    const { exitCode, errors } = await files.run(line, { confirm });
    expect(exitCode).toBe(0);
    const told = [...errors.matchAll(/^WARNING: (-\w+) means nothing here and was passed over\.$/gm)];
    expect(told.map(([, name]) => name).join(' ')).toBe(parameters);
  });

  it.each(REFUSED)('%s is refused: %s', async (line, says) => {
    const before = policyFor(line);
    await files.write(before);
    expect(await files.run(line, { confirm })).toMatchObject({
      exitCode: 1,
      output: '',
      errors: expect.stringContaining(says),
    });
    expect(await files.file()).toBe(before);
  });
});
