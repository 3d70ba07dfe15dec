import { hostPort, numberOf, parseAddress, parseParameters, parseUri, splitList } from './address.ts';
import { header, passHeaders, type Headers } from './headers.ts';
import type { DiversionCause } from '../hunt/outcome.ts';

/** Somebody whom we rang, or we in his name, sent the call on. */
export interface Diversion {
  /** The URI that he was called by. */
  readonly by: string;
  readonly why: DiversionCause;
}

export interface DivertedCall {
  /** The headers of the INVITE that came in. */
  readonly incoming: Headers;
  /** The called user's URI. */
  readonly calledUri: string;
  /** The URI that is dialled now. */
  readonly target: string;
  /** The first one first. */
  readonly diversions: readonly [Diversion, ...Diversion[]];
  /** The one URI that Diversion names; null: all who sent the call on. */
  readonly only: string | null;
}

/**
 * The headers that tell whose call this is, and by whom it came here: Diversion (RFC 5806 4: the latest on top, those that came
 * in last; a voicemail system gets exactly one, for with several Exchange UM takes the wrong one), and History-Info entries
 * (RFC 7044) behind those that came in.
 */
export function diversionHeaders(call: DivertedCall): Record<string, string> {
  const { incoming, diversions, only } = call;
  const latest = diversions.at(-1) ?? diversions[0];
  const before = splitList(header(incoming, 'diversion') ?? '');
  const named =
    only === null ? [...diversions.toReversed().map(entryOf), ...before] : [entryOf({ by: only, why: latest.why })];
  return { Diversion: named.join(', '), 'history-info': history(call) };
}

function entryOf({ by, why }: Diversion): string {
  return `<${bare(by)}>;reason=${why.reason}`;
}

/** A URI with nothing in it that could end the header's angle brackets or mean something to a voicemail system. */
function bare(uri: string): string {
  const parsed = parseUri(uri);
  if (parsed === null) return 'sip:unknown@unknown.invalid';
  return parsed.scheme === 'tel'
    ? `tel:${parsed.user ?? ''}`
    : `${parsed.scheme}:${parsed.user === null ? '' : `${parsed.user}@`}${hostPort(parsed)}`;
}

/** RFC 7044 10.3 and 10.4: each target that failed says why, and the next one, below it, whose target it was mapped from. */
function history({ incoming, calledUri, target, diversions }: DivertedCall): string {
  const entries = splitList(header(incoming, 'history-info') ?? '');
  if (indexOf(entries.at(-1)) === null) entries.splice(0, Infinity, `<${bare(calledUri)}>;index=1`);
  for (const [step, { by, why }] of diversions.entries()) {
    const next = diversions[step + 1];
    // Whom the call was for before it was this one's: a group, or who had sent it on already.
    if (userOf(entries.at(-1)) !== numberOf(parseUri(by))) append(entries, bare(by));
    const failed = entries.pop() ?? '';
    entries.push(withReason(failed, `Reason=SIP%3Bcause%3D${why.cause}`));
    // RFC 4458 2.2: the cause stands in the new target too.
    append(entries, withCause(next === undefined ? target : bare(next.by), why.cause));
  }
  return entries.join(', ');
}

function append(entries: string[], uri: string): void {
  const parent = indexOf(entries.at(-1)) ?? '1';
  entries.push(`<${uri}>;index=${parent}.1;mp=${parent}`);
}

function userOf(entry: string | undefined): string | null {
  return numberOf(parseUri(parseAddress(entry ?? '')?.uri ?? ''));
}

function indexOf(entry = ''): string | null {
  const parameters = parseParameters(entry.slice(entry.lastIndexOf('>') + 1));
  const index = parameters.get('index') ?? '';
  return /^\d+(\.\d+)*$/.test(index) ? index : null;
}

function withReason(entry: string, reason: string): string {
  const close = entry.lastIndexOf('>');
  const uri = entry.slice(0, close);
  if (/[?&]reason=/i.test(uri)) return entry;
  return `${uri}${uri.includes('?') ? '&' : '?'}${reason}${entry.slice(close)}`;
}

function withCause(uri: string, cause: number): string {
  const [address = uri, headers] = uri.split('?', 2);
  return `${address};cause=${cause}${headers === undefined ? '' : `?${headers}`}`;
}

/**
 * A call that came in diverted, on its way to a voicemail system: of several Diversions only the called user's goes on, or
 * the latest where none is known to be it.
 */
export function singleDiversion(incoming: Headers, calledUri: string): Record<string, string> {
  const diversions = splitList(header(incoming, 'diversion') ?? '').flatMap((entry) => parseAddress(entry) ?? []);
  const chosen = diversions.find(({ uri }) => uri === calledUri) ?? diversions[0];
  if (chosen === undefined) return {};
  const reason = chosen.parameters.get('reason') ?? '';
  return { Diversion: `<${bare(chosen.uri)}>;reason=${/^[\w-]+$/.test(reason) ? reason : 'unknown'}` };
}

/** The headers of an INVITE as it goes on, without any diversion of before. */
export function withoutDiversion(incoming: Headers): Record<string, string> {
  const passed = passHeaders(incoming);
  for (const name of Object.keys(passed)) {
    if (['diversion', 'history-info'].includes(name.toLowerCase())) delete passed[name];
  }
  return passed;
}
