import { JournalError } from '../error.ts';

/** Above every character of an id, a number. */
export const LAST = '\uffff';
/** An id (UUIDv7), or the place just above one. */
const CURSOR = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}!?$/;
/** How much of a wrong cursor its error shows. */
const SHOWN = 60;

/**
 * The id below which a page begins: newer calls stand above it, and move nothing.
 * @throws JournalError `cursor` where it is none that a page gave as its `next`
 */
export function pageStart(after: string | undefined): string {
  if (after === undefined) return LAST;
  if (CURSOR.test(after)) return after;
  const shown = JSON.stringify(after.length > SHOWN ? `${after.slice(0, SHOWN)}…` : after);
  throw new JournalError(
    'cursor',
    `${shown} does not say where a page begins: give \`after\` as the page before had it in \`next\`, or leave it out`,
  );
}

/** A cursor behind which this id still is. */
export function justAbove(id: string): string {
  return `${id}!`;
}
