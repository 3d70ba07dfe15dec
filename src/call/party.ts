import type { Party } from './ledger.ts';

/** Who called, in one word for lists and logs. RFC 3323: who asked for privacy is not named. */
export function callerLabel({ hidden, number, uri }: Party): string {
  return hidden ? 'anonymous' : (number ?? uri);
}
