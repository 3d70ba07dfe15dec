import { resolve } from 'node:path';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { callerLabel } from '../call/index.ts';
import type { Journal } from '../journal/index.ts';
import { configFlag, withConfig, withJournal, type ConfigOption } from './config.ts';
import { OLDER, positiveInteger } from './options.ts';
import type { Terminal } from './terminal.ts';
import { iso, utc } from './times.ts';

type CallView = Awaited<ReturnType<Journal['calls']>>[number];

export function addCalls(program: Command, terminal: Terminal): void {
  withConfig(program.command('calls'))
    .description('lists the calls, newest last, with their outcomes and what was decided')
    .option('--json', 'as a JSON array')
    .option('--limit <count>', 'how many of the newest', positiveInteger, 100)
    .action(async (options: ConfigOption & { json?: true; limit: number }) => {
      const { limit } = options;
      // One more than is shown tells whether there are older ones.
      const found = await withJournal(terminal, options, (journal) => journal.calls({ limit: limit + 1 }));
      const calls = found.slice(-limit);
      if (options.json === true) terminal.stdout.write(`${JSON.stringify(calls.map(callJson), null, 2)}\n`);
      else {
        const flag = configFlag(terminal, resolve(terminal.cwd, options.config));
        terminal.stdout.write(table(calls, flag) + (found.length > limit ? OLDER : ''));
      }
    });
}

/** A call as `mcg calls --json` prints it (design.md section 6). Times are ISO 8601 in UTC. */
function callJson(call: CallView): object {
  const own = call.decisions.find(({ primary }) => primary);
  const notifications = own?.notifications.map(({ channel, state, attempts, messageId }) => ({
    channel,
    state,
    attempts,
    messageId,
  }));
  const mail = notifications?.find(({ channel }) => channel === 'email');
  return {
    id: call.id,
    callId: call.sipCallId,
    caller: callerLabel(call.caller),
    callee: call.callee,
    startedAt: iso(call.startedAt),
    endedAt: iso(call.endedAt),
    rangMs: call.rangMs,
    outcome: call.outcome,
    cause: call.cause,
    pendingUntil: iso(call.pendingUntil),
    evidence: call.evidence.map((evidence) => ({ ...evidence, at: iso(evidence.at) })),
    decision: own?.decision ?? null,
    reason: own?.reason ?? null,
    notification: mail === undefined ? null : { state: mail.state, attempts: mail.attempts, messageId: mail.messageId },
    decisions: call.decisions.map((decision) => ({
      mailbox: decision.mailbox,
      decision: decision.decision,
      reason: decision.reason,
      notifications: decision.notifications.map(({ channel, state, attempts, messageId }) => ({
        channel,
        state,
        attempts,
        messageId,
      })),
    })),
  };
}

/** Cells come from SIP: nothing in them may reach the terminal as a control sequence. */
function cell(text: string): string {
  return text.replaceAll(/\p{C}/gu, '·').slice(0, 40);
}

function table(calls: readonly CallView[], flag: string): string {
  if (calls.length === 0) return 'No calls yet.\n';
  const rows = new Table({
    head: ['call', 'started (UTC)', 'caller', 'callee', 'rang', 'outcome', 'decision', 'mail'],
    style: { head: [], border: [] },
  });
  for (const call of calls) {
    const own = call.decisions.find(({ primary }) => primary);
    rows.push([
      call.id.slice(-8),
      utc(call.startedAt),
      cell(callerLabel(call.caller)),
      cell(call.callee),
      call.rangMs === null ? '' : `${(call.rangMs / 1_000).toFixed(1)} s`,
      [call.outcome ?? (call.pendingUntil === null ? 'in progress' : 'pending'), call.cause]
        .filter(Boolean)
        .join(' / '),
      own === undefined ? '' : `${own.decision} / ${own.reason}`,
      own?.notifications.map(({ state }) => state).join(', ') ?? '',
    ]);
  }
  return `${rows.toString()}\n\`mcg explain CALL${flag}\` tells why; CALL is the first column.\n`;
}
