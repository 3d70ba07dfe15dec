import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './ports.ts';

/** What baresip's ctrl_tcp module tells, as far as the tests read it. */
export interface BaresipEvent {
  /** `REGISTER_OK`, `CALL_INCOMING`, `CALL_RINGING`, `CALL_ESTABLISHED`, `CALL_REMOTE_SDP`, `CALL_CLOSED`, … */
  readonly type: string;
  readonly param?: string;
  readonly peeruri?: string;
  readonly peerdisplayname?: string;
}

/** baresip without sound: it signals, and sends no media. */
export interface Baresip {
  readonly port: number;
  /** A command of its menu (`dial`, `accept`, `hold`, `resume`, `hangup`); rejects where baresip refuses it. */
  command(name: string, params?: string): Promise<void>;
  /** The next event of this type (and parameter) after the one taken last. */
  event(type: string, param?: string): Promise<BaresipEvent>;
  stop(): Promise<void>;
}

interface ControlMessage {
  readonly event?: boolean;
  readonly response?: boolean;
  readonly ok?: boolean;
  readonly data?: string;
  readonly token?: string;
}

/** Ports are chosen before baresip takes them: somebody else may have been quicker. */
const START_TRIES = 5;

export interface BaresipOptions {
  /** 127.0.0.1 where absent. */
  readonly address?: string;
  /**
   * PEM: its certificate with the key after it, and whom it should believe (1.0.0 believes everybody). It listens for TLS one
   * port above the others.
   */
  readonly tls?: { readonly certificate: string; readonly authority: string };
}

/**
 * Starts a softphone with this account line (`"Name" <sip:user@host>`), which is rung and waits for `accept`. It registers where the
 * line says so (`;auth_pass=…;regint=60`).
 */
export async function startBaresip(account: string, options: BaresipOptions = {}): Promise<Baresip> {
  const failures: string[] = [];
  while (failures.length < START_TRIES) {
    try {
      return await tryToStart(account, options);
    } catch (error) {
      failures.push(String(error));
    }
  }
  throw new Error(failures.join('\n'));
}

async function tryToStart(account: string, { address = '127.0.0.1', tls }: BaresipOptions): Promise<Baresip> {
  const folder = await mkdtemp(join(tmpdir(), 'baresip-'));
  const [port, controlPort] = [await freePort(), await freePort()];
  const regint = account.includes(';regint=') ? '' : ';regint=0';
  await writeFile(join(folder, 'accounts'), `${account}${regint};answermode=manual\n`);
  await writeFile(join(folder, 'contacts'), '');
  const host = address.includes(':') ? `[${address}]` : address;
  let security = '';
  if (tls !== undefined) {
    await writeFile(join(folder, 'own.pem'), tls.certificate);
    await writeFile(join(folder, 'ca.pem'), tls.authority);
    security = `sip_certificate ${join(folder, 'own.pem')}\nsip_cafile ${join(folder, 'ca.pem')}\n`;
  }
  await writeFile(
    join(folder, 'config'),
    `module_path /usr/lib/baresip/modules
net_interface ${address}
sip_listen ${host}:${port}
${security}audio_alert none
module g711.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${controlPort}
`,
  );
  const child = spawn('baresip', ['-f', folder, address.includes(':') ? '-6' : '-4'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const output: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line);
      if (line.includes('baresip is ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`baresip ended: ${output.join('\n')}`)));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready;
    const control = connect(controlPort, '127.0.0.1');
    await once(control, 'connect');
    return {
      port,
      ...talk(control),
      stop: async () => {
        control.destroy();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function talk(control: Socket): Pick<Baresip, 'command' | 'event'> {
  const events: BaresipEvent[] = [];
  const answers = new Map<string, (answer: ControlMessage) => void>();
  let taken = 0;
  let commands = 0;
  let look: () => void = () => undefined;
  readNetstrings(control, (message) => {
    if (message.event === true) {
      events.push(message as unknown as BaresipEvent);
      look();
    } else if (message.token !== undefined) answers.get(message.token)?.(message);
  });
  return {
    command: async (name, params = '') => {
      const token = String((commands += 1));
      const text = JSON.stringify({ command: name, params, token });
      const { promise, resolve } = Promise.withResolvers<ControlMessage>();
      answers.set(token, resolve);
      control.write(`${Buffer.byteLength(text)}:${text},`);
      const { ok, data } = await promise;
      answers.delete(token);
      if (ok !== true) throw new Error(`baresip refused "${name} ${params}": ${data}`);
    },
    event: (type, param) =>
      new Promise((resolve) => {
        look = () => {
          const index = events.findIndex(
            (each, at) => at >= taken && each.type === type && (param === undefined || each.param === param),
          );
          if (index < 0) return;
          taken = index + 1;
          look = () => undefined;
          resolve(events[index]!);
        };
        look();
      }),
  };
}

/** `LENGTH:JSON,`, one after another. */
function readNetstrings(control: Socket, onMessage: (message: ControlMessage) => void): void {
  let pending = Buffer.alloc(0);
  control.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const colon = pending.indexOf(':');
      const end = colon + 1 + Number(pending.toString('latin1', 0, colon));
      if (colon < 0 || pending.length <= end) return;
      onMessage(JSON.parse(pending.toString('utf8', colon + 1, end)) as ControlMessage);
      pending = pending.subarray(end + 1);
    }
  });
}
