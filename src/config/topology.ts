import type { GatewayConfig, NextHopConfig, PeerConfig } from './types.ts';
import { sipTarget } from './values.ts';
import { machineOf, peerAt, transportOf } from './written.ts';

/** Where the gateway stands between the systems (ARCHITECTURE.md, topologies), as its settings show it, and what it is blind to there. */

interface Way {
  readonly from: PeerConfig;
  readonly hop: NextHopConfig;
  /** The peer at the hop's address; null: nobody's, or not to be told. */
  readonly to: string | null;
}

/** Every hop that a peer's calls may take. */
function waysOf({ peers, routing }: GatewayConfig): Way[] {
  const nameAt = (uri: string): string | null => {
    // Programs of one machine cannot be told apart.
    const name = machineOf(uri) === null ? null : peerAt(uri, peers)?.entry['name'];
    return typeof name === 'string' ? name : null;
  };
  return peers.flatMap((from) => {
    const taken = routing.routes.filter((route) => route.from === undefined || route.from === from.name);
    const hops = [...taken.flatMap(({ nextHop }) => nextHop), ...routing.nextHop];
    return hops.map((hop) => ({ from, hop, to: nameAt(hop.uri) }));
  });
}

const listed = (items: Iterable<string>): string => [...new Set(items)].join(', ');

/**
 * Whether calls are rung at voicemail systems alone. `perhaps`: at the machine of a voicemail, which may be a PBX that rings
 * phones as well: that its address does not tell.
 */
function isVoicemailOnly({ routing, voicemail, peers }: GatewayConfig): 'yes' | 'perhaps' | 'no' {
  const hops = [...routing.nextHop, ...routing.routes.flatMap(({ nextHop }) => nextHop)];
  const systems = [voicemail.target, ...voicemail.targets].flatMap((text) => machine(text ?? '') ?? []);
  const um = new Set(peers.filter(({ profile }) => profile === 'exchange-um').map(({ name }) => name));
  const rung = hops.map(({ uri, prefix }) => {
    // What comes back with a prefix rings phones, though the voicemail be of the same PBX.
    if (prefix !== undefined) return 'no';
    const at = peerAt(uri, peers)?.entry['name'];
    if (typeof at === 'string' && um.has(at)) return 'yes';
    return systems.includes(machine(uri) ?? '-') ? 'perhaps' : 'no';
  });
  if (rung.length === 0 || rung.includes('no')) return 'no';
  return rung.includes('perhaps') ? 'perhaps' : 'yes';
}

const BEFORE_VOICEMAIL =
  'the gateway stands before voicemail only: a caller who hangs up before a PBX diverts the call is not seen, and nobody is told of that call.';

/** Host and port, which tell programs of one machine apart. */
function machine(uri: string): string | null {
  const target = sipTarget(uri);
  if (target === null) return null;
  return `${target.host}:${target.port ?? (transportOf(target) === 'tls' ? 5_061 : 5_060)}`;
}

/** In sentences, for `mcg check`. */
export function* topologyAssumptions(config: GatewayConfig): Generator<string> {
  const { peers, registrar } = config;
  const voicemailOnly = isVoicemailOnly(config);
  if (voicemailOnly === 'yes') yield `every next hop is a voicemail system, so ${BEFORE_VOICEMAIL}`;
  if (voicemailOnly === 'perhaps') {
    yield `every next hop is the machine of the voicemail. Where that rings no phones, ${BEFORE_VOICEMAIL} Where it is a PBX that rings phones too, every call that is sent here is seen, and calls between its phones do not come here.`;
  }
  const ways = waysOf(config);
  for (const name of new Set(ways.map(({ from }) => from.name))) {
    const own = ways.filter(({ from }) => from.name === name);
    const back = own.filter(({ hop, to }) => to === name && hop.prefix !== undefined);
    if (back.length > 0) {
      const prefix = listed(back.map(({ hop }) => JSON.stringify(hop.prefix)));
      yield `calls of peer ${name} go back to it with prefix ${prefix} (loop-back): the gateway sees all of every call that ${name} sends here. There the prefix must ring devices only, without forwarding or voicemail, and must not come here again.`;
    }
    const others = own.filter(({ to }) => to !== name && to !== null);
    if (others.length > 0 && voicemailOnly === 'no') {
      yield `calls of peer ${name} are rung at ${listed(others.map(({ to }) => `peer ${to ?? ''}`))} (front): calls between phones behind it do not come here, and an IVR or queue that answers counts as answered.`;
    }
  }
  for (const { name, forks } of peers) {
    if (!forks) continue;
    yield `peer ${name} rings others beside this gateway (forks): what they do is not seen. Its CANCEL tells who answered, where trustReason holds; route its calls to the devices alone, not to whatever forwards them.`;
  }
  if (registrar !== null) {
    yield `phones register here (realm ${registrar.realm}): a number with registered phones rings these and not the next hops; their calls come from peer "phones".`;
  }
}
