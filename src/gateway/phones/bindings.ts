import { parseAddress, parseUri, splitList, type Uri } from '../message/address.ts';
import { header, type Headers } from '../message/headers.ts';
import type { Registration } from '../types.ts';

/** What a registrar does with a REGISTER (RFC 3261 10.3), as a function of the contacts that stand and the request. */

/** A REGISTER whose sender has shown that the address-of-record is its own. */
export interface Register {
  /** The user part under which it is kept and rung. */
  readonly aor: string;
  readonly headers: Headers;
  /** `udp/192.0.2.7:5060`: where it came from. */
  readonly source: string;
  /** It came from a system whose word on the way to a phone is taken (RFC 3327). */
  readonly pathTrusted: boolean;
  /** Whether the connection of another address-of-record is known by this Contact. */
  readonly isTaken?: (contact: string) => boolean;
}

export interface BindingLimits {
  readonly minExpiresMs: number;
  readonly maxExpiresMs: number;
  /** Contacts of one address-of-record. */
  readonly maxContacts: number;
  /** How many contacts more there is room for, of all addresses-of-record together. */
  readonly room: number;
}

export interface Registered {
  /** What stands now; the same array where nothing has changed. */
  readonly contacts: readonly Registration[];
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Why it was refused, for the log. */
  readonly why?: string;
}

/** RFC 3261 10.2.1.1: where nobody says for how long. A malformed word counts as none (10.3 step 7). */
const DEFAULT_EXPIRES_MS = 3_600_000;
/** RFC 3261 10.3 step 7: who asks for an hour or more is not told that it is too brief. */
const NEVER_TOO_BRIEF_MS = 3_600_000;
/** A Contact's URI and instance, a Path, a Call-ID: what is longer is nobody's phone. */
export const MAX_BINDING_CHARACTERS = 768;
/** The address in To. With a Contact it has room in what the engine remembers of a connection (1,024). */
export const MAX_TO_CHARACTERS = 255;
/** Kept for whoever looks at the list. */
const MAX_USER_AGENT_CHARACTERS = 100;
/** `splitList` reads no further. */
const MAX_LISTED = 31;
/** RFC 3327, RFC 5626. */
const SUPPORTED: ReadonlySet<string> = new Set(['path', 'outbound']);
/** RFC 3261 20.33: a full registrar. */
const RETRY_AFTER_FULL_S = 60;

/** One Contact of a REGISTER. */
interface Asked {
  readonly uri: string;
  readonly instance: string | null;
  readonly regId: number | null;
  readonly q: number;
  readonly expiresMs: number;
}

interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly why: string;
}

/** All of it holds, or nothing: a refused REGISTER changes no binding. */
export function register(
  contacts: readonly Registration[],
  request: Register,
  now: number,
  limits: BindingLimits,
): Registered {
  const standing = contacts.filter(({ expiresAt }) => expiresAt > now);
  const result = update(standing, request, now, limits);
  if ('why' in result) {
    return { contacts, status: result.status, headers: { ...result.headers }, why: result.why };
  }
  const changed = standing.length !== contacts.length || result.contacts !== standing;
  return {
    contacts: changed ? result.contacts : contacts,
    status: 200,
    headers: answerHeaders(result.contacts, request, now, result.outbound),
  };
}

interface Updated {
  readonly contacts: readonly Registration[];
  /** A contact was registered as RFC 5626 has it. */
  readonly outbound: boolean;
}

function update(
  standing: readonly Registration[],
  request: Register,
  now: number,
  limits: BindingLimits,
): Updated | Refusal {
  const sequence = sequenceOf(request.headers);
  const path = splitList(header(request.headers, 'path') ?? '');
  const written = splitList(contactsOf(request.headers));
  const refusal = refusalOf(request, path, written);
  if (refusal !== null) return refusal;
  if (sequence === null) return { status: 400, why: 'Call-ID or CSeq is missing or too long' };
  const to = parseAddress(header(request.headers, 'to') ?? header(request.headers, 't') ?? '')?.uri ?? '';
  if (to.length > MAX_TO_CHARACTERS) return { status: 400, why: 'the address in To is too long' };
  // RFC 3261 10.3 step 6: without a Contact it is a question.
  if (written.length === 0) return { contacts: standing, outbound: false };
  if (written.some((entry) => entry.trim() === '*')) return removeAll(standing, request, written, sequence);

  const asked = written.map((entry) => readContact(entry, request.headers));
  const bad = asked.find((entry) => typeof entry === 'string');
  if (bad !== undefined) return { status: 400, why: bad };
  const wanted = asked.filter((entry) => typeof entry !== 'string');
  const brief = wanted.some(
    ({ expiresMs }) => expiresMs > 0 && expiresMs < NEVER_TOO_BRIEF_MS && expiresMs < limits.minExpiresMs,
  );
  if (brief) {
    const minExpires = String(Math.ceil(limits.minExpiresMs / 1000));
    return { status: 423, headers: { 'min-expires': minExpires }, why: `shorter than ${minExpires} s` };
  }
  // Over a connection it is found by its Contact again, which the engine knows by user and host (drachtio's way).
  if (!isUdp(request.source) && wanted.some(({ uri }) => (unescaped(parseUri(uri)?.user ?? '') ?? '') === '')) {
    return { status: 400, why: 'a Contact over a connection needs a user part that can be read' };
  }
  // The engine would give its calls to whoever registered it last.
  if (wanted.some(({ uri }) => request.isTaken?.(uri) === true)) {
    return { status: 403, why: 'a Contact that somebody else has registered over a connection' };
  }
  return merge(standing, wanted, { request, path, sequence, now, limits });
}

interface Sequence {
  readonly callId: string;
  readonly cseq: number;
}

interface Merging {
  readonly request: Register;
  readonly path: readonly string[];
  readonly sequence: Sequence;
  readonly now: number;
  readonly limits: BindingLimits;
}

/** RFC 3261 10.3 step 7. */
function merge(standing: readonly Registration[], wanted: readonly Asked[], merging: Merging): Updated | Refusal {
  const { request, path, sequence, now, limits } = merging;
  if (
    wanted.some((asked) => standing.some((binding) => matches(asked, binding, request) && isOlder(sequence, binding)))
  ) {
    return outOfOrder(sequence);
  }
  let contacts = [...standing];
  for (const asked of wanted) {
    const at = contacts.findIndex((binding) => matches(asked, binding, request));
    const kept = contacts.filter((binding) => !matches(asked, binding, request));
    if (asked.expiresMs > 0) {
      const binding: Registration = {
        aor: request.aor,
        contact: asked.uri,
        instance: asked.instance,
        regId: asked.regId,
        path,
        q: asked.q,
        ...sequence,
        userAgent: (header(request.headers, 'user-agent') ?? '').slice(0, MAX_USER_AGENT_CHARACTERS),
        source: request.source,
        expiresAt: now + Math.min(asked.expiresMs, limits.maxExpiresMs),
      };
      // In the place of the one before.
      kept.splice(at < 0 ? kept.length : Math.min(at, kept.length), 0, binding);
    }
    contacts = kept;
  }
  // Who is at the limit may still refresh and remove.
  if (contacts.length > limits.maxContacts && contacts.length > standing.length) {
    return { status: 403, why: `more than ${limits.maxContacts} contacts` };
  }
  if (contacts.length - standing.length > Math.max(0, limits.room)) {
    return { status: 503, headers: { 'retry-after': String(RETRY_AFTER_FULL_S) }, why: 'the registrar is full' };
  }
  const outbound = supports(request.headers, 'outbound') && wanted.some(({ regId }) => regId !== null);
  return { contacts, outbound };
}

/** RFC 3261 10.3 step 6: `Contact: *` alone, with `Expires: 0`. */
function removeAll(
  standing: readonly Registration[],
  { headers }: Register,
  written: readonly string[],
  sequence: Sequence,
): Updated | Refusal {
  if (written.length > 1 || header(headers, 'expires')?.trim() !== '0') {
    return { status: 400, why: 'Contact: * stands alone and goes with Expires: 0' };
  }
  if (standing.some((binding) => isOlder(sequence, binding))) return outOfOrder(sequence);
  return { contacts: standing.length === 0 ? standing : [], outbound: false };
}

/** A REGISTER that was overtaken, or that comes a second time, is none that still counts. */
function isOlder({ callId, cseq }: Sequence, binding: Registration): boolean {
  return binding.callId === callId && binding.cseq >= cseq;
}

function outOfOrder({ cseq }: Sequence): Refusal {
  return { status: 500, why: `CSeq ${cseq} is not higher than that of the REGISTER before` };
}

/** What is wrong with a REGISTER whatever its contacts are. */
function refusalOf(
  { headers, pathTrusted }: Register,
  path: readonly string[],
  written: readonly string[],
): Refusal | null {
  const demanded = tokens(header(headers, 'require')).filter((option) => !SUPPORTED.has(option));
  if (demanded.length > 0) {
    const unsupported = demanded.join(', ');
    return { status: 420, headers: { unsupported }, why: `requires ${unsupported}` };
  }
  if (written.length > MAX_LISTED || path.length > MAX_LISTED) return { status: 403, why: 'too many contacts' };
  if (path.length === 0) {
    // RFC 5626 6: outbound works only where the system that has the phone's connection takes part.
    const proxied = splitList(header(headers, 'via') ?? '').length > 1;
    const asks =
      supports(headers, 'outbound') && written.some((entry) => parseAddress(entry)?.parameters.has('reg-id'));
    return proxied && asks ? { status: 439, why: 'outbound through a proxy without Path' } : null;
  }
  // RFC 3327 5.3: who does not know Path would not know that others are on the way.
  if (!supports(headers, 'path')) {
    return { status: 420, headers: { unsupported: 'path' }, why: 'a Path, but no support of it' };
  }
  // Else any phone could have calls sent anywhere.
  if (!pathTrusted) return { status: 403, why: 'a Path of somebody who is no peer' };
  if (path.join().length > MAX_BINDING_CHARACTERS) return { status: 400, why: 'the Path is too long' };
  const [first = ''] = path;
  return parseUri(parseAddress(first)?.uri ?? '') === null ? { status: 400, why: 'the Path is no address' } : null;
}

/** @returns what is wrong with it where it cannot be read */
function readContact(entry: string, headers: Headers): Asked | string {
  const address = parseAddress(entry);
  const uri = address === null ? null : parseUri(address.uri);
  if (address === null || uri === null || uri.scheme === 'tel') return 'a Contact that is no SIP address';
  const { parameters } = address;
  const instance = parameters.get('+sip.instance') ?? null;
  if (address.uri.length + (instance?.length ?? 0) > MAX_BINDING_CHARACTERS) return 'a Contact that is too long';
  // Both are shown in quotes again.
  if (instance !== null && /["\\\p{Cc}]/u.test(instance)) return 'an instance that is no URN';
  const regId = instance === null ? null : regIdOf(parameters.get('reg-id'));
  const expiresMs = secondsOf(parameters.get('expires')) ?? secondsOf(header(headers, 'expires')) ?? DEFAULT_EXPIRES_MS;
  return { uri: address.uri, instance, regId, q: qOf(parameters.get('q')), expiresMs };
}

/** RFC 5626 4.2.1: 1 to 2^31 - 1. */
function regIdOf(text: string | undefined): number | null {
  const regId = /^\d{1,10}$/.test(text ?? '') ? Number(text) : 0;
  return regId >= 1 && regId < 2 ** 31 ? regId : null;
}

/** RFC 3261 20.19: up to 2^32 - 1 seconds. */
function secondsOf(text: string | undefined): number | null {
  return /^\d{1,10}$/.test(text?.trim() ?? '') ? Number(text) * 1000 : null;
}

/** RFC 3261 25.1: 0 to 1, three decimals. */
function qOf(text: string | undefined): number {
  return text !== undefined && /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 1;
}

/**
 * The same place: by instance and reg-id (RFC 5626 6), by its URI (RFC 3261 10.3 step 7), or, over a connection, by what the engine
 * knows that by: a binding whose connection it forgot would be dialled at the host of its Contact.
 */
function matches(
  asked: Pick<Asked, 'uri' | 'instance' | 'regId'>,
  binding: Registration,
  { source }: Pick<Register, 'source'>,
): boolean {
  if (asked.regId !== null && asked.regId === binding.regId && asked.instance === binding.instance) return true;
  if (asked.uri === binding.contact) return true;
  const byConnection = !isUdp(source) || !isUdp(binding.source);
  if (byConnection && connectionKey(asked.uri) === connectionKey(binding.contact)) return true;
  return areSame(parseUri(asked.uri), parseUri(binding.contact));
}

/** What the engine knows the connection of a Contact by: user, host and port, whatever else it says (drachtio's way). */
export function connectionKey(contact: string): string {
  const uri = parseUri(contact);
  return uri === null ? contact : `${unescaped(uri.user ?? '') ?? ''}@${uri.host}:${uri.port ?? ''}`;
}

/** Null where an escape is none. */
function unescaped(user: string): string | null {
  try {
    return decodeURIComponent(user);
  } catch {
    return null;
  }
}

function isUdp(source: string): boolean {
  return source.startsWith('udp/');
}

/** Parameters that make another address where only one of two URIs has them (RFC 3261 19.1.4). */
const TELLING = ['transport', 'user', 'ttl', 'method', 'maddr'];

function areSame(a: Uri | null, b: Uri | null): boolean {
  if (a === null || b === null) return false;
  if (a.scheme !== b.scheme || a.user !== b.user || a.host !== b.host || a.port !== b.port) return false;
  const [ofA, ofB] = [parametersOf(a), parametersOf(b)];
  if (TELLING.some((name) => ofA.get(name) !== ofB.get(name))) return false;
  return [...ofA].every(([name, value]) => (ofB.get(name) ?? value) === value);
}

function parametersOf({ parameters }: Uri): Map<string, string> {
  const named = parameters.split(';').filter((parameter) => parameter !== '');
  return new Map(
    named.map((parameter) => {
      const [name = '', value = ''] = parameter.toLowerCase().split('=', 2);
      return [name, value];
    }),
  );
}

function sequenceOf(headers: Headers): Sequence | null {
  const callId = header(headers, 'call-id') ?? '';
  const digits = /^\s*(\d{1,10})\s/.exec(header(headers, 'cseq') ?? '')?.[1];
  if (callId === '' || callId.length > MAX_BINDING_CHARACTERS || digits === undefined) return null;
  return { callId, cseq: Number(digits) };
}

function contactsOf(headers: Headers): string {
  return header(headers, 'contact') ?? header(headers, 'm') ?? '';
}

function supports(headers: Headers, option: string): boolean {
  return tokens(header(headers, 'supported') ?? header(headers, 'k')).includes(option);
}

function tokens(value: string | undefined): string[] {
  const words = (value ?? '').split(',').map((word) => word.trim().toLowerCase());
  return words.filter((word) => word !== '');
}

/** RFC 3261 10.3 step 8: everything that stands, and for how long yet. */
function answerHeaders(
  contacts: readonly Registration[],
  { headers }: Register,
  now: number,
  outbound: boolean,
): Record<string, string> {
  const path = header(headers, 'path');
  return {
    ...(contacts.length === 0 ? {} : { contact: contacts.map((contact) => written(contact, now)).join(', ') }),
    // RFC 3327 5.3.
    ...(path === undefined ? {} : { path }),
    // RFC 5626 6.
    ...(outbound ? { require: 'outbound' } : {}),
    supported: [...SUPPORTED].join(', '),
    // The only clock that many phones have.
    date: new Date(now).toUTCString(),
  };
}

function written({ contact, instance, regId, q, expiresAt }: Registration, now: number): string {
  const parts = [`<${contact}>`, `expires=${Math.ceil((expiresAt - now) / 1000)}`];
  if (q !== 1) parts.push(`q=${q}`);
  if (instance !== null) parts.push(`+sip.instance="${instance}"`);
  if (regId !== null) parts.push(`reg-id=${regId}`);
  return parts.join(';');
}
