import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accessibilityOf,
  buildPages,
  DESKTOP,
  hasChromium,
  launch,
  PHONE,
  visit,
  type Visit,
} from '../../support/web/browser.ts';

const POLICY = '/unified-messaging/mailbox-policies/MyUMMailboxPolicy';

/** Pages, who looks at them, and what is done before they are looked at. */
const SCREENS: readonly {
  path: string;
  account?: string | null;
  what?: string;
  act?: (visit: Visit) => Promise<void>;
}[] = [
  { path: '/sign-in', account: null },
  { path: '/' },
  { path: '/my-calls', account: 'alice' },
  { path: '/unified-messaging/dial-plans' },
  {
    path: '/unified-messaging/dial-plans',
    what: 'with the panel for a new one',
    act: async ({ page }) => {
      await page.locator('button:has-text("New"), button:has-text("Nouveau")').first().click();
      await page.locator('input[maxlength]').waitFor();
    },
  },
  {
    path: '/unified-messaging/dial-plans',
    what: 'with one to be removed',
    act: async ({ page }) => {
      await page.locator('tbody tr').first().click();
      await page.locator('button:has-text("Remove"), button:has-text("Supprimer")').first().click();
      await page.getByRole('alertdialog').waitFor();
    },
  },
  { path: '/unified-messaging/dial-plans', what: 'with none', act: emptied },
  { path: '/unified-messaging/dial-plans/Paris' },
  { path: '/unified-messaging/dial-plans/Paris?tab=policies' },
  { path: POLICY },
  { path: `${POLICY}?tab=conditions` },
  { path: POLICY, account: 'view' },
  {
    path: POLICY,
    what: 'where another admin has changed it',
    act: async ({ page, state }) => {
      await page.locator('input[type=checkbox]').click();
      state.touch(({ policies }) => {
        policies.find(({ name }) => name === 'MyUMMailboxPolicy')!.allowMissedCallNotifications = false;
      });
      await page.locator('button[type=submit]').click();
      await page.getByRole('alertdialog').waitFor();
    },
  },
  { path: '/nowhere' },
];

async function emptied({ page, state }: Visit): Promise<void> {
  state.empty();
  await page.reload();
  await page.locator('table').waitFor({ state: 'detached' });
}

const LOOKS = [
  { language: 'en-GB', scheme: 'light', viewport: DESKTOP },
  { language: 'fr-FR', scheme: 'dark', viewport: PHONE },
] as const;

/** `waitForFunction` would evaluate a string in the page, which its Content-Security-Policy forbids. */
async function until(page: Page, expression: string): Promise<void> {
  await expect.poll(() => page.evaluate(expression), { timeout: 5_000 }).toBe(true);
}

/** Stands still: what is loaded is there, and nothing fades in any more. */
async function settle(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await until(
    page,
    "document.querySelector('[role=progressbar], [aria-busy=true]') === null && document.getAnimations().every(({ playState }) => playState !== 'running')",
  );
}

describe.runIf(await hasChromium())('the admin centre for everybody', () => {
  let browser: Browser;
  let built: Awaited<ReturnType<typeof buildPages>>;

  beforeAll(async () => {
    [browser, built] = await Promise.all([launch(), buildPages()]);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await built.remove();
  });

  for (const [index, { path, account = 'admin', what = '', act }] of SCREENS.entries()) {
    // Every other screen in each look: every-page.test.ts sees the frame in both.
    for (const look of LOOKS.filter((_, position) => position === index % LOOKS.length)) {
      const { language, scheme, viewport } = look;
      it(`axe finds nothing at ${path} ${what} (${language}, ${scheme}, ${viewport.width} px)`, async () => {
        const one = await visit({ browser, folder: built.folder, account, ...look });
        try {
          await one.page.goto(path);
          await settle(one.page);
          await act?.(one);
          await settle(one.page);
          expect(await accessibilityOf(one.page)).toEqual([]);
          expect(await one.page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
          expect(await one.page.getAttribute('html', 'lang')).toBe(language.slice(0, 2));
          expect(await one.page.title()).toMatch(/^.+ - Missed Call Gateway$/);
        } finally {
          await one.close();
        }
        expect(one.mishaps).toEqual([]);
      });
    }
  }

  it('the switch is reached, turned and saved by the keyboard alone', async () => {
    const one = await visit({ browser, folder: built.folder });
    const { page, state } = one;
    const focused = () =>
      page.evaluate<string>("document.activeElement?.textContent || document.activeElement?.ariaLabel || ''");
    const tabTo = async (text: string): Promise<void> => {
      for (let step = 0; step < 40; step += 1) {
        await page.keyboard.press('Tab');
        if ((await focused()) === text) return;
      }
      throw new Error(`${text} was not reached`);
    };
    await page.goto('/');
    await settle(page);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the page');
    await tabTo('UM dial plans');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'UM dial plans' }).waitFor();
    // The heading of the page that one has come to has the focus, so that it is read.
    await until(page, "document.activeElement?.tagName === 'H1'");
    await tabTo('Paris');
    await page.keyboard.press('Enter');
    await until(page, "document.activeElement?.textContent === 'Paris'");
    await tabTo('General');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('UM mailbox policies');
    await tabTo('MyUMMailboxPolicy');
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: 'Allow missed call notifications' }).focus();
    await page.keyboard.press('Space');
    await tabTo('Save');
    await page.keyboard.press('Enter');
    await page.getByText('“MyUMMailboxPolicy” has been saved.').last().waitFor();
    expect(state.policies.find(({ name }) => name === 'MyUMMailboxPolicy')?.allowMissedCallNotifications).toBe(false);
    await one.close();
  });

  it('language and theme are chosen in the bar, hold at once and are kept', async () => {
    const one = await visit({ browser, folder: built.folder });
    const { page } = one;
    await page.goto('/');
    await page.getByRole('button', { name: 'Language and theme' }).click();
    await page.getByRole('menuitemradio', { name: 'Français' }).click();
    await page.getByRole('heading', { level: 1, name: 'Vue d’ensemble' }).waitFor();
    await page.getByRole('button', { name: 'Langue et thème' }).click();
    await page.getByRole('menuitemradio', { name: 'Sombre' }).click();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Vue d’ensemble' }).waitFor();
    expect(await page.evaluate('document.documentElement.style.colorScheme')).toBe('dark');
    expect(await page.getAttribute('html', 'lang')).toBe('fr');
    await one.close();
    expect(one.mishaps).toEqual([]);
  });
});
