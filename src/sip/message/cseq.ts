import { endOfToken, skipSpace } from './grammar.ts';
import { MAX_CSEQ } from './limits.ts';
import type { CSeq } from './message.ts';

/** `4711 INVITE` (RFC 3261 20.16); null where it is anything else, or the number is 2^31 or more. */
export function parseCSeq(text: string): CSeq | null {
  let index = 0;
  let sequence = 0;
  for (; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) break;
    sequence = sequence * 10 + digit;
    if (sequence > MAX_CSEQ) return null;
  }
  const methodStart = skipSpace(text, index);
  if (index === 0 || methodStart === index) return null;
  const methodEnd = endOfToken(text, methodStart);
  if (methodEnd === methodStart || skipSpace(text, methodEnd) !== text.length) return null;
  return { sequence, method: text.slice(methodStart, methodEnd) };
}

export function formatCSeq(cseq: CSeq): string {
  return `${cseq.sequence} ${cseq.method}`;
}
