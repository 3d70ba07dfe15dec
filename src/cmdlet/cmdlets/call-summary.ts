import type { ReportRow } from '../../journal/index.ts';
import { CmdletError } from '../errors.ts';
import type { ShellObject } from '../objects.ts';
import type { Call, Cmdlet } from '../types.ts';
import { journalOf } from './journal.ts';
import { dialPlanNamed } from './names.ts';
import { DOMAIN_CONTROLLER } from './parameters.ts';

/** Exchange: daily statistics of the last 90 days, monthly ones of the last 12 months. */
const DAYS = 90;
const MONTHS = 12;
const DAY_MS = 86_400_000;
/** Days of a total: 20 years. */
const MAX_DAYS = 7_400;
const MAX_MAILBOXES = 100_000;

type Sums = Omit<ReportRow, 'key'>;
const NOTHING: Sums = { answered: 0, voicemail: 0, missed: 0, elsewhere: 0, other: 0, notified: 0 };

function added(a: Sums, b: Sums): Sums {
  return {
    answered: a.answered + b.answered,
    voicemail: a.voicemail + b.voicemail,
    missed: a.missed + b.missed,
    elsewhere: a.elsewhere + b.elsewhere,
    other: a.other + b.other,
    notified: a.notified + b.notified,
  };
}

/** A stretch of time, with the name that its row has. */
interface Period {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const dayName = (at: number): string => new Date(at).toISOString().slice(0, 10);
const monthName = (at: number): string => new Date(at).toISOString().slice(0, 7);

/** Newest last. Times are UTC, as Exchange's are. */
function periodsOf(groupBy: string, now: number): Period[] {
  if (groupBy === 'Total') return [{ name: '---', from: 0, to: now + 1 }];
  if (groupBy === 'Day') {
    const today = Math.floor(now / DAY_MS) * DAY_MS;
    return Array.from({ length: DAYS }, (_, index) => {
      const from = today - (DAYS - 1 - index) * DAY_MS;
      return { name: dayName(from), from, to: from + DAY_MS };
    });
  }
  const date = new Date(now);
  const month = (back: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1);
  return Array.from({ length: MONTHS }, (_, index) => {
    const from = month(MONTHS - 1 - index);
    return { name: monthName(from), from, to: month(MONTHS - 2 - index) };
  });
}

async function reported(
  call: Call,
  by: 'day' | 'mailbox',
  { from, to }: Pick<Period, 'from' | 'to'>,
): Promise<readonly ReportRow[]> {
  await call.breathe();
  const limit = by === 'day' ? MAX_DAYS : MAX_MAILBOXES;
  const { rows, truncated } = await journalOf(call).report({ by, from, to, timeZone: 'UTC', limit });
  if (truncated) throw new CmdletError('There are more calls than one report can count.');
  return rows;
}

/** All calls: one question for all days, which the periods are made of. */
async function ofAll(periods: readonly Period[], call: Call): Promise<Sums[]> {
  const [first, last] = [periods[0], periods.at(-1)];
  const rows = await reported(call, 'day', { from: first?.from ?? 0, to: last?.to ?? 0 });
  const sums = new Map<string, Sums>();
  for (const row of rows) {
    const period = periods.length === 1 ? first : periods.find(({ name }) => row.key.startsWith(name));
    if (period !== undefined) sums.set(period.name, added(sums.get(period.name) ?? NOTHING, row));
  }
  return periods.map(({ name }) => sums.get(name) ?? NOTHING);
}

/** Those of a dial plan's mailboxes: one question for each period. */
async function ofDialPlan(dialPlan: string, periods: readonly Period[], call: Call): Promise<Sums[]> {
  const policy = call.policy();
  const found: Sums[] = [];
  for (const period of periods) {
    let sum = NOTHING;
    for (const row of await reported(call, 'mailbox', period)) {
      const mailboxPolicy = policy.mailbox(row.key)?.mailboxPolicy;
      const belongs = policy.mailboxPolicies.get(mailboxPolicy ?? '')?.dialPlan === dialPlan;
      if (belongs) sum = added(sum, row);
    }
    found.push(sum);
  }
  return found;
}

/** Exchange gives percentages, of all calls of the row. */
const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 1_000) / 10);

function shapeOf(name: string, sums: Sums, dialPlan: string | null): ShellObject {
  const total = sums.answered + sums.voicemail + sums.missed + sums.elsewhere + sums.other;
  return {
    type: 'UMCallSummaryReport',
    identity: null,
    properties: {
      Date: name,
      UMDialPlanName: dialPlan,
      TotalCalls: total,
      MissedCalls: percent(sums.missed, total),
      VoiceMessages: percent(sums.voicemail, total),
      Answered: percent(sums.answered, total),
      AnsweredElsewhere: percent(sums.elsewhere, total),
      FailedOrRejectedCalls: percent(sums.other, total),
      Notified: sums.notified,
    },
    view: ['Date', 'TotalCalls', 'MissedCalls', 'VoiceMessages', 'Answered', 'FailedOrRejectedCalls', 'Notified'],
  };
}

export const getCallSummaryReport: Cmdlet = {
  name: 'Get-UMCallSummaryReport',
  synopsis: 'Counts calls by day or month, or all: the share of missed ones, of voice messages, …',
  permission: 'reports.read',
  parameters: [
    {
      name: 'GroupBy',
      type: { kind: 'choice', of: ['Day', 'Month', 'Total'] },
      mandatory: true,
      position: 1,
      says: 'Day (the last 90), Month (the last 12) or Total. Times are UTC.',
    },
    { name: 'UMDialPlan', type: { kind: 'name', of: 'dialPlan' }, says: 'Calls of this dial plan’s mailboxes alone.' },
    DOMAIN_CONTROLLER,
  ],
  without: { UMIPGateway: 'Calls are not counted by gateway: leave it out.' },
  examples: [
    { line: 'Get-UMCallSummaryReport -GroupBy Month', says: 'The last twelve months.' },
    { line: 'Get-UMCallSummaryReport Day | Where-Object TotalCalls -gt 0', says: 'Days on which somebody called.' },
  ],
  notes: ['Shares are per cent of TotalCalls; Notified is a number. Sound quality is not measured.'],
  async run(call) {
    const periods = periodsOf(call.bound.text('GroupBy') ?? 'Total', call.context.now());
    const written = call.bound.text('UMDialPlan');
    const dialPlan = written === undefined ? null : dialPlanNamed(written, call).name;
    const sums = await (dialPlan === null ? ofAll(periods, call) : ofDialPlan(dialPlan, periods, call));
    return periods.map(({ name }, index) => shapeOf(name, sums[index] ?? NOTHING, dialPlan));
  },
};
