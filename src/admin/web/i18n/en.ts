import { accounts } from './en/accounts.ts';
import { callLog } from './en/call-log.ts';
import { groups } from './en/groups.ts';
import { mail } from './en/mail.ts';
import { mailboxes } from './en/mailboxes.ts';
import { reports } from './en/reports.ts';
import { system } from './en/system.ts';
import { calls } from './en/calls.ts';
import { entrance } from './en/entrance.ts';
import { home } from './en/home.ts';
import { parts } from './en/parts.ts';
import { policies } from './en/policies.ts';
import { mine } from './en/mine.ts';
import { shell } from './en/shell.ts';

/** Everything that the pages say, by area; `t('shell.skip')`. A new area is one line here and one in fr.ts. */
export const en = {
  shell,
  parts,
  calls,
  entrance,
  home,
  policies,
  mine,
  accounts,
  callLog,
  groups,
  mail,
  mailboxes,
  reports,
  system,
} as const;
