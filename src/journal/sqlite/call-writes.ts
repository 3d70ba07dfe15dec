import type { DatabaseSync } from 'node:sqlite';
import type { CallStart, Evidence } from '../../call/index.ts';
import type { Settlement } from '../types.ts';
import { callCounts } from './call-counts.ts';

/** What a probe writes, about as much as a settlement: a full disk may still have room for less. */
const PROBE_BYTES = 32 * 1024;

/** The statements that write calls, prepared once. Each function is one unit of a group commit: whole or not at all. */
export function callWrites(db: DatabaseSync, node: string) {
  const begin = db.prepare(`
    INSERT INTO calls (id, node, sip_call_id, peer, caller, callee, callee_uri, mailbox, called_group, started_at,
      evidence)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`);
  const rang = db.prepare('UPDATE calls SET rang_at = ? WHERE id = ? AND rang_at IS NULL AND ended_at IS NULL');
  const answered = db.prepare(`
    UPDATE calls SET answered_at = :at, answered_by = :by WHERE id = :id AND ended_at IS NULL
      AND (answered_at IS NULL OR (answered_by = 'voicemail' AND :by = 'phone'))`);
  const readEvidence = db.prepare('SELECT evidence FROM calls WHERE id = ?');
  const writeEvidence = db.prepare('UPDATE calls SET evidence = ? WHERE id = ?');
  const unsettled = db.prepare(`
    SELECT started_at, mailbox, called_group, callee, caller, pending_until, evidence FROM calls
    WHERE id = ? AND outcome IS NULL`);
  const settle = db.prepare(`
    UPDATE calls SET rang_at = ?, rang_ms = ?, answered_at = ?, answered_by = ?, ended_at = ?, state = ?, rule = ?,
      outcome = ?, cause = ?, pending_until = ?, evidence = ?
    WHERE id = ?`);
  const count = callCounts(db);
  const decide = db.prepare(`
    INSERT INTO decisions (call_id, position, mailbox, is_primary, decision, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const notify = db.prepare(`
    INSERT INTO notifications (id, call_id, mailbox, channel, state, attempts, created_at, due_at, message_id, content)
    VALUES (?, ?, ?, ?, 'due', 0, ?, ?, ?, ?) ON CONFLICT (call_id, mailbox, channel) DO NOTHING`);
  const probe = db.prepare(`
    INSERT INTO probe (id, at, padding) VALUES (1, ?, zeroblob(${PROBE_BYTES}))
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, padding = excluded.padding`);

  function addEvidence(callId: string, evidence: readonly Evidence[]): void {
    if (evidence.length === 0) return;
    const row = readEvidence.get(callId);
    if (row === undefined) return;
    writeEvidence.run(joinArrays(String(row['evidence']), JSON.stringify(evidence)), callId);
  }

  return {
    begin(start: CallStart): void {
      begin.run(
        start.id,
        node,
        start.sipCallId,
        start.peer,
        JSON.stringify(start.caller),
        start.callee,
        start.calleeUri,
        start.mailbox,
        start.group,
        start.startedAt,
        JSON.stringify(start.evidence),
      );
    },

    rang(callId: string, at: number): void {
      rang.run(at, callId);
    },

    answered(callId: string, at: number, by: 'phone' | 'voicemail'): void {
      answered.run({ at, by, id: callId });
    },

    addEvidence,

    settle(settlement: Settlement): boolean {
      const { callId, verdict } = settlement;
      const call = unsettled.get(callId);
      if (call === undefined) return false;
      const evidence = String(call['evidence']);
      settle.run(
        settlement.rangAt,
        settlement.rangMs,
        settlement.answeredAt,
        settlement.answeredBy,
        settlement.endedAt,
        settlement.state === null ? null : JSON.stringify(settlement.state),
        settlement.rule,
        verdict.outcome,
        verdict.outcome === null ? null : verdict.cause,
        verdict.outcome === null ? verdict.pendingUntil : null,
        settlement.evidence.length === 0 ? evidence : joinArrays(evidence, JSON.stringify(settlement.evidence)),
        callId,
      );
      count(call, settlement);
      for (const [position, { mailbox, primary, decision, reason, detail }] of settlement.decisions.entries()) {
        decide.run(callId, position, mailbox, primary ? 1 : 0, decision, reason, detail);
      }
      for (const { id, mailbox, channel, createdAt, dueAt, messageId, content } of settlement.notifications) {
        notify.run(id, callId, mailbox, channel, createdAt, dueAt, messageId, JSON.stringify(content));
      }
      return true;
    },

    probe(at: number): void {
      probe.run(at);
    },
  };
}

/** The text of two JSON arrays made one, without parsing them. */
function joinArrays(first: string, second: string): string {
  return first === '[]' ? second : `${first.slice(0, -1)},${second.slice(1)}`;
}
