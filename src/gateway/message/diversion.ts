import { hostPort, parseAddress, parseParameters, parseUri, splitList } from './address.ts';
import { header, passHeaders, type Headers } from './headers.ts';
import type { DiversionCause } from '../hunt/outcome.ts';

/**
 * The headers that tell a voicemail system whose call this is: exactly one Diversion (RFC 5806; with several, Exchange UM
 * takes the wrong one), and History-Info entries (RFC 7044) behind those that came in.
 * @param calledUri the called user's URI
 * @param target the URI that is dialled now
 */
export function diversionHeaders(
  incoming: Headers,
  calledUri: string,
  target: string,
  why: DiversionCause,
): Record<string, string> {
  const called = bare(calledUri);
  return {
    Diversion: `<${called}>;reason=${why.reason}`,
    'history-info': history(incoming, called, target, why),
  };
}

/** A URI with nothing in it that could end the header's angle brackets or mean something to a voicemail system. */
function bare(uri: string): string {
  const parsed = parseUri(uri);
  if (parsed === null) return 'sip:unknown@unknown.invalid';
  return parsed.scheme === 'tel'
    ? `tel:${parsed.user ?? ''}`
    : `${parsed.scheme}:${parsed.user === null ? '' : `${parsed.user}@`}${hostPort(parsed)}`;
}

function history(incoming: Headers, calledUri: string, target: string, why: DiversionCause): string {
  const before = splitList(header(incoming, 'history-info') ?? '');
  // RFC 7044 10.3: the reason stands, escaped, in the entry of the target that failed; it is the last one where any came in.
  const failed = `Reason=SIP%3Bcause%3D${why.cause}`;
  const last = before.at(-1);
  const index = last === undefined ? null : indexOf(last);
  const entries =
    last === undefined || index === null
      ? [`<${calledUri}?${failed}>;index=1`]
      : [...before.slice(0, -1), withReason(last, failed)];
  const parent = index ?? '1';
  // RFC 7044 10.4: `mp` names the entry whose user was mapped to another one; RFC 4458 2.2: the cause of it.
  entries.push(`<${withCause(target, why.cause)}>;index=${parent}.1;mp=${parent}`);
  return entries.join(', ');
}

function indexOf(entry: string): string | null {
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
