import Table from 'cli-table3';
import type { Command } from 'commander';
import { callerLabel } from '../call/index.ts';
import type { Journal } from '../journal/index.ts';
import { withConfig, withJournal, type ConfigOption } from './config.ts';
import { OLDER, positiveInteger } from './options.ts';
import { CommandError, type Terminal } from './terminal.ts';
import { iso, utc } from './times.ts';

type Notification = Awaited<ReturnType<Journal['notifications']>>[number];

export function addNotifications(program: Command, terminal: Terminal): void {
  const notifications = program.command('notifications').description('the mails owed and sent');
  withConfig(notifications.command('list'))
    .description('lists them, newest last')
    .option('--json', 'as a JSON array')
    .option('--limit <count>', 'how many of the newest', positiveInteger, 100)
    .action(async (options: ConfigOption & { json?: true; limit: number }) => {
      const { limit } = options;
      // One more than is shown tells whether there are older ones.
      const found = await withJournal(terminal, options, (journal) => journal.notifications({ limit: limit + 1 }));
      const shown = found.slice(-limit);
      if (options.json === true) terminal.stdout.write(`${JSON.stringify(shown.map(notificationJson), null, 2)}\n`);
      else terminal.stdout.write(table(shown) + (found.length > limit ? OLDER : ''));
    });
  withConfig(notifications.command('retry <id>'))
    .description('sends a dead or waiting one now')
    .action((id: string, options: ConfigOption) =>
      change(terminal, options, id, 'retried', (journal, whole) => journal.retry(whole, Date.now())),
    );
  withConfig(notifications.command('drop <id>'))
    .description('gives up one that is not sent yet')
    .action((id: string, options: ConfigOption) =>
      change(terminal, options, id, 'dropped', (journal, whole) => journal.drop(whole)),
    );
}

/** A notification as `--json` prints it: a hidden caller is not named, times are ISO 8601 in UTC. */
function notificationJson({ content, createdAt, dueAt, leaseUntil, sentAt, ...rest }: Notification): object {
  return {
    ...rest,
    createdAt: iso(createdAt),
    dueAt: iso(dueAt),
    leaseUntil: iso(leaseUntil),
    sentAt: iso(sentAt),
    content: { ...content, caller: callerLabel(content.caller), startedAt: iso(content.startedAt) },
  };
}

/** How far back an abbreviated id is looked for. */
const SEARCHED = 10_000;

async function change(
  terminal: Terminal,
  options: ConfigOption,
  id: string,
  done: string,
  act: (journal: Journal, id: string) => Promise<boolean>,
): Promise<void> {
  const changed = await withJournal(terminal, options, async (journal) => {
    const all = await journal.notifications({ limit: SEARCHED });
    const matches = all.filter((notification) => notification.id === id || notification.id.endsWith(id));
    const [only] = matches;
    if (only === undefined)
      throw new CommandError(`There is no notification ${id}. \`mcg notifications list\` lists them.`);
    if (matches.length > 1)
      throw new CommandError(`${id} names ${matches.length} notifications: give more of its end.`);
    if (await act(journal, only.id)) return only.id;
    throw new CommandError(`Notification ${only.id} is ${only.state}: it cannot be ${done}.`);
  });
  terminal.stdout.write(`Notification ${changed} is ${done}.\n`);
}

function table(found: readonly Notification[]): string {
  if (found.length === 0) return 'No notifications yet.\n';
  const rows = new Table({
    head: ['notification', 'created (UTC)', 'mailbox', 'to', 'state', 'attempts', 'last error'],
    style: { head: [], border: [] },
  });
  for (const notification of found) {
    rows.push([
      notification.id.slice(-8),
      utc(notification.createdAt),
      notification.mailbox,
      notification.content.recipient.address,
      notification.state,
      notification.attempts,
      (notification.lastError ?? '').replaceAll(/\p{C}/gu, ' ').slice(0, 60),
    ]);
  }
  return `${rows.toString()}\n`;
}
