import type { Migration } from './migration.ts';

/**
 * What the administration keeps, and how it finds calls. A call's id is a UUIDv7: the order of ids is the order of starts, so
 * one index for each thing that is looked for does, without one of times.
 *
 * `call_counts`: by quarter of an hour, because every time zone is whole quarters away from UTC; '' stands for no mailbox, no
 * group. `unreturned`: who called a mailbox in vain and was not heard of since; `key` is the end of the number, the same
 * however it was dialled.
 */
export const migration: Migration = {
  version: 3,
  name: 'administration',
  sql: `
    CREATE INDEX calls_by_mailbox ON calls (mailbox, id) WHERE mailbox IS NOT NULL;
    CREATE INDEX calls_by_group ON calls (called_group, id) WHERE called_group IS NOT NULL;
    CREATE INDEX calls_by_callee ON calls (callee, id);
    CREATE INDEX calls_by_caller ON calls (caller ->> '$.number', id);
    CREATE INDEX decisions_of_members ON decisions (mailbox, call_id) WHERE is_primary = 0 AND mailbox IS NOT NULL;
    CREATE INDEX notifications_failed ON notifications (state, id) WHERE state IN ('dead', 'dropped');

    CREATE TABLE call_counts (
      slot         INTEGER NOT NULL,
      mailbox      TEXT NOT NULL,
      called_group TEXT NOT NULL,
      answered     INTEGER NOT NULL DEFAULT 0,
      voicemail    INTEGER NOT NULL DEFAULT 0,
      missed       INTEGER NOT NULL DEFAULT 0,
      elsewhere    INTEGER NOT NULL DEFAULT 0,
      other        INTEGER NOT NULL DEFAULT 0,
      notified     INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (slot, mailbox, called_group)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO call_counts (slot, mailbox, called_group, answered, voicemail, missed, elsewhere, other, notified)
      SELECT started_at / 900000, coalesce(mailbox, ''), coalesce(called_group, ''),
        sum(outcome = 'answered'), sum(outcome = 'voicemail'), sum(outcome = 'missed'), sum(outcome = 'elsewhere'),
        sum(outcome IN ('rejected', 'failed')),
        sum(EXISTS (SELECT 1 FROM decisions WHERE call_id = calls.id AND decision = 'notify'))
      FROM calls WHERE outcome IS NOT NULL GROUP BY 1, 2, 3;

    CREATE TABLE unreturned (
      mailbox      TEXT NOT NULL,
      key          TEXT NOT NULL,
      caller       TEXT NOT NULL,
      display_name TEXT,
      missed       INTEGER NOT NULL,
      last_at      INTEGER NOT NULL,
      last_call    TEXT NOT NULL,
      PRIMARY KEY (key, mailbox)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX unreturned_by_time ON unreturned (last_at);

    CREATE TABLE audit (
      id         TEXT PRIMARY KEY NOT NULL,
      at         INTEGER NOT NULL,
      actor      TEXT NOT NULL,
      by_way_of  TEXT NOT NULL,
      source     TEXT NOT NULL,
      operation  TEXT NOT NULL,
      target     TEXT NOT NULL,
      before     TEXT NOT NULL,
      after      TEXT NOT NULL,
      why        TEXT,
      result     TEXT NOT NULL CHECK (result IN ('intended', 'done', 'failed')),
      error      TEXT
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE accounts (
      name            TEXT PRIMARY KEY NOT NULL COLLATE NOCASE,
      display_name    TEXT NOT NULL,
      roles           TEXT NOT NULL,
      mailbox         TEXT,
      password_hash   TEXT,
      enabled         INTEGER NOT NULL,
      created_at      INTEGER NOT NULL,
      last_sign_in_at INTEGER,
      failed_sign_ins INTEGER NOT NULL,
      locked_until    INTEGER
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE tokens (
      id           TEXT PRIMARY KEY NOT NULL,
      name         TEXT NOT NULL,
      account      TEXT NOT NULL COLLATE NOCASE REFERENCES accounts (name) ON DELETE CASCADE,
      scopes       TEXT NOT NULL,
      secret_hash  TEXT NOT NULL UNIQUE,
      created_at   INTEGER NOT NULL,
      expires_at   INTEGER,
      last_used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tokens_by_account ON tokens (account);

    CREATE TABLE sessions (
      secret_hash  TEXT PRIMARY KEY NOT NULL,
      account      TEXT NOT NULL COLLATE NOCASE REFERENCES accounts (name) ON DELETE CASCADE,
      signed_in_by TEXT NOT NULL,
      csrf_token   TEXT NOT NULL,
      created_at   INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL,
      expires_at   INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_by_account ON sessions (account);
    CREATE INDEX sessions_by_end ON sessions (expires_at);
  `,
};
