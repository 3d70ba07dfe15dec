/** Where a value stands in a document: keys and list positions from the root. */
export type Path = readonly (string | number)[];

/** One mistake, not yet placed in the text. */
export interface Mistake {
  readonly path: Path;
  /** Point at the key rather than at its value (an unknown key, a repeated key). */
  readonly at?: 'key';
  /** What is wrong, without the path: `"Pariss" is not a dial plan of this file`. */
  readonly message: string;
  /** What to do about it; given the value's own characters where they matter (a number that should have been quoted). */
  readonly remedy: string | ((source: string) => string);
}

/** One mistake as the person who edits the file needs it. Lines and columns count from 1, columns in UTF-16 units. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** `mailboxes[3].mailboxPolicy`; empty for the file as a whole. */
  readonly path: string;
  /** A sentence with its full stop; `remedy` follows it. */
  readonly message: string;
  readonly remedy: string;
}
