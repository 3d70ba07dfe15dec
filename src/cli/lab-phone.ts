import type { GatewayConfig } from '../config/index.ts';
import { startPhone, type Phone } from '../lab/index.ts';
import { parseUri } from '../sip/index.ts';
import { CommandError } from './terminal.ts';

const DEFAULT_SIP_PORT = 5060;

/** The phone of `lab: { phone: true }`: it stands where the first next hop points, rings, and never answers. */
export async function startLabPhone({ routing }: GatewayConfig): Promise<Phone> {
  const [hop] = routing.nextHop;
  const uri = hop === undefined ? null : parseUri(hop.uri);
  if (uri === null) throw new CommandError('lab.phone needs a next hop to stand at: routing.nextHop is empty.', 2);
  const { host: address, port } = uri;
  const starting = startPhone({
    listen: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address, port: port ?? DEFAULT_SIP_PORT })),
    behaviour: { kind: 'ring' },
  });
  return starting.catch((error: Error) => {
    throw new CommandError(
      `The lab phone could not start: ${error.message}. Is another gateway running? Else switch lab.phone off, or give routing.nextHop another port.`,
    );
  });
}
