import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLE_RATE_HZ } from './media/g711.ts';
import { wav } from './media/wav.ts';

/** Messages that a mailbox holds; who has so many gets no more. */
export const MAX_MESSAGES = 1_000;

/** Voicemail messages as WAV files, `<folder>/<mailbox>/<time>-<caller>.wav`. All of them are new: nobody listens to them here. */
export interface MessageStore {
  /** @returns the file, null where the mailbox is full */
  add(mailbox: string, caller: string, at: number, samples: Int16Array): Promise<string | null>;
  count(mailbox: string): Promise<number>;
}

export function createMessageStore(folder: string): MessageStore {
  const placeOf = (mailbox: string): string => join(folder, safe(mailbox));
  const count = async (mailbox: string): Promise<number> => {
    const files = await readdir(placeOf(mailbox)).catch(() => []);
    return files.filter((name) => name.endsWith('.wav')).length;
  };
  return {
    count,
    async add(mailbox, caller, at, samples) {
      if ((await count(mailbox)) >= MAX_MESSAGES) return null;
      const place = placeOf(mailbox);
      await mkdir(place, { recursive: true });
      const time = new Date(at).toISOString().replaceAll(/[:.]/g, '-');
      const file = join(place, `${time}-${safe(caller)}.wav`);
      await writeFile(file, wav(samples, SAMPLE_RATE_HZ));
      return file;
    },
  };
}

/** A name from SIP as a file's: nothing in it leads elsewhere. */
function safe(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9+_-]/g, '_').slice(0, 64) || '_';
}
