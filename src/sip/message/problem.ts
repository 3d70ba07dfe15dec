/** What is wrong with a message: the answer it deserves, and the offending part in words. */
export interface Problem {
  readonly status: number;
  /** The reason phrase names the fault (RFC 3261 21.4.1) and quotes nothing. */
  readonly reason: string;
  /** For logs: what was found. */
  readonly detail: string;
}

/** `found` is hostile text: quoted and cut short. */
export function badRequest(reason: string, found?: string): Problem {
  return { status: 400, reason, detail: found === undefined ? reason : `${reason}: ${excerpt(found)}` };
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** RFC 3261 21.5.7. */
export const TOO_LARGE: Problem = { status: 513, reason: 'Message Too Large', detail: 'Message Too Large' };
