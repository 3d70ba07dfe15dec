import { PERMISSIONS, runCmdlet } from '../../src/cmdlet/index.ts';
import { ofRounds, type Row } from './table.ts';

/** Lines of the command language on a policy file, as `mcg shell` runs them; the start of a process is not counted. */
export async function* cmdlets(policyPath: string, count: string): AsyncIterable<Row> {
  const caller = {
    name: 'bench',
    by: 'command-line',
    source: 'local',
    permissions: new Set(PERMISSIONS),
    mailbox: null,
  } as const;
  const context = { policyPath, caller, journal: null, now: Date.now, newId: () => 'bench' };
  const times: number[] = [];
  for (const value of ['$false', '$true', '$false']) {
    const startedAt = performance.now();
    const line = `Set-UMMailboxPolicy 'Main Default Policy' -AllowMissedCallNotifications ${value}`;
    const { exitCode, errors } = await runCmdlet(line, context);
    if (exitCode !== 0) throw new Error(errors);
    times.push(performance.now() - startedAt);
  }
  const most = count === '10,000' ? 'under 1,000 ms' : undefined;
  yield ofRounds(`Set-UMMailboxPolicy in ${count} mailboxes, median of 3`, times, 'ms', most);
}
