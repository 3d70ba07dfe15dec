import { peerAssumptions } from './peer-assumptions.ts';
import { tlsAssumptions } from './tls.ts';
import { topologyAssumptions } from './topology.ts';
import type { GatewayConfig } from './types.ts';
import { voicemailAssumptions } from './voicemail-assumptions.ts';

/** Seconds as people read them. */
const seconds = (ms: number): string => `${ms / 1_000} s`;

function* engineAssumptions({ sip }: GatewayConfig): Generator<string> {
  if (sip.engine === 'embedded') return;
  yield 'sip.engine is drachtio: a stock drachtio-server does not answer 482 to an INVITE that reaches it by two ways; the application sees both.';
  yield `sip.engine is drachtio: sip.timerB (${seconds(sip.timerBMs)}) cannot shorten the drachtio-server's own timer B (32 s); set it there too, or the next hop is tried late.`;
  if (sip.advertise !== undefined || sip.localNet.length > 0) {
    yield 'sip.engine is drachtio: sip.advertise and sip.localNet have no effect; set external-ip and local-net in the drachtio-server.';
  }
  yield 'sip.engine is drachtio: strangers are refused by the application, not before it; limit them with a firewall.';
}

/** What the configuration takes for granted, in sentences, for `mcg check`: nothing here is a mistake. */
export function assumptions(config: GatewayConfig, nowMs = Date.now()): string[] {
  const said = [
    ...voicemailAssumptions(config),
    ...engineAssumptions(config),
    ...tlsAssumptions(config, nowMs),
    ...topologyAssumptions(config),
    ...peerAssumptions(config),
  ];
  if (config.routing.nextHop.length === 0 && config.registrar === null) {
    said.push('routing.nextHop is empty: a call that no route takes gets 404.');
  }
  if (config.trace !== null) {
    const size = Math.round(config.trace.maxBytes / 1024 ** 2);
    said.push(`trace: SIP messages, with the numbers in them, are kept in ${config.trace.path}, at most ${size} MB.`);
  }
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

/** Dial plans named here that policy.yaml does not have: the calls of those peers, or phones, find no mailbox. */
export function unknownDialPlans({ peers, registrar }: GatewayConfig, names: Iterable<string>): string[] {
  const known = new Set([...names].map((name) => name.toLowerCase()));
  const users = [
    ...peers.map(({ name, dialPlan }, index) => ({ path: `peers[${index}]`, who: name, dialPlan })),
    { path: 'registrar', who: 'registered phones', dialPlan: registrar?.dialPlan },
  ];
  return users.flatMap(({ path, who, dialPlan }) =>
    dialPlan === undefined || known.has(dialPlan.toLowerCase())
      ? []
      : [
          `${path}.dialPlan: policy.yaml has no dial plan ${JSON.stringify(dialPlan)}, so calls from ${who} find no mailbox.`,
        ],
  );
}
