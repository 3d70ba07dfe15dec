import { isIP } from 'node:net';
import { newTag } from '../sip/index.ts';

/**
 * Session descriptions (RFC 4566) of phones: G.711, on the discard port where they talk about media and send none.
 */

/** RFC 863; nothing of ours listens there. */
const DISCARD_PORT = 9;
/** PCMU and PCMA (RFC 3551), in our order of liking. */
const CODECS: ReadonlyMap<string, string> = new Map([
  ['0', 'PCMU/8000'],
  ['8', 'PCMA/8000'],
]);

export interface SdpParty {
  /** Address for c= and o=. */
  readonly host: string;
  /** Numeric, for o=: one a session (RFC 4566 5.2). */
  readonly sessionId: number;
  /** Where it receives RTP; absent: it listens to nothing. */
  readonly port?: number;
}

/** Where the other side wants its media, by the first audio stream of its description that we can speak. */
export interface RemoteAudio {
  readonly address: string;
  readonly port: number;
  readonly codec: 'PCMU' | 'PCMA';
}

/** Null where there is no such stream, or its address is no literal. */
export function remoteAudio(sdp: string): RemoteAudio | null {
  const [session = '', ...sections] = sdp.split(/\r?\n(?=m=)/);
  for (const section of sections) {
    const [media = '', port = '', transport = '', ...formats] = firstLine(section).split(' ');
    const codec = formats.map((format) => CODECS.get(format)).find((name) => name !== undefined);
    const address = addressOf(section) ?? addressOf(session);
    if (media !== 'm=audio' || transport !== 'RTP/AVP' || !/^[1-9]\d{0,4}$/.test(port)) continue;
    if (codec === undefined || address === null) continue;
    return { address, port: Number(port), codec: codec.startsWith('PCMU') ? 'PCMU' : 'PCMA' };
  }
  return null;
}

function addressOf(section: string): string | null {
  const address = /^c=IN IP[46] ([^\s/]+)/m.exec(section)?.[1] ?? '';
  return isIP(address) === 0 ? null : address;
}

/** 48 random bits of the stack's making, as a number. */
export function newSessionId(): number {
  return Number.parseInt(newTag().slice(0, 12), 16);
}

export function offerSdp(party: SdpParty): Buffer {
  const media = [`m=audio ${party.port ?? DISCARD_PORT} RTP/AVP 0`, 'a=rtpmap:0 PCMU/8000', 'a=sendrecv'];
  return describe(party, media);
}

/**
 * The answer to an offer (RFC 3264 6): a stream for each of the offer's, in its order; the first audio stream with a codec we
 * know is taken, all others get port 0. null where none is left, or the offer is no SDP: 488.
 */
export function answerSdp(offer: string, party: SdpParty): Buffer | null {
  const sections = offer.split(/\r?\n(?=m=)/);
  const session = sections.shift() ?? '';
  if (!session.startsWith('v=0')) return null;
  let taken = false;
  const media = sections.flatMap((section) => {
    const answer = taken ? null : answerAudio(section, session, party);
    taken ||= answer !== null;
    return answer ?? [refuseStream(section)];
  });
  return taken ? describe(party, media) : null;
}

function answerAudio(section: string, session: string, party: SdpParty): string[] | null {
  const [media = '', port = '', transport = '', ...formats] = firstLine(section).split(' ');
  const codec = formats.find((format) => CODECS.has(format));
  if (media !== 'm=audio' || port === '0' || transport !== 'RTP/AVP' || codec === undefined) return null;
  return [
    `m=audio ${party.port ?? DISCARD_PORT} RTP/AVP ${codec}`,
    `a=rtpmap:${codec} ${CODECS.get(codec)}`,
    `a=${mirrored(directionOf(section) ?? directionOf(session) ?? 'sendrecv')}`,
  ];
}

function refuseStream(section: string): string {
  const [media = '', , transport = '', ...formats] = firstLine(section).split(' ');
  return `${media} 0 ${transport} ${formats.join(' ')}`;
}

function firstLine(section: string): string {
  return section.split(/\r?\n/, 1)[0] ?? '';
}

function directionOf(section: string): string | null {
  return /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(section)?.[1] ?? null;
}

/** RFC 3264 6.1: who is put on hold listens, or falls silent. */
function mirrored(direction: string): string {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}

function describe({ host, sessionId }: SdpParty, media: readonly string[]): Buffer {
  const family = host.includes(':') ? 'IP6' : 'IP4';
  const lines = [
    'v=0',
    `o=- ${sessionId} ${sessionId} IN ${family} ${host}`,
    's=-',
    `c=IN ${family} ${host}`,
    't=0 0',
    ...media,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}
