import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/policy/index.ts';

const folder = new URL('../data/policy/', import.meta.url);

/** Where it is, what is wrong, what to do. */
type Expected = readonly [place: string, message: string, remedy: string];

/** Each file of test/data/policy has the mistake that its name says. */
const mistakes: readonly (readonly [file: string, problems: readonly Expected[]])[] = [
  [
    'alias',
    [
      [
        '5:5 ',
        'the YAML alias *first is not taken here.',
        'Write the value out in each place, so that each can be changed by itself.',
      ],
    ],
  ],
  [
    'colon-in-plain-text',
    [
      [
        '2:11 ',
        'not YAML: Nested mappings are not allowed in compact mappings.',
        'Check the indentation of this line and of those above and below; put a text that holds ": " in quotes.',
      ],
    ],
  ],
  [
    'country-code',
    [
      ['2:71 dialPlans[0].countryOrRegionCode', 'expected a text, found the number 33.', 'Put it in quotes: "33".'],
      [
        '3:71 dialPlans[1].countryOrRegionCode',
        '"+33" is not a country code.',
        'The country code, 1 to 4 digits in quotes and without "+", such as "33".',
      ],
    ],
  ],
  [
    'default-policy-name-taken',
    [
      [
        '2:13 dialPlans[0].name',
        'the dial plan has no policy, and the name of its default one, "Paris Default Policy", is taken.',
        'Add a policy for this dial plan to mailboxPolicies, or rename the other one.',
      ],
    ],
  ],
  [
    'dial-plan-name-blank',
    [
      [
        '2:14 dialPlans[0].name',
        '"Paris " begins or ends with a space.',
        `The dial plan's name: 1 to 49 characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
      ],
      [
        '3:14 dialPlans[1].name',
        'the name is empty.',
        `The dial plan's name: 1 to 49 characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
      ],
    ],
  ],
  [
    'dial-plan-name-too-long',
    [
      [
        '2:13 dialPlans[0].name',
        '"PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP" is longer than 49 characters.',
        `The dial plan's name: 1 to 49 characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
      ],
    ],
  ],
  [
    'dial-plan-name-with-forbidden-character',
    [
      [
        '2:13 dialPlans[0].name',
        '"Paris/Lyon" holds a character that names may not have (" / \\ [ ] : ; | = , + * ? < >).',
        `The dial plan's name: 1 to 49 characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
      ],
    ],
  ],
  [
    'dial-plan-without-digits',
    [
      [
        '2:5 dialPlans[0].numberOfDigitsInExtension',
        '"numberOfDigitsInExtension" is missing.',
        'Add it: How many digits each extension of this plan has: a whole number from 1 to 20.',
      ],
    ],
  ],
  [
    'dial-plan-without-name',
    [
      [
        '2:5 dialPlans[0].name',
        '"name" is missing.',
        `Add it: The dial plan's name: 1 to 49 characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
      ],
    ],
  ],
  [
    'digits-out-of-range',
    [
      [
        '2:43 dialPlans[0].numberOfDigitsInExtension',
        'the number 21 is more than 20 digits.',
        'How many digits each extension of this plan has: a whole number from 1 to 20.',
      ],
      [
        '3:43 dialPlans[1].numberOfDigitsInExtension',
        'the number 0 is less than 1 digit.',
        'How many digits each extension of this plan has: a whole number from 1 to 20.',
      ],
      [
        '4:44 dialPlans[2].numberOfDigitsInExtension',
        'expected a number, found "4".',
        'Write it without quotes. How many digits each extension of this plan has: a whole number from 1 to 20.',
      ],
      [
        '5:43 dialPlans[3].numberOfDigitsInExtension',
        'expected a whole number, found the number 4.5.',
        'How many digits each extension of this plan has: a whole number from 1 to 20.',
      ],
    ],
  ],
  [
    'duplicate-dial-plan',
    [
      [
        '3:13 dialPlans[1].name',
        'dial plan "PARIS" is already defined at dialPlans[0].',
        'Give it another name, or remove one of the two (upper and lower case count as the same).',
      ],
    ],
  ],
  [
    'duplicate-extension',
    [
      [
        '5:44 mailboxes[1].extensions[1]',
        'extension "1001" of dial plan "Paris" is already that of mailboxes[0].',
        'Keep it in one place: an extension rings one mailbox or group of its dial plan.',
      ],
    ],
  ],
  [
    'duplicate-identity',
    [
      [
        '5:17 mailboxes[1].identity',
        'mailbox "Alice" is already defined at mailboxes[0].',
        'Give it another name, or remove one of the two (upper and lower case count as the same).',
      ],
    ],
  ],
  [
    'duplicate-policy',
    [
      [
        '5:13 mailboxPolicies[1].name',
        'mailbox policy "staff" is already defined at mailboxPolicies[0].',
        'Give it another name, or remove one of the two (upper and lower case count as the same).',
      ],
    ],
  ],
  [
    'duplicate-sip-address',
    [
      [
        '5:37 mailboxes[1].sipAddresses[0]',
        'SIP address "sips:alice@EXAMPLE.com:5061" is already that of mailboxes[0].',
        'Keep it in one place: a SIP address belongs to one mailbox or group.',
      ],
    ],
  ],
  [
    'email-syntax',
    [
      [
        '4:39 mailboxes[0].emailAddress',
        '"Alice <alice@example.com>" is not an e-mail address.',
        'Where notifications go: one plain address, such as "alice@example.com"; without it no mail is sent.',
      ],
      [
        '5:36 mailboxes[1].emailAddress',
        '"bob@@example.com" is not an e-mail address.',
        'Where notifications go: one plain address, such as "alice@example.com"; without it no mail is sent.',
      ],
    ],
  ],
  ['empty-file', [['1:1 ', 'the file is empty.', 'Write the settings into it, or restore the last copy.']]],
  [
    'extension-listed-twice',
    [
      [
        '4:46 mailboxes[0].extensions[1]',
        'extension "1001" of dial plan "Paris" is listed twice here.',
        'Keep it in one place: an extension rings one mailbox or group of its dial plan.',
      ],
    ],
  ],
  [
    'extension-of-wrong-length',
    [
      [
        '4:38 mailboxes[0].extensions[0]',
        '"101" has 3 digits; extensions of dial plan "Paris" have 4.',
        'Correct the extension, or numberOfDigitsInExtension of the dial plan.',
      ],
    ],
  ],
  [
    'extension-with-other-characters',
    [
      [
        '4:38 mailboxes[0].extensions[0]',
        '"10-01" is neither an extension nor a number.',
        'Digits in quotes, as many as the dial plan says, such as "1001"; in an E164 plan also "+33140001001".',
      ],
    ],
  ],
  [
    'extension-without-quotes',
    [['4:37 mailboxes[0].extensions[0]', 'expected a text, found the number 101.', 'Put it in quotes: "0101".']],
  ],
  [
    'group-as-member',
    [
      [
        '7:80 groups[0].members[1]',
        '"Support" is a group, and groups cannot be members of groups.',
        'Write its members here instead.',
      ],
      [
        '7:90 groups[0].members[2]',
        '"1101" is a group, and groups cannot be members of groups.',
        'Write its members here instead.',
      ],
      [
        '7:98 groups[0].members[3]',
        '"+33140001100" is a group, and groups cannot be members of groups.',
        'Write its members here instead.',
      ],
    ],
  ],
  [
    'group-member-that-cannot-ring',
    [
      [
        '7:80 groups[0].members[1]',
        'mailbox "inbox" has neither an extension nor a SIP address that could ring.',
        'Give it one, or remove it here.',
      ],
    ],
  ],
  [
    'group-member-unknown',
    [
      ['7:73 groups[0].members[0]', '"alise" is neither a mailbox of this file nor a number.', 'Did you mean "alice"?'],
      [
        '7:81 groups[0].members[1]',
        '"+33 612" is neither a mailbox of this file nor a number.',
        'Write the identity of a mailbox, or a number in quotes, such as "+33612345678".',
      ],
      ['7:91 groups[0].members[2]', 'expected a text, found the number 612345678.', 'Put it in quotes: "612345678".'],
    ],
  ],
  [
    'group-member-listed-twice',
    [
      [
        '7:85 groups[0].members[2]',
        '"Alice" is already a member of this group, as members[0].',
        'Remove one of the two: a member rings once.',
      ],
      [
        '7:93 groups[0].members[3]',
        '"1011" is already a member of this group, as members[0].',
        'Remove one of the two: a member rings once.',
      ],
      [
        '7:101 groups[0].members[4]',
        '"0140001002" is already a member of this group, as members[1].',
        'Remove one of the two: a member rings once.',
      ],
      [
        '7:131 groups[0].members[6]',
        '"900336 12345678" is neither a mailbox of this file nor a number.',
        'Write the identity of a mailbox, or a number in quotes, such as "+33612345678".',
      ],
      [
        '7:150 groups[0].members[7]',
        '"90033612345678" is already a member of this group, as members[5].',
        'Remove one of the two: a member rings once.',
      ],
    ],
  ],
  [
    'group-without-members',
    [
      [
        '7:72 groups[0].members',
        'the group has no members: nobody would ring.',
        'Who rings: a list of identities of mailboxes, or numbers in quotes: [alice, bob, "+33612345678"].',
      ],
      [
        '8:5 groups[1].members',
        '"members" is missing.',
        'Add it: Who rings: a list of identities of mailboxes, or numbers in quotes: [alice, bob, "+33612345678"].',
      ],
    ],
  ],
  [
    'group-that-no-call-reaches',
    [
      [
        '7:5 groups[0]',
        'the group has neither an extension nor a SIP address: no call can be for it.',
        'Add extensions or sipAddresses, or remove the group.',
      ],
    ],
  ],
  [
    'group-of-unknown-dial-plan',
    [['7:34 groups[0].dialPlan', '"Pariss" is not a dial plan of this file.', 'Did you mean "Paris"?']],
  ],
  [
    'group-extension-of-wrong-length',
    [
      [
        '7:55 groups[0].extensions[0]',
        '"11" has 2 digits; extensions of dial plan "Paris" have 4.',
        'Correct the extension, or numberOfDigitsInExtension of the dial plan.',
      ],
      [
        '7:61 groups[0].extensions[1]',
        '"+33140001100" is a whole number, and dial plan "Paris" has extensions.',
        'Write the extension, and what stands before it into numberPrefixes of the plan.',
      ],
    ],
  ],
  [
    'group-number-taken',
    [
      [
        '7:55 groups[0].extensions[0]',
        'extension "1002" of dial plan "Paris" is already that of mailboxes[1].',
        'Keep it in one place: an extension rings one mailbox or group of its dial plan.',
      ],
      [
        '7:79 groups[0].sipAddresses[0]',
        'SIP address "sip:bob@EXAMPLE.com" is already that of mailboxes[1].',
        'Keep it in one place: a SIP address belongs to one mailbox or group.',
      ],
      [
        '9:17 groups[2].identity',
        'group "Support" is already defined at groups[1].',
        'Give it another name, or remove one of the two (upper and lower case count as the same).',
      ],
      [
        '9:57 groups[2].extensions[0]',
        'extension "1101" of dial plan "Paris" is already that of groups[1].',
        'Keep it in one place: an extension rings one mailbox or group of its dial plan.',
      ],
      [
        '9:81 groups[2].sipAddresses[0]',
        'SIP address "sip:help@example.com" is already that of groups[1].',
        'Keep it in one place: a SIP address belongs to one mailbox or group.',
      ],
    ],
  ],
  [
    'group-mailbox-unknown',
    [
      ['7:90 groups[0].mailbox', '"bobb" is not a mailbox of this file.', 'Did you mean "bob"?'],
      [
        '8:92 groups[1].mailbox',
        '"reception" is not a mailbox of this file.',
        "Write the identity of the mailbox that is told of the group's calls.",
      ],
    ],
  ],
  [
    'group-notify-without-mailbox',
    [
      [
        '7:89 groups[0].notify',
        'the group has no mailbox that could be told of its calls.',
        'Add mailbox with the identity of a mailbox, or write nobody, first, last or all.',
      ],
      [
        '8:91 groups[1].notify',
        '"somebody" is not one of nobody, group, first, last, all.',
        "Who is told of a missed call: nobody, group (the group's mailbox), first or last (the member that rang first or last), all (each that rang). Default: group where mailbox is set, else nobody.",
      ],
    ],
  ],
  [
    'group-ring',
    [
      ['7:87 groups[0].ring', '"seriel" is not one of simultaneous, serial.', 'Did you mean "serial"?'],
      [
        '7:108 groups[0].ringTimeout',
        'the number 20 has no unit.',
        'How long the members ring, each by itself where ring is serial; as long as any number does where it is left out. A number with its unit: 500ms, 20s, 2m, 1h.',
      ],
      [
        '8:110 groups[1].ringTimeout',
        '"0s" is less than 1000ms.',
        'How long the members ring, each by itself where ring is serial; as long as any number does where it is left out. A number with its unit: 500ms, 20s, 2m, 1h.',
      ],
      [
        '8:114 groups[1].timeout',
        'unknown key "timeout".',
        'Remove it. The keys known here are identity, displayName, dialPlan, extensions, sipAddresses, members, ring, ringTimeout, notify, mailbox.',
      ],
    ],
  ],
  [
    'policy-conditions',
    [
      [
        '4:62 mailboxPolicies[0].conditions.internalCalls',
        'expected true or false, found "no".',
        'Write true or false, without quotes. Calls from a number that has a mailbox here, or from a registered phone: told of (true) or not.',
      ],
      [
        '4:79 mailboxPolicies[0].conditions.minimumRing',
        'the number 2 has no unit.',
        'Calls that rang shorter are not told of; 0s: all are. A number with its unit: 500ms, 20s, 2m, 1h.',
      ],
      [
        '4:82 mailboxPolicies[0].conditions.hiddenCaller',
        'unknown key "hiddenCaller".',
        'Did you mean "hiddenCallers"?',
      ],
      [
        '5:60 mailboxPolicies[1].conditions.minimumRing',
        '"2 seconds" is not a duration.',
        'Calls that rang shorter are not told of; 0s: all are. A number with its unit: 500ms, 20s, 2m, 1h.',
      ],
      [
        '6:45 mailboxPolicies[2].conditions',
        'expected a group of keys, found a list.',
        'Which missed calls are told of, all where it is left out: { internalCalls: false, minimumRing: 2s }.',
      ],
    ],
  ],
  [
    'dialling-codes',
    [
      ['2:99 dialPlans[0].nationalNumberPrefix', 'expected a text, found the number 0.', 'Put it in quotes: "0".'],
      [
        '2:128 dialPlans[0].internationalAccessCode',
        '"+" is not a code of digits.',
        'What is dialled before an international number, digits in quotes, such as "00".',
      ],
      [
        '2:156 dialPlans[0].outsideLineAccessCode',
        '"123456789" is longer than 8 digits.',
        'What is dialled to get an outside line, digits in quotes, such as "9".',
      ],
      [
        '3:72 dialPlans[1].nationalNumberPrefix',
        'the country code is missing, without which national numbers cannot be made whole.',
        'Add countryOrRegionCode, such as "33", or remove nationalNumberPrefix.',
      ],
    ],
  ],
  [
    'whole-number-dialled-like-an-extension',
    [
      [
        '5:34 mailboxes[1].extensions',
        '0140001001 is also number +33140001001 of mailboxes[0], as dial plan "World" dials it (+33140001001).',
        'Remove the number here, or the number there.',
      ],
    ],
  ],
  [
    'line-break-in-display-name',
    [
      [
        '4:38 mailboxes[0].displayName',
        '"A\\nB" holds a control character.',
        `The user's name as mails show it; the identity where it is left out.`,
      ],
    ],
  ],
  [
    'list-at-the-top',
    [
      [
        '1:1 ',
        'expected a group of keys, found a list.',
        'policy.yaml has the keys dialPlans, mailboxPolicies, mailboxes and groups, each with a list.',
      ],
    ],
  ],
  [
    'mailbox-language-and-time-zone',
    [
      [
        '4:93 mailboxes[0].language',
        '"fr_FR" is not a language.',
        `The language of mails to this user, a BCP 47 tag such as "fr-FR"; the dial plan's where it is left out.`,
      ],
      [
        '4:110 mailboxes[0].timeZone',
        '"Paris" is not a time zone.',
        `The user's time zone, an IANA name such as "Europe/Paris"; the dial plan's where it is left out.`,
      ],
    ],
  ],
  [
    'mailbox-of-unknown-policy',
    [
      [
        '4:61 mailboxes[0].mailboxPolicy',
        '"Paris Defualt Policy" is not a mailbox policy of this file.',
        'Did you mean "Paris Default Policy"?',
      ],
    ],
  ],
  [
    'mailbox-that-is-a-text',
    [
      [
        '4:5 mailboxes[0]',
        'expected a group of keys, found "alice".',
        'A user who can be notified (Enable-UMMailbox): { identity: alice, extensions: ["1001"], mailboxPolicy: Staff }, each key on a line of its own or in braces.',
      ],
    ],
  ],
  [
    'mailbox-that-no-call-reaches',
    [
      [
        '4:5 mailboxes[0]',
        'the mailbox has neither an extension nor a SIP address: no call can be for it.',
        'Add extensions or sipAddresses, or remove the mailbox.',
      ],
    ],
  ],
  [
    'mailbox-without-policy',
    [
      [
        '4:5 mailboxes[0].mailboxPolicy',
        '"mailboxPolicy" is missing.',
        'Add it: The name of the one mailbox policy that holds for this user.',
      ],
    ],
  ],
  [
    'mailboxes-as-a-map',
    [
      [
        '3:12 mailboxes',
        'expected a list, found a group of keys.',
        'The users who can be notified: a list, each entry after a dash.',
      ],
    ],
  ],
  [
    'many-mistakes-at-once',
    [
      ['4:26 mailboxPolicies[0].dialPlan', '"Pariss" is not a dial plan of this file.', 'Did you mean "Paris"?'],
      [
        '6:5 mailboxes[0]',
        'the mailbox has neither an extension nor a SIP address: no call can be for it.',
        'Add extensions or sipAddresses, or remove the mailbox.',
      ],
      ['7:5 mailboxes[0].extension', 'unknown key "extension".', 'Did you mean "extensions"?'],
      [
        '8:19 mailboxes[0].emailAddress',
        '"nobody" is not an e-mail address.',
        'Where notifications go: one plain address, such as "alice@example.com"; without it no mail is sent.',
      ],
      [
        '9:20 mailboxes[0].mailboxPolicy',
        '"B" is not a mailbox policy of this file.',
        'There are: "A", "Paris Default Policy".',
      ],
      [
        '10:15 mailboxes[1].identity',
        'mailbox "alice" is already defined at mailboxes[0].',
        'Give it another name, or remove one of the two (upper and lower case count as the same).',
      ],
    ],
  ],
  [
    'merge-key',
    [
      [
        '5:5 mailboxPolicies[1].name',
        '"name" is missing.',
        `Add it: The policy's name: 1 to 64 characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
      ],
      ['5:7 mailboxPolicies[1].<<', 'unknown key "<<".', 'YAML merges are not taken here: write the keys out.'],
    ],
  ],
  [
    'number-prefixes',
    [
      [
        '2:66 dialPlans[0].numberPrefixes',
        'expected a list, found the number 3314000.',
        'Write a list: ["+3314000"]. What stands before an extension when the whole number is dialled: ["+3314000"] makes +33140001001 the extension 1001.',
      ],
      [
        '3:67 dialPlans[1].numberPrefixes[0]',
        '"+33 4" is not the beginning of a number.',
        'The digits before the extension, in quotes, with or without "+", such as "+3314000".',
      ],
    ],
  ],
  ['only-a-comment', [['1:1 ', 'the file is empty.', 'Write the settings into it, or restore the last copy.']]],
  [
    'policy-name',
    [
      [
        '4:13 mailboxPolicies[0].name',
        '"PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP…" is longer than 64 characters.',
        `The policy's name: 1 to 64 characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
      ],
      [
        '5:14 mailboxPolicies[1].name',
        '"A*" holds a character that names may not have (" / \\ [ ] : ; | = , + * ? < >).',
        `The policy's name: 1 to 64 characters, none of " / \\ [ ] : ; | = , + * ? < >.`,
      ],
    ],
  ],
  [
    'policy-of-unknown-dial-plan',
    [['4:26 mailboxPolicies[0].dialPlan', '"Pariss" is not a dial plan of this file.', 'Did you mean "Paris"?']],
  ],
  [
    'policy-switch',
    [
      [
        '4:63 mailboxPolicies[0].allowMissedCallNotifications',
        'expected true or false, found "yes".',
        'Write true or false, without quotes. true: users of this policy get an e-mail about each missed call; false: none of them does.',
      ],
      [
        '5:33 mailboxPolicies[1].allowMissedCallNotification',
        'unknown key "allowMissedCallNotification".',
        'Did you mean "allowMissedCallNotifications"?',
      ],
    ],
  ],
  [
    'policy-without-any-dial-plan',
    [
      [
        '2:26 mailboxPolicies[0].dialPlan',
        '"Paris" is not a dial plan of this file.',
        'There is none: add it to dialPlans.',
      ],
    ],
  ],
  [
    'repeated-key-beside-an-unknown-one',
    [
      [
        '2:20 dialPlans[0].name',
        'the key "name" stands here a second time.',
        'Keep one of the two and remove the other.',
      ],
      [
        '2:62 dialPlans[0].digits',
        'unknown key "digits".',
        'Remove it. The keys known here are name, uriType, numberOfDigitsInExtension, countryOrRegionCode, defaultLanguage, timeZone, numberPrefixes, nationalNumberPrefix, internationalAccessCode, outsideLineAccessCode.',
      ],
    ],
  ],
  [
    'repeated-section',
    [['3:1 dialPlans', 'the key "dialPlans" stands here a second time.', 'Keep one of the two and remove the other.']],
  ],
  [
    'sip-address-syntax',
    [
      [
        '4:39 mailboxes[0].sipAddresses[0]',
        '"alice@example.com" is not a SIP address.',
        'A SIP address without parameters, such as "sip:alice@example.com".',
      ],
      [
        '4:58 mailboxes[0].sipAddresses[1]',
        '"sip:example.com" is not a SIP address.',
        'A SIP address without parameters, such as "sip:alice@example.com".',
      ],
      [
        '4:76 mailboxes[0].sipAddresses[2]',
        '"sip:alice@example.com;user=phone" is not a SIP address.',
        'A SIP address without parameters, such as "sip:alice@example.com".',
      ],
    ],
  ],
  [
    'tab-as-indentation',
    [['2:1 ', 'not YAML: Tabs are not allowed as indentation.', 'Indent with spaces; YAML takes no tabs.']],
  ],
  ['two-documents', [['4:1 ', 'the file holds more than one YAML document.', 'Remove the second "---" line.']]],
  [
    'unclosed-brace',
    [
      [
        '3:1 ',
        'not YAML: Flow map in block collection must be sufficiently indented and end with a }.',
        'Close every bracket, brace and quote that was opened.',
      ],
    ],
  ],
  [
    'unknown-language',
    [
      [
        '2:67 dialPlans[0].defaultLanguage',
        '"french" is not a language.',
        'The language of mails to users who have none of their own: a BCP 47 tag such as "en-US" or "fr-FR".',
      ],
    ],
  ],
  [
    'unknown-section-far-from-any',
    [
      [
        '3:1 flavour',
        'unknown key "flavour".',
        'Remove it. The keys known here are dialPlans, mailboxPolicies, mailboxes, groups.',
      ],
    ],
  ],
  ['unknown-section', [['1:1 dialplans', 'unknown key "dialplans".', 'Did you mean "dialPlans"?']]],
  [
    'unknown-tag',
    [
      [
        '3:12 ',
        'not YAML: unknown scalar tag !<tag:yaml.org,2002:js/function>.',
        'Remove the tag (the word that starts with "!").',
      ],
    ],
  ],
  [
    'unknown-time-zone',
    [
      ['2:60 dialPlans[0].timeZone', '"Europe/Pairs" is not a time zone.', 'Did you mean "Europe/Paris"?'],
      [
        '3:60 dialPlans[1].timeZone',
        '"+01:00" is not a time zone.',
        'The time zone of users who have none of their own: an IANA name such as "Europe/Paris".',
      ],
    ],
  ],
  [
    'unknown-uri-type',
    [
      [
        '2:59 dialPlans[0].uriType',
        '"TelExtension" is not one of TelExtn, SipName, E164.',
        'How the plan names its users: TelExtn (extensions), SipName (SIP addresses) or E164 (full numbers).',
      ],
    ],
  ],
  [
    'whole-number-in-an-extension-plan',
    [
      [
        '4:38 mailboxes[0].extensions[0]',
        '"+33140001001" is a whole number, and dial plan "Paris" has extensions.',
        'Write the extension, and what stands before it into numberPrefixes of the plan.',
      ],
    ],
  ],
  [
    'whole-number-of-somebody-elses-extension',
    [
      [
        '5:34 mailboxes[1].extensions',
        '+33140001001 is also extension 1001 of mailboxes[0], by number prefix "+3314000".',
        'Remove the number here, or the extension there.',
      ],
    ],
  ],
];

describe('each mistake in policy.yaml is told with its place, and with what to do', () => {
  it.each(mistakes)('%s', (file, expected) => {
    const loaded = loadPolicy(readFileSync(new URL(`${file}.yaml`, folder), 'utf8'));
    const problems = loaded.ok ? [] : loaded.problems;
    expect(
      problems.map(({ line, column, path, message, remedy }) => [`${line}:${column} ${path}`, message, remedy]),
    ).toEqual(expected);
  });

  it('the table has every file of the folder', () => {
    const files = readdirSync(folder).map((name) => name.replace(/\.yaml$/, ''));
    expect(mistakes.map(([file]) => file).toSorted()).toEqual(files.toSorted());
  });
});
