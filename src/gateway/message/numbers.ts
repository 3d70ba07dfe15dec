import { numberOf, parseAddress, parseUri, splitList, type Uri } from './address.ts';

/** How a peer wants numbers written. */
export interface NumberStyle {
  /** `+33140001001` for a number of the dial plan; null where it does not say how. Absent: as dialled. */
  readonly toE164?: (number: string) => string | null;
  /** `;user=phone` behind them. */
  readonly userPhone: boolean;
}

/** RFC 3966 3: what a telephone number is made of; names and addresses of people are none. */
const NUMBER = /^\+?\d[\d().-]*$/;

/**
 * A URI with its number in the style of a peer. Null where it stays as it is.
 * @param prefix what stands before the number and is no part of it
 */
function restyled(uri: Uri, text: string, style: NumberStyle, prefix: string): string | null {
  const written = numberOf(uri);
  if (uri.user === null || written === null || !written.startsWith(prefix)) return null;
  const number = written.slice(prefix.length);
  if (!NUMBER.test(number)) return null;
  const e164 = style.toE164?.(number) ?? null;
  const user = e164 === null ? uri.user : `${prefix}${e164}`;
  const start = text.indexOf(':') + 1;
  const renumbered = `${text.slice(0, start)}${user}${text.slice(start + uri.user.length)}`;
  // RFC 3261 19.1.1; a `tel:` URI is a number anyway.
  const marks = style.userPhone && uri.scheme !== 'tel' && !/;user=/i.test(uri.parameters);
  const [address = '', headers] = renumbered.split('?', 2);
  return `${address}${marks ? ';user=phone' : ''}${headers === undefined ? '' : `?${headers}`}`;
}

/** A Request-URI in the style of the peer that it goes to. */
export function uriInStyle(text: string, style: NumberStyle, prefix = ''): string {
  const uri = parseUri(text);
  return uri === null ? text : (restyled(uri, text, style, prefix) ?? text);
}

/** The addresses of a From, To or P-Asserted-Identity in the style of the peer that they go to. */
export function addressesInStyle(value: string, style: NumberStyle): string {
  return splitList(value)
    .map((entry) => {
      const address = parseAddress(entry);
      const uri = address === null ? null : parseUri(address.uri);
      const styled = address === null || uri === null ? null : restyled(uri, address.uri, style, '');
      if (address === null || styled === null) return entry;
      // A display name may hold the same text.
      const at = entry.lastIndexOf(address.uri);
      const bare = !entry.includes('<');
      const behind = entry.slice(at + address.uri.length);
      return `${entry.slice(0, at)}${bare ? `<${styled}>` : styled}${behind}`;
    })
    .join(', ');
}
