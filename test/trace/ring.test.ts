import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTraceWriter, readCallTrace, type TracedMessage } from '../../src/trace/index.ts';
import {
  FLUSH_BYTES,
  FLUSH_INTERVAL_MS,
  MAX_MESSAGES_OF_A_CALL,
  MAX_MESSAGE_BYTES,
  MAX_WAITING_BYTES,
  SEGMENTS,
} from '../../src/trace/limits.ts';
import { lineOf, messageOf } from '../../src/trace/segments.ts';
import { CALL, message, missedCall } from './samples.ts';

let folder: string;
const said: string[] = [];

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'trace-')), 'ring');
  said.length = 0;
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

let clock = 0;
function writer(maxBytes = 1_000_000, path = folder) {
  return createTraceWriter({ path, maxBytes, now: () => (clock += 1), log: (text) => said.push(text) });
}

async function written(messages: readonly TracedMessage[], maxBytes?: number): Promise<void> {
  const ring = writer(maxBytes);
  for (const each of messages) ring.write(each);
  await ring.close();
}

const question = { call: CALL, sipCallIds: ['a@caller'] };

describe('the ring', () => {
  it('gives back the messages of a call and no others', async () => {
    await written([...missedCall(), message(5_000, 'received', 5071, 'OPTIONS sip:x SIP/2.0', [], 'other@caller')]);
    const { messages, truncated } = await readCallTrace(folder, { call: CALL, sipCallIds: ['a@caller', 'b@gateway'] });
    expect(messages).toEqual(missedCall());
    expect(truncated).toBe(false);
  });

  it('finds the legs of a call that has not ended by X-MCG-Call', async () => {
    await written(missedCall());
    expect((await readCallTrace(folder, question)).messages).toHaveLength(5);
  });

  it('does not take a call’s name in another header for its own', async () => {
    await written([message(1, 'received', 5070, 'INVITE sip:x SIP/2.0', [`Subject: ${CALL}`], 'stranger@x')]);
    expect((await readCallTrace(folder, question)).messages).toHaveLength(0);
  });

  it('shows a call that went over several files in the order of time', async () => {
    const many = Array.from({ length: 40 }, (_, at) => message(at, 'sent', 5090, `INVITE sip:${at}@x SIP/2.0`));
    for (const each of many) await written([each], 1_000_000);
    const { messages } = await readCallTrace(folder, question);
    expect(messages.map(({ at }) => at)).toEqual(many.slice(-SEGMENTS).map(({ at }) => at));
  });

  it('keeps no more files than its segments, the newest', async () => {
    const ring = writer(SEGMENTS * 400);
    for (let at = 0; at < 30; at += 1) {
      ring.write(message(at, 'sent', 5090, 'INVITE sip:1001@x SIP/2.0', [`X-Padding: ${'x'.repeat(200)}`]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ring.close();
    expect((await readdir(folder)).length).toBeLessThanOrEqual(SEGMENTS);
    expect((await readCallTrace(folder, question)).messages.at(-1)?.at).toBe(29);
  });

  it.each([
    ['in one burst', 1_000],
    ['one after the other', 0],
  ])('takes no more bytes than it may, %s, however long they are as UTF-8', async (_, burst) => {
    const maxBytes = SEGMENTS * 8_000;
    const ring = writer(maxBytes);
    for (let at = 0; at < 400; at += 1) {
      ring.write(message(at, 'sent', 5090, 'INVITE sip:1001@x SIP/2.0', [`Subject: ${'\xe9'.repeat(300)}`]));
      if (at >= burst) await new Promise((resolve) => setImmediate(resolve));
    }
    await ring.close();
    const files = await Promise.all((await readdir(folder)).map((file) => stat(join(folder, file))));
    expect(files.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(maxBytes);
    expect((await readCallTrace(folder, question)).messages.at(-1)?.at).toBe(399);
  });

  it('leaves out a message that no file of it may hold', async () => {
    const ring = writer(SEGMENTS * 1_000);
    ring.write(message(1, 'sent', 5090, 'INVITE sip:x SIP/2.0', [`X: ${'x'.repeat(1_000)}`]));
    expect(ring.dropped).toBe(1);
    await ring.close();
  });

  it('is on disk after a moment, and at once where much waits', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const files = (): Promise<string[]> => readdir(folder).catch(() => []);
      const ring = writer(100_000_000);
      ring.write(message(1, 'sent', 5090, 'INVITE sip:x SIP/2.0'));
      vi.advanceTimersByTime(FLUSH_INTERVAL_MS - 1);
      expect(await files()).toEqual([]);
      vi.advanceTimersByTime(1);
      await expect.poll(files, { interval: 5 }).toHaveLength(1);
      const [file = ''] = await files();
      const much = message(1, 'sent', 5090, 'INVITE sip:x SIP/2.0', [`X: ${'x'.repeat(60_000)}`]);
      for (let bytes = 0; bytes < FLUSH_BYTES; bytes += 60_000) ring.write(much);
      await expect
        .poll(async () => (await stat(join(folder, file))).size, { interval: 5 })
        .toBeGreaterThan(FLUSH_BYTES);
      await ring.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('shows so many messages of one call at most, and says so', async () => {
    const many = Array.from({ length: MAX_MESSAGES_OF_A_CALL + 1 }, (_, at) => message(at, 'sent', 5090, 'ACK sip:x'));
    await written(many, 100_000_000);
    const { messages, truncated } = await readCallTrace(folder, question);
    expect(messages).toHaveLength(MAX_MESSAGES_OF_A_CALL);
    expect(truncated).toBe(true);
  });

  it('leaves other files of its folder alone', async () => {
    await written(missedCall());
    await writeFile(join(folder, 'notes.txt'), CALL);
    for (let count = 0; count < SEGMENTS + 3; count += 1) await written(missedCall());
    expect(await readdir(folder)).toContain('notes.txt');
  });
});

describe('what is written', () => {
  it('is for its own user only', async () => {
    await written(missedCall());
    const [file = ''] = await readdir(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  });

  it('is cut where a message is longer than its bound', async () => {
    await written([
      message(1, 'received', 5070, 'MESSAGE sip:x SIP/2.0', [`X-Long: ${'y'.repeat(MAX_MESSAGE_BYTES)}`]),
    ]);
    expect((await readCallTrace(folder, question)).messages[0]?.text).toHaveLength(MAX_MESSAGE_BYTES);
  });

  it('survives the way to the disk and back, whatever bytes it has', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(byte), (bytes) => {
        const traced = { ...message(1, 'sent', 5090, 'X'), text: Buffer.from(bytes).toString('latin1') };
        expect(messageOf(lineOf(traced))).toEqual(traced);
      }),
    );
  });
});

describe('what goes wrong', () => {
  it('a line that was cut off is passed over', async () => {
    await written(missedCall());
    const [file = ''] = await readdir(folder);
    await writeFile(join(folder, file), '[1,0,"udp","127', { flag: 'a' });
    expect((await readCallTrace(folder, question)).messages).toHaveLength(5);
    expect(messageOf('{"at":1}')).toBeNull();
    expect(messageOf('[1,2,3,4,5,6,7,8]')).toBeNull();
  });

  it('a folder that cannot be written is said once, and nothing is thrown', async () => {
    await writeFile(join(folder, '..', 'a-file'), '');
    const ring = writer(1_000_000, join(folder, '..', 'a-file', 'ring'));
    for (let count = 0; count < 6; count += 1) {
      ring.write(message(1, 'sent', 5090, 'INVITE sip:x SIP/2.0', [`X: ${'x'.repeat(60_000)}`]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ring.close();
    expect(said.filter((text) => text.startsWith('the trace cannot be written'))).toHaveLength(1);
  });

  it('a disk that does not follow costs messages, not memory', async () => {
    const ring = writer();
    const big = message(1, 'sent', 5090, 'INVITE sip:x SIP/2.0', [`X: ${'x'.repeat(60_000)}`]);
    const offered = Math.ceil((2 * MAX_WAITING_BYTES) / 60_000);
    for (let count = 0; count < offered; count += 1) ring.write(big);
    expect(ring.dropped).toBeGreaterThan(offered / 3);
    await ring.close();
    expect(said).toEqual([]);
  });

  it('a folder that is not there is told to who reads', async () => {
    await expect(readCallTrace(join(folder, 'nowhere'), question)).rejects.toThrow(/ENOENT/);
  });
});
