import type { Endpoint, TracedMessage } from './types.ts';

/** A file of the ring: `sip-<when it was begun>-<count>.jsonl`; their names sort by time. A line is one message, as JSON. */
export function segmentName(at: number, count: number): string {
  return `sip-${String(at).padStart(15, '0')}-${String(count).padStart(6, '0')}.jsonl`;
}

export function isSegment(name: string): boolean {
  return /^sip-\d{15}-\d{6,}\.jsonl$/.test(name);
}

/** Arrays, for what is written with every message. */
type Line = [
  at: number,
  sent: 0 | 1,
  protocol: TracedMessage['protocol'],
  localAddress: string,
  localPort: number,
  remoteAddress: string,
  remotePort: number,
  text: string,
];

export function lineOf({ at, way, protocol, local, remote, text }: TracedMessage): string {
  const line: Line = [
    at,
    way === 'sent' ? 1 : 0,
    protocol,
    local.address,
    local.port,
    remote.address,
    remote.port,
    text,
  ];
  return `${JSON.stringify(line)}\n`;
}

/** Null for a line that was cut off: the program died while it was written. */
export function messageOf(line: string): TracedMessage | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isLine(parsed)) return null;
  const [at, sent, protocol, localAddress, localPort, remoteAddress, remotePort, text] = parsed;
  const local: Endpoint = { address: localAddress, port: localPort };
  const remote: Endpoint = { address: remoteAddress, port: remotePort };
  return { at, way: sent === 1 ? 'sent' : 'received', protocol, local, remote, text };
}

function isLine(value: unknown): value is Line {
  if (!Array.isArray(value) || value.length !== 8) return false;
  const kinds = ['number', 'number', 'string', 'string', 'number', 'string', 'number', 'string'];
  return value.every((item, index) => typeof item === kinds[index]);
}
