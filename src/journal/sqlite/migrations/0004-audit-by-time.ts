import type { Migration } from './migration.ts';

/** What is to be kept no longer is found without looking at what is. */
export const migration: Migration = {
  version: 4,
  name: 'audit by time',
  sql: 'CREATE INDEX audit_by_time ON audit (at);',
};
