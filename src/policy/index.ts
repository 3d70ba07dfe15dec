export type {
  Changed,
  Changes,
  DialPlanEntry,
  EditAudit,
  EditDone,
  EditFailure,
  EditOptions,
  EditOutcome,
  EditRecord,
  EditResult as PolicyEditResult,
  GroupEntry,
  MailboxEntry,
  MailboxPolicyEntry,
  PolicyChange,
  PolicyEdit,
  PolicyKind,
  PolicyVersion,
  RollBack,
} from './change.ts';
export type { EditResult } from './edit.ts';
export { loadPolicy } from './load.ts';
export { policyJsonSchema } from './schema.ts';
export { loadPolicyFile, setMailbox, setMailboxPolicy } from './loader.ts';
export { openPolicyStore, PolicyFileError } from './store.ts';
export type * from './types.ts';
