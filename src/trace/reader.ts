import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MAX_MESSAGES_OF_A_CALL } from './limits.ts';
import { headerOf } from './message.ts';
import { isSegment, messageOf } from './segments.ts';
import type { TracedMessage } from './types.ts';

export interface TraceQuestion {
  /** Call-IDs of the call's legs. */
  readonly sipCallIds: readonly string[];
  /** The call's own id, as X-MCG-Call carries it to peers: finds the legs of a call that has not ended. */
  readonly call: string;
}

export interface CallTrace {
  /** In the order of time. */
  readonly messages: readonly TracedMessage[];
  /** There were more of them than are shown. */
  readonly truncated: boolean;
}

/**
 * The messages of a call that the ring still holds.
 * @throws where the folder cannot be read
 */
export async function readCallTrace(path: string, question: TraceQuestion): Promise<CallTrace> {
  const files = (await readdir(path)).filter(isSegment).sort();
  const callIds = new Set(question.sipCallIds);
  await eachLine(path, files, (line) => {
    // Cheap first: most lines are of other calls.
    if (!line.includes(question.call)) return;
    const message = messageOf(line);
    if (message === null || headerOf(message.text, 'x-mcg-call')?.trim() !== question.call) return;
    const callId = headerOf(message.text, 'call-id');
    if (callId !== null) callIds.add(callId);
  });
  const messages: TracedMessage[] = [];
  let truncated = false;
  const wanted = [...callIds];
  await eachLine(path, files, (line) => {
    if (!wanted.some((callId) => line.includes(JSON.stringify(callId).slice(1, -1)))) return;
    const message = messageOf(line);
    if (message === null || !callIds.has(headerOf(message.text, 'call-id') ?? '')) return;
    if (messages.length < MAX_MESSAGES_OF_A_CALL) messages.push(message);
    else truncated = true;
  });
  return { messages: messages.sort((a, b) => a.at - b.at), truncated };
}

async function eachLine(path: string, files: readonly string[], tell: (line: string) => void): Promise<void> {
  for (const file of files) {
    try {
      const input = createReadStream(join(path, file), 'utf8');
      for await (const line of createInterface({ input, crlfDelay: Infinity })) tell(line);
    } catch (error) {
      // The ring went on meanwhile, and this was its oldest file.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
