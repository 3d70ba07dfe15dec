import type { Migration } from './migration.ts';

/**
 * What outlives a gateway beside its calls. `called_group` is null in the calls of older versions: they knew no groups.
 * A pending call is found by its mailbox, and where a group was called by the members that its legs rang: the latter are
 * looked for among the pending calls of groups only, however many calls there are.
 */
export const migration: Migration = {
  version: 2,
  name: 'groups, message totals and registrations',
  sql: `
    ALTER TABLE calls ADD COLUMN called_group TEXT;
    CREATE INDEX calls_pending_by_mailbox ON calls (mailbox, id)
      WHERE outcome IS NULL AND pending_until IS NOT NULL;
    CREATE INDEX calls_pending_of_groups ON calls (id)
      WHERE outcome IS NULL AND pending_until IS NOT NULL AND called_group IS NOT NULL;

    CREATE TABLE message_totals (
      mailbox TEXT PRIMARY KEY NOT NULL,
      total   INTEGER NOT NULL,
      at      INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE registrations (
      aor        TEXT NOT NULL,
      position   INTEGER NOT NULL,
      contact    TEXT NOT NULL,
      instance   TEXT,
      reg_id     INTEGER,
      path       TEXT NOT NULL,
      q          REAL NOT NULL,
      call_id    TEXT NOT NULL,
      cseq       INTEGER NOT NULL,
      user_agent TEXT NOT NULL,
      source     TEXT NOT NULL,
      expires_at INTEGER NOT NULL,
      PRIMARY KEY (aor, position)
    ) STRICT, WITHOUT ROWID;
  `,
};
