import type { Migration } from './migration.ts';

/** Who has to wait before trying a password is kept in memory; the audit tells what failed. */
export const migration: Migration = {
  version: 5,
  name: 'accounts',
  sql: `
    ALTER TABLE accounts DROP COLUMN failed_sign_ins;
    ALTER TABLE accounts DROP COLUMN locked_until;`,
};
