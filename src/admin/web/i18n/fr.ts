import type { en } from './en.ts';
import { accounts } from './fr/accounts.ts';
import { callLog } from './fr/call-log.ts';
import { groups } from './fr/groups.ts';
import { mail } from './fr/mail.ts';
import { mailboxes } from './fr/mailboxes.ts';
import { reports } from './fr/reports.ts';
import { system } from './fr/system.ts';
import { calls } from './fr/calls.ts';
import { entrance } from './fr/entrance.ts';
import { home } from './fr/home.ts';
import { mine } from './fr/mine.ts';
import { parts } from './fr/parts.ts';
import { policies } from './fr/policies.ts';
import { shell } from './fr/shell.ts';
import type { Same } from './shape.ts';

export const fr: Same<typeof en> = {
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
};
