import type { DialPlan, MailboxEntry, PolicyChange } from '../../policy/index.ts';
import { CmdletError } from '../errors.ts';
import type { Call, Cmdlet } from '../types.ts';
import { basedOn, perform } from './edit.ts';
import { MAILBOX, shapeOf } from './mailbox.ts';
import { dialPlanNamed, findMailbox, mailboxNamed, policyNamed, targets } from './names.ts';
import { CHANGING, identity, unusedBooleans, unusedSwitches, unusedTexts } from './parameters.ts';
import { MAILBOX_PARAMETERS } from './set-mailbox.ts';

/** What a mailbox is called where its user is named by address: the part before the @, as Exchange makes an alias of it. */
const nameFrom = (given: string): string => given.slice(given.lastIndexOf('\\') + 1).replace(/^(.+)@[^@]+$/, '$1');

/** Exchange: SipName and E164 plans name their users by -SIPResourceIdentifier, TelExtn plans do not. */
function addressesOf(plan: DialPlan, call: Call): { extensions: string[]; sipAddresses: string[] } {
  const { bound } = call;
  const extensions = [...(bound.texts('Extensions') ?? [])];
  const sipAddresses = [...(bound.texts('SIPAddresses') ?? [])];
  const resource = bound.text('SIPResourceIdentifier');
  if (plan.uriType === 'TelExtn') {
    if (resource !== undefined)
      throw new CmdletError(
        `-SIPResourceIdentifier is for SipName and E164 dial plans, and '${plan.name}' is TelExtn: leave it out. A SIP address that rings the user is given by -SIPAddresses.`,
      );
    return { extensions, sipAddresses };
  }
  if (resource === undefined || extensions.length === 0)
    throw new CmdletError(
      `The dial plan '${plan.name}' is ${plan.uriType}: give -SIPResourceIdentifier and -Extensions.`,
    );
  if (plan.uriType === 'E164') return { extensions: [...extensions, resource], sipAddresses };
  return { extensions, sipAddresses: [/^sips?:/i.test(resource) ? resource : `sip:${resource}`, ...sipAddresses] };
}

function entryFor(given: string, call: Call): MailboxEntry {
  const { bound } = call;
  const policy = policyNamed(bound.text('UMMailboxPolicy') ?? '', call);
  const emailAddress = bound.text('EmailAddress') ?? (given.includes('@') ? given : undefined);
  const optional = {
    displayName: bound.text('DisplayName'),
    emailAddress,
    language: bound.text('Language'),
    timeZone: bound.text('TimeZone'),
  };
  const { extensions, sipAddresses } = addressesOf(dialPlanNamed(policy.dialPlan, call), call);
  if (emailAddress === undefined)
    call.warn(`'${given}' has no e-mail address, so nobody is told yet: Set-UMMailbox '${given}' -EmailAddress ….`);
  return {
    identity: nameFrom(given),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    extensions,
    ...(sipAddresses.length > 0 ? { sipAddresses } : {}),
    mailboxPolicy: policy.name,
  };
}

export const enableMailbox: Cmdlet = {
  name: 'Enable-UMMailbox',
  synopsis: 'Makes a mailbox: a user who can be told of missed calls.',
  permission: 'mailboxes.write',
  parameters: [
    identity('mailbox', 'The user’s name, or e-mail address, whose part before the @ is the name then.', true),
    {
      name: 'UMMailboxPolicy',
      type: { kind: 'name', of: 'mailboxPolicy' },
      mandatory: true,
      says: 'The policy that holds for the user.',
    },
    { name: 'Extensions', type: { kind: 'texts' }, says: 'The extensions that ring the user: 1001,1002.' },
    {
      name: 'SIPResourceIdentifier',
      type: { kind: 'text' },
      says: 'In a SipName plan the user’s SIP address, in an E164 plan the whole number.',
    },
    {
      name: 'ValidateOnly',
      type: { kind: 'switch' },
      says: 'Says whether it could be done, and does nothing.',
    },
    ...MAILBOX_PARAMETERS,
    ...CHANGING,
    { ...one(unusedTexts('PIN')), secret: true },
    ...unusedTexts('NotifyEmail', 'PilotNumber'),
    ...unusedBooleans('PINExpired', 'AutomaticSpeechRecognitionEnabled', 'SendWelcomeMail'),
    ...unusedSwitches('IgnoreDefaultScope', 'EnableCloudVoiceMail'),
  ],
  examples: [
    {
      line: 'Enable-UMMailbox -Identity tonysmith@contoso.com -UMMailboxPolicy MyUMMailboxPolicy -Extensions 51234',
      says: 'Makes the mailbox tonysmith, which is mailed at that address.',
    },
    {
      line: 'Enable-UMMailbox alice -EmailAddress alice@contoso.com -DisplayName "Alice Martin" -UMMailboxPolicy Staff -Extensions 1001',
      says: 'The same with a name of its own.',
    },
  ],
  notes: ['No welcome mail is sent, and there are no PINs.'],
  async run(call) {
    const names = targets(call, MAILBOX);
    for (const name of names) {
      const there = (await findMailbox(name, call)) ?? (await findMailbox(nameFrom(name), call));
      if (there === null) continue;
      throw new CmdletError(
        `'${name}' is enabled already, as the mailbox '${there.identity}': Set-UMMailbox changes it.`,
      );
    }
    const entries = names.map((name) => entryFor(name, call));
    const changes = entries.map((entry): PolicyChange => ({ kind: 'mailbox', action: 'new', entry }));
    const validateOnly = call.bound.flag('ValidateOnly');
    const enabled = entries.map((entry) => entry.identity);
    const made = await perform({ changes, names: enabled, doing: 'Enabling', what: 'UM mailbox', validateOnly }, call);
    return (made ?? []).flatMap((changed) =>
      changed.kind === 'mailbox' && changed.after !== null ? [shapeOf(changed.after, call)] : [],
    );
  },
};

function one<T>([only]: readonly T[]): T {
  if (only === undefined) throw new RangeError('There is none.');
  return only;
}

export const disableMailbox: Cmdlet = {
  name: 'Disable-UMMailbox',
  synopsis: 'Removes mailboxes: their users are told of nothing any more.',
  permission: 'mailboxes.write',
  parameters: [
    identity('mailbox', 'The user: name, display name, e-mail or SIP address, or domain\\name.', true),
    ...CHANGING,
    {
      name: 'KeepProperties',
      type: { kind: 'boolean' },
      unused: true,
      says: 'Exchange’s; what a mailbox had is in the versions of the policy file.',
    },
    ...unusedSwitches('IgnoreDefaultScope'),
  ],
  examples: [
    { line: 'Disable-UMMailbox -Identity tonysmith@contoso.com', says: 'Asks, and removes it.' },
    {
      line: 'Set-UMMailbox tonysmith@contoso.com -MissedCallNotificationEnabled $false',
      says: 'Keeps the mailbox, and tells it of nothing.',
    },
  ],
  notes: ['A mailbox that groups have as a member is not removed: the groups are named.'],
  async run(call) {
    const names: string[] = [];
    for (const name of targets(call, MAILBOX)) names.push((await mailboxNamed(name, call)).identity);
    const changes = names.map((name): PolicyChange => ({ kind: 'mailbox', action: 'remove', name }));
    await perform({ changes, names, doing: 'Disabling', what: 'UM mailbox', asks: true, basedOn: basedOn(call) }, call);
    return [];
  },
};
