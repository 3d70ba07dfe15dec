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
  EditResult,
  GroupEntry,
  MailboxEntry,
  MailboxPolicyEntry,
  PolicyChange,
  PolicyEdit,
  PolicyKind,
  PolicyVersion,
  RollBack,
} from './change.ts';
export { editPolicy, newDialPlan, policyVersions, readPolicyVersion, rollBackPolicy } from './editor.ts';
export { loadPolicy } from './load.ts';
export { policyJsonSchema } from './schema.ts';
export { loadPolicyFile } from './loader.ts';
export { openPolicyStore, PolicyFileError } from './store.ts';
export type * from './types.ts';
