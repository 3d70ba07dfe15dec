import type { Migration } from './migration.ts';

/**
 * `notification_counts` is kept by triggers: counting would read every notification there ever was. An index by state would
 * draw the queries for what is due away from theirs.
 *
 * Ids are text (UUIDv7), times are milliseconds since the epoch, lists and nested facts are JSON text: the same on
 * every backend.
 */
export const migration: Migration = {
  version: 1,
  name: 'calls, decisions and notifications',
  sql: `
    CREATE TABLE calls (
      id            TEXT PRIMARY KEY NOT NULL,
      node          TEXT NOT NULL,
      sip_call_id   TEXT NOT NULL,
      peer          TEXT NOT NULL,
      caller        TEXT NOT NULL,
      callee        TEXT NOT NULL,
      callee_uri    TEXT NOT NULL,
      mailbox       TEXT,
      started_at    INTEGER NOT NULL,
      rang_at       INTEGER,
      answered_at   INTEGER,
      answered_by   TEXT CHECK (answered_by IN ('phone', 'voicemail')),
      ended_at      INTEGER,
      rang_ms       INTEGER,
      outcome       TEXT,
      cause         TEXT,
      pending_until INTEGER,
      evidence      TEXT NOT NULL DEFAULT '[]',
      state         TEXT,
      rule          TEXT,
      CHECK (outcome IS NULL OR pending_until IS NULL)
    ) STRICT;
    CREATE INDEX calls_by_sip_call_id ON calls (sip_call_id);
    CREATE INDEX calls_unfinished ON calls (id) WHERE outcome IS NULL AND ended_at IS NULL;
    CREATE INDEX calls_pending ON calls (pending_until) WHERE outcome IS NULL AND pending_until IS NOT NULL;

    CREATE TABLE decisions (
      call_id    TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
      position   INTEGER NOT NULL,
      mailbox    TEXT,
      is_primary INTEGER NOT NULL,
      decision   TEXT NOT NULL CHECK (decision IN ('notify', 'skip')),
      reason     TEXT NOT NULL,
      detail     TEXT,
      PRIMARY KEY (call_id, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE notifications (
      id           TEXT PRIMARY KEY NOT NULL,
      call_id      TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
      mailbox      TEXT NOT NULL,
      channel      TEXT NOT NULL,
      state        TEXT NOT NULL CHECK (state IN ('due', 'claimed', 'sent', 'dead', 'dropped')),
      attempts     INTEGER NOT NULL DEFAULT 0,
      created_at   INTEGER NOT NULL,
      due_at       INTEGER NOT NULL,
      claimed_by   TEXT,
      lease_until  INTEGER,
      message_id   TEXT NOT NULL,
      last_error   TEXT,
      sent_at      INTEGER,
      content      TEXT NOT NULL,
      UNIQUE (call_id, mailbox, channel),
      CHECK ((state = 'claimed') = (claimed_by IS NOT NULL)),
      CHECK ((state = 'claimed') = (lease_until IS NOT NULL))
    ) STRICT;
    -- The outbox: what waits until it is due, or until its claim's lease runs out.
    CREATE INDEX notifications_waiting ON notifications (coalesce(lease_until, due_at), id)
      WHERE state IN ('due', 'claimed');

    CREATE TABLE notification_counts (state TEXT PRIMARY KEY NOT NULL, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO notification_counts VALUES ('due', 0), ('claimed', 0), ('sent', 0), ('dead', 0), ('dropped', 0);
    CREATE TRIGGER notification_added AFTER INSERT ON notifications BEGIN
      UPDATE notification_counts SET n = n + 1 WHERE state = NEW.state;
    END;
    CREATE TRIGGER notification_moved AFTER UPDATE OF state ON notifications WHEN OLD.state <> NEW.state BEGIN
      UPDATE notification_counts SET n = n - 1 WHERE state = OLD.state;
      UPDATE notification_counts SET n = n + 1 WHERE state = NEW.state;
    END;
    CREATE TRIGGER notification_removed AFTER DELETE ON notifications BEGIN
      UPDATE notification_counts SET n = n - 1 WHERE state = OLD.state;
    END;

    CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, padding BLOB NOT NULL) STRICT;
  `,
};
