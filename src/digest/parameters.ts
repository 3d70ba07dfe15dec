/** One element of an authentication header: a scheme and what it says (RFC 7235 2.1). */
export interface AuthenticationElement {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case, values without their quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A header, or several joined by commas; of a longer one nothing is read. */
export const MAX_HEADER_CHARACTERS = 8_192;
/** Several realms and algorithms have a challenge each; more than so many are nobody's. */
export const MAX_ELEMENTS = 16;
/** RFC 7616 has a dozen. */
export const MAX_PARAMETERS = 32;

// Each is linear: no two of its alternatives begin with the same character.
const SEPARATORS = /[\s,]*/y;
const SCHEME = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t\r\n]+/y;
const PARAMETER =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t\r\n]*=[ \t\r\n]*(?:"((?:[^"\\]|\\[^])*)"|([^\s",]*))[ \t\r\n]*(?=,|$)/y;
/** What other schemes have in place of parameters. */
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*[ \t\r\n]*(?=,|$)/y;

/**
 * Reads Authorization, WWW-Authenticate and the like, also where several fields were joined by commas. Spaces and quotes may stand
 * where RFC 3261 25.1 does not want them, for phones write them so; a name that is there twice, or a quote that never ends, is no
 * mistake of spelling: null.
 */
export function parseElements(header: string): readonly AuthenticationElement[] | null {
  if (header.length > MAX_HEADER_CHARACTERS) return null;
  const elements: AuthenticationElement[] = [];
  const reader = new Reader(header);
  let parameters: Map<string, string> | null = null;
  while (!reader.atEnd()) {
    const parameter = reader.take(PARAMETER);
    if (parameter !== null) {
      const name = (parameter[1] ?? '').toLowerCase();
      // A parameter of nothing, one that is there twice, or more than anybody means.
      if (parameters === null || parameters.has(name) || parameters.size === MAX_PARAMETERS) return null;
      parameters.set(name, parameter[2]?.replaceAll(/\\([^])/g, '$1') ?? parameter[3] ?? '');
      continue;
    }
    const scheme = reader.take(SCHEME);
    if (scheme === null || elements.length === MAX_ELEMENTS) return null;
    parameters = new Map();
    elements.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters });
    if (!reader.sees(PARAMETER)) reader.take(TOKEN68);
  }
  return elements;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** After the separators that stand here. */
  atEnd(): boolean {
    this.take(SEPARATORS);
    return this.#at === this.#text.length;
  }

  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }
}

/** RFC 3261 25.1 quoted-string. Nothing that ends a line may get into a header. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/[\r\n\0]/g, '').replaceAll(/["\\]/g, '\\$&')}"`;
}
