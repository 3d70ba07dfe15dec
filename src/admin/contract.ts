import { callOperations } from './contract/calls.ts';
import { policyOperations } from './contract/policy.ts';
import { sessionOperations } from './contract/session.ts';
import { systemOperations } from './contract/system.ts';

/** The HTTP API, whole: every operation with its route, permission and shapes. The pages import the types alone. */
export const OPERATIONS = {
  ...sessionOperations,
  ...policyOperations,
  ...callOperations,
  ...systemOperations,
} as const;
export type OperationName = keyof typeof OPERATIONS;

export type * from './contract/calls.ts';
export type * from './contract/operation.ts';
export type * from './contract/policy.ts';
export type * from './contract/session.ts';
export type * from './contract/system.ts';
