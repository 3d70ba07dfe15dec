import type { PolicyContext } from './edits.ts';
import { createGroupHandlers } from './groups.ts';
import { createMailboxIndex } from './mailbox-index.ts';
import { createMailboxHandlers } from './mailboxes.ts';
import { createPlanHandlers } from './plans.ts';
import { createVersionHandlers } from './versions.ts';

/** The operations on policy.yaml. */
export function createPolicyHandlers(context: PolicyContext) {
  const index = createMailboxIndex();
  return {
    ...createVersionHandlers(context),
    ...createPlanHandlers(context, index),
    ...createGroupHandlers(context),
    ...createMailboxHandlers(context, index),
  };
}
