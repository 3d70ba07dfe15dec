import type { GatewayConfig } from './types.ts';

/** Seconds as people read them. */
const seconds = (ms: number): string => `${ms / 1_000} s`;

function* ownerAssumptions({ voicemail, routing }: GatewayConfig): Generator<string> {
  const ring = seconds(routing.ringTimeoutMs);
  switch (voicemail.owner) {
    case 'none':
      yield `voicemail.owner is none: nobody has a voicemail, so every call that is not answered is missed. A phone or PBX behind the next hops that answers with a voicemail of its own counts as answered, and no mail is sent: set voicemail.owner: downstream then. A number rings for ${ring}.`;
      break;
    case 'gateway':
      yield `voicemail.owner is gateway: a call that nobody answers within ${ring} goes to ${voicemail.target ?? ''}. A message counts as left once the call has stayed there for ${seconds(voicemail.greetingMs + voicemail.minimumMessageMs)}, if nothing else tells.`;
      break;
    case 'upstream':
      yield `voicemail.owner is upstream: the PBX that sends a call takes it back for its voicemail; the verdict waits ${seconds(voicemail.settleMs)} for evidence.`;
      break;
    case 'downstream':
      yield 'voicemail.owner is downstream: the PBX that is rung answers with its voicemail. A call that it answers counts as answered at once, also where its voicemail took it, unless something tells the two apart: voicemail.targets, Diversion or History-Info in its answer, a changed P-Asserted-Identity, or answersAfter of the peer.';
      break;
  }
  const mixed = ['upstream', 'downstream'].includes(voicemail.owner) && routing.ringTimeoutMs < 60_000;
  if (mixed)
    yield `routing.ringTimeout is ${ring}: it may end the ringing before the other system's voicemail answers.`;
}

/** Who has voicemail, and what tells whether a message was left. */
export function* voicemailAssumptions(config: GatewayConfig): Generator<string> {
  const { voicemail, peers, featureCodes } = config;
  yield* ownerAssumptions(config);
  const nobody = voicemail.owner === 'none' && peers.every(({ voicemail: owner }) => (owner ?? 'none') === 'none');
  const settle = seconds(voicemail.settleMs);
  if (voicemail.mwi !== null) {
    yield `voicemail.mwi: message totals are asked for at ${voicemail.mwi.subscribe}, a subscription for each mailbox; a verdict about voicemail waits up to ${settle} for a total that rises. The first total after a start is compared with nothing.`;
  } else if (!nobody && voicemail.eventToken === null && voicemail.byeHeader === null) {
    yield `nothing is asked whether a message was left (voicemail.mwi, voicemail.eventTokenFile, voicemail.byeHeader): message totals that a peer sends unasked count, else the time that the caller stayed.`;
  }
  if (voicemail.eventToken !== null) {
    yield `voicemail.eventTokenFile: the voicemail system tells by itself what became of each visit, so every verdict about voicemail waits up to ${settle} for it.`;
  }
  if (voicemail.byeHeader !== null) {
    yield `voicemail.byeHeader: what ${voicemail.byeHeader} in the BYE of a voicemail system says about a message is believed.`;
  }
  if (featureCodes !== null) {
    const { notificationsOn, notificationsOff } = featureCodes;
    yield `${notificationsOn} and ${notificationsOff}, called by a number with a mailbox, switch its own notifications on and off, and reach no next hop (featureCodes: false ends that).`;
  }
}
