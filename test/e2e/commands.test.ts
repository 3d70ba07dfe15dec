import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCaller, startPhone, type Caller, type Phone } from '../../src/lab/index.ts';
import {
  command,
  gatewayFiles,
  POLICY,
  removeFiles,
  startGateway,
  type CallJson,
  type CommandRun,
  type GatewayFiles,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { byNumber, call, filesFor, inProcess, settings } from './support.ts';

describe('commands beside a running gateway', () => {
  let phone: Phone;
  let caller: Caller;
  let gateway: GatewayProcess;
  let calls: CallJson[];

  const mcg = (...argv: string[]): Promise<CommandRun> => inProcess(...argv, '--config', gateway.config);

  beforeAll(async () => {
    phone = await startPhone({ behaviour: byNumber });
    caller = await startCaller();
    gateway = await startGateway(await gatewayFiles(settings(phone)));
    await call(caller, gateway, { hangUpAfterRingingMs: 20 });
    await call(caller, gateway, { number: '1002', hangUpAfterAnswerMs: 20 });
    await call(caller, gateway, { number: '7777' });
    calls = await gateway.settled(3);
    await gateway.mailed(1);
  });
  afterAll(async () => {
    await gateway.kill();
    await Promise.all([caller.close(), phone.close(), removeFiles(gateway)]);
  });

  it('calls --json prints an array, newest last, in which every call has every key', async () => {
    const [missed, answered, unknown] = JSON.parse((await mcg('calls', '--json')).stdout) as object[];
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const evidence = expect.arrayContaining([
      {
        at: iso,
        kind: expect.any(String),
        source: expect.any(String),
        strength: expect.any(String),
        detail: expect.any(String),
      },
    ]);
    const notification = { state: 'sent', attempts: 1, messageId: expect.stringMatching(/^<\S+@\S+>$/) };
    const common = { id: expect.any(String), callId: expect.any(String), caller: '+33199001234', startedAt: iso };
    expect(missed).toEqual({
      ...common,
      callee: '1001',
      endedAt: iso,
      rangMs: expect.any(Number),
      outcome: 'missed',
      cause: 'caller-hung-up',
      pendingUntil: null,
      evidence,
      decision: 'notify',
      reason: 'missed',
      notification,
      decisions: [
        {
          mailbox: 'alice',
          decision: 'notify',
          reason: 'missed',
          notifications: [{ channel: 'email', ...notification }],
        },
      ],
    });
    expect(Object.keys(answered!)).toEqual(Object.keys(missed!));
    expect(answered).toMatchObject({ callee: '1002', outcome: 'answered', decision: 'skip', notification: null });
    expect(Object.keys(unknown!)).toEqual(Object.keys(missed!));
    expect(unknown).toMatchObject({
      callee: '7777',
      decision: 'skip',
      reason: 'no-mailbox',
      decisions: [{ mailbox: null, decision: 'skip', reason: 'no-mailbox', notifications: [] }],
    });
  });

  it('calls prints a table, and the newest alone with --limit 1', async () => {
    const { code, stdout, stderr } = await mcg('calls');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { id } of calls) expect(stdout).toContain(` ${id.slice(-8)} `);
    expect(stdout).toMatch(/1001 .* missed \/ caller-hung-up .* notify \/ missed .* sent/);
    expect(stdout).toMatch(/1002 .* answered .* skip \/ answered/);
    const newest = (await mcg('calls', '--limit', '1')).stdout;
    expect(newest).toContain('7777');
    expect(newest).not.toContain('1001');
  });

  it('explain tells why, by the end of the id that the table shows, by the id and by the SIP Call-ID', async () => {
    const { id, callId, notification } = calls[0]!;
    const { code, stdout } = await mcg('explain', id.slice(-8));
    expect(code).toBe(0);
    for (const said of [
      `Call ${id} (Call-ID ${callId}) came from peer "pbx"`,
      '"Jean Dupont" (+33199001234) called 1001, the number of mailbox "alice"',
      'Verdict: missed / caller-hung-up',
      'Decision: notify mailbox "alice" (missed)',
      `Message-ID ${notification?.messageId}`,
    ]) {
      expect(stdout).toContain(said);
    }
    expect((await mcg('explain', id)).stdout).toBe(stdout);
    expect((await mcg('explain', callId)).stdout).toBe(stdout);
    expect(await mcg('explain', 'nonesuch')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no call nonesuch/),
    });
  });

  it('notifications list shows what is owed and sent; what is sent is neither retried nor dropped', async () => {
    const { stdout } = await mcg('notifications', 'list');
    expect(stdout).toMatch(/alice .* alice@example\.com .* sent .* 1 /);
    const [sent] = JSON.parse((await mcg('notifications', 'list', '--json')).stdout) as { id: string }[];
    for (const verb of ['retry', 'drop']) {
      const refused = await mcg('notifications', verb, sent!.id);
      expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is sent: it cannot be') });
    }
  });

  it('a second gateway on the same journal is refused, and told who has it', async () => {
    const { code, stderr } = await command('start', '--config', gateway.config);
    expect(code).toBe(1);
    expect(stderr).toContain(`is in use by gateway`);
    expect(stderr).toContain(`process ${gateway.child.pid}`);
    expect(stderr).not.toContain('    at ');
    expect((await gateway.page('/readyz')).status).toBe(200);
  });
});

const good = `peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:127.0.0.1:5099"]`;

/** `line:column` of what is written there. */
function placeOf(text: string, written: string): string {
  const before = text.slice(0, text.indexOf(written)).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

describe('mcg check', () => {
  const check = (files: GatewayFiles): Promise<CommandRun> => inProcess('check', '--config', files.config);

  async function bad(files: GatewayFiles): Promise<string> {
    const { code, stdout, stderr } = await check(files);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toContain('    at ');
    return stderr;
  }

  it('of two good files says so, and what they assume', async () => {
    const { code, stdout, stderr } = await check(await filesFor(good));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Both files are good: 1 dial plan, 1 mailbox policy, 2 mailboxes.');
    expect(stdout).toContain('voicemail.owner is none');
  });

  it('names every mistake of gateway.yaml at once, each with its place', async () => {
    const files = await filesFor(
      good.replace('peers:', 'colour: blue\npeers:').replace('127.0.0.0/8', '127.0.0.0/99') +
        `
  ringTimeout: 20
  routes:
    - { from: nobody, to: '^9', nextHop: ["sip:127.0.0.1:5098"] }
voicemail: { target: "voicemail" }`,
      { transport: 'ftp://mail.example.com' },
    );
    const text = await readFile(files.config, 'utf8');
    const mistakes = [
      ['colour', 'colour'],
      ['127.0.0.0/99', 'peers[0].allow[0]'],
      ['20', 'routing.ringTimeout'],
      ['nobody', 'routing.routes[0].from'],
      ['voicemail" }', 'voicemail.target'],
      ['ftp:', 'notification.transport'],
    ] as const;
    const said = await bad(files);
    for (const [written, path] of mistakes)
      expect(said).toContain(`${files.config}:${placeOf(text, written)} ${path}: `);
    expect(said.trim().split('\n')).toHaveLength(1 + mistakes.length);
  });

  it.each([
    ['an environment variable that is not set', '\nnode: "${MCG_NO_SUCH}"', '${MCG_NO_SUCH}'],
    ['a line that is not YAML', '\nnode: a: b', 'a: b'],
    ['a key that is there twice', '\npeers: []', 'peers: []'],
  ])('refuses gateway.yaml with %s', async (_what, more, written) => {
    const files = await filesFor(good + more);
    const place = placeOf(await readFile(files.config, 'utf8'), written);
    expect(await bad(files)).toContain(`${files.config}:${place} `);
  });

  it.each([
    ['a wrong value', 'allowMissedCallNotifications: true', 'allowMissedCallNotifications: maybe', 'maybe'],
    ['an unknown key', 'displayName: Bob', 'displayname: Bob', 'displayname'],
    ['a dangling name', 'dialPlan: Paris', 'dialPlan: Lyon', 'Lyon'],
  ])('refuses policy.yaml with %s', async (_what, was, is, written) => {
    const policy = POLICY.replace(was, is);
    const files = await filesFor(good, { policy });
    expect(await bad(files)).toContain(`${files.policy}:${placeOf(policy, written)} `);
  });

  it('names a policy file that is not there', async () => {
    const files = await filesFor(good);
    await unlink(files.policy);
    expect(await bad(files)).toContain(files.policy);
  });

  it('reads the shipped files', async () => {
    expect((await command('check')).code).toBe(0);
  });
});

describe('a command line that is wrong', () => {
  it.each([
    [['bogus'], /unknown command 'bogus'/],
    [['calls', '--bogus'], /unknown option '--bogus'/],
    [['calls', '--limit', '0'], /whole number from 1/],
    [['explain'], /missing required argument 'call'/],
    [['notifications', 'bogus'], /unknown command 'bogus'/],
  ])('%j: exit code 2, and what is wrong', async (argv, says) => {
    expect(await inProcess(...argv)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
  });

  it.each([['start'], ['calls'], ['check']])(
    '%s without its configuration names the file and the remedy',
    async (verb) => {
      const { code, stderr } = await inProcess(verb, '--config', 'nonesuch.yaml');
      expect(code).toBe(2);
      expect(stderr).toMatch(/nonesuch\.yaml.* the file cannot be read: .*--config FILE/s);
      expect(stderr).not.toContain('    at ');
    },
  );

  it('before the first start says that there is no journal yet', async () => {
    const files = await filesFor(good);
    const { code, stdout, stderr } = await command('calls', '--config', files.config);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `There is no journal at ${join(files.folder, 'var', 'gateway.db')}: start the gateway once, or check \`journal:\` in the configuration.\n`,
    );
  });

  it('on a journal that is something else says so', async () => {
    const files = await filesFor(good);
    const path = join(files.folder, 'var', 'gateway.db');
    await writeFile(path, 'a shopping list\n'.repeat(100));
    const { code, stderr } = await inProcess('calls', '--config', files.config);
    expect(code).toBe(1);
    expect(stderr).toContain(path);
    expect(stderr).not.toContain('    at ');
    expect(await readFile(path, 'utf8')).toContain('shopping');
  });
});
