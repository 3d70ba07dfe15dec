import type { HopHealth } from './hop-health.ts';
import type { HopPeers } from './hop-peers.ts';
import type { GatewayLog, GatewaySettings } from '../types.ts';
import type { UserAgent } from '../agent/user-agent.ts';

/**
 * Asks next hops whether they are there, by OPTIONS (RFC 3261 11), where their peer says how often.
 * @param agent any connected engine; null: none just now
 * @returns the function that ends it
 */
export function watchHops(
  settings: GatewaySettings,
  hopPeers: HopPeers,
  health: HopHealth,
  agent: () => UserAgent | null,
  log: GatewayLog,
): () => void {
  const hops = new Map<string, number>();
  for (const uri of hopUris(settings)) {
    const every = hopPeers.at(uri)?.optionsMs ?? null;
    if (every !== null) hops.set(uri, every);
  }
  const timers = [...hops].map(([uri, every]) => {
    health.watch(uri);
    let asking = false;
    const ask = (): void => {
      const engine = agent();
      if (asking || engine === null) return;
      asking = true;
      engine.request('OPTIONS', uri, { 'max-forwards': '70' }, (status) => {
        asking = false;
        note(uri, status);
      });
    };
    return setInterval(ask, every);
  });
  const note = (uri: string, status: number | null): void => {
    // Any answer but "not now" says that somebody is there, whatever it thinks of OPTIONS.
    const isUp = status !== null && status !== 408 && status !== 503;
    if (health.asked(uri, isUp)) log.info({ hop: uri, status, up: isUp }, 'next hop changed its state');
  };
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** Every next hop that the configuration names. */
export function hopUris({ routing, voicemail }: GatewaySettings): string[] {
  const hops = [...routing.nextHop, ...routing.routes.flatMap(({ nextHop }) => nextHop)].map(({ uri }) => uri);
  return voicemail.target === null ? hops : [...hops, voicemail.target];
}
