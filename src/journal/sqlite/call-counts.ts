import type { DatabaseSync } from 'node:sqlite';
import type { Outcome, Party } from '../../call/index.ts';
import type { Settlement } from '../types.ts';
import type { Row } from './rows.ts';

/** A quarter of an hour: every time zone is whole ones away from UTC. */
export const SLOT_MS = 15 * 60 * 1000;
/** Digits at a number's end by which it is known again: 9 are the same in `+33140005678`, `0033140005678` and `0140005678`. */
export const KEY_DIGITS = 9;

/** Later calls of a number that are looked at when one of its calls proves to be missed. */
const LATER_CALLS = 100;

/** The columns of `call_counts`. */
const COLUMNS = {
  answered: 'answered',
  voicemail: 'voicemail',
  missed: 'missed',
  elsewhere: 'elsewhere',
  rejected: 'other',
  failed: 'other',
} as const satisfies Record<Outcome, string>;

/** The end of a number, the same however it was dialled; null: it has no digits (an address), or there is none. */
export function numberKey(number: string | null): string | null {
  const digits = number?.replace(/\D/g, '') ?? '';
  return digits === '' ? null : digits.slice(-KEY_DIGITS);
}

/**
 * Adds a call that gets its outcome to what the reports are made of; part of its settlement.
 * `call` is its row as it was before.
 */
export function callCounts(db: DatabaseSync): (call: Row, settlement: Settlement) => void {
  const add = Object.fromEntries(
    [...new Set(Object.values(COLUMNS))].map((column) => [
      column,
      db.prepare(`
        INSERT INTO call_counts (slot, mailbox, called_group, ${column}, notified) VALUES (?, ?, ?, 1, ?)
        ON CONFLICT DO UPDATE SET ${column} = ${column} + 1, notified = notified + excluded.notified`),
    ]),
  );
  const missedAgain = db.prepare(`
    INSERT INTO unreturned (mailbox, key, caller, display_name, missed, last_at, last_call) VALUES (?, ?, ?, ?, 1, ?, ?)
    ON CONFLICT DO UPDATE SET missed = missed + 1,
      caller = iif(excluded.last_at >= last_at, excluded.caller, caller),
      display_name = iif(excluded.last_at >= last_at, excluded.display_name, display_name),
      last_call = iif(excluded.last_at >= last_at, excluded.last_call, last_call),
      last_at = max(last_at, excluded.last_at)`);
  // A verdict that was pending comes after that of later calls, which may have settled the matter.
  const heardSince = db.prepare(`
    SELECT EXISTS (
        SELECT 1 FROM (SELECT outcome, mailbox FROM calls WHERE caller ->> '$.number' = :number AND id > :id
          LIMIT ${LATER_CALLS}) WHERE outcome = 'answered' AND mailbox = :mailbox)
      OR EXISTS (
        SELECT 1 FROM (SELECT outcome FROM calls WHERE callee = :number AND id > :id
          LIMIT ${LATER_CALLS}) WHERE outcome = 'answered') AS heard`);
  const gotThrough = db.prepare('DELETE FROM unreturned WHERE key = ? AND mailbox = ? AND last_at <= ?');
  const calledBack = db.prepare('DELETE FROM unreturned WHERE key = ? AND last_at <= ?');

  return (call, { callId, verdict, decisions }) => {
    const { outcome } = verdict;
    if (outcome === null) return;
    const startedAt = Number(call['started_at']);
    const mailbox = call['mailbox'] as string | null;
    const notified = decisions.some(({ decision }) => decision === 'notify') ? 1 : 0;
    const slot = Math.floor(startedAt / SLOT_MS);
    add[COLUMNS[outcome]]?.run(slot, mailbox ?? '', call['called_group'] ?? '', notified);
    if (outcome !== 'missed' && outcome !== 'answered') return;
    const caller = JSON.parse(String(call['caller'])) as Party;
    const key = caller.hidden ? null : numberKey(caller.number);
    if (outcome === 'missed') {
      if (mailbox === null || key === null) return;
      const late = call['pending_until'] !== null;
      if (late && heardSince.get({ number: caller.number, id: callId, mailbox })?.['heard'] === 1) return;
      missedAgain.run(mailbox, key, caller.number, caller.displayName, startedAt, callId);
      return;
    }
    if (mailbox !== null && key !== null) gotThrough.run(key, mailbox, startedAt);
    const dialled = numberKey(String(call['callee']));
    if (dialled !== null) calledBack.run(dialled, startedAt);
  };
}
