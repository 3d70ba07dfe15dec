import type { EngineOptions, LocalEngine } from '../../src/drachtio/index.ts';

/** What engines of tests are told where nothing else matters: UDP and TCP on this machine, on free ports. */
export const LOCAL_ENGINE: EngineOptions = {
  listen: [
    { protocol: 'udp', address: '127.0.0.1', port: 0 },
    { protocol: 'tcp', address: '127.0.0.1', port: 0 },
  ],
  client: { host: '127.0.0.1', port: 0 },
  secret: 'cymru',
};

/** Where it listens for SIP by this protocol; 0 where it does not. */
export function portOf({ sipAddresses }: Pick<LocalEngine, 'sipAddresses'>, protocol: string): number {
  const address = sipAddresses.find((text) => text.startsWith(`${protocol}://`));
  return Number(/:(\d+)$/.exec(address ?? '')?.[1] ?? 0);
}
