import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { exampleState, type ExampleState } from './example-handlers.ts';
import { COOKIE, type ExampleServer, startExampleServer } from './serve.ts';

export const CHROMIUM = '/usr/bin/chromium';
export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

export async function hasChromium(): Promise<boolean> {
  return access(CHROMIUM).then(
    () => true,
    () => false,
  );
}

/** Builds the pages as they stand into a folder of their own. */
export async function buildPages(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'admin-web-'));
  // As a program of its own: in vitest's environment it would build React's development version.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)('node_modules/.bin/vite', ['build', 'src/admin/web', '--outDir', folder, '--emptyOutDir'], {
    env,
  });
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly state: ExampleState;
  readonly server: ExampleServer;
  /** What went wrong in the page: thrown errors, refused by the CSP, examples that are none. */
  readonly mishaps: string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly browser: Browser;
  readonly folder: string;
  /** Who is signed in; null: nobody. */
  readonly account?: string | null;
  readonly language?: 'en-GB' | 'fr-FR';
  readonly scheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A browser at the pages over examples of its own. */
export async function visit(options: VisitOptions): Promise<Visit> {
  const { browser, folder, account = 'admin', language = 'en-GB', scheme = 'light', viewport = DESKTOP } = options;
  const state = exampleState(Date.now);
  const server = await startExampleServer({
    handlers: state.handlers,
    callerOf: (name) => state.callerOf(name),
    webRoot: folder,
  });
  const context = await browser.newContext({
    baseURL: server.origin,
    locale: language,
    colorScheme: scheme,
    viewport,
    timezoneId: 'Europe/Paris',
    reducedMotion: 'reduce',
  });
  if (account !== null) await context.addCookies([{ name: COOKIE, value: account, url: server.origin }]);
  const page = await context.newPage();
  const mishaps: string[] = [];
  page.on('pageerror', (error) => mishaps.push(error.message));
  return {
    page,
    context,
    state,
    server,
    mishaps,
    async close() {
      await context.close();
      await server.close();
      mishaps.push(...server.violations);
    },
  };
}

const AXE = 'node_modules/axe-core/axe.min.js';

/**
 * What axe finds wrong with the page, as lines. Left out: the invisible stops that Fluent's focus keeper (tabster) puts around
 * menus and dialogs; they hand the focus on as soon as they have it.
 */
export async function accessibilityOf(page: Page): Promise<string[]> {
  await page.evaluate(`${await readFile(AXE, 'utf8')};0`);
  return page.evaluate(`axe.run({ exclude: [['[data-tabster-dummy]']] }, { resultTypes: ['violations'] }).then(
    ({ violations }) => violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => id + ': ' + help + ' ' + target)))`);
}
