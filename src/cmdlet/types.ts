/** What a cmdlet may work on. */
export interface CmdletContext {
  /** policy.yaml. */
  readonly policyPath: string;
}

export interface CmdletResult {
  /** 0: done; 1: refused or failed, `errors` says why. */
  readonly exitCode: number;
  /** For standard output, each line with its end. */
  readonly output: string;
  /** For standard error: errors, and warnings of what was done all the same. */
  readonly errors: string;
}

/** A value as the command line has it: `$true`, `$false` and `$null` are themselves, numbers stay texts. */
export type Argument = string | boolean | null;

/** What stands between two cmdlets of a pipeline: the objects by their identity. */
export interface PipedObject {
  readonly identity: string;
  /** Shown columns, in order. */
  readonly columns: Readonly<Record<string, string>>;
}

export interface Parameter {
  /** As Exchange writes it. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** `switch`: given or not, a value only after a colon (`-WhatIf:$false`). */
  readonly type: 'text' | 'boolean' | 'switch';
  readonly mandatory?: boolean;
  /** Takes the n-th argument without a name, from 1. */
  readonly position?: number;
  /** Takes the identity of what comes through the pipeline. */
  readonly fromPipeline?: boolean;
}

/** Parameters that were given, by their names in full. */
export type Bound = Readonly<Record<string, Argument | undefined>>;

export interface Run {
  readonly context: CmdletContext;
  /** A line on standard output. */
  readonly say: (line: string) => void;
  /** A warning: the command goes on. */
  readonly warn: (line: string) => void;
}

export interface Cmdlet {
  /** `Get-UMMailboxPolicy`. */
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /**
   * Runs once, or once for each object that comes through the pipeline.
   * @returns the objects it puts out
   * @throws CmdletError
   */
  run(bound: Bound, run: Run): Promise<readonly PipedObject[]>;
}

/** What went wrong, in the words that an Exchange admin knows. */
export class CmdletError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CmdletError';
  }
}
