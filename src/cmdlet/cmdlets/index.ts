import { forEach, where } from '../pipeline/filter.ts';
import { measure, select, sort } from '../pipeline/arrange.ts';
import { convertToCsv, convertToJson, exportCsv, formatList, formatTable } from '../pipeline/output.ts';
import type { Cmdlet } from '../types.ts';
import { searchAdminAuditLog } from './audit-log.ts';
import { getCallSummaryReport } from './call-summary.ts';
import { getCallDataRecord } from './calls.ts';
import { getDialPlan, newDialPlan, removeDialPlan, setDialPlan } from './dial-plan.ts';
import { disableMailbox, enableMailbox } from './enable-mailbox.ts';
import { getCommand, getHelp } from './help.ts';
import { getMailbox } from './mailbox.ts';
import { getMailboxPolicy, newMailboxPolicy, removeMailboxPolicy, setMailboxPolicy } from './mailbox-policy.ts';
import { setMailbox } from './set-mailbox.ts';

/** All cmdlets, in the order in which help shows them. */
export const CMDLETS: readonly Cmdlet[] = [
  getMailboxPolicy,
  setMailboxPolicy,
  newMailboxPolicy,
  removeMailboxPolicy,
  getDialPlan,
  setDialPlan,
  newDialPlan,
  removeDialPlan,
  getMailbox,
  setMailbox,
  enableMailbox,
  disableMailbox,
  getCallDataRecord,
  getCallSummaryReport,
  searchAdminAuditLog,
  getHelp,
  getCommand,
  where,
  forEach,
  select,
  sort,
  measure,
  formatTable,
  formatList,
  convertToJson,
  convertToCsv,
  exportCsv,
];
