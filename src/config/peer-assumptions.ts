import type { GatewayConfig, PeerConfig, Profile } from './types.ts';
import { singleAddress } from './values.ts';

const PROFILE_ASSUMPTIONS: Readonly<Record<Profile, string | null>> = {
  generic: null,
  asterisk: null,
  freeswitch:
    'is FreeSWITCH, whose "answered elsewhere" is not believed: it says so also where the caller of a forked call hung up',
  cucm: 'is a CUCM: on its SIP trunk, Redirecting Diversion Header Delivery (outbound) tells the gateway who was called first',
  lync: 'is a Lync or Skype for Business trunk: the gateway does not see which of its users’ devices answered, nor Exchange UM behind it. On the trunk, ForwardCallHistory and ForwardPAI must be on (their default is off), or nothing tells voicemail from people and callers from each other; name it voicemail: downstream where Exchange UM takes its calls',
  'exchange-um':
    'is Exchange UM: it finds the mailbox by the one Diversion that it gets, sends calls on to another of its ports by 302, which is followed only to addresses of the peer, and sends its message totals unasked',
};

const seconds = (ms: number): string => `${ms / 1_000} s`;

function* knownBy({ name, allow, digest, trustReason, trustCallerId }: PeerConfig): Generator<string> {
  const ranges = allow.filter((cidr) => singleAddress(cidr) === null);
  if (ranges.length > 0) {
    yield `peer ${name} is everybody in ${ranges.join(', ')}: whether a route leads back to the caller cannot be told.`;
  }
  if (digest !== null) {
    const elsewhere = allow.length === 0 ? '' : ', or calls from its addresses without one';
    yield `peer ${name} is whoever knows the password of ${digest.username}${elsewhere}. Calls to a host are sent as its settings say only where the host is in its allow list.`;
  }
  if (trustReason)
    yield `peer ${name}: the Reason header of its CANCEL is believed (answered elsewhere, busy, declined).`;
  if (!trustCallerId) {
    yield `peer ${name}: its P-Asserted-Identity is not believed and goes no further; the caller is whom From names.`;
  }
}

function* sentTo(peer: PeerConfig, hasPlan: boolean): Generator<string> {
  const { name, answersAfter, voicemailEscapeMs, headers, numberFormat } = peer;
  if (answersAfter !== null) {
    const { fromMs, toMs } = answersAfter;
    yield `peer ${name}: an answer ${seconds(fromMs)} to ${seconds(toMs)} after the first ring is taken for its voicemail; whoever picks up just then is too.`;
  }
  if (voicemailEscapeMs !== null) {
    yield `peer ${name}: an answer within ${seconds(voicemailEscapeMs)} of the INVITE without a ring before it is taken for a carrier’s voicemail.`;
  }
  if (headers.pass !== null || headers.drop.length > 0) {
    yield `peer ${name}: the lists of headers are about the INVITEs that it gets, not about later requests of a call.`;
  }
  if (numberFormat === 'e164' && !hasPlan) {
    yield `peer ${name}: numbers go to it in E.164 by the dial plan of the peer that calls, and no peer names one (dialPlan): they go as they were dialled.`;
  }
}

/** What the configuration takes for granted of each peer. */
export function* peerAssumptions({ peers, registrar, voicemail }: GatewayConfig): Generator<string> {
  const hasPlan = peers.some(({ dialPlan }) => dialPlan !== undefined) || registrar?.dialPlan !== undefined;
  for (const peer of peers) {
    const profile = PROFILE_ASSUMPTIONS[peer.profile];
    if (profile !== null) yield `peer ${peer.name} ${profile}.`;
    yield* knownBy(peer);
    yield* sentTo(peer, hasPlan);
    if (peer.voicemail !== null && peer.voicemail !== voicemail.owner) {
      yield `peer ${peer.name}: its calls have voicemail ${peer.voicemail}, those of others ${voicemail.owner}.`;
    }
  }
}
