import { rm } from 'node:fs/promises';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startCaller, startPhone } from '../../../src/lab/index.ts';
import { call, settings } from '../../e2e/support.ts';
import { type GatewayProcess, gatewayFiles, startGateway } from '../../support/gateway-process.ts';
import { describeWith } from '../../support/peers.ts';
import { accessibilityOf, DESKTOP, launch, PHONE } from '../../support/web/browser.ts';

const PASSWORD = 'a long pass phrase';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 });

/** Each page of the navigation, and those behind it, on a gateway that has had a call. */
describeWith('chromium', 'every page of the admin centre', () => {
  let browser: Browser;
  let gateway: GatewayProcess;
  const paths: string[] = [];
  let cookie = { name: '', value: '' };

  beforeAll(async () => {
    const phone = await startPhone({ behaviour: { kind: 'busy' } });
    const caller = await startCaller();
    [browser, gateway] = await Promise.all([launch(), startGateway(await gatewayFiles(settings(phone)))]);
    await call(caller, gateway);
    await gateway.mailed(1);
    await Promise.all([phone.close(), caller.close()]);
    const printed = await vi.waitUntil(() => /\/first-account#(\S+)/.exec(gateway.printed()), { timeout: 10_000 });
    const made = await fetch(`${gateway.admin}/api/v1/first-account`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret: printed?.[1], name: 'admin', displayName: 'Admin', password: PASSWORD }),
    });
    const [name = '', value = ''] = made.headers.getSetCookie()[0]?.split(';', 1)[0]?.split('=') ?? [];
    cookie = { name, value };
    const context = await signedIn('en-GB', 'light', DESKTOP);
    const page = await context.newPage();
    await page.goto('/');
    const links = page.getByRole('navigation', { name: 'Navigation' }).getByRole('link');
    await links.first().waitFor();
    for (const link of await links.all()) paths.push((await link.getAttribute('href')) ?? '');
    const first = async (path: string, key: string): Promise<string> => {
      const { items } = (await (await context.request.get(path)).json()) as { items: Record<string, string>[] };
      return encodeURIComponent(items[0]?.[key] ?? '');
    };
    paths.push(
      `/calls/log/${await first('/api/v1/calls', 'id')}`,
      `/mail/notifications/${await first('/api/v1/notifications', 'id')}`,
      `/system/versions/${await first('/api/v1/policy/versions', 'version')}`,
      '/unified-messaging/mailboxes/alice',
      '/unified-messaging/import-mailboxes',
    );
    await context.close();
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop();
    await rm(gateway.folder, { recursive: true });
  });

  async function signedIn(
    locale: string,
    colorScheme: 'light' | 'dark',
    viewport: { width: number; height: number },
  ): Promise<BrowserContext> {
    const context = await browser.newContext({
      baseURL: gateway.admin,
      locale,
      colorScheme,
      viewport,
      reducedMotion: 'reduce',
    });
    await context.addCookies([{ ...cookie, domain: '127.0.0.1', path: '/', secure: true, httpOnly: true }]);
    return context;
  }

  it.each([
    ['en-GB', 'light', DESKTOP],
    ['fr-FR', 'dark', PHONE],
  ] as const)(
    'in %s, %s: is there, fits, breaks no rule of axe, and logs no error',
    async (locale, theme, viewport) => {
      expect(paths.length).toBeGreaterThan(18);
      const context = await signedIn(locale, theme, viewport);
      const found: string[] = [];
      const page = await context.newPage();
      page.on('pageerror', (error) => found.push(`${page.url()}: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') found.push(`${page.url()}: ${message.text()}`);
      });
      // Half of them in each, so that the two together see all: the frame is the same.
      for (const [index, path] of paths.entries()) {
        if (index % 2 === (locale === 'en-GB' ? 1 : 0)) continue;
        await page.goto(path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.getByRole('progressbar').first().waitFor({ state: 'detached' });
        for (const violation of await accessibilityOf(page)) found.push(`${path}: ${violation}`);
        const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth + 1');
        if (isWide === true) found.push(`${path} is wider than the screen`);
      }
      expect(found).toEqual([]);
      await context.close();
    },
  );
});
