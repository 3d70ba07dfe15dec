import { decodeAudio, encodeAudio, PAYLOAD_TYPES, SAMPLE_RATE_HZ, SILENCE, type Codec } from './g711.ts';
import { tone } from './level.ts';
import type { RtpPacket } from './rtp.ts';

/** RFC 3551 4.2: 20 ms of audio a packet. */
export const FRAME_MS = 20;
export const FRAME_SAMPLES = (SAMPLE_RATE_HZ * FRAME_MS) / 1_000;
/** What is recorded at most; the rest of a message is not kept. */
export const MAX_MESSAGE_MS = 3 * 60_000;

const GREETING_HZ = 440;
const BEEP_HZ = 1_000;
const BEEP_MS = 300;

/** What a caller hears: a tone for the greeting, and a beep. */
export function greeting(codec: Codec, greetingMs: number): Buffer {
  return Buffer.concat([
    encodeAudio(codec, tone(GREETING_HZ, Math.max(0, greetingMs - BEEP_MS), SAMPLE_RATE_HZ)),
    encodeAudio(codec, tone(BEEP_HZ, BEEP_MS, SAMPLE_RATE_HZ)),
  ]);
}

/** The packets of a voice that says `bytes` and then is silent, one every FRAME_MS. */
export function* packetsOf(codec: Codec, bytes: Buffer, ssrc: number): Generator<RtpPacket, never> {
  for (let count = 0; ; count += 1) {
    const said = bytes.subarray(count * FRAME_SAMPLES, (count + 1) * FRAME_SAMPLES);
    const payload = Buffer.alloc(FRAME_SAMPLES, SILENCE[codec]);
    said.copy(payload);
    yield {
      payloadType: PAYLOAD_TYPES[codec],
      sequenceNumber: count & 0xffff,
      timestamp: (count * FRAME_SAMPLES) >>> 0,
      ssrc,
      payload,
    };
  }
}

/** Puts packets together in the order of their timestamps; what never came is silence. */
export class Recording {
  readonly #frames: { readonly at: number; readonly samples: Int16Array }[] = [];
  #first: number | null = null;
  #length = 0;

  add({ payloadType, timestamp, payload }: RtpPacket): void {
    const codec = payloadType === PAYLOAD_TYPES.PCMA ? 'PCMA' : payloadType === PAYLOAD_TYPES.PCMU ? 'PCMU' : null;
    if (codec === null) return;
    this.#first ??= timestamp;
    // RFC 3550 5.1: timestamps wrap; one from before the first is a packet that came late.
    const at = (timestamp - this.#first) | 0;
    const end = at + payload.length;
    if (at < 0 || end > (MAX_MESSAGE_MS * SAMPLE_RATE_HZ) / 1_000) return;
    this.#frames.push({ at, samples: decodeAudio(codec, payload) });
    this.#length = Math.max(this.#length, end);
  }

  get samples(): Int16Array {
    const all = new Int16Array(this.#length);
    for (const { at, samples } of this.#frames) all.set(samples, at);
    return all;
  }
}
