import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complete } from '../../src/cmdlet/index.ts';
import { MAX_CANDIDATES } from '../../src/cmdlet/complete.ts';
import { loadPolicy } from '../../src/policy/index.ts';

const many = Array.from(
  { length: 300 },
  (_, index) => `  - { identity: user${index}, extensions: ["${2_000 + index}"], mailboxPolicy: Staff }\n`,
);
const loaded = loadPolicy(`dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: Staff, dialPlan: Paris }
  - { name: Tout l'étage, dialPlan: Paris }
mailboxes:
  - { identity: alice, extensions: ["1001"], mailboxPolicy: Staff }
${many.join('')}`);
const policy = () => {
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.policy;
};
/** The line with each of what may stand next. */
const lines = (text: string): string[] => {
  const { candidates, from } = complete(text, policy);
  return candidates.map((candidate) => text.slice(0, from) + candidate);
};

describe('completion', () => {
  it.each([
    ['get-ummailboxp', ['Get-UMMailboxPolicy']],
    ['Get-UMMailbox | sel', ['Get-UMMailbox | Select-Object']],
    ['Set-UMMailboxPolicy -AllowMi', ['Set-UMMailboxPolicy -AllowMissedCallNotifications']],
    ['Set-UMMailboxPolicy St', ['Set-UMMailboxPolicy Staff']],
    ['Set-UMMailboxPolicy -id t', ["Set-UMMailboxPolicy -id 'Tout l''étage'"]],
    ["Set-UMMailboxPolicy 'tout", ["Set-UMMailboxPolicy 'Tout l''étage'"]],
    [
      'Set-UMMailboxPolicy Staff -AllowMissed ',
      ['$true', '$false'].map((value) => `Set-UMMailboxPolicy Staff -AllowMissed ${value}`),
    ],
    ['Set-UMMailboxPolicy Staff -AllowMissed $f', ['Set-UMMailboxPolicy Staff -AllowMissed $false']],
    [
      'Set-UMMailboxPolicy Staff -Confirm:',
      ['$true', '$false'].map((value) => `Set-UMMailboxPolicy Staff -Confirm:${value}`),
    ],
    ['Set-UMMailbox -WhatIf al', ['Set-UMMailbox -WhatIf alice']],
    ['New-UMDialPlan x -URIType s', ['New-UMDialPlan x -URIType SipName']],
    ['New-UMMailboxPolicy x -UMDialPlan p', ['New-UMMailboxPolicy x -UMDialPlan Paris']],
    ['Get-Help set-ummailboxp', ['Get-Help Set-UMMailboxPolicy']],
    ['Get-UMMailboxPolicy | where { $_.AllowM', ['Get-UMMailboxPolicy | where { $_.AllowMissedCallNotifications']],
    ['Get-UMMailbox | select Name,Ext', ['Get-UMMailbox | select Name,Extensions']],
    ['Get-UMMailbox | sort Dis', ['Get-UMMailbox | sort DisplayName']],
    ['Nonsense x', []],
    ['Set-UMMailboxPolicy -Nope ', []],
    ['New-UMMailboxPolicy ', []],
  ])('%s', (text, expected) => {
    expect(lines(text)).toEqual(expected);
  });

  it('of nothing is every cmdlet, of a hyphen every parameter, of a name so many at most', () => {
    expect(lines('').length).toBeGreaterThan(20);
    expect(lines('Set-UMMailbox alice -')).toContain('Set-UMMailbox alice -MissedCallNotificationEnabled');
    expect(lines('Get-UMMailbox user')).toHaveLength(MAX_CANDIDATES);
  });

  it('of a broken file has no names, and of any text an end', () => {
    const broken = (): never => {
      throw new Error('broken');
    };
    expect(complete('Set-UMMailboxPolicy St', broken).candidates).toEqual([]);
    const word = fc.constantFrom(
      'Get-UMMailbox',
      'Set-UMMailboxPolicy',
      '-id',
      '-',
      '|',
      "'",
      '{',
      '$_.',
      '@{',
      ' ',
      'a',
      ',',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 8 }), (words) => {
        const text = words.join(' ');
        expect(complete(text, policy).from).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
