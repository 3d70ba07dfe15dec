import type { AdminJournal } from '../../journal/index.ts';
import type { Caller } from '../../cmdlet/index.ts';

export interface AuditContext {
  readonly journal: AdminJournal;
  readonly now: () => number;
  /** UUIDv7. */
  readonly newId: () => string;
}

/** Failed sign-ins of one name from one address are a record in so long. */
export const FAILED_EVERY_MS = 60_000;
export const MAX_FAILED_REMEMBERED = 1_000;

export type Who = Pick<Caller, 'name' | 'source'> & { readonly by: Caller['by'] };

export interface AuditWriter {
  /** Something that has been done, and changed no file. */
  told(who: Who, operation: string, target: string, values?: { before?: unknown; after?: unknown }): Promise<void>;
  /** Something that is done only once its intent is on the disk, and noted as what became of it. */
  around<Result>(
    who: Who,
    about: { operation: string; target: string; before?: unknown; after?: unknown; why?: string | null },
    action: () => Promise<Result>,
  ): Promise<Result>;
  signInFailed(name: string, source: string): Promise<void>;
}

const failed = new WeakMap<AdminJournal, Map<string, number>>();

export function auditWriter({ journal, now, newId }: AuditContext): AuditWriter {
  const intend = async (
    who: Who,
    { operation, target, before = null, after = null, why = null }: Parameters<AuditWriter['around']>[1],
    result: 'intended' | 'done' | 'failed',
    error: string | null = null,
  ): Promise<string> => {
    const id = newId();
    const { name: actor, by, source } = who;
    await journal.intendAudit({
      id,
      at: now(),
      actor,
      by,
      source,
      operation,
      target,
      before,
      after,
      why,
      result,
      error,
    });
    return id;
  };
  return {
    async told(who, operation, target, values = {}) {
      await intend(who, { operation, target, ...values }, 'done');
    },
    async around(who, about, action) {
      const id = await intend(who, about, 'intended');
      try {
        const result = await action();
        await journal.completeAudit(id, 'done', null);
        return result;
      } catch (error) {
        await journal.completeAudit(id, 'failed', error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
    async signInFailed(name, source) {
      const told = failed.get(journal) ?? new Map<string, number>();
      failed.set(journal, told);
      const key = `${name.toLowerCase()} ${source}`;
      if (now() - (told.get(key) ?? -Infinity) < FAILED_EVERY_MS) return;
      told.delete(key);
      told.set(key, now());
      const [oldest] = told.keys();
      if (told.size > MAX_FAILED_REMEMBERED && oldest !== undefined) told.delete(oldest);
      const who = { name, source, by: 'anyone' as const };
      await intend(who, { operation: 'sign-in', target: name }, 'failed', 'The name or the password is wrong.');
    },
  };
}
