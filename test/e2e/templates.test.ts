import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MAX_RENDERED_LENGTH } from '../../src/notification/templates/syntax.ts';
import { startMailServer } from '../notification/support.ts';
import { byNumber, call, callerFor, filesFor, phoneFor, run, settings } from './support.ts';

/** It can be read, and makes more than a mail may have: in each of the four rows the caller so often. */
const TOO_LONG = `{{#rows}}${'{{caller}}'.repeat(MAX_RENDERED_LENGTH / 'Jean Dupont'.length / 4 + 1)}{{/rows}}`;
const BROKEN = 'A call\nfrom {{nobody}}';
const OWN = 'Somebody called: {{caller}}';

it('a template that fails costs no mail, at the start, in the worker and after SIGHUP: the built-in text goes out, and log and health say so', async () => {
  const server = await startMailServer();
  const files = await filesFor(settings(await phoneFor(byNumber)), { transport: server.uri });
  const folder = join(files.folder, 'templates/en');
  const write = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
  await mkdir(folder, { recursive: true });
  await Promise.all([write('subject.txt', TOO_LONG), write('text.txt', BROKEN), write('html.html', OWN)]);
  const [gateway, caller] = [await run(files), await callerFor()];
  const miss = async (count: number) => {
    await call(caller, gateway, { hangUpAfterRingingMs: 20 });
    await server.arrived(count);
    return server.received[count - 1];
  };
  const health = async (): Promise<unknown> => {
    const { status, text } = await gateway.page('/readyz');
    const { checks } = JSON.parse(text) as { checks: readonly { name: string }[] };
    return { status, ...checks.find(({ name }) => name === 'templates') };
  };

  const atStart = await gateway.logged('a template cannot be used: mails have the built-in text');
  expect(atStart).toMatchObject({
    path: join(folder, 'text.txt'),
    error: expect.stringContaining('line 2') as unknown,
  });
  const first = await miss(1);
  expect(first?.subject).toBe('Missed call from Jean Dupont');
  expect(first?.text).toContain('You missed a call');
  expect(first?.html).toContain('Somebody called: Jean Dupont');
  const inWorker = await gateway.logged('a template failed: the mail has the built-in text');
  expect(inWorker).toMatchObject({ part: 'subject', problem: expect.stringContaining('are the most') as unknown });
  const says = (what: string) =>
    expect.stringMatching(`^mails have the built-in text, for ${what} cannot be used`) as unknown;
  expect(await health()).toMatchObject({ status: 200, ok: true, detail: says('en/subject, en/text') });

  await Promise.all([write('subject.txt', OWN), write('text.txt', OWN), write('html.html', BROKEN)]);
  gateway.child.kill('SIGHUP');
  await gateway.logged('policy read again');
  const second = await miss(2);
  expect(second?.subject).toBe('Somebody called: Jean Dupont');
  expect(second?.text).toContain('Somebody called: Jean Dupont');
  expect(second?.html).toContain('</table>');
  expect(second?.html).not.toContain('nobody');
  expect(await health()).toMatchObject({ status: 200, ok: true, detail: says('en/html') });
  // The log has a sent mail before the journal does.
  await expect
    .poll(async () => (await gateway.calls()).map(({ notification }) => notification))
    .toMatchObject([1, 2].map(() => ({ state: 'sent', attempts: 1 })));
});
