import type { Changes, MailboxPolicyEntry, PolicyChange } from '../../policy/index.ts';
import { CmdletError } from '../errors.ts';
import type { Call, Cmdlet, Parameter } from '../types.ts';
import { basedOn, perform } from './edit.ts';
import { dialPlanNamed, namedOrFitting, policyNamed, targets } from './names.ts';
import {
  CHANGING,
  DOMAIN_CONTROLLER,
  identity,
  unusedBooleans,
  unusedChoice,
  unusedCount,
  unusedLists,
  unusedMailTexts,
  unusedNumber,
  unusedSwitches,
  unusedTexts,
} from './parameters.ts';
import { CONDITIONS, MINIMUM_RING, policyShape } from './shapes.ts';

const TYPE = 'UMMailboxPolicy';
const ALLOW: Parameter = {
  name: 'AllowMissedCallNotifications',
  type: { kind: 'boolean' },
  byDefault: '$true',
  says: 'Whether users of the policy get an e-mail about each call that they miss.',
};
const CONDITION_PARAMETERS: readonly Parameter[] = [
  ...Object.values(CONDITIONS).map(({ name, says }): Parameter => ({
    name,
    says,
    type: { kind: 'boolean' },
    byDefault: '$true',
    ours: true,
  })),
  {
    name: MINIMUM_RING,
    type: {
      kind: 'text',
      form: /^\d{1,5}(?:\.\d{1,3})?(?:ms|s|m|h)?$/,
      formIs: 'seconds, or a number with its unit (500ms, 2s)',
    },
    byDefault: '0',
    ours: true,
    says: 'Calls that rang shorter are not told of: seconds, or 500ms, 2s; 0: all are.',
  },
];

/** Exchange's for voice mail, fax, and access by telephone, which are not here. */
const UNUSED: readonly Parameter[] = [
  ...unusedBooleans(
    'AllowAutomaticSpeechRecognition',
    'AllowCallAnsweringRules',
    'AllowCommonPatterns',
    'AllowDialPlanSubscribers',
    'AllowExtensions',
    'AllowFax',
    'AllowMessageWaitingIndicator',
    'AllowPinlessVoiceMailAccess',
    'AllowPlayOnPhone',
    'AllowSMSNotification',
    'AllowSubscriberAccess',
    'AllowTUIAccessToCalendar',
    'AllowTUIAccessToDirectory',
    'AllowTUIAccessToEmail',
    'AllowTUIAccessToPersonalContacts',
    'AllowVoiceMailAnalysis',
    'AllowVoiceMailPreview',
    'AllowVoiceResponseToOtherMessageTypes',
    'InformCallerOfVoiceMailAnalysis',
    'RequireProtectedPlayOnPhone',
  ),
  ...unusedLists('AllowedInCountryOrRegionGroups', 'AllowedInternationalGroups', 'SourceForestPolicyNames'),
  ...unusedMailTexts('FaxMessageText', 'ProtectedVoiceMailText', 'ResetPINText', 'UMEnabledText', 'VoiceMailText'),
  ...unusedTexts('FaxServerURI', 'VoiceMailPreviewPartnerAddress', 'VoiceMailPreviewPartnerAssignedID'),
  ...unusedSwitches('ForceUpgrade'),
  ...unusedCount('LogonFailuresBeforePINReset', 0, 999),
  ...unusedNumber('MaxGreetingDuration', 1, 10),
  ...unusedCount('MaxLogonAttempts', 1, 999),
  ...unusedNumber('MinPINLength', 4, 24),
  ...unusedNumber('PINHistoryCount', 1, 20),
  ...unusedCount('PINLifetime', 1, 999),
  ...unusedChoice('ProtectAuthenticatedVoiceMail', 'None', 'Private', 'All'),
  ...unusedChoice('ProtectUnauthenticatedVoiceMail', 'None', 'Private', 'All'),
  ...unusedNumber('VoiceMailPreviewPartnerMaxDeliveryDelay', 300, 2_147_483_647),
  ...unusedNumber('VoiceMailPreviewPartnerMaxMessageDuration', 60, 2_147_483_647),
];

const NAME_SAYS = 'At most 64 characters, none of " / \\ [ ] : ; | = , + * ? < >.';

/** `2`, `1.5`, `2s`, `500ms` as the file has it. */
const durationText = (text: string): string => (/[a-z]$/.test(text) ? text : `${text}s`);

function conditionChanges({ bound }: Call): Changes<MailboxPolicyEntry>['conditions'] {
  const given = Object.entries(CONDITIONS).flatMap(([key, { name }]) => {
    const value = bound.boolean(name);
    return value === undefined ? [] : [[key, value] as const];
  });
  const minimumRing = bound.text(MINIMUM_RING);
  if (given.length === 0 && minimumRing === undefined) return undefined;
  return {
    ...Object.fromEntries(given),
    ...(minimumRing === undefined ? {} : { minimumRing: durationText(minimumRing) }),
  };
}

function changesOf(call: Call): Changes<MailboxPolicyEntry> {
  const { bound } = call;
  const dialPlan = bound.text('UMDialPlan');
  return {
    name: bound.text('Name'),
    dialPlan: dialPlan === undefined ? undefined : dialPlanNamed(dialPlan, call).name,
    allowMissedCallNotifications: bound.boolean('AllowMissedCallNotifications'),
    conditions: conditionChanges(call),
  };
}

/** Exchange checks this against what the policy has; here there is only what is given. */
function checkLogons({ bound }: Call): void {
  const [reset, most] = [bound.number('LogonFailuresBeforePINReset'), bound.number('MaxLogonAttempts')];
  if (reset !== undefined && most !== undefined && reset >= most)
    throw new CmdletError('LogonFailuresBeforePINReset must be less than MaxLogonAttempts.');
}

export const getMailboxPolicy: Cmdlet = {
  name: 'Get-UMMailboxPolicy',
  synopsis: 'Shows mailbox policies.',
  permission: 'policy.read',
  parameters: [
    identity('mailboxPolicy', 'The policy’s name; * and ? stand for any letters. Without it: all policies.', false),
    { name: 'UMDialPlan', type: { kind: 'name', of: 'dialPlan' }, says: 'Those of this dial plan alone.' },
    DOMAIN_CONTROLLER,
  ],
  examples: [
    { line: 'Get-UMMailboxPolicy', says: 'All policies.' },
    { line: 'Get-UMMailboxPolicy -Identity MyUMMailboxPolicy | Format-List', says: 'All of one policy.' },
    {
      line: 'Get-UMMailboxPolicy | Where-Object { $_.AllowMissedCallNotifications -eq $false }',
      says: 'Those that do not tell of missed calls.',
    },
  ],
  run(call) {
    const { bound, input } = call;
    const policies = call.policy().mailboxPolicies;
    const wanted = bound.text('Identity');
    let found = [...policies.values()];
    if (input !== null) found = targets(call, TYPE).map((name) => policyNamed(name, call));
    else if (wanted !== undefined) found = namedOrFitting(policies, wanted, call);
    const dialPlan = bound.text('UMDialPlan');
    if (dialPlan !== undefined) {
      const { name } = dialPlanNamed(dialPlan, call);
      found = found.filter((policy) => policy.dialPlan === name);
    }
    return found.map(policyShape);
  },
};

export const setMailboxPolicy: Cmdlet = {
  name: 'Set-UMMailboxPolicy',
  synopsis: 'Changes mailbox policies.',
  permission: 'policy.write',
  parameters: [
    identity('mailboxPolicy', 'The policy’s name.', true),
    ALLOW,
    ...CONDITION_PARAMETERS,
    { name: 'Name', type: { kind: 'text' }, says: `A new name; mailboxes follow it. ${NAME_SAYS}` },
    { name: 'UMDialPlan', type: { kind: 'name', of: 'dialPlan' }, says: 'Moves the policy to this dial plan.' },
    ...CHANGING,
    ...UNUSED,
  ],
  examples: [
    {
      line: 'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications $false',
      says: 'Its users are no longer told of missed calls.',
    },
    {
      line: 'Get-UMMailboxPolicy | Set-UMMailboxPolicy -AllowMissedCallNotifications $false -WhatIf',
      says: 'What it would be to switch all policies off, and for whom.',
    },
    {
      line: 'Set-UMMailboxPolicy MyUMMailboxPolicy -NotifyInternalCalls $false -NotifyMinimumRing 2s',
      says: 'Tells of calls from outside that rang for 2 s.',
    },
  ],
  notes: [
    'The parameters that begin with Notify are not Exchange’s: they say which missed calls are told of.',
    'All policies that come through a pipe are changed at once, or none.',
  ],
  async run(call) {
    checkLogons(call);
    const names = targets(call, TYPE);
    const changes = changesOf(call);
    const policies = names.map((name) => policyNamed(name, call).name);
    const set = policies.map((name): PolicyChange => ({ kind: 'mailboxPolicy', action: 'set', name, changes }));
    await perform(
      {
        changes: set,
        names: policies,
        doing: 'Setting',
        what: 'UM mailbox policy',
        basedOn: basedOn(call),
        tellsUnmodified: true,
      },
      call,
    );
    return [];
  },
};

export const newMailboxPolicy: Cmdlet = {
  name: 'New-UMMailboxPolicy',
  synopsis: 'Makes a mailbox policy.',
  permission: 'policy.write',
  parameters: [
    { name: 'Name', type: { kind: 'text' }, position: 1, mandatory: true, says: NAME_SAYS },
    {
      name: 'UMDialPlan',
      type: { kind: 'name', of: 'dialPlan' },
      mandatory: true,
      says: 'The dial plan that it belongs to.',
    },
    { ...ALLOW, ours: true },
    ...CONDITION_PARAMETERS,
    ...CHANGING,
    ...unusedLists('SharedUMDialPlan'),
  ],
  examples: [
    { line: 'New-UMMailboxPolicy -Name MyUMMailboxPolicy -UMDialPlan MyUMDialPlan', says: 'A policy of that plan.' },
  ],
  async run(call) {
    const { bound } = call;
    const name = bound.text('Name') ?? '';
    const dialPlan = dialPlanNamed(bound.text('UMDialPlan') ?? '', call).name;
    const conditions = conditionChanges(call) as MailboxPolicyEntry['conditions'];
    const entry: MailboxPolicyEntry = {
      name,
      dialPlan,
      allowMissedCallNotifications: bound.boolean('AllowMissedCallNotifications') ?? true,
      ...(conditions === undefined ? {} : { conditions }),
    };
    const changes = [{ kind: 'mailboxPolicy', action: 'new', entry }] as const;
    const made = await perform({ changes, names: [name], doing: 'Creating', what: 'UM mailbox policy' }, call);
    return (made ?? []).flatMap((one) =>
      one.kind === 'mailboxPolicy' && one.after !== null ? [policyShape(one.after)] : [],
    );
  },
};

export const removeMailboxPolicy: Cmdlet = {
  name: 'Remove-UMMailboxPolicy',
  synopsis: 'Removes mailbox policies that no mailbox has.',
  permission: 'policy.write',
  parameters: [identity('mailboxPolicy', 'The policy’s name.', true), ...CHANGING],
  examples: [
    { line: 'Remove-UMMailboxPolicy -Identity MyUMMailboxPolicy', says: 'Asks, and removes it.' },
    { line: 'Remove-UMMailboxPolicy MyUMMailboxPolicy -Confirm:$false', says: 'Removes it without asking.' },
  ],
  notes: ['A policy that mailboxes have is not removed: those in the way are named.'],
  async run(call) {
    const names = targets(call, TYPE).map((name) => policyNamed(name, call).name);
    const changes = names.map((name): PolicyChange => ({ kind: 'mailboxPolicy', action: 'remove', name }));
    await perform(
      { changes, names, doing: 'Removing', what: 'UM mailbox policy', asks: true, basedOn: basedOn(call) },
      call,
    );
    return [];
  },
};
