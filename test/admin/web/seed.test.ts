import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type GatewayProcess, gatewayFiles, startGateway } from '../../support/gateway-process.ts';
import { describeWith } from '../../support/peers.ts';
import { freePort } from '../../support/ports.ts';
import {
  callerSends,
  expectStatus,
  invite,
  ok,
  pause,
  receive,
  receiveInvite,
  reply,
  sipp,
  type SippRun,
  terminated,
} from '../../support/sipp.ts';
import { launch } from '../../support/web/browser.ts';

/** The page that it all began with, in both languages: what Exchange's help says to click. */
const HELP = {
  'en-GB': {
    plans: 'UM dial plans',
    edit: 'Edit',
    policies: 'UM mailbox policies',
    general: 'General',
    allow: 'Allow missed call notifications',
    save: 'Save',
  },
  'fr-FR': {
    plans: 'Plans de numérotation de messagerie unifiée',
    edit: 'Modifier',
    policies: 'Stratégies de boîte aux lettres de messagerie unifiée',
    general: 'Général',
    allow: "Autoriser les notifications d'appel en absence",
    save: 'Enregistrer',
  },
} as const;
const PASSWORD = 'a long pass phrase';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

describeWith('chromium', 'the steps of Exchange’s help', () => {
  let browser: Browser;
  let gateway: GatewayProcess;
  let phone: SippRun;
  let session: { readonly name: string; readonly value: string };
  let calls = 0;

  beforeAll(async () => {
    const port = await freePort('127.0.0.1');
    const steps = [receiveInvite(), reply(180, 'Ringing'), receive('CANCEL'), ok(), terminated(), receive('ACK')];
    phone = await sipp({ steps, port });
    const settings = `peers: [{ name: pbx, allow: [127.0.0.0/8] }]\nrouting: { nextHop: ["sip:127.0.0.1:${port}"] }`;
    const policy = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: MyUMMailboxPolicy, dialPlan: Paris }
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: MyUMMailboxPolicy }
`;
    [browser, gateway] = await Promise.all([launch(), startGateway(await gatewayFiles(settings, { policy }))]);
    session = await signedIn(gateway);
  });
  afterAll(async () => {
    await browser.close();
    await phone.stop();
    await gateway.stop();
    await rm(gateway.folder, { recursive: true });
  });

  /** A call that nobody answers; resolves when it is decided. */
  async function missACall(): Promise<string | null> {
    const steps = [
      invite(),
      expectStatus(100, { optional: true }),
      expectStatus(180),
      pause(200),
      callerSends('CANCEL'),
      expectStatus(200),
      expectStatus(487),
      callerSends('ACK-FAILURE'),
    ];
    const run = await sipp({ steps, target: gateway.sip.udp });
    expect(await run.done).toMatchObject({ code: 0 });
    calls += 1;
    return (await gateway.settled(calls)).at(-1)?.reason ?? null;
  }

  it.each(Object.keys(HELP) as (keyof typeof HELP)[])(
    'by click, in %s: the next missed call yields no mail; switched back, it does',
    async (locale) => {
      const words = HELP[locale];
      const context = await browser.newContext({ baseURL: gateway.admin, locale });
      await context.addCookies([{ ...session, domain: '127.0.0.1', path: '/', secure: true, httpOnly: true }]);
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      const mails = (await gateway.mails()).length;
      const startedAt = performance.now();
      await page.goto('/');
      await toThePolicy(page, words);
      await page.getByRole('checkbox', { name: words.allow }).uncheck();
      await page.getByRole('button', { name: words.save, exact: true }).click();
      await expect
        .poll(() => gateway.mcg('shell', '-c', 'Get-UMMailboxPolicy | Format-List Allow*'))
        .toContain('False');
      expect(performance.now() - startedAt).toBeLessThan(60_000);
      expect(await missACall()).toBe('policy-disabled');

      await toThePolicy(page, words);
      await page.getByRole('checkbox', { name: words.allow }).check();
      await page.getByRole('button', { name: words.save, exact: true }).click();
      await expect.poll(() => gateway.mcg('shell', '-c', 'Get-UMMailboxPolicy | Format-List Allow*')).toContain('True');
      expect(await missACall()).toBe('missed');
      expect(await gateway.mailed(mails + 1)).toHaveLength(mails + 1);
      await context.close();
    },
  );

  it('by command, letter for letter: the same', async () => {
    const mails = (await gateway.mails()).length;
    await gateway.mcg(
      'shell',
      '-c',
      'Set-UMMailboxPolicy -identity MyUMMailboxPolicy -AllowMissedCallNotifications $false',
    );
    expect(await missACall()).toBe('policy-disabled');
    await gateway.mcg(
      'Set-UMMailboxPolicy',
      '-identity',
      'MyUMMailboxPolicy',
      '-AllowMissedCallNotifications',
      '$true',
    );
    expect(await missACall()).toBe('missed');
    expect(await gateway.mailed(mails + 1)).toHaveLength(mails + 1);
  });
});

/** Unified messaging > UM dial plans > Edit > UM mailbox policies > Edit > General. */
async function toThePolicy(page: Page, words: (typeof HELP)[keyof typeof HELP]): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: words.plans }).first().click();
  await page.getByRole('row', { name: /Paris/ }).click();
  await page.getByRole('button', { name: words.edit, exact: true }).click();
  await page.getByRole('tab', { name: words.policies }).click();
  await page.getByRole('row', { name: /MyUMMailboxPolicy/ }).click();
  await page.getByRole('button', { name: words.edit, exact: true }).click();
  await page.getByRole('tab', { name: words.general }).click();
}

/** The first account, made by the printed link's secret. */
async function signedIn(gateway: GatewayProcess): Promise<{ name: string; value: string }> {
  const printed = await vi.waitUntil(() => /\/first-account#(\S+)/.exec(gateway.printed()), { timeout: 10_000 });
  const answer = await fetch(`${gateway.admin}/api/v1/first-account`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ secret: printed?.[1], name: 'admin', displayName: 'Admin', password: PASSWORD }),
  });
  const [cookie = ''] = answer.headers.getSetCookie();
  const [name = '', value = ''] = cookie.split(';', 1)[0]?.split('=') ?? [];
  return { name, value };
}
