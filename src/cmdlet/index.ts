export { runCmdlet } from './run.ts';
export type { CmdletContext, CmdletResult } from './types.ts';
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
