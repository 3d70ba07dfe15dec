import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mcg, until } from '../support/gateway-process.ts';
import { startLab, type LabProcess } from '../support/lab-process.ts';
import { describeWith } from '../support/peers.ts';

/** `mcg lab` with nothing but a browser: tabs of Debian's chromium with fake media are its phones. */
const CHROMIUM = '/usr/bin/chromium';

describeWith(CHROMIUM, 'the softphone page, in tabs of chromium', () => {
  let lab: LabProcess;
  let browser: Browser;
  let context: BrowserContext;
  let alice: Page;
  let bob: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    lab = await startLab();
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
    });
    context = await browser.newContext();
    [alice, bob] = await Promise.all([tab('1001'), tab('1002')]);
  }, 90_000);

  afterAll(async () => {
    await browser.close();
    await lab.close();
  });

  async function tab(number: string): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${lab.url}?account=${number}`);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText(`Registered as ${number}`).waitFor();
    return page;
  }

  const state = (page: Page, text: string | RegExp) => page.locator('#state').filter({ hasText: text }).waitFor();
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  async function dial(page: Page, number: string): Promise<void> {
    await page.getByLabel('Number').fill(number);
    await press(page, 'Call');
  }

  async function judged(count: number) {
    return until(20_000, `${count} calls with an outcome`, async () => {
      const calls = await lab.calls();
      return calls.filter(({ outcome }) => outcome !== null).length >= count ? calls : null;
    });
  }

  it('a tab that is called and does not answer gets a mail, and its page shows it', async () => {
    await dial(alice, '1002');
    await state(bob, 'Alice Martin (1001) is calling');
    await state(alice, '1002 rings');
    await press(alice, 'Hang up');
    await state(bob, 'No call');
    await bob.getByText('Missed call from Alice Martin').waitFor();
    const [call] = await judged(1);
    expect(call).toMatchObject({ caller: '1001', outcome: 'missed', cause: 'caller-hung-up', decision: 'notify' });
    expect(await mcg('explain', call!.id, '--config', lab.config)).toContain('the caller hung up while it rang');
  }, 60_000);

  it('answers, holds, sends a key and hangs up: the call is answered, nobody is mailed', async () => {
    await dial(alice, '1002');
    await press(bob, 'Answer');
    await state(alice, 'Talking to 1002');
    await press(alice, 'Hold');
    await state(alice, '1002 is on hold');
    await press(alice, 'Resume');
    await state(alice, 'Talking to 1002');
    await press(alice, '5');
    // Before the other side hangs up: the BYE must not overtake it. Who sent it hears 200 when the other side has taken it.
    const told = await until(10_000, 'the other side’s answer to the key', async () => {
      const talking = (await lab.calls()).at(-1);
      const messages = await mcg('trace', talking!.id, '--messages', '--config', lab.config);
      return /\nSIP\/2\.0 200 .*(\n.+)*\nCSeq: \d+ INFO\n/.test(messages) ? messages : null;
    });
    // Which key it was is in no file.
    expect(told).toMatch(/\nSignal=-\nDuration=\d+/);
    await press(bob, 'Hang up');
    await state(alice, 'No call');
    const [, call] = await judged(2);
    expect(call).toMatchObject({ outcome: 'answered', decision: 'skip', reason: 'answered' });
    expect(await bob.locator('#mails summary').count()).toBe(1);
  }, 60_000);

  it('declines: busy here for the caller, a missed call that was declined', async () => {
    await dial(bob, '1001');
    await press(alice, 'Decline');
    await state(bob, 'No call');
    const [, , call] = await judged(3);
    expect(call).toMatchObject({ callee: '1001', outcome: 'missed', cause: 'declined' });
    await alice.getByText('Missed call from Bob Taylor').waitFor();
  }, 60_000);

  it('a group rings every tab, and one answer stops the others', async () => {
    const chloe = await tab('1003');
    await dial(chloe, '1100');
    await Promise.all([state(alice, 'Chloé Dubois (1003) is calling'), state(bob, 'Chloé Dubois (1003) is calling')]);
    await press(bob, 'Answer');
    await Promise.all([state(alice, 'No call'), state(chloe, 'Talking to 1100')]);
    await press(chloe, 'Hang up');
    const calls = await judged(4);
    expect(calls.at(-1)).toMatchObject({ callee: '1100', outcome: 'answered' });
    await chloe.close();
  }, 60_000);

  it('the page has nothing to complain about', () => {
    expect(complaints).toEqual([]);
  });
});
