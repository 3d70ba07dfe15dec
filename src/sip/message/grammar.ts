/**
 * The pieces of RFC 3261's grammar (section 25.1) that several headers share. Everything reads from left to right, once, so
 * that hostile text costs no more than its length.
 */

const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;
const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const EQUALS = 0x3d;

const tokenChars = new Uint8Array(256);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~") {
  tokenChars[char.charCodeAt(0)] = 1;
}

export function isTokenCode(code: number): boolean {
  return tokenChars[code] === 1;
}

/** `token` of RFC 3261 25.1: methods, header names, parameter names. */
export function isToken(text: string): boolean {
  return text.length > 0 && endOfToken(text, 0) === text.length;
}

/** The index after the token that begins at `from`. */
export function endOfToken(text: string, from: number): number {
  let index = from;
  while (index < text.length && tokenChars[text.charCodeAt(index)] === 1) index++;
  return index;
}

/** White space as it stands in a header value: blanks and line folding. Never NBSP, which is half of a UTF-8 character. */
export function isLinearSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === CR || code === LF;
}

export function skipSpace(text: string, from: number): number {
  let index = from;
  while (index < text.length && isLinearSpace(text.charCodeAt(index))) index++;
  return index;
}

export function trimSpace(text: string): string {
  return sliceTrimmed(text, 0, text.length);
}

/** `text.slice(from, to)` without the white space around it. */
export function sliceTrimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isLinearSpace(text.charCodeAt(start))) start++;
  while (end > start && isLinearSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** RFC 3261 7.3.1: a line break and the blanks around it mean one space. */
export function unfold(value: string): string {
  if (!value.includes('\n')) return value;
  return value
    .split('\n')
    .map(trimSpace)
    .filter((line) => line !== '')
    .join(' ');
}

/** The index after the quoted string that begins at `from`, or -1 where it never ends. */
export function endOfQuoted(text: string, from: number): number {
  for (let index = from + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index++;
    else if (code === QUOTE) return index + 1;
  }
  return -1;
}

/** `"a \"b\""` -> `a "b"`. The text begins and ends with its quotes. */
export function unquote(text: string): string {
  const inner = text.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  let result = '';
  for (let index = 0; index < inner.length; index++) {
    if (inner.charCodeAt(index) === BACKSLASH) index++;
    result += inner.charAt(index);
  }
  return result;
}

/** `a "b"` -> `"a \"b\""` (quoted-string, RFC 3261 25.1). */
export function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** The elements of a list header: the text split at commas outside quotes and `<>`, empty ones left out. */
export function splitList(text: string): string[] {
  if (!text.includes(',')) return text === '' ? [] : [text];
  const elements: string[] = [];
  let start = 0;
  let inAngles = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '"' && !inAngles) {
      const end = endOfQuoted(text, index);
      if (end < 0) break;
      index = end - 1;
    } else if (char === '<') inAngles = true;
    else if (char === '>') inAngles = false;
    else if (char === ',' && !inAngles) {
      pushElement(elements, text, start, index);
      start = index + 1;
    }
  }
  pushElement(elements, text, start, text.length);
  return elements;
}

/** Where the first element of a list header begins and ends; null where there is none. */
export function firstElement(text: string): readonly [number, number] | null {
  let start = 0;
  while (start < text.length && (isLinearSpace(text.charCodeAt(start)) || text.charCodeAt(start) === COMMA)) start++;
  const [first] = splitList(text.slice(start));
  return first === undefined ? null : [start, start + first.length];
}

function pushElement(elements: string[], text: string, from: number, to: number): void {
  const element = sliceTrimmed(text, from, to);
  if (element !== '') elements.push(element);
}

/**
 * `;name=value;flag` up to the end of the text. Names in lower case, values without their quotes, '' where there is none;
 * the first of two equal names counts. null where the text is anything else.
 */
export function parseParams(text: string, from: number): Map<string, string> | null {
  const params = new Map<string, string>();
  let index = skipSpace(text, from);
  while (index < text.length) {
    if (text.charCodeAt(index) !== SEMICOLON) return null;
    const nameStart = skipSpace(text, index + 1);
    const nameEnd = endOfToken(text, nameStart);
    if (nameEnd === nameStart) return null;
    index = skipSpace(text, nameEnd);
    let value = '';
    if (text.charCodeAt(index) === EQUALS) {
      const valueStart = skipSpace(text, index + 1);
      const valueEnd = endOfParamValue(text, valueStart);
      if (valueEnd < 0) return null;
      value = text.slice(valueStart, valueEnd);
      if (value.charCodeAt(0) === QUOTE) value = unquote(value);
      index = skipSpace(text, valueEnd);
    }
    const name = text.slice(nameStart, nameEnd).toLowerCase();
    if (!params.has(name)) params.set(name, value);
  }
  return params;
}

/** `text` without the parameters of these names (lower case), the rest byte for byte. What follows `from` is well-formed. */
export function cutParams(text: string, from: number, names: readonly string[]): string {
  let kept = text.slice(0, from);
  let index = from;
  while (index < text.length) {
    const nameStart = skipSpace(text, index + 1);
    const nameEnd = endOfToken(text, nameStart);
    let end = skipSpace(text, nameEnd);
    if (text.charCodeAt(end) === EQUALS) end = skipSpace(text, endOfParamValue(text, skipSpace(text, end + 1)));
    if (!names.includes(text.slice(nameStart, nameEnd).toLowerCase())) kept += text.slice(index, end);
    index = end;
  }
  return kept;
}

/** `gen-value`, and what else phones write there: all but blanks, quotes, `<>`, comma and semicolon. */
function endOfParamValue(text: string, from: number): number {
  if (text.charCodeAt(from) === QUOTE) return endOfQuoted(text, from);
  let index = from;
  while (index < text.length && isParamValueCode(text.charCodeAt(index))) index++;
  return index;
}

function isParamValueCode(code: number): boolean {
  return (
    code > SPACE &&
    code !== 0x7f &&
    code !== SEMICOLON &&
    code !== QUOTE &&
    code !== COMMA &&
    code !== 0x3c &&
    code !== 0x3e
  );
}

/** The reverse of `parseParams`: values that are no token, host or number are quoted. */
export function formatParams(params: ReadonlyMap<string, string>): string {
  let text = '';
  for (const [name, value] of params) {
    text += value === '' ? `;${name}` : `;${name}=${isPlainValue(value) ? value : quote(value)}`;
  }
  return text;
}

function isPlainValue(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    // Token characters, and those of an IPv6 reference (RFC 3261 25.1: gen-value = token / host / quoted-string).
    if (!isTokenCode(code) && code !== 0x3a && code !== 0x5b && code !== 0x5d) return false;
  }
  return true;
}
