import type { CallView } from '../../journal/index.ts';
import { CmdletError } from '../errors.ts';
import type { ShellObject } from '../objects.ts';
import type { Call, Cmdlet } from '../types.ts';
import { mailboxNamed, ownMailbox, targets } from './names.ts';
import { DOMAIN_CONTROLLER } from './parameters.ts';
import { journalOf } from './journal.ts';
import { MAILBOX } from './mailbox.ts';

/** Exchange keeps call data records so long. */
export const CALL_RECORD_DAYS = 90;
const DAY_MS = 86_400_000;
/** Calls that the journal is asked for at a time. */
const PAGE = 200;

/** RFC 3323: who asked for privacy is not named. */
function callerOf({ caller: { hidden, number, uri } }: CallView): string {
  return hidden ? 'anonymous' : (number ?? uri);
}

/** Exchange's words where it has them; a call that was answered, Exchange UM never saw. */
function callType({ outcome, cause }: CallView): string {
  if (outcome === 'missed') return 'Call Answering Missed Call';
  if (outcome === 'voicemail') return 'Call Answering Voice Message';
  return cause === 'voicemail-access' ? 'Subscriber Access' : 'None';
}

/** `00:01:05`. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** @param mailbox whose decision is shown */
function shapeOf(call: CallView, mailbox: string, dialPlan: string | null): ShellObject {
  const decision =
    call.decisions.find((one) => one.mailbox === mailbox) ?? call.decisions.find(({ primary }) => primary);
  return {
    type: 'UMCallDataRecord',
    identity: call.id,
    properties: {
      Date: new Date(call.startedAt),
      Duration: call.endedAt === null ? null : duration(call.endedAt - call.startedAt),
      CallType: callType(call),
      CallingNumber: callerOf(call),
      CalledNumber: call.callee,
      DialPlan: dialPlan,
      Gateway: call.peer,
      RingSeconds: call.rangMs === null ? null : call.rangMs / 1_000,
      Outcome: call.outcome,
      Cause: call.cause,
      Decision: decision?.decision ?? null,
      Reason: decision?.reason ?? null,
      Notification: decision?.notifications.map(({ state }) => state).join(', ') ?? null,
      CallId: call.id,
    },
    view: ['Date', 'CallType', 'CallingNumber', 'CalledNumber', 'RingSeconds', 'Decision', 'Reason'],
  };
}

/** Newest first. @throws CmdletError */
async function recordsOf(mailbox: string, most: number, call: Call): Promise<{ calls: CallView[]; more: boolean }> {
  const { context, bound } = call;
  const from = bound.time('StartDate')?.getTime() ?? context.now() - CALL_RECORD_DAYS * DAY_MS;
  const to = bound.time('EndDate')?.getTime();
  const filter = { mailbox, from, ...(to === undefined ? {} : { to }) };
  const calls: CallView[] = [];
  let after: string | null = null;
  do {
    await call.breathe();
    const page = { limit: Math.min(PAGE, most + 1 - calls.length), ...(after === null ? {} : { after }) };
    const found = await journalOf(call).callPage(filter, page);
    calls.push(...found.items);
    after = found.next;
  } while (after !== null && calls.length <= most);
  return { calls: calls.slice(0, most), more: calls.length > most };
}

/** The caller's own where nothing else may be seen. */
async function mailboxesAsked(call: Call): Promise<string[]> {
  const { bound, input, scope } = call;
  const written = bound.text('Mailbox');
  if (written === undefined && input === null) {
    if (scope === 'own') return [ownMailbox(null, call).identity];
    throw new CmdletError(
      'Cannot process command because of one or more missing mandatory parameters: Mailbox. (Get-UMCallDataRecord)',
    );
  }
  const names = input === null ? [written ?? ''] : targets(call, MAILBOX);
  const found: string[] = [];
  for (const name of names) found.push((await mailboxNamed(name, call)).identity);
  return found;
}

export const getCallDataRecord: Cmdlet = {
  name: 'Get-UMCallDataRecord',
  synopsis: 'Shows the calls of a user, newest first, and what was decided about each.',
  permission: 'calls.read',
  self: true,
  parameters: [
    {
      name: 'Mailbox',
      aliases: ['Identity'],
      type: { kind: 'name', of: 'mailbox' },
      position: 1,
      fromPipeline: true,
      says: 'The user: name, display name, e-mail or SIP address. Mandatory but for those who see their own calls alone.',
    },
    {
      name: 'StartDate',
      type: { kind: 'time' },
      byDefault: `${CALL_RECORD_DAYS} days ago`,
      ours: true,
      says: 'Calls from then on: 2026-11-24, 2026-11-24T08:00:00Z (UTC where no zone is given).',
    },
    { name: 'EndDate', type: { kind: 'time' }, ours: true, says: 'Calls before then.' },
    {
      name: 'ResultSize',
      type: { kind: 'integer', min: 1, max: 100_000 },
      byDefault: '1000',
      ours: true,
      says: 'How many calls of a user at most.',
    },
    DOMAIN_CONTROLLER,
  ],
  examples: [
    { line: 'Get-UMCallDataRecord -Mailbox tony@contoso.com', says: 'Tony’s calls of the last 90 days.' },
    {
      line: "Get-UMCallDataRecord tony | Where-Object CallType -eq 'Call Answering Missed Call' | Measure-Object",
      says: 'How many he missed.',
    },
  ],
  notes: ['Sound quality is not measured: those properties of Exchange are not here. mcg explain CallId tells why.'],
  async run(call) {
    const most = call.bound.number('ResultSize') ?? 1_000;
    const found: ShellObject[] = [];
    for (const mailbox of await mailboxesAsked(call)) {
      const policy = call.policy();
      const plan = policy.mailboxPolicies.get(policy.mailbox(mailbox)?.mailboxPolicy ?? '')?.dialPlan ?? null;
      const { calls, more } = await recordsOf(mailbox, most, call);
      for (const one of calls) found.push(shapeOf(one, mailbox, plan));
      if (more) call.warn(`'${mailbox}' has more calls: -ResultSize gives more than ${most}, -StartDate fewer.`);
    }
    return found;
  },
};
