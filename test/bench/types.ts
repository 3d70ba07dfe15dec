/** What is called, and what it rings. */
export interface Way {
  /** `127.0.0.1:PORT`, UDP. */
  readonly sip: string;
  /** UDP, on loopback. */
  readonly calleePort: number;
}

/** A process whose CPU time counts, with all that it starts. */
export interface MeasuredProcess {
  readonly pid: number;
  /** Which of several it is; empty where there is one. */
  readonly label: string;
}

/** Something that connects a caller to a phone. */
export interface System extends Way {
  readonly processes: readonly MeasuredProcess[];
  /** Waits until all that so many good calls brought is done. */
  settled?(calls: number): Promise<void>;
  stop(): Promise<void>;
}
