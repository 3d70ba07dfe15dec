import {
  type Changes,
  type DialPlanEntry,
  newDialPlan as entriesOfNew,
  type PolicyChange,
} from '../../policy/index.ts';
import type { Bound } from '../language/bound.ts';
import type { Cmdlet, Parameter } from '../types.ts';
import { basedOn, perform } from './edit.ts';
import { changedList } from './lists.ts';
import { dialPlanNamed, namedOrFitting, targets } from './names.ts';
import {
  CHANGING,
  DOMAIN_CONTROLLER,
  identity,
  unusedBooleans,
  unusedChoice,
  unusedLists,
  unusedNumber,
  unusedSwitches,
  unusedTexts,
} from './parameters.ts';
import { dialPlanShape, policiesOf } from './shapes.ts';

const TYPE = 'UMDialPlan';
const NAME_SAYS = 'At most 49 characters, none of " / \\ [ ] : ; | = , + * ? < >.';

const COUNTRY_OR_REGION_CODE: Parameter = {
  name: 'CountryOrRegionCode',
  type: { kind: 'text', form: /^\d{1,4}$/, formIs: '1 to 4 digits, without +' },
  nullable: true,
  says: 'What stands before a national number when it is called from abroad: 33.',
};
const DEFAULT_LANGUAGE: Parameter = {
  name: 'DefaultLanguage',
  type: { kind: 'text' },
  byDefault: 'en-US',
  says: 'The language of mails to users who have none of their own: en-US, fr-FR.',
};
const OURS: readonly Parameter[] = [
  {
    name: 'TimeZone',
    type: { kind: 'text' },
    byDefault: 'UTC',
    ours: true,
    says: 'The time zone of users who have none of their own: Europe/Paris.',
  },
  {
    name: 'NumberPrefixes',
    type: { kind: 'texts', changes: true },
    nullable: true,
    ours: true,
    says: "What stands before an extension in a whole number: '+3314000' makes +33140001001 the extension 1001.",
  },
];
const SECURITY = unusedChoice('VoIPSecurity', 'Unsecured', 'SIPSecured', 'Secured');

const code = (name: string, says: string): Parameter => ({
  name,
  type: { kind: 'text', max: 8, form: /^\d*$/, formIs: 'digits' },
  nullable: true,
  says,
});

/** Exchange's for voice mail and auto attendants. */
const UNUSED: readonly Parameter[] = [
  ...unusedBooleans(
    'AllowDialPlanSubscribers',
    'AllowExtensions',
    'AllowHeuristicADCallingLineIdResolution',
    'AutomaticSpeechRecognitionEnabled',
    'CallAnsweringRulesEnabled',
    'CallSomeoneEnabled',
    'FaxEnabled',
    'SendVoiceMsgEnabled',
    'TUIPromptEditingEnabled',
    'WelcomeGreetingEnabled',
  ),
  ...unusedLists(
    'AccessTelephoneNumbers',
    'AllowedInCountryOrRegionGroups',
    'AllowedInternationalGroups',
    'ConfiguredInCountryOrRegionGroups',
    'ConfiguredInternationalGroups',
    'EquivalentDialPlanPhoneContexts',
    'NumberingPlanFormats',
    'PilotIdentifierList',
  ),
  ...unusedTexts(
    'ContactAddressList',
    'ContactRecipientContainer',
    'Extension',
    'InCountryOrRegionNumberFormat',
    'InfoAnnouncementFilename',
    'InternationalNumberFormat',
    'LegacyPromptPublishingPoint',
    'OperatorExtension',
    'UMAutoAttendant',
    'WelcomeGreetingFilename',
  ),
  ...unusedChoice('AudioCodec', 'G711', 'Wma', 'Gsm', 'Mp3'),
  ...unusedChoice(
    'ContactScope',
    'DialPlan',
    'GlobalAddressList',
    'Extension',
    'AutoAttendantLink',
    'AddressList',
    'OrganizationalUnit',
  ),
  ...unusedChoice('DialByNamePrimary', 'LastFirst', 'FirstLast', 'SMTPAddress'),
  ...unusedChoice('DialByNameSecondary', 'LastFirst', 'FirstLast', 'SMTPAddress', 'None'),
  ...unusedChoice('InfoAnnouncementEnabled', 'True', 'False', 'Uninterruptible'),
  ...unusedChoice('MatchedNameSelectionMethod', 'Title', 'Department', 'Location', 'None', 'PromptForAlias'),
  ...unusedNumber('InputFailuresBeforeDisconnect', 1, 20),
  ...unusedNumber('LogonFailuresBeforeDisconnect', 1, 20),
  ...unusedNumber('MaxCallDuration', 10, 120),
  ...unusedNumber('MaxRecordingDuration', 1, 100),
  ...unusedNumber('RecordingIdleTimeout', 2, 10),
  ...unusedSwitches('ForceUpgrade'),
  ...SECURITY,
];

export const getDialPlan: Cmdlet = {
  name: 'Get-UMDialPlan',
  synopsis: 'Shows dial plans.',
  permission: 'policy.read',
  parameters: [
    identity('dialPlan', 'The dial plan’s name; * and ? stand for any letters. Without it: all.', false),
    DOMAIN_CONTROLLER,
  ],
  examples: [{ line: 'Get-UMDialPlan -Identity MyUMDialPlan | Format-List', says: 'All of one dial plan.' }],
  run(call) {
    const policy = call.policy();
    const wanted = call.bound.text('Identity');
    let found = [...policy.dialPlans.values()];
    if (call.input !== null) found = targets(call, TYPE).map((name) => dialPlanNamed(name, call));
    else if (wanted !== undefined) found = namedOrFitting(policy.dialPlans, wanted, call);
    return found.map((plan) => dialPlanShape(plan, policiesOf(policy, plan.name)));
  },
};

/** Null: none, so that the default holds. */
const CODES = [
  ['CountryOrRegionCode', 'countryOrRegionCode'],
  ['NationalNumberPrefix', 'nationalNumberPrefix'],
  ['InternationalAccessCode', 'internationalAccessCode'],
  ['OutsideLineAccessCode', 'outsideLineAccessCode'],
] as const;

function codesGiven(bound: Bound): Partial<Record<(typeof CODES)[number][1], string | null>> {
  return Object.fromEntries(
    CODES.flatMap(([name, key]) => (bound.has(name) ? [[key, bound.textOrNull(name) ?? null]] : [])),
  );
}

export const setDialPlan: Cmdlet = {
  name: 'Set-UMDialPlan',
  synopsis: 'Changes dial plans.',
  permission: 'policy.write',
  parameters: [
    identity('dialPlan', 'The dial plan’s name.', true),
    { name: 'Name', type: { kind: 'text' }, says: `A new name; policies follow it. ${NAME_SAYS}` },
    COUNTRY_OR_REGION_CODE,
    DEFAULT_LANGUAGE,
    code('NationalNumberPrefix', 'What is dialled before a national number: 0.'),
    code('InternationalAccessCode', 'What is dialled before an international number: 00.'),
    code('OutsideLineAccessCode', 'What is dialled to get an outside line: 9.'),
    ...OURS,
    ...CHANGING,
    ...UNUSED,
  ],
  without: {
    URIType: 'A dial plan keeps the URI type that it was made with: make another one with New-UMDialPlan.',
    NumberOfDigitsInExtension:
      'A dial plan keeps the length of extensions that it was made with: make another one with New-UMDialPlan.',
    AllowedInCountryGroups: 'It is called -AllowedInCountryOrRegionGroups.',
    ConfiguredInCountryGroups: 'It is called -ConfiguredInCountryOrRegionGroups.',
  },
  examples: [
    { line: 'Set-UMDialPlan -Identity MyUMDialPlan -OutsideLineAccessCode 9', says: 'Outside lines are got by 9.' },
    {
      line: "Set-UMDialPlan MyUMDialPlan -NumberPrefixes @{Add='+3314000'}",
      says: 'Whole numbers that begin so are extensions of the plan.',
    },
  ],
  async run(call) {
    const { bound } = call;
    const plans = targets(call, TYPE).map((name) => dialPlanNamed(name, call));
    const changes = plans.map((plan): PolicyChange => {
      const numberPrefixes = changedList(bound, 'NumberPrefixes', plan.numberPrefixes);
      const entry: Changes<DialPlanEntry> = {
        name: bound.text('Name'),
        defaultLanguage: bound.text('DefaultLanguage'),
        timeZone: bound.text('TimeZone'),
        ...codesGiven(bound),
        numberPrefixes,
      };
      return { kind: 'dialPlan', action: 'set', name: plan.name, changes: entry };
    });
    const names = plans.map(({ name }) => name);
    const chosenBy = bound.listChange('NumberPrefixes') === undefined ? basedOn(call) : call.policy().version;
    await perform(
      { changes, names, doing: 'Setting', what: 'UM dial plan', basedOn: chosenBy, tellsUnmodified: true },
      call,
    );
    return [];
  },
};

export const newDialPlan: Cmdlet = {
  name: 'New-UMDialPlan',
  synopsis: 'Makes a dial plan, and its default mailbox policy.',
  permission: 'policy.write',
  parameters: [
    { name: 'Name', type: { kind: 'text' }, position: 1, mandatory: true, says: NAME_SAYS },
    {
      name: 'NumberOfDigitsInExtension',
      type: { kind: 'integer', min: 1, max: 20 },
      mandatory: true,
      says: 'How many digits each extension has.',
    },
    {
      name: 'URIType',
      type: { kind: 'choice', of: ['TelExtn', 'SipName', 'E164'] },
      byDefault: 'TelExtn',
      says: 'What users are called by: extensions, SIP addresses or whole numbers.',
    },
    COUNTRY_OR_REGION_CODE,
    DEFAULT_LANGUAGE,
    {
      name: 'GenerateUMMailboxPolicy',
      type: { kind: 'boolean' },
      byDefault: '$true',
      says: 'Whether “<name> Default Policy” is written into the file.',
    },
    ...OURS,
    ...CHANGING,
    ...unusedLists('AccessTelephoneNumbers'),
    ...unusedBooleans('FaxEnabled'),
    ...SECURITY,
  ],
  examples: [
    {
      line: 'New-UMDialPlan -Name MyUMDialPlan -NumberOfDigitsInExtension 4',
      says: 'A plan with four-digit extensions.',
    },
    {
      line: 'New-UMDialPlan Paris -NumberOfDigitsInExtension 4 -CountryOrRegionCode 33 -DefaultLanguage fr-FR',
      says: 'One whose users get their mails in French.',
    },
  ],
  notes: [
    'A dial plan without any policy has “<name> Default Policy” all the same, which allows; with -GenerateUMMailboxPolicy $false it is not written down.',
  ],
  async run(call) {
    const { bound } = call;
    const name = bound.text('Name') ?? '';
    const numberPrefixes = bound.texts('NumberPrefixes');
    const optional = {
      uriType: bound.text('URIType') as 'TelExtn' | undefined,
      defaultLanguage: bound.text('DefaultLanguage'),
      timeZone: bound.text('TimeZone'),
      countryOrRegionCode: bound.text('CountryOrRegionCode'),
      numberPrefixes: numberPrefixes === undefined ? undefined : [...numberPrefixes],
    };
    const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
    const entry: DialPlanEntry = {
      name,
      numberOfDigitsInExtension: bound.number('NumberOfDigitsInExtension') ?? 0,
      ...given,
    };
    const [plan, ...policies] = entriesOfNew(entry);
    if (plan === undefined) return [];
    const changes = bound.boolean('GenerateUMMailboxPolicy') === false ? [plan] : [plan, ...policies];
    const made = await perform(
      { changes, names: changes.map(() => name), doing: 'Creating', what: 'UM dial plan' },
      call,
    );
    return (made ?? []).flatMap((one) =>
      one.kind === 'dialPlan' && one.after !== null
        ? [dialPlanShape(one.after, policiesOf(call.policy(), one.after.name))]
        : [],
    );
  },
};

export const removeDialPlan: Cmdlet = {
  name: 'Remove-UMDialPlan',
  synopsis: 'Removes dial plans that nothing refers to.',
  permission: 'policy.write',
  parameters: [identity('dialPlan', 'The dial plan’s name.', true), ...CHANGING],
  examples: [{ line: 'Remove-UMDialPlan -Identity MyUMDialPlan', says: 'Asks, and removes it.' }],
  notes: ['A dial plan that mailbox policies or groups belong to is not removed: those in the way are named.'],
  async run(call) {
    const names = targets(call, TYPE).map((name) => dialPlanNamed(name, call).name);
    const changes = names.map((name): PolicyChange => ({ kind: 'dialPlan', action: 'remove', name }));
    await perform(
      { changes, names, doing: 'Removing', what: 'UM dial plan', asks: true, basedOn: basedOn(call) },
      call,
    );
    return [];
  },
};
