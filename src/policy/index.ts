export type { EditResult, MailboxPolicyChanges } from './edit.ts';
export { type PolicyLoad, loadPolicy } from './load.ts';
export { policyJsonSchema } from './schema.ts';
export { setMailboxPolicy } from './loader.ts';
export { openPolicyStore, PolicyFileError, type PolicyLog, type PolicyStoreOptions } from './store.ts';
export type * from './types.ts';
