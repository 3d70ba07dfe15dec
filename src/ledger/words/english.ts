import { conditionOf, quoted } from './setting.ts';
import type { Owner, Words } from './types.ts';

const OUTCOMES: Words['outcomes'] = {
  answered: 'the call was answered',
  voicemail: 'the caller left a voicemail',
  missed: 'the call was missed',
  elsewhere: 'the call was answered elsewhere',
  rejected: 'the call was rejected',
  failed: 'the call failed before it reached anybody',
};

const CAUSES: Words['causes'] = {
  'caller-hung-up': 'the caller hung up before an answer',
  'no-answer': 'nobody answered',
  busy: 'the line was busy',
  declined: 'it was declined on the called side',
  unreachable: 'no phone could be reached',
  'voicemail-abandoned': 'the caller left voicemail before a message could be',
  'voicemail-blank': 'the voicemail message is silent or too short',
  'voicemail-access': 'somebody listened to messages',
  unwanted: 'the called side refused it as unwanted',
  interrupted: 'the gateway stopped during the call',
};

const NOTIFY: Readonly<Record<string, string>> = {
  nobody: 'nobody is told of the calls it misses',
  first: 'only the first member that rang is told',
  last: 'only the last member that rang is told',
};

/** What a condition that is not met says, by its key. */
const CONDITIONS: Readonly<Record<string, string>> = {
  internalCalls: 'calls from the house’s own numbers are not told of',
  externalCalls: 'calls from outside are not told of',
  hiddenCallers: 'calls without a number to call back are not told of',
  minimumRing: 'calls that ring shorter are not told of',
  busy: 'calls to a busy line are not told of',
  declined: 'calls that were declined are not told of',
  unreachable: 'calls that found no phone are not told of',
  groupCalls: 'calls to a group of the user’s are not told of',
};

export const ENGLISH: Words = {
  outcomes: OUTCOMES,
  causes: CAUSES,
  reasons: {
    missed: () => 'the call counts as missed, and both the mailbox policy and the mailbox allow notifications',
    answered: () => 'somebody answered',
    'answered-elsewhere': () => 'somebody answered on another device or line',
    'voicemail-left': () => 'the voicemail itself tells the user',
    'voicemail-access': () => 'somebody listened to messages',
    rejected: () => 'a rejected call is not a missed one',
    'not-rung': (whose) => (whose === '' ? 'the call never rang, and the caller did not wait' : whose),
    'policy-disabled': (policy) =>
      `mailbox policy ${quoted(policy)} has allowMissedCallNotifications: false ` +
      `(Set-UMMailboxPolicy -Identity ${quoted(policy)} -AllowMissedCallNotifications $true allows them)`,
    'mailbox-disabled': (mailbox) =>
      `mailbox ${quoted(mailbox)} has missedCallNotificationEnabled: false ` +
      `(Set-UMMailbox -Identity ${quoted(mailbox)} -MissedCallNotificationEnabled $true allows them)`,
    'no-mailbox': (why) => `the called number has no mailbox in the policy file${why === '' ? '' : `: ${why}`}`,
    'no-email-address': (mailbox) => `mailbox ${quoted(mailbox)} has no emailAddress in the policy file`,
    condition: conditionWords,
    duplicate: () => 'this call and mailbox have their notification already',
    collapsed: () => 'it was put together with another notification about the same caller',
    'called-back': () => 'the user has called back already',
  },
  colon: ': ',
  strengths: {
    certain: '',
    strong: ' (strong evidence)',
    weak: ' (weak evidence)',
  },
  states: {
    due: (id) =>
      `it waits to be sent; \`mcg notifications retry ${id}\` sends it now, \`mcg notifications drop ${id}\` never`,
    claimed: () => 'it is being sent',
    sent: () => 'it was handed over',
    dead: (id) => `it was given up; \`mcg notifications retry ${id}\` tries again`,
    dropped: () => 'an admin dropped it',
  },
  evidence: {
    'voicemail-reached': 'a voicemail system answered this leg',
    'message-totals': 'so many messages before the call: a later count can be compared',
    'voicemail-left': 'a message was left',
    'voicemail-blank': 'the message is silence, or too short',
    'voicemail-none': 'no message was left',
    redirected: 'the call went on to another number',
    'taken-over': 'another phone took the call over',
    transferred: 'one side was asked to call somebody else',
    group: 'a group was called',
  },
  rules: {},

  came: ({ id, sipCallId, peer, node }) =>
    `Call ${id} (Call-ID ${sipCallId}) came from peer ${quoted(peer)} to node ${quoted(node)}.`,
  called: (at, caller, callee, owner) => `On ${at} ${caller} called ${callee}, ${ownerOf(owner)}.`,
  hidden: 'a caller who asked not to be named',
  stillGoing: 'It has not ended.',
  ended: (after, rang) => `It ended after ${after}; ${rangFor(rang)}.`,
  foundStopped: (rang) => `The gateway was found stopped; when the call ended is not known; ${rangFor(rang)}.`,
  seen: 'What was seen:',
  nothingYet: 'nothing yet',
  verdict: (name, outcome, cause) =>
    `Verdict: ${name} (${OUTCOMES[outcome]}${cause === null ? '' : `: ${CAUSES[cause]}`}).`,
  rule: (rule) => `The rule that made it: ${rule}.`,
  waits: (hasTotals, until) =>
    `Verdict: none yet. It waits for ${
      hasTotals
        ? 'word of a voicemail message, or for the count of messages to rise,'
        : 'word of whether a voicemail message was left'
    } until ${until}.`,
  waitingRule: (rule) => `The rule that makes it wait: ${rule}.`,
  noVerdict: 'Verdict: none yet, the call is still going on (or its gateway stopped and has not been started again).',
  members(group, rang) {
    const named = rang.map(({ mailbox, after }) => `${quoted(mailbox)} at ${after}`);
    return `Of group ${quoted(group)} rang: ${named.length === 0 ? 'no phone of a mailbox' : named.join(', ')}.`;
  },
  decision(notify, mailbox, reason, because) {
    const whom = mailbox === null ? 'nobody to notify' : `mailbox ${quoted(mailbox)}`;
    const verb = notify ? `notify ${whom}` : mailbox === null ? whom : `do not notify ${whom}`;
    return `Decision: ${verb} (${reason}): ${because}.`;
  },
  mail({ id, channel, state, attempts, messageId, lastError }) {
    const tries = attempts === 0 ? 'not tried yet' : attempts === 1 ? 'tried once' : `tried ${attempts} times`;
    const error = lastError === null ? '' : ` The last attempt failed: ${lastError}.`;
    return `Notification ${id} by ${channel}: ${state}, ${tries}: ${ENGLISH.states[state](id)}.${error} Message-ID ${messageId}.`;
  },
};

function ownerOf({ group, mailbox }: Owner): string {
  if (group !== null) {
    const own = mailbox === null ? 'which has no mailbox of its own' : `whose mailbox is ${quoted(mailbox)}`;
    return `the number of group ${quoted(group)}, ${own}`;
  }
  return mailbox === null ? 'which has no mailbox' : `the number of mailbox ${quoted(mailbox)}`;
}

function rangFor(rang: string | null): string {
  if (rang === null) return 'it never rang';
  return rang === 'unknown' ? 'it rang' : `it rang for ${rang}`;
}

/** `conditions.busy of NAME` (a mailbox policy) or `notify: first of group NAME`. */
function conditionWords(detail: string): string {
  const found = conditionOf(detail);
  switch (found.kind) {
    case 'group':
      return (
        `group ${quoted(found.group)} has notify: ${found.value} in the policy file: ${NOTIFY[found.value] ?? ''} ` +
        '(nobody, group, first, last or all: set it there, it holds at once)'
      );
    case 'policy': {
      const remedy = found.key === 'minimumRing' ? 'set it to 0s there' : 'set it to true there';
      return (
        `mailbox policy ${quoted(found.policy)} says under conditions.${found.key} that ${CONDITIONS[found.key] ?? 'such calls are not told of'} ` +
        `(${remedy}, in the policy file, to be told of them)`
      );
    }
    case 'other':
      return `a condition of the mailbox policy says no: ${detail}`;
  }
}
