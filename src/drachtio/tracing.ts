import type { Tap } from '../sip/index.ts';
import type { TraceWriter } from '../trace/index.ts';

/** Messages a second of those who are no peers: a flood of theirs must not push the peers' calls out of the ring. */
export const MAX_STRANGER_MESSAGES_PER_SECOND = 200;

/** Writes down what the engine's sockets receive and send. */
export function traceTap(writer: TraceWriter, isPeer: (address: string) => boolean, now: () => number): Tap {
  let second = 0;
  let ofStrangers = 0;
  return (way, bytes, flow) => {
    const at = now();
    if (!isPeer(flow.remoteAddress)) {
      const current = Math.floor(at / 1_000);
      ofStrangers = current === second ? ofStrangers + 1 : 1;
      second = current;
      if (ofStrangers > MAX_STRANGER_MESSAGES_PER_SECOND) return;
    }
    writer.write({
      at,
      way,
      protocol: flow.protocol,
      local: { address: flow.localAddress, port: flow.localPort },
      remote: { address: flow.remoteAddress, port: flow.remotePort },
      text: bytes.toString('latin1'),
    });
  };
}
