import { tlsAssumptions } from './tls.ts';
import type { GatewayConfig } from './types.ts';
import { singleAddress } from './values.ts';

/** Seconds as people read them. */
const seconds = (ms: number): string => `${ms / 1_000} s`;

function* voicemailAssumptions({ voicemail, routing }: GatewayConfig): Generator<string> {
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
      yield 'voicemail.owner is downstream: the PBX that is rung answers with its voicemail; a call that it answers counts as answered at once, also where its voicemail took it, and no mail is sent: nothing tells the two apart yet. A call that ends before it answers is judged like any other.';
      break;
  }
  const mixed = ['upstream', 'downstream'].includes(voicemail.owner) && routing.ringTimeoutMs < 60_000;
  if (mixed)
    yield `routing.ringTimeout is ${ring}: it may end the ringing before the other system's voicemail answers.`;
}

function* engineAssumptions({ sip }: GatewayConfig): Generator<string> {
  if (sip.engine === 'embedded') return;
  yield 'sip.engine is drachtio: a stock drachtio-server does not answer 482 to an INVITE that reaches it by two ways; the application sees both.';
  yield `sip.engine is drachtio: sip.timerB (${seconds(sip.timerBMs)}) cannot shorten the drachtio-server's own timer B (32 s); set it there too, or the next hop is tried late.`;
  if (sip.advertise !== undefined || sip.localNet.length > 0) {
    yield 'sip.engine is drachtio: sip.advertise and sip.localNet have no effect; set external-ip and local-net in the drachtio-server.';
  }
  yield 'sip.engine is drachtio: strangers are refused by the application, not before it; limit them with a firewall.';
}

function* peerAssumptions({ peers, routing }: GatewayConfig): Generator<string> {
  for (const { name, allow, trustReason } of peers) {
    const ranges = allow.filter((cidr) => singleAddress(cidr) === null);
    if (ranges.length > 0) {
      yield `peer ${name} is everybody in ${ranges.join(', ')}: whether a route leads back to the caller cannot be told.`;
    }
    if (trustReason)
      yield `peer ${name}: the Reason header of its CANCEL is believed (answered elsewhere, busy, declined).`;
  }
  if (routing.nextHop.length === 0) yield 'routing.nextHop is empty: a call that no route takes gets 404.';
}

/** What the configuration takes for granted, in sentences, for `mcg check`: nothing here is a mistake. */
export function assumptions(config: GatewayConfig, nowMs = Date.now()): string[] {
  const said = [
    ...voicemailAssumptions(config),
    ...engineAssumptions(config),
    ...tlsAssumptions(config, nowMs),
    ...peerAssumptions(config),
  ];
  if (config.lab.phone) {
    said.push(
      'lab.phone is on: a phone of the gateway rings at the next hop and never answers. Remove it in production.',
    );
  }
  if (config.notification.transport.uri.startsWith('maildir:')) {
    said.push(
      `notification.transport is a folder: mails are written to ${config.notification.transport.uri.slice(8)} and go nowhere else.`,
    );
  }
  return said;
}

/** Peers whose dial plan policy.yaml does not have: their calls find no mailbox. */
export function unknownDialPlans(config: GatewayConfig, names: Iterable<string>): string[] {
  const known = new Set([...names].map((name) => name.toLowerCase()));
  return config.peers.flatMap(({ name, dialPlan }, index) =>
    dialPlan === undefined || known.has(dialPlan.toLowerCase())
      ? []
      : [
          `peers[${index}].dialPlan: policy.yaml has no dial plan ${JSON.stringify(dialPlan)}, so calls from ${name} find no mailbox.`,
        ],
  );
}
