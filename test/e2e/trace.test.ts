import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { command } from '../support/gateway-process.ts';
import { byNumber, call, callerFor, filesFor, phoneFor, run, settings } from './support.ts';

/** `mcg trace` beside a running gateway: what was on the wire of one call, as a ladder and as a file for Wireshark. */

it('shows a call’s SIP on both sides, also while it lives, and writes it as pcap', async () => {
  const phone = await phoneFor(byNumber);
  const caller = await callerFor();
  const files = await filesFor(settings(phone, 'trace: { path: trace, maxSize: 1MB }\n'));
  const gateway = await run(files);

  const hangUp = new AbortController();
  const ringing = Promise.withResolvers<void>();
  const living = call(caller, gateway, { signal: hangUp.signal, onEvent: () => ringing.resolve() });
  await ringing.promise;
  const [live] = await gateway.calls();
  const soFar = await vi.waitFor(
    async () => {
      const { stdout } = await command('trace', live?.id ?? '', '--config', files.config);
      expect(stdout.match(/180 Ringing \(INVITE\)/g)).toHaveLength(2);
      return stdout;
    },
    { timeout: 20_000, interval: 200 },
  );
  expect(soFar).not.toContain('CANCEL');
  hangUp.abort();
  await living;
  const [missed] = await gateway.settled(1);

  const ladder = await vi.waitFor(
    async () => {
      const { stdout } = await command('trace', missed?.callId ?? '', '--config', files.config);
      expect(stdout.match(/487 Request Terminated|487 /g)).toHaveLength(2);
      return stdout;
    },
    { timeout: 20_000, interval: 200 },
  );
  const heads = ladder.split('\n')[0]?.trim().split(/\s+/);
  expect(heads).toHaveLength(3);
  expect(heads?.[1]).toBe('gateway');
  expect(ladder.match(/INVITE sip:1001/g)).toHaveLength(2);
  expect(ladder.match(/CANCEL sip:1001/g)).toHaveLength(2);

  const file = join(files.folder, 'call.pcap');
  const written = await command('trace', missed?.id ?? '', '--pcap', file, '--config', files.config);
  expect(written.stdout).toContain(file);
  expect((await readFile(file)).readUInt32LE(0)).toBe(0xa1b2c3d4);

  const inFull = await command('trace', missed?.id ?? '', '--messages', '--config', files.config);
  expect(inFull.stdout).toMatch(/^--- \S+ received udp 127\.0\.0\.1:\d+ -> /m);
  expect(inFull.stdout).toContain('m=audio');
});

it('says what to do where nothing is kept, or nothing is left', async () => {
  const phone = await phoneFor(byNumber);
  const caller = await callerFor();
  const files = await filesFor(settings(phone));
  const gateway = await run(files);
  await call(caller, gateway, { number: '7777' });
  const [judged] = await gateway.settled(1);
  const none = await command('trace', judged?.id ?? '', '--config', files.config);
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toContain('Add trace: { path: ../var/trace, maxSize: 64MB } to gateway.yaml');
  const unknown = await command('trace', 'nobody', '--config', files.config);
  expect(unknown.stderr).toContain('There is no call nobody');
});
