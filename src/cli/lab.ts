import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { App } from '../app.ts';
import type { GatewayConfig } from '../config/index.ts';
import {
  serveSoftphone,
  startVoicemail,
  type LabAccount,
  type LabFacts,
  type LabMail,
  type LabVoicemail,
  type SoftphoneServer,
  type Visit,
} from '../lab/index.ts';
import { LOG_LEVELS, type LogLevel } from '../observe/index.ts';
import { commandLine, readConfig } from './config.ts';
import {
  gatewayYaml,
  LAB_SIP_PORT,
  LAB_USERS,
  LAB_WEB_PORT,
  phonesYaml,
  policyYaml,
  VOICEMAIL_ADDRESS,
  VOICEMAIL_NUMBER,
} from './lab-files.ts';
import { openLog } from './log.ts';
import { readableMail } from './mail.ts';
import { positiveInteger } from './options.ts';
import { onStop } from './signals.ts';
import { startGateway } from './start-gateway.ts';
import { CommandError, type Terminal } from './terminal.ts';

interface LabOptions {
  readonly folder: string;
  readonly host: string;
  readonly sipPort: number;
  readonly webPort: number;
  readonly logLevel: LogLevel;
}

/** The newest mails that the page shows. */
const SHOWN_MAILS = 20;

export function addLab(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  program
    .command('lab')
    .description(
      'a laboratory: the gateway with three phones’ accounts, a voicemail that records, and a softphone page',
    )
    .option('--folder <folder>', 'where the lab’s files, mails and recordings are', 'var/lab')
    .option('--host <address>', 'an address of this machine that phones reach it at', '127.0.0.1')
    .option('--sip-port <port>', 'SIP over UDP and TCP', positiveInteger, LAB_SIP_PORT)
    .option(
      '--web-port <port>',
      'the softphone page; the admin listener is one above, its WebSockets two',
      positiveInteger,
      LAB_WEB_PORT,
    )
    .addOption(new Option('--log-level <level>', 'the least that is logged').choices(LOG_LEVELS).default('warn'))
    .action(async (options: LabOptions) => done(await runLab(terminal, options)));
}

/** Everything of a lab that runs. */
interface Lab {
  readonly app: App;
  readonly voicemail: LabVoicemail;
  readonly page: SoftphoneServer;
}

async function runLab(terminal: Terminal, wanted: LabOptions): Promise<number> {
  const stopping = Promise.withResolvers<number>();
  onStop(terminal, (exitCode) => stopping.resolve(exitCode));
  const folder = resolve(terminal.cwd, wanted.folder);
  const accounts = await prepareFolder(folder, wanted);
  const config = await readConfig(terminal, { config: join(folder, 'gateway.yaml') });
  const options = asKept(terminal, wanted, config);
  const lab = await startLab(terminal, config, folder, accounts, options, stopping.resolve);
  terminal.stdout.write(welcome(terminal, folder, lab, accounts, options));
  const exitCode = await stopping.promise;
  await lab.page.close();
  await lab.app.stop();
  await lab.voicemail.close();
  return exitCode;
}

/** A lab that was made with other ports keeps them: its files say where its phones are. */
function asKept(terminal: Terminal, wanted: LabOptions, { sip, admin }: GatewayConfig): LabOptions {
  const listener = sip.engine === 'embedded' ? sip.listen.find(({ protocol }) => protocol === 'udp') : undefined;
  const kept = { sipPort: listener?.port ?? wanted.sipPort, webPort: admin.listen.port - 1 };
  if (kept.sipPort !== wanted.sipPort || kept.webPort !== wanted.webPort) {
    const is = `--sip-port ${kept.sipPort} --web-port ${kept.webPort}`;
    terminal.stderr.write(
      `The lab in ${wanted.folder} was made with ${is}, and keeps them; take another --folder for other ports.\n`,
    );
  }
  return { ...wanted, ...kept };
}

/** Writes what is missing; what is there stays as its owner has made it. */
async function prepareFolder(folder: string, { host, sipPort, webPort }: LabOptions): Promise<LabAccount[]> {
  if (isIP(host) === 0) throw new CommandError(`--host ${host} is no IP address.`, 2);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const secrets = join(folder, 'accounts.json');
  if (!existsSync(secrets)) {
    const made = LAB_USERS.map((user) => ({ ...user, password: randomBytes(9).toString('base64url') }));
    await writeFile(secrets, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  }
  const accounts = JSON.parse(await readFile(secrets, 'utf8')) as LabAccount[];
  const files: Readonly<Record<string, string>> = {
    'gateway.yaml': gatewayYaml({ host, sipPort, webPort }),
    'policy.yaml': policyYaml(),
    'phones.yaml': phonesYaml(accounts),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    if (!existsSync(file)) await writeFile(file, text, { mode: 0o600 });
  }
  return accounts;
}

async function startLab(
  terminal: Terminal,
  config: GatewayConfig,
  folder: string,
  accounts: readonly LabAccount[],
  options: LabOptions,
  stop: (exitCode: number) => void,
): Promise<Lab> {
  const voicemail = await startVoicemail({
    listen: (['udp', 'tcp'] as const).map((protocol) => ({
      protocol,
      address: VOICEMAIL_ADDRESS,
      port: options.sipPort,
    })),
    folder: join(folder, 'voicemail'),
    rtpAddress: options.host,
    wallClock: Date.now,
    greetingMs: config.voicemail.greetingMs,
    minimumMessageMs: config.voicemail.minimumMessageMs,
    notify: () => `sip:127.0.0.1:${options.sipPort}`,
    onVisit: (visit) => terminal.stdout.write(`${visitLine(terminal, visit)}\n`),
  }).catch((error: Error) => {
    throw new CommandError(
      `The lab’s voicemail could not start: ${error.message}. Is another lab or gateway running? Stop it, or take another --sip-port and --folder.`,
    );
  });
  try {
    const app = await startGateway(terminal, config, openLog(terminal, options.logLevel), stop);
    const page = await serveSoftphone({
      listen: { host: '127.0.0.1', port: options.webPort },
      facts: factsOf(config, accounts, app.addresses.sip),
      mails: () => mailsIn(config),
    });
    // Without them the gateway had nothing to compare the first visit of a mailbox with, and silence would pass for a message.
    await Promise.all(accounts.map(({ number }) => voicemail.announce(number)));
    return { app, voicemail, page };
  } catch (error) {
    await voicemail.close();
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandError(`The lab could not start: ${message}`);
  }
}

function factsOf(
  { registrar }: GatewayConfig,
  accounts: readonly LabAccount[],
  listeners: readonly string[],
): LabFacts {
  return {
    server: listeners.find((each) => each.startsWith('ws://')) ?? '',
    realm: registrar?.realm ?? '',
    accounts,
    others: [
      { number: VOICEMAIL_NUMBER, displayName: 'voicemail' },
      { number: '1100', displayName: 'everybody (a group)' },
      { number: '*57', displayName: 'my notifications off' },
      { number: '*56', displayName: 'my notifications on' },
    ],
  };
}

/** The newest mails of the maildir, newest first. */
async function mailsIn({ notification }: GatewayConfig): Promise<LabMail[]> {
  const folder = join(notification.transport.uri.slice('maildir:'.length), 'new');
  const names = await readdir(folder).catch(() => []);
  const dated = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  const newest = dated.sort((a, b) => b.at - a.at).slice(0, SHOWN_MAILS);
  return Promise.all(newest.map(async ({ name }) => labMail(name, await readFile(join(folder, name), 'utf8'))));
}

function labMail(id: string, mail: string): LabMail {
  const readable = readableMail(mail);
  const end = readable.indexOf('\n\n');
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(readable.slice(0, end))?.[1] ?? '';
  return { id, to: field('to'), subject: field('subject'), text: readable.slice(end + 2) };
}

function visitLine(terminal: Terminal, { mailbox, caller, result, spokenMs, file, total }: Visit): string {
  const who = `Voicemail of ${mailbox}: ${caller}`.replaceAll(/\p{C}/gu, '·');
  if (result === 'none') return `${who} hung up during the greeting.`;
  if (result === 'blank') return `${who} left nothing (${(spokenMs / 1_000).toFixed(1)} s of speech).`;
  return `${who} left a message, ${relative(terminal.cwd, file ?? '')}; ${total} in all.`;
}

function welcome(
  terminal: Terminal,
  folder: string,
  { app, page }: Lab,
  accounts: readonly LabAccount[],
  { host, sipPort }: LabOptions,
): string {
  const shown = relative(terminal.cwd, folder) || '.';
  const lines = [
    `The lab is ready on ${app.addresses.sip.join(', ')}`,
    `  softphone  ${page.url}  (every tab is a phone: open two, register, call one from the other)`,
    ...accounts.map(
      ({ number, displayName, password }) => `  phone      ${number} ${displayName}, password ${password}`,
    ),
    `  others     register any SIP phone at ${host}:${sipPort} with one of these accounts (README: baresip, Linphone, Zoiper)`,
    `  voicemail  ${VOICEMAIL_NUMBER}; who does not answer is diverted there; messages land in ${join(shown, 'voicemail')}`,
    `  codes      *57 switches your notifications off, *56 on; 1100 rings everybody`,
    `  mails      ${join(shown, 'mail', 'new')}, and on the page`,
    `  calls      ${commandLine(terminal, join(folder, 'gateway.yaml'), 'calls')}   (explain CALL, trace CALL)`,
  ];
  return `${lines.join('\n')}\n`;
}
