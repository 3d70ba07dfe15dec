import type { Reason } from './events.ts';

/** No header of a call carries more than a handful; the rest of a hostile one is not read. */
export const MAX_REASONS = 8;
export const MAX_TEXT_LENGTH = 200;

/** `protocol *(; param)`, quoted strings kept whole. Linear: each alternative starts with another character. */
const ELEMENT = /(?:[^",]|"(?:[^"\\]|\\.)*")+/g;
const PARAMETER = /;\s*([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]*)/g;

/**
 * Reads a Reason header (RFC 3326 section 2), or several joined by commas. What is not understood is left out: a Reason is
 * evidence, never a command.
 */
export function parseReasons(header: string | undefined): Reason[] {
  if (header === undefined) return [];
  const reasons: Reason[] = [];
  for (const [element] of header.slice(0, 4_096).matchAll(ELEMENT)) {
    const reason = parseReason(element.trim());
    if (reason !== null) reasons.push(reason);
    if (reasons.length === MAX_REASONS) break;
  }
  return reasons;
}

function parseReason(element: string): Reason | null {
  const protocol = element.split(';', 1)[0]?.trim().toUpperCase();
  if (protocol !== 'SIP' && protocol !== 'Q.850') return null;
  const parameters = new Map<string, string>();
  for (const [, name, value] of element.matchAll(PARAMETER)) parameters.set((name ?? '').toLowerCase(), value ?? '');
  const cause = parameters.get('cause') ?? '';
  if (!/^\d{1,3}$/.test(cause)) return null;
  const text = parameters.get('text');
  return text === undefined
    ? { protocol, cause: Number(cause) }
    : { protocol, cause: Number(cause), text: unquote(text).slice(0, MAX_TEXT_LENGTH) };
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
}

/** As a header value: `SIP;cause=200;text="Call completed elsewhere"`. */
export function formatReason(reason: Reason): string {
  const text = reason.text === undefined ? '' : `;text="${reason.text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return `${reason.protocol};cause=${reason.cause}${text}`;
}

/** Whether any of them is `protocol;cause=` one of these. */
export function hasReason(reasons: readonly Reason[], protocol: Reason['protocol'], ...causes: number[]): boolean {
  return reasons.some((reason) => reason.protocol === protocol && causes.includes(reason.cause));
}
