import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, SECRET } from '../../support/web/example-handlers.ts';
import {
  buildPages,
  hasChromium,
  launch,
  PHONE,
  visit,
  type Visit,
  type VisitOptions,
} from '../../support/web/browser.ts';

const POLICY = '/unified-messaging/mailbox-policies/MyUMMailboxPolicy';

let browser: Browser;
let built: Awaited<ReturnType<typeof buildPages>>;
let open: Visit[] = [];

async function at(path: string, options: Omit<VisitOptions, 'browser' | 'folder'> = {}): Promise<Visit> {
  const one = await visit({ browser, folder: built.folder, ...options });
  open.push(one);
  one.page.setDefaultTimeout(8_000);
  await one.page.goto(path);
  return one;
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
/** What a toast says; it stands in the page twice, for readers and for screen readers. */
const said = (page: Page, text: string | RegExp) => page.getByText(text).last().waitFor();
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });

/** The way of Exchange's help: from the list of dial plans to the switch, and Save. */
async function turnOff(page: Page, words: Readonly<Record<'plans' | 'edit' | 'policies' | 'allow' | 'save', string>>) {
  await page.getByRole('link', { name: words.plans }).click();
  await page.getByRole('row', { name: /Paris/ }).click();
  await button(page, words.edit).click();
  await page.getByRole('tab', { name: words.policies }).click();
  await page.getByRole('row', { name: /MyUMMailboxPolicy/ }).click();
  await button(page, words.edit).click();
  await page.getByRole('checkbox', { name: words.allow }).uncheck();
  await button(page, words.save).click();
}

describe.runIf(await hasChromium())('the admin centre in a browser', () => {
  beforeAll(async () => {
    [browser, built] = await Promise.all([launch(), buildPages()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await built?.remove();
  });
  afterEach(async () => {
    const closing = open;
    open = [];
    for (const one of closing) {
      await one.close();
      expect(one.mishaps).toEqual([]);
    }
  });

  it('Exchange’s way leads to the switch: UM dial plans, Edit, UM mailbox policies, Edit, General, Save', async () => {
    const { page, state } = await at('/');
    await turnOff(page, {
      plans: 'UM dial plans',
      edit: 'Edit',
      policies: 'UM mailbox policies',
      allow: 'Allow missed call notifications',
      save: 'Save',
    });
    await said(page, '“MyUMMailboxPolicy” has been saved.');
    expect(state.policies.find(({ name }) => name === 'MyUMMailboxPolicy')?.allowMissedCallNotifications).toBe(false);
  });

  it('the same in French, by the words of the French help', async () => {
    const { page, state } = await at('/', { language: 'fr-FR' });
    await turnOff(page, {
      plans: 'Plans de numérotation de messagerie unifiée',
      edit: 'Modifier',
      policies: 'Stratégies de boîte aux lettres de messagerie unifiée',
      allow: "Autoriser les notifications d'appel en absence",
      save: 'Enregistrer',
    });
    await said(page, /a été enregistré/);
    expect(state.policies.find(({ name }) => name === 'MyUMMailboxPolicy')?.allowMissedCallNotifications).toBe(false);
    expect(await page.getAttribute('html', 'lang')).toBe('fr');
  });

  it('the same on a phone, by its drawer', async () => {
    const { page, state } = await at('/', { viewport: PHONE });
    await button(page, 'Open the navigation').click();
    await turnOff(page, {
      plans: 'UM dial plans',
      edit: 'Edit',
      policies: 'UM mailbox policies',
      allow: 'Allow missed call notifications',
      save: 'Save',
    });
    await said(page, '“MyUMMailboxPolicy” has been saved.');
    expect(state.policies.find(({ name }) => name === 'MyUMMailboxPolicy')?.allowMissedCallNotifications).toBe(false);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
  });

  it('whoever has not signed in does, and comes to where the link went', async () => {
    const { page } = await at(`${POLICY}?tab=conditions`, { account: null });
    await heading(page, 'Sign in').waitFor();
    await page.getByLabel('Account name').fill('admin');
    await page.getByLabel('Password').fill('wrong');
    await button(page, 'Sign in').click();
    await page.getByText('The name or the password is not right.').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await button(page, 'Sign in').click();
    await heading(page, 'MyUMMailboxPolicy').waitFor();
    await page.getByRole('checkbox', { name: 'Internal calls' }).waitFor();
  });

  it('a sign-in does not lead to another site', async () => {
    const { page, server } = await at('/sign-in?to=//evil.example/', { account: null });
    await page.getByLabel('Account name').fill('admin');
    await page.getByLabel('Password').fill(PASSWORD);
    await button(page, 'Sign in').click();
    await heading(page, 'Overview').waitFor();
    expect(page.url()).toBe(`${server.origin}/`);
  });

  it('a session that has ended leads to the sign-in', async () => {
    const { page, context } = await at('/unified-messaging/dial-plans');
    await page.getByRole('row', { name: /Paris/ }).waitFor();
    await context.clearCookies();
    await button(page, 'Refresh').click();
    await heading(page, 'Sign in').waitFor();
    expect(new URL(page.url()).searchParams.get('to')).toBe('/unified-messaging/dial-plans');
  });

  it('the first account is made by the one-time link, whose secret is in no request for a page', async () => {
    const { page, state } = await at('/sign-in', { account: null });
    state.firstAccountMissing = true;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`/first-account#${SECRET}`);
    await page.getByLabel('Account name').fill('admin');
    await page.getByLabel('Display name').fill('Claire Bernard');
    await page.getByLabel('Password (12 characters or more)').fill('a long pass phrase');
    await page.getByLabel('Password again').fill('another');
    await button(page, 'Create account').click();
    await page.getByText('The two passwords are not the same.').waitFor();
    await page.getByLabel('Password again').fill('a long pass phrase');
    await button(page, 'Create account').click();
    await heading(page, 'Overview').waitFor();
    expect(asked.filter((url) => url.includes(SECRET) && !url.includes('#'))).toEqual([]);
  });

  it('two admins at once: what the other has changed is shown, and one may save one’s own as well', async () => {
    const { page, state } = await at(`${POLICY}?tab=conditions`);
    await page.getByRole('checkbox', { name: 'The user was on the phone' }).uncheck();
    state.touch(({ policies }) => {
      const one = policies.find(({ name }) => name === 'MyUMMailboxPolicy')!;
      one.conditions = { ...one.conditions, declined: false };
    });
    await button(page, 'Save').click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('Somebody else has changed this meanwhile').waitFor();
    expect(await dialog.getByRole('row', { name: /The call was declined/ }).innerText()).toBe(
      'The call was declined\tYes\tNo\t(not changed)',
    );
    await dialog.getByRole('button', { name: 'Save mine as well' }).click();
    await said(page, '“MyUMMailboxPolicy” has been saved.');
    const { busy, declined } = state.policies.find(({ name }) => name === 'MyUMMailboxPolicy')!.conditions;
    expect({ busy, declined }).toEqual({ busy: false, declined: false });
  });

  it('two admins at once on the same setting: one may discard one’s own', async () => {
    const { page, state } = await at(POLICY);
    await page.getByLabel('Name').fill('Mine');
    state.touch(({ policies }) => {
      policies.find(({ name }) => name === 'MyUMMailboxPolicy')!.allowMissedCallNotifications = false;
    });
    await button(page, 'Save').click();
    await button(page, 'Discard mine and reload').click();
    await page.getByRole('checkbox', { name: 'Allow missed call notifications', checked: false }).waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('MyUMMailboxPolicy');
  });

  it('a change of something else in the file is no conflict', async () => {
    const { page, state } = await at(POLICY);
    await page.getByRole('checkbox', { name: 'Allow missed call notifications' }).uncheck();
    state.touch();
    await button(page, 'Save').click();
    await said(page, '“MyUMMailboxPolicy” has been saved.');
  });

  it('unsaved changes are not left by mistake', async () => {
    const { page } = await at(POLICY);
    await page.getByRole('checkbox', { name: 'Allow missed call notifications' }).uncheck();
    await page.getByRole('link', { name: 'Overview' }).click();
    const dialog = page.getByRole('alertdialog', { name: 'Leave without saving?' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await heading(page, 'MyUMMailboxPolicy').waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await dialog.getByRole('button', { name: 'Leave' }).click();
    await heading(page, 'Overview').waitFor();
  });

  it('a dial plan is made with its policy, and is removed when it has none left', async () => {
    const { page, state } = await at('/unified-messaging/dial-plans');
    await button(page, 'New').click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Lyon');
    state.touch();
    await button(page, 'Save').click();
    await said(page, '“Lyon” has been created.');
    await page.getByRole('row', { name: /Lyon/ }).click();
    await button(page, 'Remove').click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByText(/can't be removed: it has 1 mailbox policies/).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'Lyon' }).click();
    await page.getByRole('tab', { name: 'UM mailbox policies' }).click();
    await page.getByRole('row', { name: /Lyon Default Policy/ }).click();
    await button(page, 'Remove').click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await said(page, '“Lyon Default Policy” has been removed.');
    expect(state.policies.some(({ dialPlan }) => dialPlan === 'Lyon')).toBe(false);
  });

  it('who may only look sees no command that changes something, and cannot type', async () => {
    const { page } = await at(POLICY, { account: 'view' });
    await page.getByRole('checkbox', { name: 'Allow missed call notifications' }).waitFor();
    expect(await page.getByRole('checkbox').isDisabled()).toBe(true);
    expect(await button(page, 'Save').count()).toBe(0);
    await page.getByRole('link', { name: 'UM dial plans' }).first().click();
    await button(page, 'View').waitFor();
    expect(await button(page, 'New').count()).toBe(0);
  });

  it('a user comes to the own missed calls, has the own switch, and no other page', async () => {
    const { page } = await at('/', { account: 'alice' });
    await heading(page, 'My missed calls').waitFor();
    expect(await page.getByRole('navigation', { name: 'Navigation' }).getByRole('link').allInnerTexts()).toEqual([
      'My missed calls',
      'My account',
    ]);
    await page.getByRole('switch').click();
    await said(page, 'You will not be told about missed calls any more.');
    expect(await page.getByRole('switch').isChecked()).toBe(false);
    await page.goto('/unified-messaging/dial-plans');
    await heading(page, 'This page is not for you').waitFor();
  });

  it('a list goes on page by page', async () => {
    const { page } = await at('/my-calls', { account: 'alice' });
    await page.getByText('50 items').waitFor();
    await button(page, 'Show more').click();
    await page.getByText('60 items').waitFor();
    expect(await button(page, 'Show more').count()).toBe(0);
  });

  it('a broken policy file is said with its place', async () => {
    const { page, state } = await at('/sign-in');
    state.breakPolicy();
    await page.goto('/');
    await page.getByText('Line 42, column 5', { exact: false }).waitFor();
  });
});
