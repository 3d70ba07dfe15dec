import { migration as calls } from './0001-calls.ts';
import { migration as evidence } from './0002-evidence.ts';
import { migration as administration } from './0003-administration.ts';
import { migration as auditByTime } from './0004-audit-by-time.ts';
import { migration as accountsAndOutbox } from './0005-accounts-and-outbox.ts';
import type { Migration } from './migration.ts';

/** In order; versions count 1, 2, 3, … */
export const migrations: readonly Migration[] = [calls, evidence, administration, auditByTime, accountsAndOutbox];
