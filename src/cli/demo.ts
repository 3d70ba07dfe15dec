import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import { type CmdletJournal, runCmdlet } from '../cmdlet/index.ts';
import { loadConfig } from '../config/index.ts';
import { openSqliteJournal, type CallView, type Journal } from '../journal/index.ts';
import { placeCall, startPhone, type CallOptions, type Phone } from '../lab/index.ts';
import { systemUser } from './cmdlet-context.ts';
import { openLog } from './log.ts';
import { readableMail } from './mail.ts';
import { startGateway } from './start-gateway.ts';
import { CommandError, type Terminal } from './terminal.ts';

const POLICY = `dialPlans:
  - { name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", defaultLanguage: en-US, timeZone: Europe/Paris, numberPrefixes: ["+3314000"] }
mailboxPolicies:
  - { name: Paris Default Policy, dialPlan: Paris, allowMissedCallNotifications: true }
mailboxes:
  - { identity: alice, displayName: Alice Martin, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Paris Default Policy }
  - { identity: bob, displayName: Bob Taylor, emailAddress: bob@example.com, extensions: ["1002"], mailboxPolicy: Paris Default Policy }
`;
const SWITCH_OFF = 'Set-UMMailboxPolicy -identity "Paris Default Policy" -AllowMissedCallNotifications $false';

/** What one of the demo's calls does, as a person would tell it. */
interface DemoCall {
  readonly story: string;
  readonly to: string;
  readonly options: Pick<CallOptions, 'hangUpAfterMs' | 'hangUpAfterRingingMs' | 'hangUpAfterAnswerMs'>;
  /** A cmdlet that is run before. */
  readonly first?: string;
}

const CALLS: readonly DemoCall[] = [
  { story: 'Jean rings Alice for 1 s and hangs up', to: '1001', options: { hangUpAfterRingingMs: 1_000 } },
  { story: 'Jean calls Bob, who answers', to: '1002', options: { hangUpAfterAnswerMs: 1_000 } },
  { story: 'Jean calls Bob, who is busy and has no voicemail box', to: '1002', options: { hangUpAfterMs: 5_000 } },
  { story: 'Jean calls Alice and leaves a voicemail', to: '1001', options: { hangUpAfterAnswerMs: 2_500 } },
  {
    story: 'the switch is off, and Jean rings Alice again',
    to: '1001',
    options: { hangUpAfterRingingMs: 1_000 },
    first: SWITCH_OFF,
  },
];

/** How long a call's mail may take to be sent before the demo gives up. */
const PATIENCE_MS = 10_000;

export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('the gateway with simulated phones on free ports: five calls, what happened, why, and the mails')
    .action(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'mcg-demo-'));
      try {
        await runDemo(terminal, folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
}

async function runDemo(terminal: Terminal, folder: string): Promise<void> {
  const say = (text: string): void => void terminal.stdout.write(text);
  const calledBob = { times: 0 };
  const phones = await startPhone({
    // Bob answers his first call and is busy for the next.
    behaviour: ({ uri }) => {
      if (!uri.includes('1002')) return { kind: 'ring' };
      calledBob.times += 1;
      return calledBob.times === 1 ? { kind: 'answer', afterMs: 800 } : { kind: 'busy' };
    },
  });
  const voicemail = await startPhone({
    behaviour: ({ headers }) =>
      (headers.get('Diversion') ?? '').includes('1002')
        ? { kind: 'refuse', status: 404, reason: 'No Such Mailbox' }
        : { kind: 'voicemail' },
  });
  const app = await startDemoGateway(terminal, folder, phones, voicemail);
  const path = join(folder, 'gateway.db');
  const journal = await openSqliteJournal({ path, node: 'demo', now: Date.now, mode: 'beside' });
  try {
    say(
      `The gateway listens on ${app.addresses.sip.join(', ')}; the phones and the voicemail are simulated, the SIP is real.\n\n`,
    );
    const calls: CallView[] = [];
    for (const [index, call] of CALLS.entries()) {
      if (call.first !== undefined) await switchOff(say, app, folder, journal, call.first);
      say(`  ${index + 1}/${CALLS.length}  ${call.story} … `);
      const judged = await makeCall(app, journal, call);
      say(`${judged.outcome}\n`);
      calls.push(judged);
    }
    say(`\n${table(calls)}\n${await mails(folder)}`);
  } finally {
    await journal.close();
    await app.stop();
    await Promise.all([phones.close(), voicemail.close()]);
  }
}

async function startDemoGateway(terminal: Terminal, folder: string, phones: Phone, voicemail: Phone): Promise<App> {
  await writeFile(join(folder, 'policy.yaml'), POLICY);
  const file = join(folder, 'gateway.yaml');
  await writeFile(
    file,
    `node: demo
sip:
  listen: [udp://127.0.0.1:0]
peers:
  - { name: lab, allow: [127.0.0.0/8] }
routing:
  nextHop: ["${phones.uri()}"]
  ringTimeout: 1500ms
voicemail:
  target: ${voicemail.uri('udp', 'voicemail')}
  greeting: 1s
  minimumMessage: 1s
policy: policy.yaml
journal: sqlite:gateway.db
notification:
  transport: maildir:mail
  from: Missed calls <missed-calls@example.com>
admin:
  listen: http://127.0.0.1:0
`,
  );
  const loaded = await loadConfig(file, terminal.env);
  if (!loaded.ok) throw new CommandError(`The demo's own configuration is refused: ${JSON.stringify(loaded.problems)}`);
  return startGateway(terminal, loaded.config, openLog(terminal, 'error'), () => undefined);
}

/** Runs the cmdlet on the policy file; the gateway sees the saved file by itself, asked here so as not to wait for it. */
async function switchOff(
  say: (text: string) => void,
  app: App,
  folder: string,
  journal: CmdletJournal,
  line: string,
): Promise<void> {
  say(`\n  mcg shell -c '${line}'\n`);
  const { exitCode, errors } = await runCmdlet(line, {
    policyPath: join(folder, 'policy.yaml'),
    caller: systemUser(),
    journal,
    now: Date.now,
    newId: uuidv7,
  });
  if (exitCode !== 0) throw new CommandError(errors);
  await app.reload();
}

/** Makes the call, and waits until it is judged and its mail, if any, is sent. */
async function makeCall(app: App, journal: Journal, { to, options }: DemoCall): Promise<CallView> {
  const gateway = (app.addresses.sip[0] ?? '').replace('udp://', '');
  const report = await placeCall({
    from: '"Jean Dupont" <sip:+33199001234@carrier.example>',
    to: `sip:${to}@${gateway}`,
    ...options,
  });
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const call = await journal.call(report.callId);
    const open = call?.decisions.some(({ notifications }) => notifications.some(({ state }) => state !== 'sent'));
    if (call !== null && call.outcome !== null && open === false) return call;
    await delay(20);
  }
  throw new CommandError(`The call ${report.callId} was not judged and mailed within ${PATIENCE_MS / 1_000} s.`);
}

function table(calls: readonly CallView[]): string {
  const rows = new Table({
    head: ['callee', 'what happened', 'rang', 'outcome', 'decision', 'mail'],
    style: { head: [], border: [] },
  });
  for (const [index, call] of calls.entries()) {
    const own = call.decisions.find(({ primary }) => primary);
    rows.push([
      `${call.callee} ${call.mailbox ?? ''}`,
      CALLS[index]?.story ?? '',
      call.rangMs === null ? '' : `${(call.rangMs / 1_000).toFixed(1)} s`,
      [call.outcome, call.cause].filter(Boolean).join(' / '),
      `${own?.decision ?? ''}: ${own?.reason ?? ''}`,
      own?.notifications.map(({ state }) => state).join(', ') ?? '',
    ]);
  }
  return rows.toString();
}

/** Lists the mails by their subjects, and shows the headers and the text of the first. */
async function mails(folder: string): Promise<string> {
  const inbox = join(folder, 'mail', 'new');
  const names = (await readdir(inbox)).toSorted((a, b) => a.localeCompare(b));
  const texts = await Promise.all(names.map((name) => readFile(join(inbox, name), 'utf8')));
  const heads = texts.map((text) => `  ${header(text, 'To')}: ${header(text, 'Subject')}`);
  return `${texts.length} mails:\n${heads.join('\n')}\n\nThe first, without its HTML:\n\n${readableMail(texts[0] ?? '')}\n`;
}

function header(mail: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(mail)?.[1] ?? '';
}
