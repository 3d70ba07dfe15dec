import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { simpleParser, type ParsedMail } from 'mailparser';
import { inProcess, type CommandRun } from './in-process.ts';

export type { CommandRun } from './in-process.ts';

/** What `mcg calls --json` prints of a call, as far as the tests read it. */
export interface CallJson {
  readonly id: string;
  readonly callId: string;
  readonly caller: string;
  readonly callee: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly rangMs: number | null;
  readonly outcome: string | null;
  readonly cause: string | null;
  readonly pendingUntil: string | null;
  readonly evidence: readonly { readonly kind: string; readonly detail: string }[];
  readonly decision: string | null;
  readonly reason: string | null;
  readonly notification: { readonly state: string; readonly attempts: number; readonly messageId: string } | null;
}

export type LogLine = Readonly<Record<string, unknown>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GatewayFiles {
  readonly folder: string;
  readonly config: string;
  readonly policy: string;
  readonly maildir: string;
}

export interface GatewayProcess extends GatewayFiles {
  /** `127.0.0.1:PORT`, by protocol. */
  readonly sip: { readonly udp: string; readonly tcp: string };
  readonly admin: string;
  readonly child: ChildProcess;
  /** What it has printed for people so far. */
  readonly printed: () => string;
  /** Structured log lines so far. */
  readonly log: readonly LogLine[];
  /** The first log line that `matches`, past or to come. */
  logged(matches: string | ((line: LogLine) => boolean), timeoutMs?: number): Promise<LogLine>;
  /** A page of the admin listener: `/readyz`. */
  page(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** How the process ends. */
  readonly exited: Promise<Exit>;
  mcg(...argv: string[]): Promise<string>;
  calls(): Promise<CallJson[]>;
  /** Waits until `count` calls have an outcome. */
  settled(count: number, timeoutMs?: number): Promise<CallJson[]>;
  mails(): Promise<ParsedMail[]>;
  /** Waits until `count` mails have arrived. */
  mailed(count: number, timeoutMs?: number): Promise<ParsedMail[]>;
  stop(): Promise<number>;
  kill(): Promise<void>;
}

export const POLICY = `dialPlans:
  - { name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", defaultLanguage: fr-FR, timeZone: Europe/Paris, numberPrefixes: ["+3314000"] }
mailboxPolicies:
  - { name: Paris Default Policy, dialPlan: Paris, allowMissedCallNotifications: true }
mailboxes:
  - { identity: alice, displayName: Alice Martin, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Paris Default Policy, language: en-US }
  - { identity: bob, displayName: Bob Durand, emailAddress: bob@example.com, extensions: ["1002"], mailboxPolicy: Paris Default Policy }
`;

/**
 * Writes a gateway's files into a new folder. `settings` is gateway.yaml text besides sip, policy, journal, mail and admin; `sip`
 * takes the place of `listen`.
 */
export async function gatewayFiles(
  settings: string,
  options: { policy?: string; transport?: string; listen?: string; sip?: string; admin?: string; more?: string } = {},
): Promise<GatewayFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'mcg-'));
  const files = {
    folder,
    config: join(folder, 'gateway.yaml'),
    policy: join(folder, 'policy.yaml'),
    maildir: join(folder, 'mail'),
  };
  await writeFile(files.policy, options.policy ?? POLICY);
  await writeFile(
    files.config,
    `sip:
  ${options.sip ?? `listen: ${options.listen ?? '[udp://127.0.0.1:0, tcp://127.0.0.1:0]'}`}
${settings}
policy: policy.yaml
journal: sqlite:var/gateway.db
notification:
  transport: ${options.transport ?? 'maildir:mail'}
  from: Missed calls <missed-calls@example.com>
admin:
  listen: ${options.admin ?? 'http://127.0.0.1:0'}
${options.more ?? ''}`,
  );
  await mkdir(join(folder, 'var'));
  return files;
}

/** What a gateway says on its standard error. */
function readLog(stream: Readable) {
  const log: LogLine[] = [];
  const other: string[] = [];
  const watchers = new Set<(line: LogLine | null) => void>();
  let ended = false;
  const lines = createInterface({ input: stream });
  lines.on('line', (written) => {
    const line = parsed(written);
    if (line === null) return void other.push(written);
    log.push(line);
    for (const watch of watchers) watch(line);
  });
  lines.on('close', () => {
    ended = true;
    for (const watch of watchers) watch(null);
  });

  /** Resolves with the `count`th line that matches, past or to come. */
  function logged(matches: (line: LogLine) => boolean, count: number, timeoutMs: number, what: string) {
    return new Promise<LogLine>((resolve, reject) => {
      let left = count;
      const forget = (): void => {
        clearTimeout(timer);
        watchers.delete(watch);
      };
      const fail = (why: string): void => {
        forget();
        const last = [...other, ...log.slice(-5).map((line) => JSON.stringify(line))].join('\n');
        reject(new Error(`${why}; still awaited, ${left} times: ${what}. Its last words: ${last}`));
      };
      const watch = (line: LogLine | null): void => {
        if (line === null) return fail('the gateway ended');
        if (!matches(line) || --left > 0) return;
        forget();
        resolve(line);
      };
      const timer = setTimeout(() => fail(`waited ${timeoutMs} ms`), timeoutMs);
      watchers.add(watch);
      for (const line of log) if (watchers.has(watch)) watch(line);
      if (ended && watchers.has(watch)) watch(null);
    });
  }
  return { log, logged };
}

/** Two busy cores start a gateway in about a second. */
const START_TIMEOUT_MS = 30_000;
/** Events of a running gateway are a matter of milliseconds, but for the machine's other work. */
const EVENT_TIMEOUT_MS = 30_000;

/** Starts the whole program as an operator would and waits until it is ready. */
export async function startGateway(files: GatewayFiles): Promise<GatewayProcess> {
  const child = spawn('node', ['src/main.ts', 'start', '--config', files.config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited: Promise<Exit> = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const { log, logged } = readLog(child.stderr);
  let printed = '';
  child.stdout.on('data', (piece: Buffer) => {
    printed += piece.toString();
  });
  const ready = await logged(({ msg }) => msg === 'ready', 1, START_TIMEOUT_MS, 'ready');
  const { sip, admin } = ready as unknown as { sip: string[]; admin: string };
  // An engine of its own tells them as `udp/127.0.0.1:5060`.
  const address = (protocol: string): string =>
    sip.find((text) => text.startsWith(protocol))?.replace(/^\w+:?\/+/, '') ?? '';
  const running: GatewayProcess = {
    ...files,
    sip: { udp: address('udp'), tcp: address('tcp') },
    admin,
    child,
    log,
    printed: () => printed,
    logged: (matches, timeoutMs = EVENT_TIMEOUT_MS) =>
      typeof matches === 'string'
        ? logged(({ msg }) => msg === matches, 1, timeoutMs, matches)
        : logged(matches, 1, timeoutMs, String(matches)),
    page: async (path) => {
      const response = await fetch(`${admin}${path}`);
      return { status: response.status, text: await response.text() };
    },
    exited,
    mcg: (...argv) => mcg(...argv, '--config', files.config),
    calls: async () => JSON.parse(await mcg('calls', '--json', '--config', files.config)) as CallJson[],
    settled: async (count, timeoutMs = EVENT_TIMEOUT_MS) => {
      await logged(({ msg }) => msg === 'call ended', count, timeoutMs, `${count} calls with an outcome`);
      return running.calls();
    },
    mails: () => readMails(files.maildir),
    mailed: (count, timeoutMs = EVENT_TIMEOUT_MS) =>
      until(timeoutMs, `${count} mails`, async () => {
        const mails = await readMails(files.maildir);
        return mails.length >= count ? mails : null;
      }),
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
  async function end(signal: NodeJS.Signals): Promise<number> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? -1;
    child.kill(signal);
    return (await exited).code ?? -1;
  }
  return running;
}

/** What a command prints, run within this process; rejects where it does not end well. */
export async function mcg(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await inProcess(...argv);
  if (code !== 0) throw new Error(`mcg ${argv.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Runs a command line to its end, whatever that is. */
export async function command(...argv: string[]): Promise<CommandRun> {
  const child = spawn('node', ['src/main.ts', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [code, stdout, stderr] = await Promise.all([
    once(child, 'close').then(([code]) => (code as number | null) ?? -1),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

export async function removeFiles(files: GatewayFiles): Promise<void> {
  await rm(files.folder, { recursive: true, force: true });
}

async function readMails(maildir: string): Promise<ParsedMail[]> {
  const folder = join(maildir, 'new');
  const names = await readdir(folder).catch(() => []);
  return Promise.all(
    names.toSorted((a, b) => a.localeCompare(b)).map(async (name) => simpleParser(await readFile(join(folder, name)))),
  );
}

function parsed(line: string): LogLine | null {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return null;
  }
}

/** Asks until there is an answer: for what another process writes to disk, where no event reaches us. */
export async function until<T>(timeoutMs: number, what: string, ask: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
