import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAdmin, type Admin, type VoicemailEventDoor, type VoicemailEventReport } from '../../src/admin/index.ts';
import {
  ANSWER_WITHIN_MS,
  createFailures,
  EVENTS_PATH,
  FAILURE_WINDOW_MS,
  MAX_DURATION_S,
  MAX_FAILING_SOURCES,
  MAX_FAILURES,
  MAX_MESSAGES,
  MAX_MISTAKES,
  MAX_TEXT,
} from '../../src/admin/events-door.ts';

const TOKEN = 'a-token-of-32-characters-or-more';
const LEFT = { mailbox: 'alice', event: 'left' };

interface Door {
  readonly admin: Admin;
  readonly received: VoicemailEventReport[];
  readonly warnings: object[];
  time: number;
  answer: VoicemailEventDoor['receive'];
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
}

async function open(withDoor = true, limits: Pick<VoicemailEventDoor, 'answerWithinMs'> = {}): Promise<Door> {
  const received: VoicemailEventReport[] = [];
  const warnings: object[] = [];
  const voicemailEvents: VoicemailEventDoor = {
    ...limits,
    token: TOKEN,
    now: () => door.time,
    receive(report) {
      received.push(report);
      return door.answer(report);
    },
  };
  const admin = await startAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    status: { readiness: () => Promise.resolve({ ready: true, checks: [] }) },
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
    log: { debug() {}, info() {}, warn: (fields) => void warnings.push(fields), error() {} },
    ...(withDoor ? { voicemailEvents } : {}),
  });
  onTestFinished(() => admin.close());
  const door: Door = {
    admin,
    received,
    warnings,
    time: 1_000,
    answer: () => Promise.resolve({ call: 'call-1' }),
    post: (body, headers = { authorization: `Bearer ${TOKEN}` }) =>
      fetch(`${admin.address}${EVENTS_PATH}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
  return door;
}

describe('POST /api/v1/voicemail-events', () => {
  it('answers 202 with the call that the event was taken for, or null', async () => {
    const door = await open();
    const response = await door.post(LEFT);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ call: 'call-1' });
    door.answer = () => Promise.resolve({ call: null });
    expect(await (await door.post(LEFT)).json()).toEqual({ call: null });
  });

  it.each([
    LEFT,
    { number: '1001', messages: { new: 3, old: 0 } },
    { number: 'sip:alice@example.com', event: 'blank', call: 'a@b', caller: '+33199', durationSeconds: 2.5 },
    { number: '1001', event: 'answered', call: 'a@b', caller: '+33199' },
    { mailbox: 'a'.repeat(MAX_TEXT), event: 'left', durationSeconds: MAX_DURATION_S },
    { mailbox: 'alice', messages: { new: MAX_MESSAGES, old: MAX_MESSAGES } },
    { mailbox: 'alice', event: 'none', messages: { new: 0, old: 1 } },
  ])('hands on %j as it came', async (body) => {
    const door = await open();
    expect((await door.post(body)).status).toBe(202);
    expect(door.received).toEqual([body]);
  });

  it.each([
    ['an unknown key, by its name', { ...LEFT, mailBox: 'x' }, 'mailBox'],
    ['neither mailbox nor number', { event: 'left' }, 'mailbox: Give either'],
    ['both', { ...LEFT, number: '1001' }, 'mailbox: Give either'],
    ['neither event nor messages', { mailbox: 'alice' }, 'event: Give event'],
    ['an event there is none of', { mailbox: 'alice', event: 'gone' }, 'event: '],
    ['counts that are no numbers', { mailbox: 'alice', messages: { new: '3', old: 0 } }, 'messages.new: '],
    ['half of the counts', { mailbox: 'alice', messages: { new: 3 } }, 'messages.old: '],
    ['a negative length', { ...LEFT, durationSeconds: -1 }, 'durationSeconds: '],
    ['a text without end', { ...LEFT, caller: '1'.repeat(MAX_TEXT + 1) }, 'caller: '],
    ['a message of over a day', { ...LEFT, durationSeconds: MAX_DURATION_S + 1 }, 'durationSeconds: '],
    [
      'more messages than there can be',
      { mailbox: 'alice', messages: { new: 0, old: MAX_MESSAGES + 1 } },
      'messages.old: ',
    ],
    ['a list', [LEFT], 'the body: '],
    ['no JSON at all', 'left', 'JSON'],
  ])('refuses %s with 400', async (_, body, says) => {
    const door = await open();
    const response = await door.post(body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(((await response.json()) as { detail: string }).detail).toContain(says);
    expect(door.received).toEqual([]);
  });

  it('answers 404 for an unknown mailbox, named, and 503 while the gateway starts', async () => {
    const door = await open();
    door.answer = () => Promise.resolve('unknown-mailbox');
    const unknown = await door.post({ number: '9999', event: 'left' });
    expect(unknown.status).toBe(404);
    expect(await unknown.text()).toContain('9999');
    door.answer = () => Promise.resolve('starting');
    const starting = await door.post(LEFT);
    expect(starting.status).toBe(503);
    expect(starting.headers.get('retry-after')).toBe('1');
  });

  it.each([
    ['no token', {}],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['a token that begins as the right one does', { authorization: `Bearer ${TOKEN}x` }],
    ['half of it', { authorization: `Bearer ${TOKEN.slice(0, 16)}` }],
  ])('refuses %s with 401, also from loopback', async (_, headers) => {
    const door = await open();
    const response = await door.post(LEFT, headers);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(door.received).toEqual([]);
  });

  it('refuses before the body has come', async () => {
    const door = await open();
    const socket = connect(door.admin.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(
      `POST ${EVENTS_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
  });

  it('tells an address that showed too many wrong tokens to wait, until the window is over', async () => {
    const door = await open();
    const wrong = { authorization: 'Bearer wrong' };
    for (let i = 0; i < MAX_FAILURES; i++) expect((await door.post(LEFT, i % 2 === 0 ? {} : wrong)).status).toBe(401);
    door.time += 1_500;
    const refused = await door.post(LEFT, wrong);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe(String((FAILURE_WINDOW_MS - 1_000) / 1_000));
    expect(refused.headers.get('www-authenticate')).toBeNull();
    // The log hears of it ever more seldom.
    expect(door.warnings).toEqual([1, 2, 4, 8].map((count) => ({ source: '127.0.0.1', refused: count })));
    expect(door.received).toEqual([]);
    door.time += FAILURE_WINDOW_MS;
    expect((await door.post(LEFT, wrong)).status).toBe(401);
  });

  it('lets the right token pass from an address that showed wrong ones, however many', async () => {
    const door = await open();
    for (let i = 0; i < MAX_FAILURES * 2; i++) await door.post(LEFT, { authorization: `Bearer guess-${i}` });
    expect((await door.post(LEFT)).status).toBe(202);
    expect((await door.post(LEFT, { authorization: 'Bearer guess' })).status).toBe(429);
    expect((await door.post(LEFT)).status).toBe(202);
    expect(door.received).toEqual([LEFT, LEFT]);
  });

  it('does not keep a voicemail system waiting for a slow journal', async () => {
    const door = await open(true, { answerWithinMs: 20 });
    door.answer = () => new Promise(() => {});
    expect(await (await door.post(LEFT)).json()).toEqual({ call: null });
    expect(ANSWER_WITHIN_MS).toBe(5_000);
  });

  it(`names ${MAX_MISTAKES} mistakes at most`, async () => {
    const door = await open();
    const many = Object.fromEntries(Array.from({ length: 3 }, (_, i) => [`x${i}`, i]));
    const wrong = { ...many, event: 'gone', call: 1, caller: 2, durationSeconds: 'x', messages: 3, mailbox: 4 };
    const { detail } = (await (await door.post(wrong)).json()) as { detail: string };
    expect(detail.split('; ')).toHaveLength(MAX_MISTAKES);
  });

  it('can only be posted to', async () => {
    const door = await open();
    const response = await fetch(`${door.admin.address}${EVENTS_PATH}`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  it('is not there without a token in the configuration', async () => {
    const door = await open(false);
    expect((await door.post(LEFT)).status).toBe(404);
  });
});

describe('the wrong tokens of an address', () => {
  it('are remembered of so many addresses at most: the oldest is forgotten', () => {
    const failures = createFailures(() => 0);
    for (let i = 0; i < MAX_FAILURES; i++) failures.count('first');
    expect(failures.count('first').waitMs).toBe(FAILURE_WINDOW_MS);
    for (let i = 1; i < MAX_FAILING_SOURCES; i++) failures.count(`other-${i}`);
    expect(failures.count('first').waitMs).toBe(FAILURE_WINDOW_MS);
    failures.count('one more');
    expect(failures.count('first').waitMs).toBe(0);
  });
});

function example(path: string): string {
  return fileURLToPath(new URL(`../../sip-config/examples/${path}`, import.meta.url));
}

function tokenFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcg-token-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'token');
  writeFileSync(path, text);
  return path;
}

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

describe.skipIf(!has('curl'))('the example for Asterisk, externnotify.sh (needs sh and curl)', () => {
  const run = (door: Door, argv: string[], token = `${TOKEN}\n`) =>
    promisify(execFile)(example('asterisk/externnotify.sh'), argv, {
      env: { ...env, MCG_URL: door.admin.address, MCG_TOKEN_FILE: tokenFile(token) },
    });

  it('tells the counts that Asterisk gives it, urgent messages among the new', async () => {
    const door = await open();
    await run(door, ['default', '1001', '2', '5', '1']);
    expect(door.received).toEqual([{ number: '1001', messages: { new: 3, old: 5 } }]);
  });

  it.each([
    ['counts that are none', ['default', '1001', '2;id', '0', '0']],
    ['too few of them', ['default', '1001', '2']],
    ['an extension that would end its string', ['default', '1001","event":"left', '2', '0', '0']],
  ])('sends nothing for %s, and says so', async (_, argv) => {
    const door = await open();
    await expect(run(door, argv)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('externnotify') });
    expect(door.received).toEqual([]);
  });

  it('fails where the gateway refuses its token', async () => {
    const door = await open();
    await expect(run(door, ['default', '1001', '2', '5', '1'], 'wrong\n')).rejects.toMatchObject({ code: 22 });
  });
});

describe('the example for FreeSWITCH, voicemail-events.lua', () => {
  const lua = ['lua', 'lua5.4', 'lua5.3', 'lua5.1'].find(has);
  const events = [
    [
      {
        'VM-Action': 'leave-message',
        'VM-User': '1001',
        'VM-Message-Len': '12',
        'VM-Caller-ID-Number': '0199"1',
        'VM-UUID': 'u-1',
      },
      { number: '1001', event: 'left', durationSeconds: 12, caller: '0199"1', call: 'u-1' },
    ],
    [
      {
        'VM-Action': 'mwi-update',
        'VM-User': '1001',
        'VM-Total-New': '2',
        'VM-Total-Saved': '5',
        'VM-Total-New-Urgent': '1',
      },
      { number: '1001', messages: { new: 2, old: 5 } },
    ],
    [{ 'VM-Action': 'folder-summary', 'VM-User': '1001' }, null],
  ] as const;

  it.skipIf(lua === undefined || !has('curl')).each(events)(
    'tells of %j (skipped where neither lua nor curl is installed)',
    async (headers, body) => {
      const door = await open();
      const script = `event = { getHeader = function(_, name) return (${table(headers)})[name] end } dofile(arg[1])`;
      const file = tokenFile(script);
      await promisify(execFile)(lua ?? 'lua', [file, example('freeswitch/voicemail-events.lua')], {
        env: { ...env, MCG_URL: door.admin.address, MCG_TOKEN_FILE: tokenFile(`${TOKEN}\n`) },
      });
      expect(door.received).toEqual(body === null ? [] : [body]);
    },
  );
});

function table(headers: Record<string, string>): string {
  return `{${Object.entries(headers)
    .map(([name, value]) => `[ [==[${name}]==] ] = [==[${value}]==]`)
    .join(',')}}`;
}
