import type { PageEntry } from '../entry.ts';

export const mailboxPolicyPages: readonly PageEntry[] = [];
