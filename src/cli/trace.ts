import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { GatewayConfig } from '../config/index.ts';
import type { CallView } from '../journal/index.ts';
import { ladder, pcap, readCallTrace, type CallTrace } from '../trace/index.ts';
import { readConfig, withConfig, withJournal, type ConfigOption } from './config.ts';
import { CommandError, type Terminal } from './terminal.ts';

interface TraceOptions extends ConfigOption {
  readonly pcap?: string;
  readonly messages?: true;
}

export function addTrace(program: Command, terminal: Terminal): void {
  withConfig(program.command('trace <call>'))
    .description('shows the SIP of a call as a ladder, or writes it as a pcap file')
    .option('--pcap <file>', 'writes the messages to this file, for Wireshark or sngrep')
    .option('--messages', 'prints every message in full')
    .action(async (id: string, options: TraceOptions) => {
      const config = await readConfig(terminal, options);
      const call = await withJournal(terminal, options, (journal) => journal.call(id));
      if (call === null) {
        throw new CommandError(
          `There is no call ${id}. \`mcg calls\` lists them: the first column, or the SIP Call-ID.`,
        );
      }
      const trace = await traceOf(config, call);
      if (options.pcap === undefined) {
        terminal.stdout.write(
          `${(options.messages === true ? inFull(trace) : ladder(trace.messages, terminal.stdout.columns)).join('\n')}\n`,
        );
      } else {
        const file = resolve(terminal.cwd, options.pcap);
        await writeFile(file, pcap(trace.messages), { mode: 0o600 });
        terminal.stdout.write(`${trace.messages.length} messages of call ${call.id} are in ${file}.\n`);
      }
      if (trace.truncated) terminal.stderr.write('There are more messages of this call; the first ones are shown.\n');
    });
}

async function traceOf({ trace, sip }: GatewayConfig, call: CallView): Promise<CallTrace> {
  if (sip.engine === 'drachtio') {
    throw new CommandError(
      'With sip.engine: drachtio the messages are on the drachtio-server: its log shows them with loglevel 9, or take them there with sngrep or tcpdump.',
    );
  }
  if (trace === null) {
    throw new CommandError(
      'No messages are kept. Add trace: { path: ../var/trace, maxSize: 64MB } to gateway.yaml and restart the gateway; calls from then on can be shown.',
    );
  }
  const legs = [...(call.state?.callers ?? []), ...(call.state?.legs ?? [])];
  const sipCallIds = [call.sipCallId, ...legs.flatMap(({ sipCallId }) => sipCallId ?? [])];
  const found = await readCallTrace(trace.path, { call: call.id, sipCallIds }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`The messages in ${trace.path} cannot be read: ${why}`);
  });
  if (found.messages.length === 0) {
    throw new CommandError(
      `The messages of call ${call.id} are gone: ${trace.path} keeps ${Math.round(trace.maxBytes / 1024 / 1024)} MB (trace.maxSize), and newer ones have taken their place. Calls from before it was switched on have none.`,
    );
  }
  return found;
}

function inFull({ messages }: CallTrace): string[] {
  return messages.map(({ at, way, protocol, local, remote, text }) => {
    const [from, to] = way === 'sent' ? [local, remote] : [remote, local];
    const head = `--- ${new Date(at).toISOString()} ${way} ${protocol} ${from.address}:${from.port} -> ${to.address}:${to.port}`;
    return `${head}\n${text.replaceAll('\r\n', '\n').replaceAll(/[^\P{C}\n\t]/gu, '·')}`;
  });
}
