import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** linphonec without a sound card: it registers at once, signals, and waits for commands. */
export interface Linphone {
  /** A command of its prompt: `answer`, `call URI`, `terminate`, `unregister`. */
  command(line: string): void;
  /** Resolves once it has said this, after what was awaited last. */
  said(words: RegExp, timeoutMs?: number): Promise<string>;
  /** Ends it as its user does: it takes its registration back. */
  quit(): Promise<void>;
  stop(): Promise<void>;
}

export interface LinphoneOptions {
  readonly username: string;
  readonly password: string;
  readonly displayName: string;
  /** `127.0.0.1:5060`. */
  readonly registrar: string;
  readonly transport: 'udp' | 'tcp';
}

const SAID_TIMEOUT_MS = 15_000;

export async function startLinphone(options: LinphoneOptions): Promise<Linphone> {
  const { username, password, displayName, registrar, transport } = options;
  const home = await mkdtemp(join(tmpdir(), 'linphone-'));
  // Where it keeps its history; without the folder it complains at each call.
  await mkdir(join(home, '.local/share/linphone'), { recursive: true });
  await writeFile(
    join(home, 'linphonerc'),
    `[sip]
sip_port=-1
sip_tcp_port=-1
sip_tls_port=0
use_ipv6=0
default_proxy=0
[proxy_0]
reg_proxy=<sip:${registrar};transport=${transport}>
reg_identity="${displayName}" <sip:${username}@${registrar.replace(/:\d+$/, '')}>
reg_expires=120
reg_sendregister=1
publish=0
[auth_info_0]
username=${username}
passwd=${password}
[video]
enabled=0
`,
  );
  const child = spawn('linphonec', ['-c', join(home, 'linphonerc')], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, HOME: home },
  });
  const exited = once(child, 'exit');
  let output = '';
  let taken = 0;
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    output += text;
    for (const look of watchers) look();
  });
  child.stdin.on('error', () => undefined);
  const clean = (): Promise<void> => rm(home, { recursive: true, force: true });
  return {
    command: (line) => void child.stdin.write(`${line}\n`),
    said: (words, timeoutMs = SAID_TIMEOUT_MS) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        const look = (): void => {
          const found = words.exec(output.slice(taken));
          if (found === null) return;
          taken += found.index + found[0].length;
          done();
          resolve(found[0]);
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`linphonec did not say ${words} within ${timeoutMs} ms:\n${output.slice(-1_000)}`));
        }, timeoutMs);
        watchers.add(look);
        look();
      }),
    quit: async () => {
      child.stdin.write('quit\n');
      await exited;
      await clean();
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await exited;
      await clean();
    },
  };
}
