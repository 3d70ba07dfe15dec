/** RFC 3550 5.1: real-time transport packets, as far as a phone with one stream needs them. */

export interface RtpPacket {
  readonly payloadType: number;
  readonly sequenceNumber: number;
  /** In samples. */
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 12;

/** Null where it is no RTP: RTCP, STUN, or anything else that comes by. */
export function parseRtp(bytes: Buffer): RtpPacket | null {
  if (bytes.length < HEADER_BYTES || bytes.readUInt8(0) >> 6 !== 2) return null;
  const flags = bytes.readUInt8(0);
  const payloadType = bytes.readUInt8(1) & 0x7f;
  // RFC 5761 4: these would be RTCP's.
  if (payloadType >= 64 && payloadType <= 95) return null;
  let start = HEADER_BYTES + (flags & 0x0f) * 4;
  if ((flags & 0x10) !== 0) {
    if (bytes.length < start + 4) return null;
    start += 4 + bytes.readUInt16BE(start + 2) * 4;
  }
  const padding = (flags & 0x20) === 0 ? 0 : (bytes.at(-1) ?? 0);
  if (start + padding > bytes.length) return null;
  return {
    payloadType,
    sequenceNumber: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, bytes.length - padding),
  };
}

export function makeRtp({ payloadType, sequenceNumber, timestamp, ssrc, payload }: RtpPacket, marker = false): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(0x80, 0);
  header.writeUInt8((marker ? 0x80 : 0) | payloadType, 1);
  header.writeUInt16BE(sequenceNumber & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc >>> 0, 8);
  return Buffer.concat([header, payload]);
}
