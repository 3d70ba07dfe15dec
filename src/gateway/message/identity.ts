import type { Party } from '../../call/index.ts';
import type { Mailbox, Policy } from '../../policy/index.ts';
import { numberOf, parseAddress, parseUri, splitList, type Address } from './address.ts';
import { header, privacyOf, type Headers } from './headers.ts';
import type { Peer } from '../types.ts';
import { voicemailParameters, withoutVoicemailParameters } from '../voicemail/voicemail-signs.ts';

/** Who was called, and where that was read. */
export interface Called {
  /** The number or name that is dialled onwards: the Request-URI's (or what `calledFrom` names). */
  readonly dialled: string | null;
  readonly dialledUri: string;
  /** The called user: `dialled`, or the oldest diverting number that has a mailbox. */
  readonly number: string | null;
  readonly uri: string;
  readonly mailbox: Mailbox | null;
  /** Several mailboxes in different dial plans answer to the number. */
  readonly ambiguous: readonly Mailbox[];
  /** The header that named a diverting number, and how often the call was diverted. */
  readonly divertedBy: 'Diversion' | 'History-Info' | 'the Request-URI' | null;
  /** A diversion of any kind came in with the INVITE. */
  readonly diverted: boolean;
}

/**
 * The caller (design: P-Asserted-Identity from a peer, else From; `Privacy: id` or an anonymous From hides it).
 * @param trusted whether the sender's P-Asserted-Identity is believed (`trustCallerId`)
 */
export function callerOf(headers: Headers, trusted = true): Party {
  const from = parseAddress(header(headers, 'from') ?? '');
  const asserted = splitList(trusted ? (header(headers, 'p-asserted-identity') ?? '') : '')
    .map(parseAddress)
    .find((address) => address !== null && parseUri(address.uri) !== null);
  const shown = asserted ?? from;
  const uri = shown?.uri ?? 'sip:anonymous@anonymous.invalid';
  const asked = privacyOf(headers).some((token) => token === 'id' || token === 'user' || token === 'full');
  const nobody = isAnonymous(from);
  return {
    number: asserted === undefined && nobody ? null : numberOf(parseUri(uri)),
    uri,
    displayName: shown?.displayName ?? null,
    hidden: asked || nobody,
  };
}

/** RFC 3323 4.1.1.3: `"Anonymous" <sip:anonymous@anonymous.invalid>`. */
function isAnonymous(from: Address | null): boolean {
  const uri = from === null ? null : parseUri(from.uri);
  return uri === null || uri.host === 'anonymous.invalid' || uri.user?.toLowerCase() === 'anonymous';
}

/** The called user of an INVITE (design 4.2). Who diverted it counts where the peer is believed about who calls. */
export function calledOf(
  invite: { readonly uri: string; readonly headers: Headers },
  peer: Pick<Peer, 'calledFrom' | 'dialPlan' | 'trustCallerId'>,
  policy: Policy,
): Called {
  const { trustCallerId: trusted } = peer;
  const written = dialledUriOf(invite, peer.calledFrom);
  const dialledUri = trusted ? written : withoutVoicemailParameters(written);
  const dialled = numberOf(parseUri(dialledUri));
  const find = (uri: string, number: string | null) => policy.findMailbox({ user: number, uri }, peer.dialPlan);

  const diversions = trusted ? divertingUris(invite) : [];
  for (const { uri, by } of diversions) {
    const number = numberOf(parseUri(uri));
    const found = find(uri, number);
    if (found.kind === 'found') {
      return {
        dialled,
        dialledUri,
        number,
        uri,
        mailbox: found.mailbox,
        ambiguous: [],
        divertedBy: by,
        diverted: true,
      };
    }
  }
  const found = find(dialledUri, dialled);
  return {
    dialled,
    dialledUri,
    number: dialled,
    uri: dialledUri,
    mailbox: found.kind === 'found' ? found.mailbox : null,
    ambiguous: found.kind === 'ambiguous' ? found.mailboxes : [],
    divertedBy: null,
    diverted: diversions.length > 0,
  };
}

function dialledUriOf(invite: { readonly uri: string; readonly headers: Headers }, from: Peer['calledFrom']): string {
  if (from === 'request-uri') return invite.uri;
  const address = parseAddress(header(invite.headers, from) ?? '');
  return address !== null && parseUri(address.uri) !== null ? address.uri : invite.uri;
}

interface DivertingUri {
  readonly uri: string;
  readonly by: NonNullable<Called['divertedBy']>;
}

/** The numbers that sent the call on, oldest first. */
function divertingUris({ uri: requestUri, headers }: { uri: string; headers: Headers }): DivertingUri[] {
  // RFC 5806 4: each diverting system puts its own on top, so the last one is the oldest.
  const diversions = splitList(header(headers, 'diversion') ?? '').toReversed();
  // RFC 7044 5.1: entries stand in the order in which they were added; the last one is the present target, nobody's diversion.
  const history = divertingEntries(splitList(header(headers, 'history-info') ?? ''));
  const asked = voicemailParameters(requestUri);
  return [
    // The whole tree from its root on, where Diversion may show the last step alone.
    ...history.map((entry) => ({ entry, by: 'History-Info' as const })),
    ...diversions.map((entry) => ({ entry, by: 'Diversion' as const })),
    // RFC 4458: whose voicemail it is, where nothing else tells.
    ...(asked === null ? [] : [{ entry: `<${asked.target}>`, by: 'the Request-URI' as const }]),
  ].flatMap(({ entry, by }) => {
    const uri = parseAddress(entry)?.uri;
    return uri === undefined ? [] : [{ uri: withoutHeaders(uri), by }];
  });
}

/**
 * The entries of a History-Info whose user is not the present target's. RFC 7044 10.4: `rc` and `np` lead to another address of the
 * same user, `mp` to another user; so do a cause in the new target (RFC 4458), a Reason in the old one (RFC 7044 10.3), and,
 * where nothing says how (RFC 4244), another user part.
 */
function divertingEntries(entries: readonly string[]): readonly string[] {
  const last = entries.findLastIndex((entry, at) => at < entries.length - 1 && diverts(entry, entries[at + 1] ?? ''));
  return entries.slice(0, last + 1);
}

function diverts(from: string, to: string): boolean {
  const [before, after] = [parseAddress(from), parseAddress(to)];
  const [old, present] = [before, after].map((each) => numberOf(parseUri(each?.uri ?? '')));
  if (before === null || after === null || old === present) return false;
  const { parameters } = after;
  if (parameters.has('mp') || !(parameters.has('rc') || parameters.has('np'))) return true;
  return /[?&]reason=/i.test(before.uri) || /;cause=\d/i.test(parseUri(after.uri)?.parameters ?? '');
}

/** History-Info carries its Reason as a header of the URI; whose address it is does not depend on it. */
function withoutHeaders(uri: string): string {
  return uri.split('?', 1)[0] ?? uri;
}

/**
 * Somebody listens to messages: a call to the voicemail system's own number without diversion, or from the mailbox's own
 * number to itself.
 * @returns how it is known, null where it is not so
 */
export function voicemailAccessOf(
  called: Called,
  caller: Party,
  voicemailNumber: string | null,
  { policy, dialPlan, isPeer }: Here,
): string | null {
  if (called.diverted) return null;
  if (voicemailNumber !== null && called.dialled === voicemailNumber) return 'the voicemail system itself was called';
  const own = called.mailbox === null ? null : mailboxOfCaller(caller, called.dialledUri, { policy, dialPlan, isPeer });
  if (own === null || own.identity !== called.mailbox?.identity) return null;
  return `the call came from ${caller.number}, a number of the called mailbox itself`;
}

/** What says who is somebody here. */
export interface Here {
  readonly policy: Policy;
  readonly dialPlan: string | undefined;
  /** Whether a URI's host is one of the peers: `sip:1001@elsewhere.example` is nobody's extension here. */
  readonly isPeer: (uri: string) => boolean;
}

/** The mailbox whose user calls; null where it is nobody's, or where nothing but an extension of somewhere else says so. */
export function mailboxOfCaller(caller: Party, dialledUri: string, { policy, dialPlan, isPeer }: Here): Mailbox | null {
  const { number, uri } = caller;
  const found = number === null ? null : policy.findMailbox({ user: number, uri }, dialPlan);
  if (number === null || found?.kind !== 'found') return null;
  const { mailbox } = found;
  const byExtensionAlone = mailbox.extensions.includes(number) && !number.startsWith('+');
  const local = [dialledUri, ...mailbox.sipAddresses].some((each) => hostOf(each) === hostOf(uri));
  return byExtensionAlone && !local && !isPeer(uri) ? null : mailbox;
}

function hostOf(uri: string): string | undefined {
  return parseUri(uri)?.host;
}

/** The number that a 3xx sends the call to: the user part of its best Contact that has one. The host is never dialled. */
export function redirectedTo(contact: string | undefined): { readonly number: string; readonly uri: string } | null {
  for (const uri of contactsIn(contact)) {
    const number = numberOf(parseUri(uri));
    if (number !== null) return { number, uri };
  }
  return null;
}

/** The best Contact of a 3xx, as it stands; null where none is an address that can be dialled. */
export function bestContact(contact: string | undefined): string | null {
  return contactsIn(contact).find((uri) => (parseUri(uri)?.host ?? '') !== '') ?? null;
}

/** RFC 3261 8.1.3.4: the URIs of a Contact, those with the highest q first. */
function contactsIn(contact: string | undefined): string[] {
  return splitList(contact ?? '')
    .flatMap((entry) => {
      const address = parseAddress(entry);
      if (address === null) return [];
      const q = Number(address.parameters.get('q') ?? '1');
      return [{ uri: address.uri, q: Number.isFinite(q) ? q : 0 }];
    })
    .sort((a, b) => b.q - a.q)
    .map(({ uri }) => uri);
}
