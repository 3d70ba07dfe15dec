import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveSoftphone } from '../../src/lab/softphone/server.ts';
import type { LabFacts } from '../../src/lab/softphone/types.ts';

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

describe('the softphone page', () => {
  it('shows the passwords under no name that another site could have (DNS rebinding)', async () => {
    const facts = {} as LabFacts;
    const server = await serveSoftphone({ listen: { host: '127.0.0.1', port: 0 }, facts, mails: async () => [] });
    onTestFinished(() => server.close());
    const { host } = new URL(server.url);
    for (const own of [host, 'localhost:8081', 'LOCALHOST', '127.0.0.1', '[::1]:8081', '192.0.2.1:8081']) {
      expect(await statusFor(server.url, own), own).toBe(200);
    }
    for (const other of ['evil.example', 'evil.example:8081', 'localhost.evil.example', '127.0.0.1.nip.example:1']) {
      expect(await statusFor(server.url, other), other).toBe(421);
    }
  });
});
