import type { AdminJournal } from '../../journal/index.ts';
import type { Caller } from '../../cmdlet/index.ts';

export interface AuditContext {
  readonly journal: AdminJournal;
  readonly now: () => number;
  /** UUIDv7. */
  readonly newId: () => string;
}

/** Names and addresses whose failed sign-ins are counted; the oldest are forgotten. */
export const MAX_FAILED_REMEMBERED = 1_000;
/** What somebody types in the place of a name may be a password. */
const UNKNOWN = '(unknown account)';

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
  /** @param account null: there is none of the name that was typed. Answers how often it has failed from there, where that is recorded. */
  signInFailed(account: string | null, source: string): Promise<number | null>;
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
    async signInFailed(account, source) {
      const counts = failed.get(journal) ?? new Map<string, number>();
      failed.set(journal, counts);
      const target = account ?? UNKNOWN;
      const key = `${target} ${source}`;
      const failures = (counts.get(key) ?? 0) + 1;
      counts.delete(key);
      counts.set(key, failures);
      const [oldest] = counts.keys();
      if (counts.size > MAX_FAILED_REMEMBERED && oldest !== undefined) counts.delete(oldest);
      // The first, the second, the fourth, …: whoever guesses does not fill the log.
      if (!Number.isInteger(Math.log2(failures))) return null;
      const who = { name: target, source, by: 'anyone' as const };
      const why = 'The name or the password is wrong.';
      await intend(who, { operation: 'sign-in', target, after: { failures } }, 'failed', why);
      return failures;
    },
  };
}
