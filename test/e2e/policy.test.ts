import { readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCaller, startPhone, type Caller, type Phone } from '../../src/lab/index.ts';
import {
  command,
  gatewayFiles,
  POLICY,
  removeFiles,
  startGateway,
  type GatewayProcess,
  type LogLine,
} from '../support/gateway-process.ts';
import { call, onThisMachine, settings } from './support.ts';

/** A saved change holds within this time (design of policy.yaml). */
const HOLDS_WITHIN_MS = 1_000;

const COMMENTED = POLICY.replace('mailboxPolicies:\n', 'mailboxPolicies:   # who is told\n  # keep: ask Zoë first\n');

const allowing = (allow: boolean): string =>
  COMMENTED.replace(/allowMissedCallNotifications: \w+/, `allowMissedCallNotifications: ${allow}`);

type Save = (path: string, text: string) => Promise<void>;

const inPlace: Save = (path, text) => writeFile(path, text);
const byRename: Save = async (path, text) => {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
};
/** The old file becomes the backup, a new one is written under the name, the backup goes. */
const likeVim: Save = async (path, text) => {
  await rename(path, `${path}~`);
  await writeFile(path, text);
  await unlink(`${path}~`);
};

describe('the policy file of a running gateway', () => {
  let phone: Phone;
  let caller: Caller;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    phone = await startPhone({ behaviour: { kind: 'busy' } });
    caller = await startCaller();
    gateway = await startGateway(await gatewayFiles(settings(phone), { policy: COMMENTED }));
  });
  afterAll(async () => {
    await gateway.kill();
    await Promise.all([caller.close(), phone.close(), removeFiles(gateway)]);
  });

  /** The next log line that says so, with the time since the last one was waited for. */
  let seen = 0;
  async function logged(message: string): Promise<number> {
    const from = gateway.log.length;
    const startedAt = Date.now();
    await gateway.logged((line) => gateway.log.indexOf(line) >= Math.max(from, seen) && line['msg'] === message);
    seen = gateway.log.length;
    return Date.now() - startedAt;
  }

  /** Saves as `save` does, and waits until the gateway says that it holds. */
  async function saved(save: Save, text: string): Promise<void> {
    const loaded = logged('the policy was loaded');
    await save(gateway.policy, text);
    expect(await loaded).toBeLessThan(onThisMachine(HOLDS_WITHIN_MS));
  }

  // Whatever the test before left.
  beforeEach(async () => {
    if ((await readFile(gateway.policy, 'utf8').catch(() => '')) !== allowing(true))
      await saved(inPlace, allowing(true));
  });

  let mailed = 0;

  /** A call to a busy phone, and what the gateway's log says was decided about it. */
  async function nextCall(number: string): Promise<LogLine> {
    const { callId } = await call(caller, gateway, { number });
    return gateway.logged(({ msg, sipCallId }) => msg === 'call ended' && sipCallId === callId);
  }

  async function expectMailed(number = '1001'): Promise<void> {
    const judged = { outcome: 'missed', cause: 'busy', decision: 'notify', reason: 'missed' };
    expect(await nextCall(number)).toMatchObject(judged);
    mailed += 1;
    await gateway.mailed(mailed);
  }

  async function expectSilence(reason: string, number = '1001'): Promise<void> {
    const judged = { outcome: 'missed', cause: 'busy', decision: 'skip', reason };
    expect(await nextCall(number)).toMatchObject(judged);
  }

  it.each([
    ['written in place', inPlace],
    ['renamed into place', byRename],
    ['saved as vim does', likeVim],
  ])('%s: the next call follows it, both ways', async (_how, save) => {
    await saved(save, allowing(false));
    await expectSilence('policy-disabled');
    await saved(save, allowing(true));
    await expectMailed();
  });

  it('broken, half-written or gone: nothing changes, and log and /readyz say why', async () => {
    await saved(inPlace, allowing(false));
    for (const [broken, says] of [
      [allowing(true).replace('dialPlan: Paris', 'dialPlan: Lyon'), /policy\.yaml:\d+:\d+ .*Lyon/],
      [allowing(true).slice(0, 330), /policy\.yaml:\d+:\d+ /],
      [null, /policy\.yaml/],
    ] as const) {
      const refused = gateway.logged(({ msg, level }) => says.test(String(msg)) && level !== 'info');
      await (broken === null ? rm(gateway.policy) : writeFile(gateway.policy, broken));
      expect(String((await refused)['msg'])).toContain('still holds');
      const { status, text } = await gateway.page('/readyz');
      expect(status).toBe(200);
      expect(JSON.parse(text)).toMatchObject({
        ready: true,
        checks: expect.arrayContaining([
          expect.objectContaining({
            name: 'policy',
            ok: true,
            attention: true,
            detail: expect.stringMatching(/the last good version holds: .*policy\.yaml/s),
          }),
        ]),
      });
    }
    await expectSilence('policy-disabled');
    await saved(inPlace, allowing(true));
    expect((await gateway.page('/readyz')).text).toContain('"loaded"');
    await expectMailed();
  });

  it('set by the cmdlet: the same, and the comments stay', async () => {
    const shell = (line: string) => command('shell', '-c', line, '--config', gateway.config);
    const set = (value: string) =>
      shell(`Set-UMMailboxPolicy -identity "Paris Default Policy" -AllowMissedCallNotifications ${value}`);

    const off = logged('the policy was loaded');
    expect(await set('$false')).toEqual({ code: 0, stdout: '', stderr: '' });
    await off;
    await expectSilence('policy-disabled');
    expect(await readFile(gateway.policy, 'utf8')).toBe(allowing(false));
    const shown = await shell('Get-UMMailboxPolicy');
    expect(shown.stdout).toMatch(/Name\s+UMDialPlan\s+AllowMissedCallNotifications/);
    expect(shown.stdout).toMatch(/Paris Default Policy\s+Paris\s+False/);

    const on = logged('the policy was loaded');
    expect((await set('$true')).code).toBe(0);
    await on;
    expect(await readFile(gateway.policy, 'utf8')).toBe(allowing(true));
    await expectMailed();
    expect(await shell('Set-UMMailboxPolicy -identity Lyon -AllowMissedCallNotifications $false')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("'Lyon' couldn't be found"),
    });
  });

  it('with one user’s own switch off: that user is not mailed, another one is', async () => {
    const own = allowing(true).replace('displayName: Alice Martin', '$&, missedCallNotificationEnabled: false');
    await saved(inPlace, own);
    await expectSilence('mailbox-disabled', '1001');
    await expectMailed('1002');
  });

  it('whoever was not to be mailed has no notification', async () => {
    const calls = await gateway.calls();
    expect(calls.every(({ decision, notification }) => (decision === 'notify') === (notification !== null))).toBe(true);
    expect(await gateway.mails()).toHaveLength(mailed);
  });
});
