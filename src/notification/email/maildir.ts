import { mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryResult, MailTransport, RenderedMail } from '../types.ts';
import { addressProblem, composeMail } from './message.ts';

/** Mails are read by their owner only. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * Delivers into a Maildir (https://cr.yp.to/proto/maildir.html): written and flushed in `tmp`, then moved to `new` in one
 * step, so that a reader never sees half a mail and a crash loses none that was reported as sent.
 *
 * The file is named after the notification. A second send of the same one (its gateway died before it could note the
 * first) replaces the unread file by an equal one, and leaves it alone where a mail reader has moved it to `cur`.
 * @throws where the folders cannot be made
 */
export async function openMaildir(folder: string): Promise<MailTransport> {
  await makeFolders(folder);
  return {
    async send(mail): Promise<DeliveryResult> {
      const problem = addressProblem(mail.to.address);
      if (problem !== null) return { kind: 'dead', error: problem };
      try {
        if (mail.attempt > 1 && (await wasRead(folder, mail))) return { kind: 'sent' };
        await deliver(folder, mail);
        return { kind: 'sent' };
      } catch (error) {
        return { kind: 'retry', error: `${folder}: ${error instanceof Error ? error.message : String(error)}` };
      }
    },
    close: () => Promise.resolve(),
  };
}

async function makeFolders(folder: string): Promise<void> {
  for (const part of ['tmp', 'new', 'cur']) await mkdir(join(folder, part), { recursive: true, mode: FOLDER_MODE });
}

/** `time.unique.host` of the Maildir rules; the notification's id is unique on all hosts. */
function fileName({ date, id }: RenderedMail): string {
  return `${Math.floor(date.getTime() / 1000)}.${id.replace(/[^\w-]/g, '_')}.mcg`;
}

async function wasRead(folder: string, mail: RenderedMail): Promise<boolean> {
  const name = fileName(mail);
  // A reader appends its flags, `:2,S`.
  return (await readdir(join(folder, 'cur'))).some((entry) => entry === name || entry.startsWith(`${name}:`));
}

async function deliver(folder: string, mail: RenderedMail): Promise<void> {
  const name = fileName(mail);
  const temporary = join(folder, 'tmp', name);
  // Mail stores on Unix keep lines with LF.
  const message = composeMail(mail).message.replaceAll('\r\n', '\n');
  try {
    await writeFlushed(temporary, message);
  } catch (error) {
    // Somebody tidied the Maildir away while we ran.
    if (!(await isMissing(join(folder, 'tmp')))) throw error;
    await makeFolders(folder);
    await writeFlushed(temporary, message);
  }
  await rename(temporary, join(folder, 'new', name));
  await flushFolder(join(folder, 'new'));
}

async function writeFlushed(path: string, content: string): Promise<void> {
  const file = await open(path, 'w', FILE_MODE);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The new name itself must survive a power cut. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    () => true,
  );
}
