import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { text } from 'node:stream/consumers';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { Readiness } from '../admin/index.ts';
import type { AdminConfig } from '../config/index.ts';
import { readConfig, withConfig, type ConfigOption } from './config.ts';
import { CommandError, type Terminal } from './terminal.ts';

/** A gateway that does not answer so long is in trouble of its own. */
export const STATUS_TIMEOUT_MS = 5_000;

export function addStatus(program: Command, terminal: Terminal, done: (code: number) => void): void {
  withConfig(program.command('status'))
    .description('what the running gateway says of itself; the exit code is 1 where it is not ready')
    .option('--json', 'as JSON')
    .action(async (options: ConfigOption & { json?: true }) => {
      const { admin } = await readConfig(terminal, options);
      if (admin.listen.port === 0) {
        throw new CommandError(
          'admin.listen has port 0: nobody knows where that gateway listens. Give it a port of its own.',
        );
      }
      const told = await ask(addressOf(admin));
      terminal.stdout.write(options.json === true ? `${JSON.stringify(told, null, 2)}\n` : table(told));
      done(told.ready ? 0 : 1);
    });
}

function addressOf({ listen: { host, port }, tls }: AdminConfig): string {
  // What listens on every address is asked on this machine's own.
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${tls === null ? 'http' : 'https'}://${own.includes(':') ? `[${own}]` : own}:${port}`;
}

async function ask(address: string): Promise<Readiness> {
  let answer: string;
  try {
    answer = await get(`${address}/readyz`);
  } catch {
    throw new CommandError(
      `No gateway answers at ${address} (admin.listen). Start it with \`mcg start\`, or name its configuration with --config.`,
    );
  }
  const told: unknown = parsed(answer);
  if (isReadiness(told)) return told;
  throw new CommandError(`What answers at ${address} (admin.listen) is not a gateway, or one of another version.`);
}

/** One of this machine's own addresses is asked, and told nothing: its certificate names the host that others know. */
function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS), rejectUnauthorized: false };
    const request = url.startsWith('https:') ? httpsGet(url, options) : httpGet(url, options);
    request.on('error', reject).on('response', (response) => {
      void text(response).then(resolve, reject);
    });
  });
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return null;
  }
}

function isReadiness(told: unknown): told is Readiness {
  return typeof told === 'object' && told !== null && 'ready' in told && 'checks' in told && Array.isArray(told.checks);
}

/** What is told may have come from configuration and peers: nothing of it moves the terminal's cursor. */
function cell(text: string): string {
  return text.replaceAll(/\p{C}/gu, '·').slice(0, 80);
}

function table({ ready, checks, hops = [], registrations, liveCalls }: Readiness): string {
  const style = { head: [], border: [] };
  const found = new Table({ head: ['check', 'state', 'detail'], style });
  for (const { name, ok, attention, detail } of checks) {
    found.push([cell(name), !ok ? 'FAILS' : attention === true ? 'look' : 'ok', cell(detail)]);
  }
  const lines = [`The gateway is ${ready ? 'ready' : 'NOT ready'}.`, found.toString()];
  if (hops.length > 0) {
    const watched = new Table({ head: ['next hop', 'state', 'since'], style });
    for (const { uri, up, since } of hops) watched.push([cell(uri), up ? 'up' : 'DOWN', cell(since ?? 'the start')]);
    lines.push(watched.toString());
  }
  if (registrations !== undefined) lines.push(`Registered contacts: ${registrations}`);
  if (liveCalls !== undefined) lines.push(`Live calls: ${liveCalls}`);
  return `${lines.join('\n')}\n`;
}
