import { basename } from 'node:path';
import { problemLines } from '../yamlfile/index.ts';
import { type Load, startLoad } from './loader.ts';
import { LoadedPolicy } from './lookup.ts';
import type { Policy, PolicyProblem, PolicyStatus, PolicyStore } from './types.ts';
import { fileSignature, watchFile, type FileWatch } from './watch.ts';

export interface PolicyLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface PolicyStoreOptions {
  /** policy.yaml. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log?: PolicyLog;
  /** How many versions of the file are kept beside it; 0: none. */
  readonly keepVersions?: number;
}

/** The first load failed: there is no policy to go on with. The message lists every problem, a line each. */
export class PolicyFileError extends Error {
  readonly problems: readonly PolicyProblem[];

  constructor(path: string, problems: readonly PolicyProblem[]) {
    super(`The policy cannot be used:\n${problemLines(path, problems).join('\n')}`);
    this.name = 'PolicyFileError';
    this.problems = problems;
  }
}

/** How many problems a log line carries. */
const MAX_LOGGED_PROBLEMS = 10;

class FilePolicyStore implements PolicyStore {
  readonly #options: PolicyStoreOptions;
  readonly #listeners = new Set<(status: PolicyStatus) => void>();
  #policy: Policy | null = null;
  #loadedAt = 0;
  #error: PolicyStatus['error'] = null;
  #watch: FileWatch | null = null;
  #load: Load | null = null;
  /** The load in hand, and the one that follows it: whoever asks during a load is served by the next. */
  #running: Promise<void> | null = null;
  #waiting: Promise<void> | null = null;
  #closed = false;

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { path } = this.#options;
    const signature = await fileSignature(path);
    await this.#loadNow();
    if (this.#policy === null) throw new PolicyFileError(path, this.#error?.problems ?? []);
    this.#watch = watchFile(path, signature, () => void this.reload());
  }

  current(): Policy {
    if (this.#policy === null) throw new Error('The policy store is not open.');
    return this.#policy;
  }

  status(): PolicyStatus {
    const { version, mailboxCount } = this.current();
    return { version, loadedAt: this.#loadedAt, mailboxCount, error: this.#error };
  }

  async reload(): Promise<PolicyStatus> {
    if (!this.#closed) await this.#next();
    return this.status();
  }

  onChange(listener: (status: PolicyStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    await this.#watch?.close();
    await this.#load?.stop();
    await this.#running;
  }

  #next(): Promise<void> {
    if (this.#running === null) {
      this.#running = this.#loadNow().finally(() => (this.#running = null));
      return this.#running;
    }
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = null;
      return this.#closed ? undefined : this.#next();
    });
    return this.#waiting;
  }

  async #loadNow(): Promise<void> {
    const { path, keepVersions } = this.#options;
    this.#load = startLoad(path, this.#policy?.version ?? null, keepVersions);
    const loaded = await this.#load.done;
    this.#load = null;
    if (this.#closed) return;
    if (loaded === 'unchanged') this.#heal();
    else if (loaded instanceof LoadedPolicy) this.#swap(loaded);
    else this.#refuse(loaded.problems);
    if (this.#policy !== null) this.#tell();
  }

  /** One assignment: whoever has the old policy in hand keeps it whole. */
  #swap(policy: Policy): void {
    this.#policy = policy;
    this.#loadedAt = this.#options.now();
    this.#error = null;
    const { version, mailboxCount } = policy;
    this.#options.log?.info({ path: this.#options.path, version, mailboxCount }, 'the policy was loaded');
  }

  /** The file says again what is held. */
  #heal(): void {
    if (this.#error !== null) this.#options.log?.info({ path: this.#options.path }, 'the policy file is good again');
    this.#error = null;
  }

  #refuse(problems: readonly PolicyProblem[]): void {
    const { path, log, now } = this.#options;
    const [first] = problemLines(basename(path), problems);
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    const held = this.#policy === null ? '' : ` The policy of ${new Date(this.#loadedAt).toISOString()} still holds.`;
    const message = `${first ?? 'The policy cannot be used.'}${more}${held}`;
    this.#error = { at: now(), message, problems };
    if (this.#policy === null) return;
    log?.warn({ path, problems: problems.slice(0, MAX_LOGGED_PROBLEMS) }, message);
  }

  #tell(): void {
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
  }
}

/**
 * Opens policy.yaml and follows it: a saved change is swapped in whole, a broken or missing file changes nothing and is
 * told by `status().error`, `onChange` and the log.
 * @throws PolicyFileError where the file cannot be used now
 */
export async function openPolicyStore(options: PolicyStoreOptions): Promise<PolicyStore> {
  const store = new FilePolicyStore(options);
  try {
    await store.open();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}
