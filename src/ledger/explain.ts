import type { Evidence, Party } from '../call/index.ts';
import type { CallView } from '../journal/index.ts';
import { type ExplanationLanguage, type Words, WORDS } from './words/index.ts';

/** The evidence of a call that an earlier life of the gateway left: it is older than its time, which is that of the start. */
export const FOUND_AT_START = 'the gateway stopped during the call; found when it started again';

/**
 * The way from evidence to mail in plain sentences, one a line: who called whom, what was seen, the verdict and the rule
 * that made it, the decision and why, and what became of the mail. Times are UTC. The caller stays hidden where the call
 * asked for it, and nothing in a line can move a terminal's cursor.
 */
export function explain(call: CallView, language: ExplanationLanguage = 'en'): string[] {
  const words = WORDS[language];
  return [
    ...opening(call, words),
    words.seen,
    ...evidenceLines(call, words),
    ...verdictLines(call, words),
    ...memberLines(call, words),
    ...call.decisions.flatMap((decision) => decisionLines(decision, words)),
  ].map(plain);
}

function opening(call: CallView, words: Words): string[] {
  const { mailbox, startedAt, endedAt, rangAt, rangMs } = call;
  // A record of an earlier version has no group at all.
  const owner = { mailbox, group: call.group ?? null };
  const lines = [words.came(call), words.called(utc(startedAt), describe(call.caller, words), call.callee, owner)];
  if (endedAt === null) return [...lines, words.stillGoing];
  const rang = rangMs === null ? (rangAt === null ? null : 'unknown') : seconds(rangMs);
  if (call.evidence.some(({ detail }) => detail === FOUND_AT_START)) return [...lines, words.foundStopped(rang)];
  return [...lines, words.ended(seconds(endedAt - startedAt), rang)];
}

/** Who of a group rang, in the order of the legs. */
function memberLines({ group, state, startedAt }: CallView, words: Words): string[] {
  if ((group ?? null) === null || state === null) return [];
  const rang = state.legs
    .filter((leg) => (leg.mailbox ?? null) !== null && leg.rangAt !== null)
    .sort((a, b) => (a.rangAt ?? 0) - (b.rangAt ?? 0))
    .map((leg) => ({ mailbox: String(leg.mailbox), after: signedSeconds((leg.rangAt ?? 0) - startedAt).trim() }));
  return [words.members(String(group), rang)];
}

function describe({ number, uri, displayName, hidden }: Party, words: Words): string {
  if (hidden) return words.hidden;
  return displayName === null ? (number ?? uri) : `"${displayName}" (${number ?? uri})`;
}

function evidenceLines({ evidence, startedAt }: CallView, words: Words): string[] {
  if (evidence.length === 0) return [`  ${words.nothingYet}`];
  const line = ({ at, kind, source, detail, strength }: Evidence): string => {
    const meaning = words.evidence[kind];
    const told = meaning === undefined ? detail : `${meaning}${words.colon}${detail}`;
    return `  ${signedSeconds(at - startedAt)}  ${source}: ${told}${words.strengths[strength]}`;
  };
  return [...evidence].sort((a, b) => a.at - b.at).map(line);
}

function verdictLines(call: CallView, words: Words): string[] {
  const { outcome, cause, pendingUntil, evidence } = call;
  const rule = call.rule === null ? null : (words.rules[call.rule] ?? call.rule);
  if (outcome !== null) {
    const name = cause === null ? outcome : `${outcome} / ${cause}`;
    return [words.verdict(name, outcome, cause), ...(rule === null ? [] : [words.rule(rule)])];
  }
  if (pendingUntil !== null) {
    const hasTotals = evidence.some(({ kind }) => kind === 'message-totals');
    return [words.waits(hasTotals, utc(pendingUntil)), ...(rule === null ? [] : [words.waitingRule(rule)])];
  }
  return [words.noVerdict];
}

function decisionLines(decision: CallView['decisions'][number], words: Words): string[] {
  const { mailbox, reason, detail, notifications } = decision;
  const because = words.reasons[reason](detail ?? '');
  return [words.decision(decision.decision === 'notify', mailbox, reason, because), ...notifications.map(words.mail)];
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
