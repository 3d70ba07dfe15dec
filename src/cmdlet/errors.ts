/** What went wrong, in the words that an Exchange admin knows. */
export class CmdletError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CmdletError';
  }
}

/** The text ends in the middle of something: more lines may complete it. */
export class IncompleteError extends CmdletError {
  constructor(message: string) {
    super(message);
    this.name = 'IncompleteError';
  }
}
