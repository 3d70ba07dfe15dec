import type { AdminJournal } from '../journal/index.ts';
import type { Policy } from '../policy/index.ts';
import type { Bound } from './language/bound.ts';
import type { Matcher } from './language/match.ts';
import type { Item } from './objects.ts';
import type { Caller, Permission } from './permissions.ts';

/** The part of the journal that cmdlets use. */
export type CmdletJournal = Pick<AdminJournal, 'intendAudit' | 'completeAudit' | 'audit' | 'callPage' | 'report'>;

/** How much one command may have. */
export interface Limits {
  /** Objects that a stage of a pipeline puts out. */
  readonly objects: number;
  /** Objects that are shown; what is more is left out, and said so. */
  readonly rows: number;
  /** Characters of the output. */
  readonly characters: number;
  /** After this long it ends between two objects. Edits that have begun are finished. */
  readonly timeMs: number;
}

/** Files that cmdlets may write. */
export interface Files {
  /** @throws Error whose message says why not */
  write(path: string, text: string, how: { readonly append: boolean; readonly keep: boolean }): Promise<void>;
}

/** What cmdlets may work on, and for whom. */
export interface CmdletContext {
  /** policy.yaml. */
  readonly policyPath: string;
  /** The policy that holds, where it is loaded already; else the file is read. */
  readonly policy?: () => Policy;
  readonly caller: Caller;
  /** Null: there is none, which cmdlets that need it say. */
  readonly journal: CmdletJournal | null;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** UUIDv7. */
  readonly newId: () => string;
  /** Asks a person: true is yes. Left out: nobody can be asked. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Export-Csv; left out: it writes no files. */
  readonly files?: Files;
  /** After each edit: a running gateway reloads its store. */
  readonly onEdited?: () => Promise<void>;
  /** Aborted: whoever waits is gone. */
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
  /** What has been said once is not said again: those who run several lines give one set for all. */
  readonly told?: Set<string>;
  readonly display?: {
    /** Wider tables are cut to it; null: never. */
    readonly columns: number | null;
    readonly colour: boolean;
  };
}

export interface CmdletResult {
  /** 0: done; 1: refused or failed, `errors` says why. */
  readonly exitCode: number;
  /** For standard output, each line with its end. */
  readonly output: string;
  /** For standard error: errors, and warnings of what was done all the same. */
  readonly errors: string;
}

/** What a name names. */
export type Named = 'dialPlan' | 'mailboxPolicy' | 'mailbox' | 'cmdlet';

/** What a parameter takes. */
export type ParameterType =
  /** Given or not; a value only after a colon (`-WhatIf:$false`). */
  | { readonly kind: 'switch' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'text'; readonly max?: number; readonly form?: RegExp; readonly formIs?: string }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number; readonly unlimited?: true }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  /** Several texts; `changes`: also `@{Add=…; Remove=…}`. */
  | { readonly kind: 'texts'; readonly changes?: true }
  | { readonly kind: 'time' }
  /** The name of one thing. */
  | { readonly kind: 'name'; readonly of: Named }
  | { readonly kind: 'script' }
  /** Any value, for comparisons. */
  | { readonly kind: 'value' };

export interface Parameter {
  /** As Exchange writes it. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly type: ParameterType;
  /** One line for Get-Help. */
  readonly says: string;
  /** As Get-Help shows it: `$true`. */
  readonly byDefault?: string;
  readonly mandatory?: true;
  /** Takes the n-th argument without a name, from 1. */
  readonly position?: number;
  /** Takes what comes through the pipeline. */
  readonly fromPipeline?: true;
  /** `$null` and the empty text are taken, and mean none. */
  readonly nullable?: true;
  /** Exchange does not have it: a beginning that Exchange's own names share means those. */
  readonly ours?: true;
  /** Exchange's, without a meaning here: checked, told once, and passed over. */
  readonly unused?: true;
  /** Never shown, logged or kept in a history. */
  readonly secret?: true;
}

/** One run of a cmdlet. */
export interface Call {
  readonly cmdlet: Cmdlet;
  readonly bound: Bound;
  /** What the stage before put out; null: this is the first. */
  readonly input: readonly Item[] | null;
  readonly context: CmdletContext;
  /** `own`: the caller's own mailbox only. */
  readonly scope: 'all' | 'own';
  readonly matcher: Matcher;
  /** All there are (Get-Help, Get-Command). */
  readonly cmdlets: readonly Cmdlet[];
  /** The policy as the pipeline sees it: one version from its beginning to its first edit. */
  readonly policy: () => Policy;
  /** To be called after an edit. */
  readonly edited: () => Promise<void>;
  readonly limits: Limits;
  /** Between two of many objects: lets others run, and ends what takes too long. @throws CmdletError */
  readonly breathe: () => Promise<void>;
  /** A line on standard output. */
  readonly say: (line: string) => void;
  /** A warning: the command goes on. */
  readonly warn: (line: string) => void;
  /** A warning that is given once. */
  readonly warnOnce: (line: string) => void;
}

export interface Example {
  readonly line: string;
  readonly says: string;
}

/** A cmdlet is what is known about it, and one function. */
export interface Cmdlet {
  /** `Get-UMMailboxPolicy`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly synopsis: string;
  /** Null: everybody's, as it works on nothing but what it is given. */
  readonly permission: Permission | null;
  /** Whoever has `self` may run it for the own mailbox. */
  readonly self?: true;
  readonly parameters: readonly Parameter[];
  /** Names that are looked for in vain, and what to do instead: they are no parameters of it. */
  readonly without?: Readonly<Record<string, string>>;
  readonly examples: readonly Example[];
  /** What is other than in Exchange. */
  readonly notes?: readonly string[];
  /**
   * Runs once, with all that comes through the pipeline.
   * @returns what it puts out
   * @throws CmdletError
   */
  run(call: Call): Promise<readonly Item[]> | readonly Item[];
}
