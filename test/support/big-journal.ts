import { DatabaseSync } from 'node:sqlite';
import { openSqliteJournal } from '../../src/journal/index.ts';

export interface BigJournal {
  readonly path: string;
  readonly calls: number;
  /** Called users, `user00001`, …; a tenth of the calls are for nobody who has a mailbox. */
  readonly mailboxes: number;
  /** The newest call's start; they lie `intervalMs` apart. */
  readonly endsAt: number;
  readonly intervalMs: number;
}

/**
 * Fills a journal with calls of every outcome, decided and told of, as a gateway would have left them: a million takes less
 * than a minute. Written by SQL alone; the counters are made by the same statements as in the migration. Without ANALYZE: no gateway does it.
 */
export async function makeBigJournal({ path, calls, mailboxes, endsAt, intervalMs }: BigJournal): Promise<void> {
  const journal = await openSqliteJournal({ path, node: 'gw1', now: () => endsAt });
  await journal.close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN');
  db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :calls),
      facts AS (SELECT i, :endsAt - (:calls - 1 - i) * :intervalMs AS at, (i / 10 * 7919) % :mailboxes + 1 AS user,
        (i * 104729) % 50000 AS number, i % 10 AS kind FROM n)
    INSERT INTO calls (id, node, sip_call_id, peer, caller, callee, callee_uri, mailbox, called_group, started_at, rang_at,
      answered_at, answered_by, ended_at, rang_ms, outcome, cause, evidence, state, rule)
    SELECT printf('%08x-%04x-7000-8000-%012x', at >> 16, at & 65535, i), 'gw1', printf('call-%d@pbx.example', i), 'pbx',
      json_object('number', printf('+331400%05d', number), 'uri', printf('sip:+331400%05d@pbx.example', number),
        'displayName', CASE kind WHEN 3 THEN NULL ELSE printf('Caller %d', number) END, 'hidden', json('false')),
      printf('%05d', user), printf('sip:%05d@pbx.example', user),
      CASE kind WHEN 9 THEN NULL ELSE printf('user%05d', user) END, CASE kind WHEN 7 THEN 'sales' END, at, at + 1000,
      CASE WHEN kind < 5 THEN at + 5000 END, CASE WHEN kind < 5 THEN 'phone' END, at + 30000, 4000,
      CASE WHEN kind < 5 THEN 'answered' WHEN kind < 8 THEN 'missed' WHEN kind = 8 THEN 'voicemail' ELSE 'failed' END,
      CASE WHEN kind BETWEEN 5 AND 7 THEN 'no-answer' END,
      json_array(json_object('at', at, 'kind', 'rang', 'source', 'leg-1', 'strength', 'certain', 'detail', '180 Ringing')),
      NULL, 'rang, and nobody answered'
    FROM facts`,
  ).run({ calls, mailboxes, endsAt, intervalMs });
  db.exec(`
    INSERT INTO decisions (call_id, position, mailbox, is_primary, decision, reason)
      SELECT id, 0, mailbox, 1, CASE WHEN outcome = 'missed' THEN 'notify' ELSE 'skip' END,
        CASE outcome WHEN 'missed' THEN 'missed' WHEN 'answered' THEN 'answered' WHEN 'voicemail' THEN 'voicemail-left'
          ELSE 'no-mailbox' END FROM calls;
    INSERT INTO notifications (id, call_id, mailbox, channel, state, attempts, created_at, due_at, message_id, sent_at, content)
      SELECT id, id, mailbox, 'email', CASE WHEN rowid % 1000 = 6 THEN 'dead' ELSE 'sent' END, 1, ended_at, ended_at,
        '<' || id || '@gw1>', ended_at + 500,
        json_object('recipient', json_object('address', mailbox || '@example.com', 'displayName', mailbox, 'language', 'fr-FR',
          'timeZone', 'Europe/Paris'), 'caller', json(caller), 'callee', callee, 'startedAt', started_at, 'rangMs', rang_ms,
          'cause', cause, 'sipCallId', sip_call_id)
      FROM calls WHERE outcome = 'missed';
    INSERT INTO call_counts (slot, mailbox, called_group, answered, voicemail, missed, elsewhere, other, notified)
      SELECT started_at / 900000, coalesce(mailbox, ''), coalesce(called_group, ''), sum(outcome = 'answered'),
        sum(outcome = 'voicemail'), sum(outcome = 'missed'), 0, sum(outcome = 'failed'), sum(outcome = 'missed')
      FROM calls GROUP BY 1, 2, 3;
    INSERT INTO unreturned (mailbox, key, caller, display_name, missed, last_at, last_call)
      SELECT mailbox, substr(caller ->> '$.number', -9), caller ->> '$.number', caller ->> '$.displayName', count(*),
        max(started_at), id
      FROM calls WHERE outcome = 'missed' GROUP BY 1, 2;
    COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
  db.close();
}
