import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngine, type LocalEngine } from '../../src/drachtio/index.ts';
import { makeAuthority } from '../support/certificates.ts';
import { describeWith } from '../support/peers.ts';

/** A real browser opens a WebSocket to the engine and speaks SIP over it, as the page of a web phone does. */
const CHROMIUM = '/usr/bin/chromium';

describeWith(CHROMIUM, 'chromium', () => {
  let browser: Browser;
  let page: Page;
  let engine: LocalEngine;

  beforeAll(async () => {
    const authority = makeAuthority();
    engine = await startEngine({
      listen: (['ws', 'wss'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
      tls: authority.issue(['IP:127.0.0.1']),
      client: { host: '127.0.0.1', port: 0 },
      secret: 'cymru',
    });
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      // It runs as root in containers, and has no way to learn of the test's authority.
      args: ['--no-sandbox', '--ignore-certificate-errors'],
    });
    page = await browser.newPage();
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await engine.close();
  });

  const urlOf = (kind: string): string => engine.sipAddresses.find((each) => each.startsWith(`${kind}://`)) ?? '';

  it.each(['ws', 'wss'])('asks by OPTIONS over %s and reads the answer; CR LF CR LF is answered', async (kind) => {
    const heard = await page.evaluate(
      ({ url, via }) =>
        new Promise<{ protocol: string; messages: string[] }>((resolve, reject) => {
          const socket = new WebSocket(url, 'sip');
          const messages: string[] = [];
          socket.addEventListener('error', () => reject(new Error('the WebSocket failed')));
          socket.addEventListener('open', () => {
            socket.send('\r\n\r\n');
            socket.send(
              `OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/${via} df7jal23ls0d.invalid;branch=z9hG4bK${via}\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: ${via}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n`,
            );
          });
          socket.addEventListener('message', ({ data }) => {
            messages.push(String(data));
            if (messages.length < 2) return;
            socket.close();
            resolve({ protocol: socket.protocol, messages });
          });
        }),
      { url: urlOf(kind), via: kind.toUpperCase() },
    );
    expect(heard.protocol).toBe('sip');
    expect(heard.messages[0]).toBe('\r\n');
    expect(heard.messages[1]).toMatch(/^SIP\/2\.0 200 OK\r\nVia: SIP\/2\.0\/WSS? df7jal23ls0d\.invalid;/);
  });

  it('without the subprotocol it is refused', async () => {
    const outcome = await page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url);
          socket.addEventListener('open', () => resolve('open'));
          socket.addEventListener('error', () => resolve('refused'));
        }),
      urlOf('ws'),
    );
    expect(outcome).toBe('refused');
  });
});
