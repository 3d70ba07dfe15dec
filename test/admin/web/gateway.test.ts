import { execFile } from 'node:child_process';
import { glob, readFile, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GatewayProcess, gatewayFiles, startGateway } from '../../support/gateway-process.ts';
import { hasChromium, launch } from '../../support/web/browser.ts';

const PASSWORD = 'a long pass phrase';
const SETTINGS = `peers: [{ name: pbx, allow: [127.0.0.0/8] }]
routing: { nextHop: ["sip:127.0.0.1:5999"] }`;
const POLICIES = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  # Who answers for everybody.
  - { name: Paris Default Policy, dialPlan: Paris } # kept
  - { name: Version 1.5, dialPlan: Paris }
mailboxes:
  - { identity: alice, displayName: Alice Martin, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Paris Default Policy }
`;

/** The gateway serves `dist/admin/web`; builds it where it is older than what it is made of. */
async function buildWhereOld(): Promise<void> {
  const built = await stat('dist/admin/web/index.html').then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  for await (const file of glob('src/admin/web/**/*.{ts,tsx,html,css}')) {
    if ((await stat(file)).mtimeMs <= built) continue;
    await promisify(execFile)('npm', ['run', '-s', 'build:web'], { env: { ...process.env, NODE_ENV: 'production' } });
    return;
  }
}

describe.runIf(await hasChromium())('the admin centre on a running gateway', () => {
  let browser: Browser;
  let gateway: GatewayProcess;
  let link: string;
  const mishaps: string[] = [];

  beforeAll(async () => {
    await buildWhereOld();
    const files = await gatewayFiles(SETTINGS, { policy: POLICIES });
    [browser, gateway] = await Promise.all([launch(), startGateway(files)]);
    link = await firstAccountLink(gateway);
  }, 90_000);
  afterAll(async () => {
    await browser.close();
    await gateway.stop();
    await rm(gateway.folder, { recursive: true });
  });

  async function open(path: string): Promise<Page> {
    const context = await browser.newContext({ baseURL: gateway.admin, locale: 'en-GB', reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => mishaps.push(error.message));
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) mishaps.push(message.text());
    });
    await page.goto(path);
    return page;
  }

  async function signIn(path: string): Promise<Page> {
    const page = await open(path);
    await page.getByLabel('Account name').fill('admin');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Navigation' }).waitFor();
    return page;
  }

  const title = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  const allowed = (page: Page) => page.getByRole('checkbox', { name: 'Allow missed call notifications' });
  const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();

  it('the link that the gateway printed makes the first account, which is signed in', async () => {
    const page = await open(link);
    await page.getByLabel('Account name').fill('admin');
    await page.getByLabel('Display name').fill('Claire Bernard');
    await page.getByLabel('Password (12 characters or more)').fill(PASSWORD);
    await page.getByLabel('Password again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await title(page, 'Overview');
    await page.getByText('No call has been missed yet.').waitFor();
    await page.context().close();
  });

  it('the way of Exchange’s help changes the one value in the file, and the log says who and why', async () => {
    const page = await signIn('/unified-messaging/dial-plans');
    await page.getByRole('row', { name: /Paris/ }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('tab', { name: 'UM mailbox policies' }).click();
    await page.getByRole('row', { name: /Paris Default Policy/ }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    await allowed(page).uncheck();
    await page.getByRole('textbox', { name: /Reason/ }).fill('asked for by Alice');
    await save(page);
    await page.getByText('“Paris Default Policy” has been saved.').last().waitFor();
    const written = await readFile(gateway.policy, 'utf8');
    expect(written.replace(', allowMissedCallNotifications: false', '')).toBe(POLICIES);
    expect(written).toContain('# kept');
    const audit = await (await page.request.get('/api/v1/audit')).json();
    expect(audit).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ actor: 'admin', why: 'asked for by Alice', result: 'done' }),
      ]) as unknown,
    });
    await page.context().close();
  });

  it('a change by the command line is on the screen without a reload', async () => {
    const page = await signIn('/unified-messaging/mailbox-policies/Paris%20Default%20Policy');
    await expect.poll(() => allowed(page).isChecked()).toBe(false);
    await gateway.mcg('shell', '-c', "Set-UMMailboxPolicy 'Paris Default Policy' -AllowMissedCallNotifications $true");
    await expect.poll(() => allowed(page).isChecked(), { timeout: 10_000 }).toBe(true);
    await page.context().close();
  });

  it('two admins on one policy: the second is told what the first has changed', async () => {
    const path = '/unified-messaging/mailbox-policies/Version%201.5?tab=conditions';
    const [first, second] = [await signIn(path), await signIn(path)];
    await title(first, 'Version 1.5');
    await title(second, 'Version 1.5');
    const busy = (page: Page) => page.getByRole('checkbox', { name: 'The user was on the phone' });
    await busy(second).uncheck();
    await first.getByRole('checkbox', { name: 'External calls' }).uncheck();
    await save(first);
    await first.getByText('has been saved.').last().waitFor();
    await save(second);
    const dialog = second.getByRole('alertdialog');
    await dialog.getByRole('row', { name: /External calls.*Yes.*No/s }).waitFor();
    await dialog.getByRole('button', { name: 'Save mine as well' }).click();
    await second.getByText('has been saved.').last().waitFor();
    const written = await readFile(gateway.policy, 'utf8');
    expect(written).toMatch(/name: Version 1.5.*externalCalls: false/);
    expect(written).toMatch(/name: Version 1.5.*busy: false/);
    await first.context().close();
    await second.context().close();
  });

  it('signing out ends it: what was open asks for a sign-in', async () => {
    const page = await signIn('/');
    await page.getByRole('button', { name: 'Account of Claire Bernard' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await title(page, 'Sign in');
    await page.goto('/unified-messaging/dial-plans');
    await title(page, 'Sign in');
    expect((await page.request.get('/api/v1/session')).status()).toBe(401);
    await page.context().close();
  });

  it('nothing went wrong in any page, and no style or script was refused', () => {
    expect(mishaps).toEqual([]);
  });
});

/** `mcg start` prints it below the addresses. */
function firstAccountLink(gateway: GatewayProcess): Promise<string> {
  return vi.waitUntil(() => /\/first-account#\S+/.exec(gateway.printed())?.[0], { timeout: 10_000 });
}
