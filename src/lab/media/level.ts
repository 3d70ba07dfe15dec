/** How loud samples are: their root mean square in dB below the loudest that 16 bits can say (dBFS); -Infinity for silence. */
export function levelDb(samples: Int16Array): number {
  if (samples.length === 0) return -Infinity;
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 20 * Math.log10(Math.sqrt(sum / samples.length) / 32_768);
}

/** A frame that is louder than this has a voice in it; a quiet line with its noise is at -50 dBFS or below. */
export const VOICE_DB = -40;

/** How long somebody spoke: the frames of 20 ms that are louder than `VOICE_DB`, in milliseconds. */
export function spokenMs(samples: Int16Array, rateHz: number): number {
  const frame = rateHz / 50;
  let spoken = 0;
  for (let at = 0; at + frame <= samples.length; at += frame) {
    if (levelDb(samples.subarray(at, at + frame)) > VOICE_DB) spoken += 20;
  }
  return spoken;
}

/** A sine tone at a sixth of full scale, where `frequencyHz` is 0: silence. */
export function tone(frequencyHz: number, durationMs: number, rateHz: number): Int16Array {
  const step = (2 * Math.PI * frequencyHz) / rateHz;
  return Int16Array.from({ length: Math.round((durationMs * rateHz) / 1_000) }, (_, at) =>
    Math.round(5_461 * Math.sin(step * at)),
  );
}
