import { isIPv4 } from 'node:net';
import type { Endpoint, TracedMessage } from './types.ts';

/** https://www.tcpdump.org/linktypes.html: packets begin with their IPv4 or IPv6 header. */
const LINKTYPE_RAW = 101;
const SNAP_BYTES = 65_535;
const UDP = 17;
/** What an IP packet can carry: an IPv4 and a UDP header take 28 bytes of 65,535. */
const MAX_PAYLOAD_BYTES = 65_507;

/**
 * The messages as a pcap file that Wireshark, sngrep and tcpdump read. Each is one UDP datagram, whatever it was sent
 * by: SIP over TLS is readable this way. Longer ones are cut, and say so by their original length.
 */
export function pcap(messages: readonly TracedMessage[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(SNAP_BYTES, 16);
  header.writeUInt32LE(LINKTYPE_RAW, 20);
  return Buffer.concat([header, ...messages.flatMap(record)]);
}

function record(message: TracedMessage): Buffer[] {
  const { at, way, local, remote, text } = message;
  const bytes = Buffer.from(text, 'latin1');
  const payload = bytes.subarray(0, MAX_PAYLOAD_BYTES);
  const [from, to] = way === 'sent' ? [local, remote] : [remote, local];
  const packet = ip(from, to, payload);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(Math.floor(at / 1_000), 0);
  head.writeUInt32LE(Math.round((at % 1_000) * 1_000), 4);
  head.writeUInt32LE(packet.length, 8);
  head.writeUInt32LE(packet.length + bytes.length - payload.length, 12);
  return [head, packet];
}

function ip(from: Endpoint, to: Endpoint, payload: Buffer): Buffer {
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(from.port, 0);
  udp.writeUInt16BE(to.port, 2);
  udp.writeUInt16BE(8 + payload.length, 4);
  if (isIPv4(from.address) && isIPv4(to.address)) return Buffer.concat([ipv4(from, to, payload.length), udp, payload]);
  return Buffer.concat([ipv6(from, to, payload.length), udp, payload]);
}

function ipv4(from: Endpoint, to: Endpoint, payloadBytes: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(28 + payloadBytes, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(UDP, 9);
  octets(from.address).copy(header, 12);
  octets(to.address).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return header;
}

/** RFC 1071. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function ipv6(from: Endpoint, to: Endpoint, payloadBytes: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(8 + payloadBytes, 4);
  header.writeUInt8(UDP, 6);
  header.writeUInt8(64, 7);
  groups(from.address).copy(header, 8);
  groups(to.address).copy(header, 24);
  return header;
}

function octets(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** RFC 4291 2.2; an IPv4 address becomes a mapped one. */
function groups(address: string): Buffer {
  if (isIPv4(address)) return Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), octets(address)]);
  const [bare = ''] = address.split('%', 1);
  const [head = '', tail] = bare.split('::', 2);
  const before = colonParts(head);
  const after = colonParts(tail ?? '');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const bytes = Buffer.alloc(16);
  [...before, ...(tail === undefined ? [] : zeros), ...after].slice(0, 8).forEach((group, index) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16) & 0xffff, index * 2);
  });
  return bytes;
}

function colonParts(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
