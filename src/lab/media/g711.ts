/** ITU-T G.711: 16-bit samples as one byte each, at 8,000 a second. */

export const SAMPLE_RATE_HZ = 8_000;

export type Codec = 'PCMU' | 'PCMA';

/** RFC 3551 table 4. */
export const PAYLOAD_TYPES: Readonly<Record<Codec, number>> = { PCMU: 0, PCMA: 8 };

const MU_BIAS = 0x84;
const MU_CLIP = 32_635;
/** A-law: every second bit is inverted on the line, so that silence has bits to recover a clock from. */
const A_TOGGLE = 0x55;

/** What a byte stands for, by codec: 256 samples each. */
const DECODED: Readonly<Record<Codec, Int16Array>> = {
  PCMU: Int16Array.from({ length: 256 }, (_, byte) => decodeMu(byte)),
  PCMA: Int16Array.from({ length: 256 }, (_, byte) => decodeA(byte)),
};

export function decodeAudio(codec: Codec, bytes: Uint8Array): Int16Array {
  const table = DECODED[codec];
  return Int16Array.from(bytes, (byte) => table[byte] ?? 0);
}

export function encodeAudio(codec: Codec, samples: Int16Array): Buffer {
  const encode = codec === 'PCMU' ? encodeMu : encodeA;
  return Buffer.from(Uint8Array.from(samples, encode));
}

/** A byte that is silence: what is sent where there is nothing to say. */
export const SILENCE: Readonly<Record<Codec, number>> = { PCMU: encodeMu(0), PCMA: encodeA(0) };

function encodeMu(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MU_CLIP) + MU_BIAS;
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function decodeMu(byte: number): number {
  const inverted = ~byte & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + MU_BIAS) << ((inverted >> 4) & 0x07)) - MU_BIAS;
  return (inverted & 0x80) === 0 ? magnitude : -magnitude;
}

function encodeA(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(sample < 0 ? -sample - 1 : sample, 32_767) >> 4;
  const exponent = Math.max(0, 28 - Math.clz32(magnitude));
  const mantissa = exponent === 0 ? magnitude & 0x0f : (magnitude >> (exponent - 1)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ A_TOGGLE;
}

function decodeA(byte: number): number {
  const plain = byte ^ A_TOGGLE;
  const exponent = (plain >> 4) & 0x07;
  const mantissa = plain & 0x0f;
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return (plain & 0x80) === 0 ? -magnitude : magnitude;
}
