import type { Migration } from './migration.ts';

/**
 * Who has to wait before trying a password is kept in memory; the audit tells what failed. How long the oldest mail has waited
 * is found at once (ids are in the order in which they were made).
 */
export const migration: Migration = {
  version: 5,
  name: 'accounts and outbox',
  sql: `
    ALTER TABLE accounts DROP COLUMN failed_sign_ins;
    ALTER TABLE accounts DROP COLUMN locked_until;
    CREATE INDEX notifications_outstanding ON notifications (id) WHERE state IN ('due', 'claimed');`,
};
