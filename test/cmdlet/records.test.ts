import { describe, expect, it } from 'vitest';
import type { CallView } from '../../src/journal/index.ts';
import { ADMIN, bench, callerWith, NOW } from './support.ts';

const POLICY = `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
  - { name: Lyon, numberOfDigitsInExtension: 4 }
mailboxes:
  - { identity: alice, emailAddress: alice@example.com, extensions: ["1001"], mailboxPolicy: Paris Default Policy }
  - { identity: bob, emailAddress: bob@example.com, extensions: ["1002"], mailboxPolicy: Lyon Default Policy }
`;
const files = bench(POLICY);
const { run } = files;
const DAY = 86_400_000;

function call(id: string, daysAgo: number, changes: Partial<CallView> = {}): CallView {
  const startedAt = NOW - daysAgo * DAY;
  return {
    id,
    sipCallId: `${id}@sip`,
    node: 'gw',
    caller: {
      number: '+33199001234',
      uri: 'sip:+33199001234@carrier',
      displayName: 'Jean',
      hidden: false,
    },
    callee: '1001',
    calleeUri: 'sip:1001@gw',
    mailbox: 'alice',
    group: null,
    peer: 'pbx',
    startedAt,
    rangAt: startedAt,
    answeredAt: null,
    answeredBy: null,
    endedAt: startedAt + 65_000,
    rangMs: 12_500,
    outcome: 'missed',
    cause: 'no-answer',
    pendingUntil: null,
    state: null,
    rule: null,
    evidence: [],
    decisions: [
      { mailbox: 'alice', primary: true, decision: 'notify', reason: 'missed', detail: null, notifications: [] },
    ],
    ...changes,
  };
}

describe('Get-UMCallDataRecord', () => {
  it('shows a user’s calls of 90 days, newest first, in Exchange’s words', async () => {
    files.journal.calls.push(
      call('old', 91),
      call('a', 3),
      call('b', 2, { outcome: 'voicemail' }),
      call('c', 1, { outcome: 'answered', caller: { ...call('x', 0).caller, hidden: true } }),
      call('other', 1, { mailbox: 'bob' }),
    );
    const { output } = await run('Get-UMCallDataRecord -Mailbox alice@example.com | ConvertTo-Json');
    expect(JSON.parse(output)).toMatchObject([
      { CallId: 'c', CallType: 'None', CallingNumber: 'anonymous', Date: '2026-11-23T12:00:00Z' },
      { CallId: 'b', CallType: 'Call Answering Voice Message' },
      {
        CallId: 'a',
        CallType: 'Call Answering Missed Call',
        CallingNumber: '+33199001234',
        CalledNumber: '1001',
        Duration: '00:01:05',
        RingSeconds: 12.5,
        DialPlan: 'Paris',
        Gateway: 'pbx',
        Decision: 'notify',
        Reason: 'missed',
      },
    ]);
    expect(output).not.toContain('+33199001234@');
  });

  it('by dates, by number, for several through a pipe', async () => {
    for (let at = 0; at < 450; at += 1) files.journal.calls.push(call(`c${at}`, 10 - at / 100));
    const count = async (given: string): Promise<string> =>
      (await run(`Get-UMCallDataRecord ${given} | measure`)).output.trim().split(/\s+/).at(-1) ?? '';
    expect(await count('alice')).toBe('450');
    expect(await count('alice -StartDate 11/16/2026 -EndDate 11/17/2026')).toBe('100');
    expect(await count('alice -StartDate 2026-11-16T12:00Z')).toBe('250');
    const limited = await run('Get-UMCallDataRecord alice -ResultSize 5 | measure');
    expect(limited.output).toContain('    5');
    expect(limited.errors).toContain("'alice' has more calls");
    expect((await run('Get-UMMailbox | Get-UMCallDataRecord | measure')).output).toContain('450');
  });

  it('of those who see their own alone need no name', async () => {
    files.journal.calls.push(call('a', 1), call('b', 1, { mailbox: 'bob' }));
    const caller = callerWith(['self'], 'alice');
    const { output } = await run('Get-UMCallDataRecord | select -ExpandProperty CallId', { caller });
    expect(output).toBe('a\n');
    expect((await run('Get-UMCallDataRecord')).errors).toContain('missing mandatory parameters: Mailbox');
  });

  it.each([
    ['Get-UMCallDataRecord $null', 'because it is null'],
    ['Get-UMCallDataRecord nobody', "couldn't be found"],
    ['Get-UMCallDataRecord alice -StartDate yesterday', 'Write it as 2026-11-24'],
    ['Get-UMCallDataRecord alice -StartDate 02/30/2026', 'Write it as 2026-11-24'],
  ])('%s is refused', async (line, says) => {
    expect((await run(line)).errors).toContain(says);
  });
});

describe('Get-UMCallSummaryReport', () => {
  const row = (key: string, missed: number, answered: number) => ({
    key,
    answered,
    voicemail: 1,
    missed,
    elsewhere: 0,
    other: 0,
    notified: missed,
  });

  it('by day, month and in all: shares in per cent', async () => {
    files.journal.rows.push(row('2026-10-30', 1, 2), row('2026-11-22', 3, 0), row('2026-11-24', 1, 8));
    const report = async (given: string): Promise<unknown[]> =>
      JSON.parse(
        (await run(`Get-UMCallSummaryReport ${given} | where TotalCalls -gt 0 | ConvertTo-Json -AsArray`)).output,
      );
    expect(await report('-GroupBy Day')).toMatchObject([
      { Date: '2026-10-30', TotalCalls: 4, MissedCalls: 25, VoiceMessages: 25, Answered: 50, Notified: 1 },
      { Date: '2026-11-22', TotalCalls: 4, MissedCalls: 75 },
      { Date: '2026-11-24', TotalCalls: 10, MissedCalls: 10 },
    ]);
    expect(await report('Month')).toMatchObject([
      { Date: '2026-10', TotalCalls: 4 },
      { Date: '2026-11', TotalCalls: 14, MissedCalls: 28.6 },
    ]);
    expect(await report('-group total')).toMatchObject([{ Date: '---', TotalCalls: 18 }]);
    expect((await run('Get-UMCallSummaryReport Day | measure')).output).toContain('90');
    expect((await run('Get-UMCallSummaryReport Month | measure')).output).toContain('12');
  });

  it('of a dial plan counts its mailboxes', async () => {
    files.journal.rows.push(row('alice', 1, 0), row('bob', 5, 0));
    const { output } = await run('Get-UMCallSummaryReport Total -UMDialPlan lyon | ConvertTo-Json');
    expect(JSON.parse(output)).toMatchObject({ UMDialPlanName: 'Lyon', TotalCalls: 6 });
  });

  it.each([
    ['Get-UMCallSummaryReport', 'missing mandatory parameters: GroupBy'],
    ['Get-UMCallSummaryReport -GroupBy Year', 'Day, Month, Total'],
    ['Get-UMCallSummaryReport Day -UMIPGateway gw', 'not counted by gateway'],
    ['Get-UMCallSummaryReport Day -UMDialPlan Nice', "couldn't be found"],
  ])('%s is refused', async (line, says) => {
    expect((await run(line)).errors).toContain(says);
  });

  it('without a journal says so', async () => {
    expect((await run('Get-UMCallSummaryReport Day', { journal: null })).errors).toContain('There is no journal yet');
  });
});

describe('Search-AdminAuditLog', () => {
  const fill = async (): Promise<void> => {
    await run("Set-UMMailboxPolicy 'Paris Default Policy' -AllowMissedCallNotifications $false -Why holidays");
    await run('Set-UMMailbox bob -MissedCallNotificationEnabled $false', { caller: { ...ADMIN, name: 'davids' } });
    await run('Set-UMDialPlan Lyon -OutsideLineAccessCode 9');
    const [first] = files.journal.records;
    files.journal.records.push({ ...first!, id: 'f', at: NOW - DAY, result: 'failed', error: 'the disk is full' });
  };
  const found = async (given: string): Promise<string[]> =>
    (await run(`Search-AdminAuditLog ${given} | % { $_.ObjectModified }`)).output.trimEnd().split('\n').filter(Boolean);

  it('shows who changed what, from what to what, and why', async () => {
    await fill();
    const { output } = await run('Search-AdminAuditLog -Cmdlets set-ummailboxpolicy -IsSuccess $true | ConvertTo-Json');
    expect(JSON.parse(output)).toMatchObject({
      RunDate: '2026-11-24T12:00:00Z',
      Caller: 'root',
      CmdletName: 'Set-UMMailboxPolicy',
      ObjectModified: 'Paris Default Policy',
      CmdletParameters: ['AllowMissedCallNotifications'],
      ModifiedProperties: ['AllowMissedCallNotifications: True -> False'],
      Succeeded: true,
      Why: 'holidays',
      ClientAddress: 'local',
    });
  });

  it('chooses by cmdlet, parameter, object, user, result and date', async () => {
    await fill();
    expect(await found('')).toEqual(['Paris Default Policy', 'Lyon', 'bob', 'Paris Default Policy']);
    expect(await found('-Cmdlets Set-UMMailbox,Set-UMDialPlan')).toEqual(['Lyon', 'bob']);
    expect(await found('-Parameters missedCallNotificationEnabled,x')).toEqual(['bob']);
    expect(await found('-ObjectID lyon')).toEqual(['Lyon']);
    expect(await found('-UserIds DAVIDS')).toEqual(['bob']);
    expect(await found('-IsSuccess $false')).toEqual(['Paris Default Policy']);
    expect(await found('-EndDate 11/24/2026')).toEqual(['Paris Default Policy']);
    expect(await found('-StartDate 11/24/2026 -ResultSize 1 -StartIndex 1')).toEqual(['bob']);
    expect(await found('-ExternalAccess $true')).toEqual([]);
    expect(await found('-Cmdlets New-RoleGroup')).toEqual([]);
  });
});
