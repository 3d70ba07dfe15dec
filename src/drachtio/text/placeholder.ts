/**
 * A quoted string, so that a display name that mentions localhost is left alone, or a run of what may be a uri. Each alternative
 * takes what it began, so that no text is read twice: a peer or an application writes it, and its length is theirs.
 */
const QUOTED_OR_RUN = /"(?:[^"\\]|\\[^])*(?:"|\\?$)|[^\s<>"]+/g;
const AFTER_USER = /^localhost(?![\w.:@-])/i;
const AFTER_SCHEME = /(sips?:)localhost(?![\w.:@-])/gi;

/**
 * srf writes `sip:user@localhost` where it cannot know the engine's address: that host becomes ours (drachtio-protocol 3.2).
 * A `localhost` with a port names a place and stays.
 */
export function replaceLocalhost(value: string, hostPort: string): string {
  if (!value.includes('localhost')) {
    return value;
  }
  return value.replace(QUOTED_OR_RUN, (text) => (text.startsWith('"') ? text : replaceInRun(text, hostPort)));
}

/**
 * The same in one Contact, which others follow: where its uri names no transport, `hostPortTransport` tells ours. It gets brackets,
 * without which that parameter would be the header's (RFC 3261 20.10).
 */
export function replaceLocalhostInContact(value: string, hostPort: string, hostPortTransport: string): string {
  if (!value.includes('localhost')) {
    return value;
  }
  const { address, params } = splitAddress(value);
  const namesTransport = /;\s*transport\s*=/i.test(address.slice(address.lastIndexOf('<')));
  const replaced = replaceLocalhost(address, namesTransport ? hostPort : hostPortTransport);
  return replaced === address ? value : replaced + params;
}

function replaceInRun(run: string, hostPort: string): string {
  const parts = run.split('@');
  let previous = '';
  const replaced = parts.map((part, index) => {
    const isHost = /sips?:/i.test(previous);
    previous = part;
    const more = index < parts.length - 1;
    // What an `@` follows is a user part.
    const host = isHost && !(more && part.length === 'localhost'.length) ? part.replace(AFTER_USER, hostPort) : part;
    return more ? host : host.replace(AFTER_SCHEME, `$1${hostPort}`);
  });
  return replaced.join('@');
}

/** Splits `name-addr;params` (or `addr-spec;params`) into a bracketed address and its parameters (RFC 3261 20.10). */
export function splitAddress(value: string): { readonly address: string; readonly params: string } {
  const bracket = closingBracket(value);
  if (bracket !== -1) {
    return { address: value.slice(0, bracket + 1), params: value.slice(bracket + 1).trim() };
  }
  // Without brackets all parameters belong to the header, not to the uri.
  const semicolon = value.indexOf(';');
  const uri = (semicolon === -1 ? value : value.slice(0, semicolon)).trim();
  return { address: `<${uri}>`, params: semicolon === -1 ? '' : value.slice(semicolon).trim() };
}

/** The tag parameter of a From or To value, or ''. */
export function tagIn(value: string): string {
  const params = value.slice(closingBracket(value) + 1);
  return /;\s*tag\s*=\s*([^;\s,]+)/i.exec(params)?.[1] ?? '';
}

/** Where the uri's `>` stands, past any quoted display name; -1 where there are no brackets. */
function closingBracket(value: string): number {
  let quoted = false;
  let opened = false;
  for (let i = 0; i < value.length; i += 1) {
    const char = value[i];
    if (quoted) {
      if (char === '\\') {
        i += 1;
      } else if (char === '"') {
        quoted = false;
      }
    } else if (char === '"') {
      quoted = true;
    } else if (char === '<') {
      opened = true;
    } else if (char === '>' && opened) {
      return i;
    }
  }
  return -1;
}
