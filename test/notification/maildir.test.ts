import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { type MailTransport, MailTransportError, openMailTransport, renderMail } from '../../src/notification/index.ts';
import { FROM, content, notification, temporaryFolder } from './support.ts';

async function openMaildir(): Promise<{ folder: string; transport: MailTransport }> {
  const base = await temporaryFolder();
  return {
    folder: join(base, 'var', 'mail'),
    transport: await openMailTransport('maildir:var/mail', { baseFolder: base }),
  };
}

const mail = (changes = {}, contentChanges = {}) => renderMail(notification(changes, contentChanges), { from: FROM });

describe('a Maildir', () => {
  it('is made where it is missing, for its owner only', async () => {
    const { folder } = await openMaildir();
    expect((await readdir(folder)).sort()).toEqual(['cur', 'new', 'tmp']);
    expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
  });

  it('gets one whole message a file in new/, with mode 0600, and nothing stays in tmp/', async () => {
    const { folder, transport } = await openMaildir();
    const sent = mail({}, { caller: { ...content().caller, displayName: 'Zoé Leblanc' } });
    expect(await transport.send(sent)).toEqual({ kind: 'sent' });
    const [name = ''] = await readdir(join(folder, 'new'));
    const file = join(folder, 'new', name);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    const parsed = await simpleParser(await readFile(file));
    expect(parsed.subject).toBe('Missed call from Zoé Leblanc');
    expect(parsed.messageId).toBe(sent.messageId);
    expect(parsed.date).toEqual(sent.date);
    expect(parsed.text?.trim()).toBe(sent.text.trim());
    expect(parsed.headers.get('content-class')).toBe('missedcall');
  });

  it('keeps lines with LF, as mail stores on Unix do, and header names as Exchange writes them', async () => {
    const { folder, transport } = await openMaildir();
    await transport.send(mail());
    const [name = ''] = await readdir(join(folder, 'new'));
    const message = await readFile(join(folder, 'new', name), 'utf8');
    expect(message).not.toContain('\r');
    expect(message).toMatch(/^X-CallingTelephoneNumber: \+33140005678$/m);
    expect(message).toMatch(/^Caller: {7}Zoe Leblanc, \+33140005678$/m);
  });

  it('holds a mail once, however often it is sent', async () => {
    const { folder, transport } = await openMaildir();
    const owed = notification();
    for (const attempts of [1, 1, 2, 3]) {
      expect(await transport.send(renderMail({ ...owed, attempts }, { from: FROM }))).toEqual({ kind: 'sent' });
    }
    expect(await readdir(join(folder, 'new'))).toHaveLength(1);
  });

  it.each(['', ':2,', ':2,FS'])(
    'does not bring back a mail that a reader has moved to cur/ (flags %j)',
    async (flags) => {
      const { folder, transport } = await openMaildir();
      const owed = notification();
      await transport.send(renderMail({ ...owed, attempts: 1 }, { from: FROM }));
      const [name = ''] = await readdir(join(folder, 'new'));
      await rename(join(folder, 'new', name), join(folder, 'cur', name + flags));
      expect(await transport.send(renderMail({ ...owed, attempts: 2 }, { from: FROM }))).toEqual({ kind: 'sent' });
      expect(await readdir(join(folder, 'new'))).toEqual([]);
    },
  );

  it('takes over what a crash left half written in tmp/', async () => {
    const { folder, transport } = await openMaildir();
    const owed = mail();
    await transport.send(owed);
    const [name = ''] = await readdir(join(folder, 'new'));
    await rename(join(folder, 'new', name), join(folder, 'tmp', name));
    await writeFile(join(folder, 'tmp', name), 'half a ma');
    await transport.send(owed);
    expect((await simpleParser(await readFile(join(folder, 'new', name)))).messageId).toBe(owed.messageId);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('names files so that no notification can leave the folder', async () => {
    const { folder, transport } = await openMaildir();
    await transport.send(mail({ id: '../../../evil:2,S\n' }));
    expect(await readdir(join(folder, 'new'))).toEqual([expect.stringMatching(/^\d+\.[\w-]+\.mcg$/)]);
  });

  it('is made anew where somebody removed it meanwhile', async () => {
    const { folder, transport } = await openMaildir();
    await rm(folder, { recursive: true });
    expect(await transport.send(mail())).toEqual({ kind: 'sent' });
    expect(await readdir(join(folder, 'new'))).toHaveLength(1);
  });

  it('that cannot be written makes the mail wait, with the reason', async () => {
    const { folder, transport } = await openMaildir();
    await rm(join(folder, 'new'), { recursive: true });
    await writeFile(join(folder, 'new'), 'in the way');
    expect(await transport.send(mail())).toEqual({ kind: 'retry', error: expect.stringContaining('ENOTDIR') });
  });

  it('refuses what is no address for good', async () => {
    const { transport } = await openMaildir();
    const sent = mail({}, { recipient: { ...content().recipient, address: 'alice@example.com, eve@example.org' } });
    expect(await transport.send(sent)).toMatchObject({ kind: 'dead' });
  });

  it('that cannot be made is an error that says what to do', async () => {
    const base = await temporaryFolder();
    await writeFile(join(base, 'file'), '');
    await mkdir(join(base, 'ok'));
    const opened = openMailTransport('maildir:file/mail', { baseFolder: base });
    await expect(opened).rejects.toThrow(MailTransportError);
    await expect(opened).rejects.toThrow(/file\/mail cannot be made: .*Let the gateway's user write there/);
  });
});
