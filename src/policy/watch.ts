import { stat } from 'node:fs/promises';
import { watch } from 'chokidar';

/** A save is several events; the file must have been left alone for this long. */
export const DEBOUNCE_MS = 100;
/**
 * How often the file is looked at, whatever the watcher says. This alone is correct, on network file systems and in
 * containers too, where there are no events; the watcher makes it quick.
 */
export const POLL_MS = 250;

export interface FileWatch {
  close(): Promise<void>;
}

/** Changes with every way of saving: another file in its place, another length, another time; `''` while there is none. */
export async function fileSignature(path: string): Promise<string> {
  try {
    // stat follows symbolic links, as they are swapped under a mounted ConfigMap.
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch {
    return '';
  }
}

/** Calls `onSaved` when the file is another than before and has been so for `DEBOUNCE_MS`; also when it is gone. */
export function watchFile(path: string, known: string, onSaved: () => void): FileWatch {
  let seen = known;
  let settle: NodeJS.Timeout | null = null;
  let looking = false;
  let again = false;
  let closed = false;

  const look = async (): Promise<void> => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    do {
      again = false;
      const signature = await fileSignature(path);
      if (closed) return;
      if (signature !== seen) {
        seen = signature;
        clearTimeout(settle ?? undefined);
        settle = setTimeout(onSettled, DEBOUNCE_MS);
      }
    } while (again);
    looking = false;
  };
  const onSettled = (): void => {
    settle = null;
    void look().then(() => {
      // A change in the last moment has set the timer again.
      if (!closed && settle === null) onSaved();
    });
  };
  const hint = (): void => void look();

  const watcher = watch(path, { ignoreInitial: true });
  watcher.on('all', hint);
  // Out of watches, for one: looking at the file goes on.
  watcher.on('error', hint);
  const poll = setInterval(hint, POLL_MS);
  poll.unref();
  return {
    async close() {
      closed = true;
      clearInterval(poll);
      clearTimeout(settle ?? undefined);
      await watcher.close();
    },
  };
}
