import type { Evidence, Party } from '../call/index.ts';
import type { CallView, NotificationSummary } from '../journal/index.ts';
import {
  CAUSE_WORDS,
  EVIDENCE_WORDS,
  FOUND_AT_START,
  OUTCOME_WORDS,
  quoted,
  REASON_WORDS,
  STATE_WORDS,
  STRENGTH_WORDS,
} from './words.ts';

/**
 * The way from evidence to mail in plain sentences, one a line: who called whom, what was seen, the verdict and the rule
 * that made it, the decision and why, and what became of the mail. Times are UTC. The caller stays hidden where the call
 * asked for it, and nothing in a line can move a terminal's cursor.
 */
export function explain(call: CallView): string[] {
  return [
    ...opening(call),
    'What was seen:',
    ...evidenceLines(call),
    ...verdictLines(call),
    ...memberLines(call),
    ...call.decisions.flatMap(decisionLines),
  ].map(plain);
}

function opening(call: CallView): string[] {
  const lines = [
    `Call ${call.id} (Call-ID ${call.sipCallId}) came from peer ${quoted(call.peer)} to node ${quoted(call.node)}.`,
    `On ${utc(call.startedAt)} ${describe(call.caller)} called ${call.callee}, ${ownerOf(call)}.`,
  ];
  if (call.endedAt === null) return [...lines, 'It has not ended.'];
  const rang =
    call.rangMs === null ? (call.rangAt === null ? 'it never rang' : 'it rang') : `it rang for ${seconds(call.rangMs)}`;
  if (call.evidence.some(({ detail }) => detail === FOUND_AT_START)) {
    return [...lines, `The gateway was found stopped; when the call ended is not known; ${rang}.`];
  }
  return [...lines, `It ended after ${seconds(call.endedAt - call.startedAt)}; ${rang}.`];
}

function ownerOf({ mailbox, group }: CallView): string {
  // A record of an earlier version has no group at all.
  if ((group ?? null) !== null) {
    const own = mailbox === null ? 'which has no mailbox of its own' : `whose mailbox is ${quoted(mailbox)}`;
    return `the number of group ${quoted(String(group))}, ${own}`;
  }
  return mailbox === null ? 'which has no mailbox' : `the number of mailbox ${quoted(mailbox)}`;
}

/** Who of a group rang, in the order of the legs. */
function memberLines({ group, state, startedAt }: CallView): string[] {
  if ((group ?? null) === null || state === null) return [];
  const rang = state.legs
    .filter((leg) => (leg.mailbox ?? null) !== null && leg.rangAt !== null)
    .sort((a, b) => (a.rangAt ?? 0) - (b.rangAt ?? 0))
    .map((leg) => `${quoted(String(leg.mailbox))} at ${signedSeconds((leg.rangAt ?? 0) - startedAt).trim()}`);
  const members = rang.length === 0 ? 'no phone of a mailbox' : rang.join(', ');
  return [`Of group ${quoted(String(group))} rang: ${members}.`];
}

function describe({ number, uri, displayName, hidden }: Party): string {
  if (hidden) return 'a caller who asked not to be named';
  return displayName === null ? (number ?? uri) : `${quoted(displayName)} (${number ?? uri})`;
}

function evidenceLines({ evidence, startedAt }: CallView): string[] {
  if (evidence.length === 0) return ['  nothing yet'];
  const line = ({ at, kind, source, detail, strength }: Evidence): string => {
    const meaning = EVIDENCE_WORDS[kind];
    const words = meaning === undefined ? detail : `${meaning}: ${detail}`;
    return `  ${signedSeconds(at - startedAt)}  ${source}: ${words}${STRENGTH_WORDS[strength]}`;
  };
  return [...evidence].sort((a, b) => a.at - b.at).map(line);
}

function verdictLines(call: CallView): string[] {
  if (call.outcome !== null) {
    const cause = call.cause === null ? '' : `: ${CAUSE_WORDS[call.cause]}`;
    const words = call.cause === null ? call.outcome : `${call.outcome} / ${call.cause}`;
    const rule = call.rule === null ? [] : [`The rule that made it: ${call.rule}.`];
    return [`Verdict: ${words} (${OUTCOME_WORDS[call.outcome]}${cause}).`, ...rule];
  }
  if (call.pendingUntil !== null) {
    const rule = call.rule === null ? [] : [`The rule that makes it wait: ${call.rule}.`];
    return [`Verdict: none yet. It waits for ${awaited(call)} until ${utc(call.pendingUntil)}.`, ...rule];
  }
  return ['Verdict: none yet, the call is still going on (or its gateway stopped and has not been started again).'];
}

/** What a pending verdict waits for. */
function awaited({ evidence }: CallView): string {
  return evidence.some(({ kind }) => kind === 'message-totals')
    ? 'word of a voicemail message, or for the count of messages to rise,'
    : 'word of whether a voicemail message was left';
}

function decisionLines(decision: CallView['decisions'][number]): string[] {
  const { mailbox, reason, detail, notifications } = decision;
  const whom = mailbox === null ? 'nobody to notify' : `mailbox ${quoted(mailbox)}`;
  const because = REASON_WORDS[reason](detail ?? '');
  const verb = decision.decision === 'notify' ? `notify ${whom}` : mailbox === null ? whom : `do not notify ${whom}`;
  return [`Decision: ${verb} (${reason}): ${because}.`, ...notifications.map(mailLine)];
}

function mailLine({ id, channel, state, attempts, messageId, lastError }: NotificationSummary): string {
  const tries = attempts === 0 ? 'not tried yet' : attempts === 1 ? 'tried once' : `tried ${attempts} times`;
  const error = lastError === null ? '' : ` The last attempt failed: ${lastError}.`;
  return `Notification ${id} by ${channel}: ${state}, ${tries}: ${STATE_WORDS[state](id)}.${error} Message-ID ${messageId}.`;
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function signedSeconds(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${seconds(Math.abs(ms))}`.padStart(9);
}

/** Control and format characters (terminal escapes, direction overrides) come from SIP headers and mail servers. */
function plain(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
