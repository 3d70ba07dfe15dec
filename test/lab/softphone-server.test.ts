import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveSoftphone } from '../../src/lab/softphone/server.ts';
import type { LabFacts, LabMail } from '../../src/lab/softphone/types.ts';

function statusFor(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(new URL('/lab.json', url), { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

async function startPage(mails: () => Promise<readonly LabMail[]> = async () => []): Promise<URL> {
  const facts = {} as LabFacts;
  const server = await serveSoftphone({ listen: { host: '127.0.0.1', port: 0 }, facts, mails });
  onTestFinished(() => server.close());
  return new URL(server.url);
}

describe('the softphone page', () => {
  it.each([
    ['/sip.js/index.js', 200],
    ['/sip.js/x.js', 404],
    ['/sip.js/api/none/x.js', 404],
    ['/sip.js/%2e%2e/package.json', 404],
    ['/package.json', 404],
  ])('%s: %i, and no file of this machine is named', async (path, status) => {
    const answer = await fetch(new URL(path, await startPage()));
    expect(answer.status).toBe(status);
    if (status !== 200) expect(await answer.text()).toBe('There is nothing here.\n');
  });

  it('names no file that cannot be read', async () => {
    const url = await startPage(async () => {
      await readFile('/nowhere/mail');
      return [];
    });
    const answer = await fetch(new URL('/mails.json', url));
    expect({ status: answer.status, text: await answer.text() }).toEqual({
      status: 500,
      text: 'The lab cannot read this.\n',
    });
  });

  it('shows the passwords under no name that another site could have (DNS rebinding)', async () => {
    const { host, href } = await startPage();
    for (const own of [host, 'localhost:8081', 'LOCALHOST', '127.0.0.1', '[::1]:8081', '192.0.2.1:8081']) {
      expect(await statusFor(href, own), own).toBe(200);
    }
    for (const other of ['evil.example', 'evil.example:8081', 'localhost.evil.example', '127.0.0.1.nip.example:1']) {
      expect(await statusFor(href, other), other).toBe(421);
    }
  });
});
