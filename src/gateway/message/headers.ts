/**
 * What a back-to-back user agent carries from one of its dialogs to the other. Everything end-to-end goes through as it is;
 * what belongs to one dialog, one hop or one transaction stays where it was, and an extension is only named to the other
 * side where both sides' messages really reach each other (RFC 7092 calls this a signalling-only B2BUA).
 */

/** Names as they were written or in lower case; the values of a repeated header joined by commas. */
export type Headers = Readonly<Record<string, string>>;

/** Our own header: the call an INVITE belongs to, for INVITEs that come back to us. */
export const CALL_HEADER = 'X-MCG-Call';

/** Methods that pass from one side to the other, and those we answer ourselves. */
export const METHODS = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'UPDATE',
  'INFO',
  'NOTIFY',
  'MESSAGE',
  'REFER',
] as const;
/** PRACK never passes: reliable provisional responses are each side's own. */
export const ALLOW = [...METHODS, 'PRACK'].join(', ');

/** Option tags that the engine honours on each side by itself (RFC 3262, RFC 4028): what one side agrees on is nothing to the other. */
const ENGINE_OPTIONS: ReadonlySet<string> = new Set(['100rel', 'timer']);

/**
 * Option tags that hold end to end when a B2BUA passes headers and bodies; `replaces` and `norefersub` because what names a
 * dialog is rewritten on its way.
 */
const PASSED_OPTIONS = new Set([
  'answermode',
  'early-session',
  'geolocation-http',
  'geolocation-sip',
  'histinfo',
  'ice',
  'norefersub',
  'privacy',
  'replaces',
  'resource-priority',
  'sdp-anat',
  'uui',
]);

/** Dialog, transaction and hop: written anew by us or by the engine on the other side. */
const OWN = [
  'via',
  'route',
  'record-route',
  'path',
  'service-route',
  'contact',
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'content-length',
  'timestamp',
];
/** Credentials are between neighbours: ours are added by the agent, the caller's are nobody else's business. */
const CREDENTIALS = [
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
  'authentication-info',
  'proxy-authentication-info',
  'security-client',
  'security-server',
  'security-verify',
];
/** Extensions that we cannot honour, or that are each side's own, with their compact forms. */
const UNSUPPORTED = [
  'require',
  'proxy-require',
  'unsupported',
  'rseq',
  'rack',
  'session-expires',
  'x',
  'min-se',
  'replaces',
  'join',
  'target-dialog',
  'refer-to',
  'r',
  'allow-events',
  'u',
  'p-preferred-identity',
];
/** RFC 3261 25.1, without the %-escapes that drachtio-srf makes other characters of. */
const NAME = /^[A-Za-z0-9.!*_`'~+-]+$/;
const DROPPED = new Set([...OWN, ...CREDENTIALS, ...UNSUPPORTED]);

/** The value of a header, whatever the case its name was written in. @param name in lower case */
export function header(headers: Headers, name: string): string | undefined {
  const direct = headers[name];
  if (direct !== undefined) return direct;
  for (const written of Object.keys(headers)) {
    if (written.length === name.length && written.toLowerCase() === name) return headers[written];
  }
  return undefined;
}

function words(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** The headers of a request or response that go on to the other side. */
export function passHeaders(headers: Headers): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    // Our own headers are made fresh, never carried: whoever sent them may have made them up.
    if (DROPPED.has(lower) || lower.startsWith('x-mcg-')) continue;
    // drachtio-srf looks names up in plain objects, and sends what it finds there.
    if (!NAME.test(name) || lower in Object.prototype) continue;
    if (lower === 'supported' || lower === 'k') addList(passed, 'supported', options(value));
    else if (lower === 'allow') addList(passed, 'allow', methods(value));
    else passed[name] = value;
  }
  return passed;
}

/** What a refusal is about (RFC 3261 21.4.14 and 21.4.15, RFC 4028 6): without it, nobody could send a better request. */
const REFUSED_FOR: Readonly<Record<number, string>> = { 420: 'unsupported', 421: 'require', 422: 'min-se' };

/** The headers of a final response that go on to the other side. */
export function passFinalHeaders(status: number, headers: Headers): Record<string, string> {
  const name = REFUSED_FOR[status];
  const value = name === undefined ? undefined : header(headers, name);
  return { ...passHeaders(headers), ...(name === undefined || value === undefined ? {} : { [name]: value }) };
}

function addList(headers: Record<string, string>, name: string, list: readonly string[]): void {
  if (list.length > 0) headers[name] = list.join(', ');
}

function options(supported: string): string[] {
  return words(supported).filter((option) => PASSED_OPTIONS.has(option.toLowerCase()));
}

/** RFC 3261 20.5: a method that the other side allows but we would refuse is not allowed. */
function methods(allow: string): string[] {
  const ours: readonly string[] = METHODS;
  return words(allow).filter((method) => ours.includes(method.toUpperCase()));
}

/** The option tags of an INVITE's Require that nobody here or behind us could honour (RFC 3261 8.2.2.3: 420 with Unsupported). */
export function unsupportedOptions(headers: Headers, hasOffer: boolean): string[] {
  return words(header(headers, 'require')).filter((option) => {
    const name = option.toLowerCase();
    // RFC 3261 13.2.1: the offer would be in the first reliable response and its answer in the PRACK, which stays on its side.
    if (name === '100rel' && !hasOffer) return true;
    return !PASSED_OPTIONS.has(name) && !ENGINE_OPTIONS.has(name);
  });
}

/** RFC 3891 4, RFC 4488 4: of what a Require asks for, that which only the other side can do, and must refuse where it cannot. */
export function requiredEndToEnd(headers: Headers): Record<string, string> {
  const required: Record<string, string> = {};
  const asked = words(header(headers, 'require')).filter((option) => /^(replaces|norefersub)$/i.test(option));
  addList(required, 'require', asked);
  return required;
}

/** What a 421 (Extension Required) asks for, where the engine can honour all of it; else nothing. */
export function demandedOptions(headers: Headers): string[] {
  const demanded = words(header(headers, 'require')).map((option) => option.toLowerCase());
  return demanded.every((option) => ENGINE_OPTIONS.has(option)) ? demanded : [];
}

/** The headers with more option tags in Supported. */
export function supporting(headers: Record<string, string>, more: readonly string[]): Record<string, string> {
  const known = words(headers['supported']);
  const added = more.filter((option) => !known.includes(option));
  return added.length === 0 ? headers : { ...headers, supported: [...known, ...added].join(', ') };
}

/** RFC 4028 5: no session is shorter. */
const MIN_SESSION_SECONDS = 90;

/**
 * What our 200 says of the session timer that a caller asked for. Engines answer by themselves where the caller said who
 * refreshes, and say nothing where it left that to us: then it is the caller (RFC 4028 9), who has shown that it can.
 */
export function sessionAnswer(request: Headers): Record<string, string> {
  const asked = header(request, 'session-expires') ?? header(request, 'x') ?? '';
  const [, seconds = null] = /^\s*(\d{1,9})\s*(?:;|$)/.exec(asked) ?? [];
  const knows = [...words(header(request, 'supported') ?? header(request, 'k')), ...words(header(request, 'require'))];
  if (seconds === null || /;\s*refresher\s*=/i.test(asked)) return {};
  if (!knows.some((option) => option.toLowerCase() === 'timer')) return {};
  const expires = Math.max(MIN_SESSION_SECONDS, Number(seconds));
  return { 'session-expires': `${expires};refresher=uac`, require: 'timer' };
}

/** The incoming Max-Forwards; 70 where the sender, against RFC 3261 8.1.1.6, left it out. */
export function maxForwards(headers: Headers): number {
  const written = header(headers, 'max-forwards')?.trim() ?? '';
  return /^\d{1,3}$/.test(written) ? Number(written) : 70;
}

/** RFC 3323 4.2, RFC 3325 9.3: the tokens of a Privacy header, in lower case. */
export function privacyOf(headers: Headers): string[] {
  return (header(headers, 'privacy') ?? '')
    .split(/[;,]/)
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}

/** An address without its header parameters, so that the agent gives it a tag of its own. */
export function withoutTag(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const close = address.lastIndexOf('>');
  if (close >= 0) return address.slice(0, close + 1);
  const bare = address.split(';', 1)[0]?.trim() ?? '';
  return bare === '' ? undefined : `<${bare}>`;
}

/** The tag parameter of a From or To header. */
export function tagOf(address: string | undefined): string | null {
  const afterUri = address?.slice(Math.max(0, address.lastIndexOf('>'))) ?? '';
  return /;\s*tag\s*=\s*([^\s;]+)/i.exec(afterUri)?.[1] ?? null;
}

/** RFC 7989 5: the sender's own half of a Session-ID, or null where it is absent, malformed or the nil UUID. */
export function sessionUuid(headers: Headers): string | null {
  const uuid = /^\s*([0-9a-f]{32})\s*(?:;|$)/i.exec(header(headers, 'session-id') ?? '')?.[1]?.toLowerCase();
  return uuid === undefined || /^0+$/.test(uuid) ? null : uuid;
}
