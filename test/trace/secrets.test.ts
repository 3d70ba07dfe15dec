import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTraceWriter } from '../../src/trace/index.ts';
import { withoutSecrets } from '../../src/trace/secrets.ts';
import { message } from './samples.ts';

const request = (method: string, headers: readonly string[], body: readonly string[] = []): string => {
  const text = body.map((line) => `${line}\r\n`).join('');
  return [`${method} sip:x SIP/2.0`, ...headers, `Content-Length: ${text.length}`, '', text].join('\r\n');
};
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);

describe('what answers a challenge', () => {
  it.each([
    'Authorization: Digest username="1001", nonce="n", response="5ec4e7", uri="sip:x"',
    'proxy-authorization: Digest response=5ec4e7, uri="sip:x"',
    'Authorization: Digest realm="a", response="01", Digest realm="b", response="5ec4e7", uri="sip:x"',
    'Authorization: Digest uri="sip:x",\r\n response="5ec4e7"',
    'Authentication-Info: rspauth="5ec4e7", uri="sip:x"',
    'Proxy-Authentication-Info: nextnonce="n", rspauth=5ec4e7, uri="sip:x"',
  ])('is blotted out, and nothing else: %s', (header) => {
    const text = withoutSecrets(request('REGISTER', [header]));
    expect(text).not.toContain('5ec4e7');
    expect(text).toContain('uri="sip:x"');
  });
});

describe('keys of media', () => {
  const sdp = ['v=0', 'm=audio 4000 RTP/SAVP 0', 'c=IN IP4 192.0.2.1'];

  it.each([
    ['a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:S3cr3t+/key|2^20|1:4', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 -'],
    [
      'a=crypto:2 F8_128_HMAC_SHA1_80 inline:S3cr3t;inline:S3cr3t2|2^20 FEC_ORDER=SRTP_FEC',
      'a=crypto:2 F8_128_HMAC_SHA1_80 -',
    ],
    ['A=CRYPTO:1  AES_CM_128_HMAC_SHA1_32\tinline:S3cr3t', 'A=CRYPTO:1  AES_CM_128_HMAC_SHA1_32\t-'],
    ['a=crypto:S3cr3t', 'a=crypto:-'],
    ['a=key-mgmt:mikey S3cr3t', 'a=key-mgmt:mikey -'],
    ['k=base64:S3cr3t', 'k=-'],
  ])('are blotted out in a body that stays as long: %s', (line, shown) => {
    const whole = request('INVITE', ['Content-Type: application/sdp'], [...sdp, line, 'a=sendrecv']);
    const text = withoutSecrets(whole);
    expect(text).not.toContain('S3cr3t');
    expect(text).toHaveLength(whole.length);
    expect(bodyOf(text).replaceAll(/-+(?=\r)/g, '-')).toBe([...sdp, shown, 'a=sendrecv', ''].join('\r\n'));
  });

  it('are found in a part of a body too', () => {
    const parts = [
      '--b',
      'Content-Type: application/sdp',
      '',
      ...sdp,
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:S3cr3t',
      '--b--',
    ];
    expect(withoutSecrets(request('INVITE', ['c: multipart/mixed;boundary=b'], parts))).not.toContain('S3cr3t');
  });

  it('and a description without any is kept as it is', () => {
    const text = request(
      'INVITE',
      ['Content-Type: application/sdp', 'k: timer'],
      [...sdp, 'a=fingerprint:sha-256 AB:CD'],
    );
    expect(withoutSecrets(text)).toBe(text);
  });
});

describe('keys that people press', () => {
  it.each([
    ['application/dtmf-relay', ['Signal=5', 'Duration=160'], ['Signal=-', 'Duration=160']],
    ['Application/DTMF-Relay', ['Signal= 5', 'Duration= 160'], ['Signal= -', 'Duration= 160']],
    ['application/dtmf-relay', ['Duration=160', 'signal = 11'], ['Duration=160', 'signal = --']],
    ['application/dtmf', ['5'], ['-']],
    ['application/vnd.nortelnetworks.digits', ['p=Digit-Collection', 'd=1234'], ['------------------', '------']],
    ['application/kpml-response+xml', ['<kpml-response digits="12"/>'], ['-'.repeat(28)]],
    ['audio/telephone-event', ['5'], ['-']],
  ])('are blotted out, that they were pressed is not: %s', (type, body, shown) => {
    for (const name of ['Content-Type', 'c']) {
      const text = withoutSecrets(request('INFO', [`${name}: ${type}`], body));
      expect(bodyOf(text)).toBe(shown.map((line) => `${line}\r\n`).join(''));
    }
  });

  it('and another INFO is kept as it is', () => {
    const text = request('INFO', ['Content-Type: application/media_control+xml'], ['<picture_fast_update/>']);
    expect(withoutSecrets(text)).toBe(text);
  });
});

it('no secret is in the files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  const ring = createTraceWriter({ path: folder, maxBytes: 1_000_000, now: Date.now, log: () => undefined });
  for (const text of [
    request('REGISTER', ['Authorization: Digest response="5ec4e7"']),
    request('INVITE', [], ['a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:5ec4e7']),
    request('INFO', ['Content-Type: application/dtmf-relay'], ['Signal=5ec4e7']),
  ]) {
    ring.write({ ...message(1, 'received', 5070, 'X'), text });
  }
  await ring.close();
  const [file = ''] = await readdir(folder);
  const kept = await readFile(join(folder, file), 'utf8');
  expect(kept.split('\n')).toHaveLength(4);
  expect(kept).not.toContain('5ec4e7');
  await rm(folder, { recursive: true });
});
