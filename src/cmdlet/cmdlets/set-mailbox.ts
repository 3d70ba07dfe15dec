import type { Changes, Mailbox, MailboxEntry, PolicyChange } from '../../policy/index.ts';
import { CmdletError } from '../errors.ts';
import type { Bound } from '../language/bound.ts';
import { mapped } from '../many.ts';
import { PERMISSION_TABLE } from '../permissions.ts';
import type { Call, Cmdlet, Parameter } from '../types.ts';
import { basedOn, perform } from './edit.ts';
import { changedList } from './lists.ts';
import { MAILBOX } from './mailbox.ts';
import { mailboxNamed, policyNamed, targets } from './names.ts';
import { CHANGING, identity, unusedBooleans, unusedChoice, unusedSwitches, unusedTexts } from './parameters.ts';

/** What a mailbox has beside Exchange's; of Set-UMMailbox and Enable-UMMailbox. */
export const MAILBOX_PARAMETERS: readonly Parameter[] = [
  {
    name: 'EmailAddress',
    type: { kind: 'text' },
    nullable: true,
    ours: true,
    says: 'Where notifications go; $null: nowhere.',
  },
  { name: 'DisplayName', type: { kind: 'text' }, nullable: true, ours: true, says: 'The name that mails show.' },
  {
    name: 'SIPAddresses',
    type: { kind: 'texts', changes: true },
    nullable: true,
    ours: true,
    says: 'The SIP addresses that ring the user: sip:tony@contoso.com.',
  },
  {
    name: 'Language',
    type: { kind: 'text' },
    nullable: true,
    ours: true,
    says: 'The language of the mails: fr-FR; $null: the dial plan’s.',
  },
  {
    name: 'TimeZone',
    type: { kind: 'text' },
    nullable: true,
    ours: true,
    says: 'The time zone of the mails: Europe/Paris; $null: the dial plan’s.',
  },
];

/** Whoever may switch may give these; all other parameters that mean something are for who writes mailboxes. */
const SWITCHING = ['MissedCallNotificationEnabled'];

function checkWriting({ bound, context, cmdlet }: Call): void {
  if (context.caller.permissions.has('mailboxes.write')) return;
  const other = bound.names.find((name) => WRITTEN.includes(name));
  if (other === undefined) return;
  throw new CmdletError(
    `You may not use -${other} of ${cmdlet.name}: it takes the permission mailboxes.write, which comes with ${PERMISSION_TABLE['mailboxes.write'].join(', ')}. You may switch -${SWITCHING.join(', -')}.`,
  );
}

const EXTENSIONS: Parameter = {
  name: 'Extensions',
  type: { kind: 'texts', changes: true },
  nullable: true,
  ours: true,
  says: "The extensions that ring the user: 1001,1002, or @{Add='1003'; Remove='1001'}.",
};
const WRITTEN = ['Name', 'UMMailboxPolicy', 'Extensions', ...MAILBOX_PARAMETERS.map(({ name }) => name)];

const orNull = (bound: Bound, name: string): string | null | undefined =>
  bound.has(name) ? (bound.textOrNull(name) ?? null) : undefined;

function changesOf(mailbox: Mailbox, call: Call): Changes<MailboxEntry> {
  const { bound } = call;
  const policy = bound.text('UMMailboxPolicy');
  return {
    identity: bound.text('Name'),
    mailboxPolicy: policy === undefined ? undefined : policyNamed(policy, call).name,
    missedCallNotificationEnabled: bound.boolean('MissedCallNotificationEnabled'),
    extensions: changedList(bound, 'Extensions', mailbox.extensions),
    sipAddresses: changedList(bound, 'SIPAddresses', mailbox.sipAddresses),
    emailAddress: orNull(bound, 'EmailAddress'),
    displayName: orNull(bound, 'DisplayName'),
    language: orNull(bound, 'Language'),
    timeZone: orNull(bound, 'TimeZone'),
  };
}

export const setMailbox: Cmdlet = {
  name: 'Set-UMMailbox',
  synopsis: 'Changes mailboxes, and switches a user’s own notifications.',
  permission: 'mailboxes.switch',
  self: true,
  parameters: [
    identity('mailbox', 'The user: name, display name, e-mail or SIP address, or domain\\name.', true),
    {
      name: 'MissedCallNotificationEnabled',
      type: { kind: 'boolean' },
      byDefault: '$true',
      says: 'The user’s own switch. A mail is sent where the policy allows it too.',
    },
    {
      name: 'UMMailboxPolicy',
      type: { kind: 'name', of: 'mailboxPolicy' },
      says: 'The policy that holds for the user.',
    },
    { name: 'Name', type: { kind: 'text', max: 64 }, says: 'A new name; groups follow it.' },
    EXTENSIONS,
    ...MAILBOX_PARAMETERS,
    ...CHANGING,
    ...unusedBooleans(
      'AnonymousCallersCanLeaveMessages',
      'AutomaticSpeechRecognitionEnabled',
      'CallAnsweringRulesEnabled',
      'FaxEnabled',
      'ImListMigrationCompleted',
      'PinlessAccessToVoiceMailEnabled',
      'PlayOnPhoneEnabled',
      'SubscriberAccessEnabled',
      'TUIAccessToCalendarEnabled',
      'TUIAccessToEmailEnabled',
      'VoiceMailAnalysisEnabled',
    ),
    ...unusedChoice('AllowUMCallsFromNonUsers', 'None', 'SearchEnabled'),
    ...unusedChoice('CallAnsweringAudioCodec', 'G711', 'Wma', 'Gsm', 'Mp3'),
    ...unusedChoice('UMSMSNotificationOption', 'None', 'VoiceMail', 'VoiceMailAndMissedCalls'),
    ...unusedTexts('OperatorNumber'),
    ...unusedSwitches('IgnoreDefaultScope'),
  ],
  without: {
    UMEnabled: 'Enable-UMMailbox and Disable-UMMailbox do that.',
    DisableMissedCallNotification: 'Write -MissedCallNotificationEnabled $false.',
    AllowMissedCallNotifications:
      'That is the policy’s: Set-UMMailboxPolicy. A user’s own is -MissedCallNotificationEnabled.',
  },
  examples: [
    {
      line: 'Set-UMMailbox -Identity tonysmith@contoso.com -MissedCallNotificationEnabled $false',
      says: 'Tony is no longer told of missed calls.',
    },
    {
      line: 'Get-UMMailbox | Where-Object UMMailboxPolicy -eq Staff | Set-UMMailbox -UMMailboxPolicy Sales',
      says: 'Moves all users of one policy to another, at once.',
    },
    { line: "Set-UMMailbox tony -Extensions @{Add='1003'}", says: 'One more number rings Tony.' },
  ],
  notes: ['The help desk may give -MissedCallNotificationEnabled alone, and everybody for the own mailbox.'],
  async run(call) {
    const { bound } = call;
    checkWriting(call);
    const mailboxes: Mailbox[] = [];
    for (const name of targets(call, MAILBOX)) mailboxes.push(await mailboxNamed(name, call));
    const changeOf = (mailbox: Mailbox): PolicyChange => ({
      kind: 'mailbox',
      action: 'set',
      name: mailbox.identity,
      changes: changesOf(mailbox, call),
    });
    const changes = await mapped(mailboxes, changeOf, call);
    const isRelative = ['Extensions', 'SIPAddresses'].some((name) => bound.listChange(name) !== undefined);
    await perform(
      {
        changes,
        names: mailboxes.map((mailbox) => mailbox.identity),
        doing: 'Setting',
        what: 'UM mailbox',
        basedOn: isRelative ? call.policy().version : basedOn(call),
        tellsUnmodified: true,
      },
      call,
    );
    return [];
  },
};
