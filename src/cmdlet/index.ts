export { LOCAL_LIMITS, REMOTE_LIMITS, runCmdlet, runText } from './run.ts';
export { type Completion, complete } from './complete.ts';
export { isComplete, looksLikeCmdlet, lineOf, mayBeRemembered } from './line.ts';
export type { CmdletContext, CmdletJournal, CmdletResult, Files, Limits } from './types.ts';
export {
  type Caller,
  type Permission,
  PERMISSION_TABLE,
  PERMISSIONS,
  permissionsOf,
  permits,
  type Role,
  ROLES,
} from './permissions.ts';
export { type AuditedAction, editAudit } from './audit.ts';
