import type { EvidenceStrength } from '../../call/index.ts';
import { numberOf, parseAddress, parseParameters, parseUri, splitList, type Uri } from '../message/address.ts';
import { header, type Headers } from '../message/headers.ts';
import type { Voicemail } from '../types.ts';

/**
 * What in the signalling of an outbound leg says that a voicemail system has it. All input is hostile: what cannot be read
 * says nothing, and nothing here throws.
 */

export interface Sign {
  readonly strength: EvidenceStrength;
  /** One plain clause. */
  readonly detail: string;
}

/** The addresses that are voicemail wherever they turn up. */
export interface VoicemailTargets {
  /**
   * Whether a URI is the voicemail system's: `certain` where it is one of the configured addresses or says so itself
   * (RFC 4458 `target` and `cause`), `strong` where only its number is, or where it says `opaque=app:voicemail` (Lync).
   */
  sign(uri: string): Sign | null;
  /** Whether a number dials it. */
  isPilot(number: string | null): boolean;
}

/** What a leg's signalling has shown so far. */
export interface LegSigns {
  /** A 1xx said that the call is on its way to voicemail; who answers then is the voicemail system. */
  readonly announced: Sign | null;
  /** A 1xx came from something that does not call itself a voicemail system. */
  readonly alertedByOther: boolean;
  /** The strongest sign that was told. */
  readonly told: EvidenceStrength | null;
  /** Redirections that were told. */
  readonly redirections: readonly string[];
}

export const NO_SIGNS: LegSigns = { announced: null, alertedByOther: false, told: null, redirections: [] };

export interface Signalled {
  /** `request`: an UPDATE or re-INVITE of the answered side. */
  readonly type: 'provisional' | 'answer' | 'request';
  readonly headers: Headers;
}

export interface Found extends Sign {
  readonly kind: 'voicemail-reached' | 'redirected';
}

/** Redirections told for one leg. */
export const MAX_REDIRECTIONS = 4;
const MAX_SHOWN_LENGTH = 120;
const RANK: Readonly<Record<EvidenceStrength, number>> = { weak: 1, strong: 2, certain: 3 };
/** What voicemail systems call themselves in Server and User-Agent. */
const SOFTWARE = /voice\s?-?mail|unity[ -]?connection|exchange|unified messaging|\bum\b/i;
/** RFC 4458 2.1: why the call was diverted, in Diversion's words (RFC 5806 4). */
const REASONS: Readonly<Record<number, string>> = {
  302: 'unconditional',
  404: 'unknown',
  408: 'no-answer',
  480: 'deflection',
  486: 'user-busy',
  487: 'deflection',
  503: 'unavailable',
};

/** @param voicemail `targets` and `target`: user parts (`*97`) and URIs; a URI without a user is a whole host */
export function createVoicemailTargets({ target, targets }: Pick<Voicemail, 'target' | 'targets'>): VoicemailTargets {
  const addresses: Uri[] = [];
  const numbers = new Set<string>();
  for (const written of target === null ? targets : [target, ...targets]) {
    const uri = parseUri(written);
    if (uri !== null && uri.host !== '') addresses.push(uri);
    const number = uri === null ? written : numberOf(uri);
    if (number !== null) numbers.add(number);
  }
  return {
    sign(text) {
      const written = text.split('?', 1)[0] ?? '';
      const uri = parseUri(written);
      if (uri === null) return null;
      const number = numberOf(uri);
      if (addresses.some((address) => isAt(uri, address))) return sign('certain', written, 'is a voicemail address');
      if (voicemailParameters(written) !== null)
        return sign('certain', written, 'names whose voicemail it is (RFC 4458)');
      if (/;opaque=app:voicemail(;|$)/i.test(uri.parameters))
        return sign('strong', written, 'says that it is voicemail');
      if (number !== null && numbers.has(number)) return sign('strong', written, 'has a voicemail number');
      return null;
    },
    isPilot: (number) => number !== null && numbers.has(number),
  };
}

function isAt(uri: Uri, known: Uri): boolean {
  if (uri.host !== known.host) return false;
  // A whole host is one server, not every port of its machine.
  if (known.user === null) return portOf(uri) === portOf(known);
  return numberOf(uri) === numberOf(known) && (uri.port === null || known.port === null || uri.port === known.port);
}

/** RFC 3261 19.1.2. */
function portOf({ port, scheme, parameters }: Uri): number {
  return port ?? (scheme === 'sips' || /;transport=tls(;|$)/i.test(parameters) ? 5_061 : 5_060);
}

function sign(strength: EvidenceStrength, uri: string, what: string): Sign {
  return { strength, detail: `${shown(uri)} ${what}` };
}

/**
 * RFC 4458 2: the Request-URI of a call that was diverted to voicemail says whose it was and why.
 * @returns null where it does not
 */
export function voicemailParameters(uri: string): { readonly target: string; readonly reason: string } | null {
  // Most Request-URIs have no such thing.
  const parsed = /;target=/i.test(uri) ? parseUri(uri.split('?', 1)[0] ?? '') : null;
  if (parsed === null) return null;
  const parameters = parseParameters(parsed.parameters);
  const cause = parameters.get('cause') ?? '';
  const target = unescaped(parameters.get('target') ?? '');
  if (!/^\d{3}$/.test(cause) || parseUri(target) === null) return null;
  return { target, reason: REASONS[Number(cause)] ?? 'unknown' };
}

/** What a Request-URI told the voicemail system goes on to it, wherever that is: RFC 4458, and `opaque` of Lync. */
export function keepVoicemailParameters(uri: string, dialled: string): string {
  const from = parseParameters(parseUri(dialled)?.parameters ?? '');
  const has = parseParameters(parseUri(uri)?.parameters ?? '');
  const kept = ['target', 'cause', 'opaque'].flatMap((name) => {
    const value = from.get(name) ?? '';
    return has.has(name) || !PARAMETER_VALUE.test(value) ? [] : [`;${name}=${value}`];
  });
  return `${uri}${kept.join('')}`;
}

/** A URI of somebody who may not say whose voicemail it is, and why (RFC 4458). */
export function withoutVoicemailParameters(uri: string): string {
  const [address = '', ...headers] = uri.split('?');
  return [address.replaceAll(/;(?:target|cause)(?:=[^;]*)?(?=;|$)/gi, ''), ...headers].join('?');
}

/** RFC 3261 25.1: paramchar. */
const PARAMETER_VALUE = /^[\w[\]/:&+$.!~*'()%-]+$/;

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Takes one message of the leg into account. @returns what is to be told: a sign only where it is stronger than those before */
export function observe(
  signs: LegSigns,
  { type, headers }: Signalled,
  targets: VoicemailTargets,
): { readonly signs: LegSigns; readonly found: readonly Found[] } {
  const way = wayOf(headers, targets);
  const announced = way.announced === undefined ? signs.announced : way.announced;
  const redirections = way.redirections
    .filter((detail) => !signs.redirections.includes(detail))
    .slice(0, MAX_REDIRECTIONS - signs.redirections.length);
  const found: Found[] = redirections.map((detail) => ({ kind: 'redirected', strength: 'strong', detail }));
  const next = { ...signs, announced, redirections: [...signs.redirections, ...redirections] };
  const software = softwareOf(headers);
  if (type === 'provisional') {
    return { signs: { ...next, alertedByOther: signs.alertedByOther || software === null }, found };
  }
  const weak = signs.alertedByOther && software !== null ? software : null;
  const best = [announced, identityOf(headers, targets), weak].reduce(stronger, null);
  if (best === null || rank(best.strength) <= rank(signs.told)) return { signs: next, found };
  return {
    signs: { ...next, told: best.strength },
    found: [...found, { kind: 'voicemail-reached', ...best }],
  };
}

function stronger(best: Sign | null, sign: Sign | null): Sign | null {
  return rank(sign?.strength) > rank(best?.strength) ? sign : best;
}

function rank(strength: EvidenceStrength | null | undefined): number {
  return strength === null || strength === undefined ? 0 : RANK[strength];
}

interface Way {
  /** Absent: the message says nothing of where the call is now. Null: it is somewhere else. */
  readonly announced?: Sign | null;
  readonly redirections: readonly string[];
}

/** Where the call went on its way through the other side (RFC 7044, RFC 5806). */
function wayOf(headers: Headers, targets: VoicemailTargets): Way {
  const redirections: string[] = [];
  let announced: Sign | null | undefined;
  const [diversion] = splitList(header(headers, 'diversion') ?? '');
  const diverting = diversion === undefined ? null : parseAddress(diversion);
  if (diverting !== null) {
    // In a response some systems write the new target there, others who diverted (RFC 5806 has it in requests only).
    const known = targets.sign(diverting.uri);
    if (known === null) redirections.push(`${shown(diverting.uri)} diverted the call${because(diverting.parameters)}`);
    else announced = said(known, 'Diversion');
  }
  // RFC 7044 5: the last entry is where the call is now.
  const last = splitList(header(headers, 'history-info') ?? '').at(-1);
  const present = last === undefined ? null : parseAddress(last);
  if (present !== null) {
    const known = targets.sign(present.uri);
    announced =
      known === null ? (announced ?? null) : (stronger(announced ?? null, said(known, 'History-Info')) ?? null);
    // RFC 7044 10.4: `mp` says that it is another user's address now; `rc` and `np`, another address of the same.
    if (known === null && present.parameters.has('mp')) redirections.push(`the call went on to ${shown(present.uri)}`);
  }
  return announced === undefined ? { redirections } : { announced, redirections };
}

function said({ strength, detail }: Sign, name: string): Sign {
  return { strength, detail: `${name} named ${detail}` };
}

function because(parameters: ReadonlyMap<string, string>): string {
  const reason = parameters.get('reason') ?? '';
  return /^[\w-]{1,32}$/.test(reason) ? ` (${reason})` : '';
}

/** Who answered says who it is: never more than strong, an identity may be the PBX's for all it has. */
function identityOf(headers: Headers, targets: VoicemailTargets): Sign | null {
  for (const name of ['p-asserted-identity', 'remote-party-id', 'contact']) {
    for (const entry of splitList(header(headers, name) ?? '')) {
      const address = parseAddress(entry);
      const known = address === null ? null : targets.sign(address.uri);
      if (known !== null)
        return { strength: 'strong', detail: `the ${NAMES[name] ?? name} of who answered: ${known.detail}` };
    }
  }
  return null;
}

const NAMES: Readonly<Record<string, string>> = {
  'p-asserted-identity': 'P-Asserted-Identity',
  'remote-party-id': 'Remote-Party-ID',
  contact: 'Contact',
};

/** RFC 3261 20.35, 20.41. Null where nothing is said, or nothing of voicemail. */
function softwareOf(headers: Headers): Sign | null {
  const written = header(headers, 'server') ?? header(headers, 'user-agent') ?? '';
  const name = written.slice(0, MAX_SHOWN_LENGTH);
  if (!SOFTWARE.test(name)) return null;
  return { strength: 'weak', detail: `whatever rang, ${shown(name)} answered` };
}

/** For people: no control characters, no novels. */
function shown(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MAX_SHOWN_LENGTH);
}

/** What a voicemail system said of a visit in a header of its BYE. */
export interface MessageWord {
  readonly kind: 'voicemail-left' | 'voicemail-blank' | 'voicemail-none';
  /** As it was written, for people. */
  readonly word: string;
}

/**
 * Reads the header that `voicemail.byeHeader` names: `yes`, `no`, `blank`, or how many seconds were recorded.
 * @returns null for anything else
 */
export function parseMessageWord(value: string | undefined, minimumMessageMs: number): MessageWord | null {
  const word = (value ?? '').trim().toLowerCase();
  if (/^(yes|true|left)$/.test(word)) return { kind: 'voicemail-left', word };
  if (/^(no|none|false)$/.test(word)) return { kind: 'voicemail-none', word };
  if (/^(blank|silent|empty)$/.test(word)) return { kind: 'voicemail-blank', word };
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(word)) return null;
  const recordedMs = Number(word) * 1_000;
  if (recordedMs === 0) return { kind: 'voicemail-none', word };
  return { kind: recordedMs < minimumMessageMs ? 'voicemail-blank' : 'voicemail-left', word };
}
