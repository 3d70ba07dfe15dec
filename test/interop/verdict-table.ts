import type { Behaviour } from '../support/scenarios.ts';

/**
 * Every line of the verdict's table (design 4.1), and the rules of 4.2 and 4.3 that show on a wire, as calls between
 * scenarios of test/scenarios. A row is one call to a number of its own, whose digits say what its voicemail does.
 */

/** Who calls: peers of the gateway, by address, with settings of their own. */
export const PEERS = {
  pbx: '1',
  /** Its unanswered calls are diverted by the gateway. */
  diverted: '2',
  /** It takes its unanswered calls back. */
  upstream: '3',
  /** What it rings answers with its voicemail. */
  downstream: '4',
  /** Its Reason is not believed. */
  distrusted: '5',
  forker: '6',
  calledFromTo: '7',
  calledFromHeader: '8',
} as const;
export type PeerName = keyof typeof PEERS;

/** Who is called: next hops, by address. */
export const HOPS = {
  /** None of the peers. */
  phone: '20',
  /** A peer whose fast answers are a carrier's voicemail. */
  carrier: '21',
  /** A peer whose late answers are its voicemail. */
  late: '22',
} as const;

export interface Caller extends Behaviour {
  readonly peer?: PeerName;
  /** Starts so long after the first caller. */
  readonly afterMs?: number;
  /** Starts when the caller before is done. */
  readonly thenCalls?: true;
  readonly dials?: (number: string) => string;
  readonly callId?: string;
}

export interface Hop extends Behaviour {
  readonly at?: keyof typeof HOPS;
}

export interface Row {
  readonly what: string;
  /** The line of the classifier that must decide; null: there is no call to judge. */
  readonly rule: string | null;
  readonly callers: readonly Caller[];
  /** Tried in order; `dead`: nobody is there. */
  readonly hops: readonly (Hop | 'dead')[];
  /** Where another number (the row's, beginning with 7) leads. */
  readonly others?: readonly (Hop | 'dead')[];
  /** `told`: the gateway whose voicemail system tells of messages. */
  readonly gateway?: 'told';
  readonly voicemail?: 'answers' | 'refuses' | 'silent' | 'blank' | 'none' | 'left';
  readonly mailbox?: false;
  /** Outcome, cause, decision, reason. */
  readonly verdict?: readonly [string, string | null, string, string];
  /** Kinds that must be there; `a|b`: either. */
  readonly evidence?: readonly string[];
  /** What `mcg explain` says, beside verdict, rule and decision. */
  readonly says?: readonly string[];
  /** Told about the mailbox before the call, and once the verdict waits. */
  readonly totals?: { readonly before: number; readonly after?: number };
  readonly event?: 'left' | 'blank' | 'none' | 'answered';
  /** The verdict waits first. */
  readonly waits?: true;
  /** Calls that must be judged so; 1 where left out. */
  readonly calls?: number;
  /** The number as the call has it, where it is not the one that was dialled. */
  readonly callee?: (number: string) => string;
  /** Cheap and loss-proof: also run over a bad network. */
  readonly netem?: true;
}

export const RULE = {
  answered: 'a phone of the call answered, and our 200 left before any CANCEL',
  crossed: 'a leg answered, but the CANCEL of the caller won',
  answeredOutside: 'somebody answered where the gateway does not see it',
  elsewhere: 'a CANCEL said that the call was completed elsewhere',
  cancelReason: 'a CANCEL said busy or declined',
  hungUpRinging: 'the caller hung up while it rang',
  hungUpDiverted: 'diverted to voicemail: the caller hung up before it answered',
  hungUpUnrung: 'the caller hung up before anything rang',
  pilot: 'a call to a voicemail pilot without diversion, or from the mailbox’s own number',
  visit: 'diverted to voicemail: what the voicemail leg shows',
  busy: 'busy: 486, 600 or Q.850 cause 17',
  declined: 'declined: 603, or 403 or 480 with Q.850 cause 21',
  unwanted: 'unwanted: 607, 608, 428, 433, 436-438',
  rejected: 'rejected: 416, 482-485, 604, Q.850 cause 28, or refused by the gateway',
  noAnswer: 'rang, and nobody answered',
  unreachable: 'did not ring, and the number has a mailbox',
  failed: 'anything else',
} as const;

/** Rules that decide elsewhere, or on no wire at all, and where they are tried. */
export const ELSEWHERE_TRIED: Readonly<Record<string, string>> = {
  'the gateway ended the call while the voicemail system had it': 'interop/interruptions.test.ts',
  'the gateway ended the call while it rang': 'interop/interruptions.test.ts',
  'a phone had answered when the gateway ended the call':
    'the gateway stops between a 200 and its own 200, which no peer can time (test/call)',
  'the gateway stopped before anybody answered': 'interop/interruptions.test.ts',
  'the gateway stopped while a phone had answered': 'interop/interruptions.test.ts',
  'the gateway stopped while the voicemail system had the call': 'interop/interruptions.test.ts',
};

const MISSED = (cause: string) => ['missed', cause, 'notify', 'missed'] as const;
const ANSWERED = ['answered', null, 'skip', 'answered'] as const;
const VOICEMAIL = ['voicemail', null, 'skip', 'voicemail-left'] as const;
const ACCESS = ['answered', 'voicemail-access', 'skip', 'voicemail-access'] as const;
const NOT_RUNG = ['failed', null, 'skip', 'not-rung'] as const;

const hangsUp: Caller = { scenario: 'uac-hangs-up', pauseMs: 200 };
const talks: Caller = { scenario: 'uac-talks', pauseMs: 100 };
const refused = (status: number): Caller => ({ scenario: 'uac-is-refused', status });
const rings: Hop = { scenario: 'uas-rings' };
const answers: Hop = { scenario: 'uas-answers' };
const refuses = (status: number, ...refusal: string[]): Hop =>
  refusal.length === 0 ? { scenario: 'uas-refuses', status } : { scenario: 'uas-refuses', status, keys: { refusal } };
const ringsAndRefuses = (status: number): Hop => ({ scenario: 'uas-rings-and-refuses', status, pauseMs: 100 });
const cancels = (reason: string): Caller => ({ ...hangsUp, keys: { cancel: [`Reason: ${reason}`] } });
const ELSEWHERE_REASON = 'SIP;cause=200;text="Call completed elsewhere"';
/** Longer and shorter than greeting and the shortest message. */
const STAYS = { ...talks, pauseMs: 2_000 };
const LEAVES = { ...talks, pauseMs: 100 };
/** What the caller gets for a status of the only phone (design 4.3). */
const relayed = (status: number): number =>
  status === 503 ? 500 : status === 487 || status === 302 ? 480 : status === 401 || status === 407 ? 403 : status;

const answered: readonly Row[] = [
  {
    what: 'a phone answers, the caller hangs up',
    rule: RULE.answered,
    callers: [talks],
    hops: [answers],
    verdict: ANSWERED,
    evidence: ['rang', 'answered', 'talk-time'],
    says: ['rang', 'answered', 'ended by caller'],
    netem: true,
  },
  {
    what: 'a phone answers, and hangs up',
    rule: RULE.answered,
    callers: [{ scenario: 'uac-talks-until-the-end' }],
    hops: [{ scenario: 'uas-answers-and-hangs-up', pauseMs: 100 }],
    verdict: ANSWERED,
    evidence: ['answered', 'talk-time'],
    says: ['ended by callee'],
    netem: true,
  },
  {
    what: 'our 200 left before the CANCEL',
    rule: RULE.answered,
    callers: [{ scenario: 'uac-cancels-too-late', pauseMs: 100 }],
    hops: [answers],
    verdict: ANSWERED,
  },
  {
    what: 'an answer crosses the CANCEL',
    rule: RULE.crossed,
    callers: [hangsUp],
    hops: [{ scenario: 'uas-answers-the-cancel' }],
    verdict: MISSED('caller-hung-up'),
    evidence: ['answer-crossed', 'caller-cancelled'],
    says: ['crossed the hang-up'],
  },
];

const cancelled: readonly Row[] = [
  ...[ELSEWHERE_REASON, 'Q.850;cause=26'].map((reason): Row => ({
    what: `CANCEL with ${reason}`,
    rule: RULE.elsewhere,
    callers: [cancels(reason)],
    hops: [rings],
    verdict: ['elsewhere', null, 'skip', 'answered-elsewhere'],
    evidence: ['reason', 'caller-cancelled', 'rang'],
    says: ['CANCEL said'],
  })),
  {
    what: 'CANCEL with completed elsewhere of a peer that is not believed',
    rule: RULE.hungUpRinging,
    callers: [{ ...cancels(ELSEWHERE_REASON), peer: 'distrusted' }],
    hops: [rings],
    verdict: MISSED('caller-hung-up'),
    evidence: ['reason'],
    says: ['this peer’s Reason is not believed', 'weak evidence'],
  },
  {
    what: 'all forks of one call cancelled as completed elsewhere, none answered: contradicted',
    rule: RULE.hungUpRinging,
    callers: [
      { ...cancels(ELSEWHERE_REASON), peer: 'forker', pauseMs: 800 },
      { ...cancels(ELSEWHERE_REASON), peer: 'forker', pauseMs: 800, afterMs: 200 },
    ],
    hops: [rings],
    verdict: MISSED('caller-hung-up'),
    evidence: ['joined', 'reason'],
    says: ['by its caller and mailbox'],
  },
  ...[486, 600].map((cause): Row => ({
    what: `CANCEL with Reason SIP;cause=${cause}`,
    rule: RULE.cancelReason,
    callers: [cancels(`SIP;cause=${cause}`)],
    hops: [rings],
    verdict: MISSED('busy'),
    evidence: ['reason'],
  })),
  {
    what: 'CANCEL with Reason SIP;cause=603',
    rule: RULE.cancelReason,
    callers: [cancels('SIP;cause=603')],
    hops: [rings],
    verdict: MISSED('declined'),
    evidence: ['reason'],
  },
  ...(['pbx', 'diverted', 'downstream'] as const).map((peer): Row => ({
    what: `CANCEL after it rang (${peer})`,
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, peer }],
    hops: [rings],
    verdict: MISSED('caller-hung-up'),
    evidence: ['rang', 'caller-cancelled'],
    says: ['the caller gave up before an answer'],
  })),
  {
    what: 'CANCEL after early media',
    rule: RULE.hungUpRinging,
    callers: [{ scenario: 'uac-hangs-up-in-early-media', pauseMs: 200 }],
    hops: [{ scenario: 'uas-plays' }],
    verdict: MISSED('caller-hung-up'),
    evidence: ['rang'],
  },
  {
    what: 'CANCEL before it rang, at once',
    rule: RULE.hungUpUnrung,
    callers: [{ scenario: 'uac-hangs-up-before-it-rings', pauseMs: 100 }],
    hops: [{ scenario: 'uas-tries' }],
    verdict: ['missed', 'caller-hung-up', 'skip', 'not-rung'],
    evidence: ['caller-cancelled'],
    says: ['it never rang'],
    netem: true,
  },
  {
    what: 'CANCEL before it rang, after 5 s',
    rule: RULE.hungUpUnrung,
    callers: [{ scenario: 'uac-hangs-up-before-it-rings', pauseMs: 5_300 }],
    hops: [{ scenario: 'uas-tries' }],
    verdict: MISSED('unreachable'),
    evidence: ['caller-cancelled'],
  },
];

const upstream: readonly Row[] = [
  {
    what: 'voicemail upstream: nothing is heard of the call that was taken back',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, peer: 'upstream' }],
    hops: [rings],
    waits: true,
    verdict: MISSED('no-answer'),
    evidence: ['rang', 'caller-cancelled'],
  },
  ...(['left', 'blank', 'none'] as const).map((event): Row => ({
    what: `voicemail upstream: its system tells ${event} over HTTP`,
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, peer: 'upstream' }],
    hops: [rings],
    gateway: 'told',
    waits: true,
    event,
    verdict: event === 'left' ? VOICEMAIL : MISSED(event === 'blank' ? 'voicemail-blank' : 'no-answer'),
    evidence: [`voicemail-${event}`],
  })),
  {
    what: 'voicemail upstream: its PBX tells over HTTP that somebody answered',
    rule: RULE.answeredOutside,
    callers: [{ ...hangsUp, peer: 'upstream' }],
    hops: [rings],
    gateway: 'told',
    waits: true,
    event: 'answered',
    verdict: ['elsewhere', null, 'skip', 'answered-elsewhere'],
    evidence: ['answered'],
    says: ['somebody answered where the gateway does not see it (event)'],
  },
  {
    what: 'voicemail upstream: its NOTIFY tells one message more',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, peer: 'upstream' }],
    hops: [rings],
    waits: true,
    totals: { before: 3, after: 4 },
    verdict: VOICEMAIL,
    evidence: ['message-totals', 'voicemail-left'],
    says: ['1 more than before'],
  },
  {
    what: 'voicemail upstream: its messages stay as many',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, peer: 'upstream' }],
    hops: [rings],
    waits: true,
    totals: { before: 3, after: 3 },
    verdict: MISSED('no-answer'),
    evidence: ['message-totals', 'voicemail-none'],
  },
];

const diverted: readonly Row[] = [
  {
    what: 'diverted to voicemail, hung up in the greeting',
    rule: RULE.visit,
    callers: [{ ...LEAVES, peer: 'diverted' }],
    hops: [rings],
    verdict: MISSED('voicemail-abandoned'),
    evidence: ['ring-timer', 'diverted', 'voicemail-duration'],
    says: ['diverted to voicemail', 'in voicemail (weak evidence)'],
    netem: true,
  },
  {
    what: 'diverted to voicemail, stayed long enough for a message',
    rule: RULE.visit,
    callers: [{ ...STAYS, peer: 'diverted' }],
    hops: [refuses(486)],
    verdict: VOICEMAIL,
    evidence: ['diverted', 'voicemail-duration'],
  },
  ...(['left', 'blank', 'none'] as const).map((event): Row => ({
    what: `diverted to voicemail, which tells ${event} over HTTP`,
    rule: RULE.visit,
    callers: [{ ...(event === 'left' ? LEAVES : STAYS), peer: 'diverted' }],
    hops: [refuses(486)],
    gateway: 'told',
    waits: true,
    event,
    verdict: event === 'left' ? VOICEMAIL : MISSED(event === 'blank' ? 'voicemail-blank' : 'voicemail-abandoned'),
    evidence: ['diverted', `voicemail-${event}`],
  })),
  ...(['left', 'blank', 'none'] as const).map((voicemail): Row => ({
    what: `diverted to voicemail, whose BYE says ${voicemail}`,
    rule: RULE.visit,
    callers: [{ scenario: 'uac-talks-until-the-end', peer: 'diverted' }],
    hops: [refuses(486)],
    gateway: 'told',
    voicemail,
    verdict:
      voicemail === 'left' ? VOICEMAIL : MISSED(voicemail === 'blank' ? 'voicemail-blank' : 'voicemail-abandoned'),
    evidence: ['diverted', `voicemail-${voicemail}`],
    says: ['ended the call with x-voicemail-message'],
  })),
  {
    what: 'diverted to voicemail: short, but there is one message more',
    rule: RULE.visit,
    callers: [{ ...LEAVES, peer: 'diverted' }],
    hops: [refuses(486)],
    waits: true,
    totals: { before: 0, after: 1 },
    verdict: VOICEMAIL,
    evidence: ['message-totals', 'voicemail-left'],
  },
  {
    what: 'diverted to voicemail: long, but not one message more',
    rule: RULE.visit,
    callers: [{ ...STAYS, peer: 'diverted' }],
    hops: [refuses(486)],
    waits: true,
    totals: { before: 7, after: 7 },
    verdict: MISSED('voicemail-abandoned'),
    evidence: ['message-totals', 'voicemail-none'],
  },
  {
    what: 'diverted to voicemail, which refuses: the phone’s own verdict',
    rule: RULE.busy,
    callers: [{ ...refused(486), peer: 'diverted' }],
    hops: [refuses(486)],
    voicemail: 'refuses',
    verdict: MISSED('busy'),
    evidence: ['diverted', 'final-response'],
  },
  {
    what: 'diverted to voicemail, which says nothing: the phone’s own verdict',
    rule: RULE.noAnswer,
    callers: [{ ...refused(480), peer: 'diverted' }],
    hops: [rings],
    voicemail: 'silent',
    verdict: MISSED('no-answer'),
    evidence: ['ring-timer', 'timeout'],
  },
  {
    what: 'diverted to voicemail as busy, hung up before it answered',
    rule: RULE.hungUpDiverted,
    callers: [{ scenario: 'uac-hangs-up-before-it-rings', peer: 'diverted', pauseMs: 500 }],
    hops: [refuses(486)],
    voicemail: 'silent',
    verdict: MISSED('voicemail-abandoned'),
    evidence: ['final-response', 'diverted', 'caller-cancelled'],
  },
  {
    what: 'a call to the voicemail’s own number',
    rule: RULE.pilot,
    callers: [{ ...LEAVES, peer: 'diverted', dials: () => 'voicemail' }],
    hops: [],
    callee: () => 'voicemail',
    verdict: ['answered', 'voicemail-access', 'skip', 'no-mailbox'],
    evidence: ['voicemail-access'],
  },
  {
    what: 'a call from the mailbox’s own number, taken by voicemail',
    rule: RULE.pilot,
    callers: [{ ...LEAVES, peer: 'diverted', keys: { from: '@number@' } }],
    hops: [refuses(486)],
    verdict: ACCESS,
    evidence: ['voicemail-access'],
  },
];

const forwarded = (what: string, hop: Hop, detail: string, caller: Caller = LEAVES): Row => ({
  what: `voicemail downstream: ${what}`,
  rule: RULE.visit,
  callers: [{ ...caller, peer: 'downstream' }],
  hops: [hop],
  verdict: caller === STAYS ? VOICEMAIL : MISSED('voicemail-abandoned'),
  evidence: ['voicemail-reached', 'voicemail-duration'],
  says: [detail],
});
const downstream: readonly Row[] = [
  forwarded(
    'Diversion in a 181 names it',
    { scenario: 'uas-is-forwarded', keys: { progress: ['Diversion: <sip:5000@voicemail.example>;reason=no-answer'] } },
    'Diversion named',
  ),
  forwarded(
    'Diversion in a 181 names it, a message by duration',
    { scenario: 'uas-is-forwarded', keys: { progress: ['Diversion: <sip:5000@voicemail.example>;reason=no-answer'] } },
    'Diversion named',
    STAYS,
  ),
  forwarded(
    'History-Info in a 180 ends there',
    {
      ...answers,
      keys: { progress: ['History-Info: <sip:1@pbx.example>;index=1, <sip:5000@pbx.example>;index=1.1;mp=1'] },
    },
    'History-Info named',
  ),
  forwarded(
    'RFC 4458 in the History-Info of the 200',
    {
      ...answers,
      keys: { answer: ['History-Info: <sip:vm@pbx.example;target=sip:1%40pbx.example;cause=408>;index=1'] },
    },
    'names whose voicemail it is (RFC 4458)',
  ),
  forwarded(
    'P-Asserted-Identity of the 200',
    { ...answers, keys: { answer: ['P-Asserted-Identity: <sip:5000@pbx.example>'] } },
    'the P-Asserted-Identity of who answered',
  ),
  forwarded(
    'opaque=app:voicemail (Lync)',
    { ...answers, keys: { answer: ['P-Asserted-Identity: <sip:um@pbx.example;opaque=app:voicemail>'] } },
    'says that it is voicemail',
  ),
  forwarded('Contact of the 200', { ...answers, keys: { contact: '5000' } }, 'the Contact of who answered'),
  forwarded(
    'Server of the 200',
    { ...answers, keys: { answer: ['Server: Microsoft Exchange Unified Messaging'] } },
    'whatever rang',
  ),
  forwarded(
    'P-Asserted-Identity of a later UPDATE',
    {
      scenario: 'uas-answers-as-somebody-else',
      pauseMs: 300,
      keys: { update: ['P-Asserted-Identity: <sip:5000@pbx.example>'] },
    },
    'the P-Asserted-Identity of who answered',
    { scenario: 'uac-talks-to-somebody-else', pauseMs: 100 },
  ),
  forwarded('it answers after its time', { ...answers, at: 'late', pauseMs: 600 }, 'when its voicemail does'),
  forwarded(
    'a carrier’s voicemail answers at once',
    { scenario: 'uas-answers-at-once', at: 'carrier' },
    'without ringing',
  ),
];

const REASONED: readonly (readonly [number, string])[] = [[500, 'Q.850;cause=17']];
const refusals: readonly Row[] = [
  ...[486, 600].map((status): Row => ({
    what: `busy: ${status}`,
    rule: RULE.busy,
    callers: [refused(status)],
    hops: [refuses(status)],
    verdict: MISSED('busy'),
    evidence: ['final-response'],
    says: [`answered ${status}`],
    ...(status === 486 ? { netem: true } : {}),
  })),
  ...REASONED.map(([status, reason]): Row => ({
    what: `busy: ${status} with ${reason}`,
    rule: RULE.busy,
    callers: [refused(status)],
    hops: [refuses(status, `Reason: ${reason}`)],
    verdict: MISSED('busy'),
    evidence: ['reason'],
  })),
  {
    what: 'declined: 603',
    rule: RULE.declined,
    callers: [refused(603)],
    hops: [refuses(603)],
    verdict: MISSED('declined'),
    evidence: ['final-response'],
    netem: true,
  },
  ...[403, 480].map((status): Row => ({
    what: `declined: ${status} with Q.850;cause=21`,
    rule: RULE.declined,
    callers: [refused(status)],
    hops: [refuses(status, 'Reason: Q.850;cause=21;text="Call Rejected"')],
    verdict: MISSED('declined'),
    evidence: ['reason'],
  })),
  ...[607, 608, 428, 433, 436, 437, 438].map((status): Row => ({
    what: `unwanted: ${status}`,
    rule: RULE.unwanted,
    callers: [refused(status)],
    hops: [refuses(status)],
    verdict: ['rejected', 'unwanted', 'skip', 'rejected'],
    evidence: ['final-response'],
  })),
  ...[416, 482, 483, 484, 485, 604].map((status): Row => ({
    what: `rejected: ${status}`,
    rule: RULE.rejected,
    callers: [refused(status)],
    hops: [refuses(status)],
    verdict: ['rejected', null, 'skip', 'rejected'],
    evidence: ['final-response'],
  })),
  {
    what: 'rejected: Q.850;cause=28',
    rule: RULE.rejected,
    callers: [refused(500)],
    hops: [refuses(500, 'Reason: Q.850;cause=28')],
    verdict: ['rejected', null, 'skip', 'rejected'],
    evidence: ['reason'],
  },
  {
    what: 'rejected: no route',
    rule: RULE.rejected,
    callers: [refused(404)],
    hops: [],
    verdict: ['rejected', null, 'skip', 'rejected'],
    evidence: ['refused'],
    says: ['the gateway answered 404: no route'],
  },
];

const unanswered: readonly Row[] = [
  {
    what: 'rang out by our timer: the caller gets 480',
    rule: RULE.noAnswer,
    callers: [refused(480)],
    hops: [rings],
    verdict: MISSED('no-answer'),
    evidence: ['rang', 'ring-timer'],
    says: ['the ring timer gave'],
    netem: true,
  },
  ...[404, 408, 480, 487, 500, 503, 606].map((status): Row => ({
    what: `rang, then ${status}`,
    rule: RULE.noAnswer,
    callers: [refused(relayed(status))],
    hops: [ringsAndRefuses(status)],
    verdict: MISSED('no-answer'),
    evidence: ['rang', 'final-response'],
  })),
  ...[404, 408, 410, 430, 480, 502, 503, 504].map((status): Row => ({
    what: `unreachable: ${status}`,
    rule: RULE.unreachable,
    callers: [refused(relayed(status))],
    hops: [refuses(status)],
    verdict: MISSED('unreachable'),
    evidence: ['final-response'],
    ...(status === 404 ? { netem: true } : {}),
  })),
  ...[3, 18, 20, 27, 38].map((cause): Row => ({
    what: `unreachable: Q.850;cause=${cause}`,
    rule: RULE.unreachable,
    callers: [refused(500)],
    hops: [refuses(500, `Reason: Q.850;cause=${cause}`)],
    verdict: MISSED('unreachable'),
    evidence: ['reason'],
  })),
  {
    what: 'unreachable: nobody at the next hop',
    rule: RULE.unreachable,
    callers: [refused(503)],
    hops: ['dead'],
    verdict: MISSED('unreachable'),
    evidence: ['timeout|transport-error'],
  },
  {
    what: 'unreachable: a next hop that says nothing',
    rule: RULE.unreachable,
    callers: [refused(503)],
    hops: [{ scenario: 'uas-is-silent' }],
    verdict: MISSED('unreachable'),
    evidence: ['timeout'],
    says: ['did not respond'],
  },
  {
    what: 'a number without a mailbox: 404',
    rule: RULE.failed,
    callers: [refused(404)],
    hops: [refuses(404)],
    mailbox: false,
    verdict: ['failed', null, 'skip', 'no-mailbox'],
    says: ['which has no mailbox'],
  },
  {
    what: 'a number without a mailbox, hung up on while it rings',
    rule: RULE.hungUpRinging,
    callers: [hangsUp],
    hops: [rings],
    mailbox: false,
    verdict: ['missed', 'caller-hung-up', 'skip', 'no-mailbox'],
  },
  ...[400, 401, 403, 407, 488, 500, 501].map((status): Row => ({
    what: `failed: ${status}`,
    rule: RULE.failed,
    callers: [refused(relayed(status))],
    hops: [refuses(status)],
    verdict: NOT_RUNG,
    evidence: ['final-response'],
  })),
];

/** Design 4.2: one call, one called user. */
const oneCall: readonly Row[] = [
  {
    what: 'two INVITEs with one Session-ID: one answered leg silences both',
    rule: RULE.answered,
    callers: [
      {
        ...hangsUp,
        pauseMs: 1_000,
        keys: { headers: ['Session-ID: @session@;remote=00000000000000000000000000000000'] },
      },
      {
        ...talks,
        afterMs: 300,
        dials: (number) => `7${number.slice(1)}`,
        keys: { headers: ['Session-ID: @session@;remote=00000000000000000000000000000000'] },
      },
    ],
    hops: [rings],
    others: [answers],
    verdict: ANSWERED,
    evidence: ['joined', 'caller-cancelled', 'answered'],
    says: ['by its Session-ID'],
  },
  {
    what: 'two INVITEs with one Call-ID',
    rule: RULE.answered,
    callers: [
      { ...hangsUp, pauseMs: 1_000, callId: 'twice-@session@' },
      { ...talks, afterMs: 300, callId: 'twice-@session@', dials: (number) => `7${number.slice(1)}` },
    ],
    hops: [rings],
    others: [answers],
    verdict: ANSWERED,
    evidence: ['joined'],
    says: ['by its Call-ID'],
  },
  {
    what: 'forks of a peer: one cancelled as completed elsewhere',
    rule: RULE.elsewhere,
    callers: [
      { ...cancels(ELSEWHERE_REASON), peer: 'forker', pauseMs: 800 },
      { ...hangsUp, peer: 'forker', pauseMs: 800, afterMs: 200 },
    ],
    hops: [rings],
    verdict: ['elsewhere', null, 'skip', 'answered-elsewhere'],
    evidence: ['joined', 'reason'],
  },
  {
    what: 'who dials again has called again',
    rule: RULE.hungUpRinging,
    callers: [
      { ...hangsUp, peer: 'forker' },
      { ...hangsUp, peer: 'forker', thenCalls: true },
    ],
    hops: [rings],
    calls: 2,
    verdict: MISSED('caller-hung-up'),
  },
  ...(
    [
      'Diversion: <sip:@number@@pbx.example>;reason=unconditional',
      'History-Info: <sip:@number@@pbx.example>;index=1, <sip:7@pbx.example>;index=1.1',
    ] as const
  ).map((line): Row => ({
    what: `the called user is whom ${line.split(':')[0]} names`,
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, dials: (number) => `7${number.slice(1)}`, keys: { headers: [line] } }],
    hops: [],
    others: [rings],
    verdict: MISSED('caller-hung-up'),
    evidence: ['diverted'],
    says: ['says that the call was first for'],
  })),
  {
    what: 'the oldest of several diversions is the called user',
    rule: RULE.hungUpRinging,
    callers: [
      {
        ...hangsUp,
        dials: (number) => `7${number.slice(1)}`,
        keys: {
          headers: ['Diversion: <sip:23456@pbx.example>;reason=no-answer, <sip:@number@@pbx.example>;reason=no-answer'],
        },
      },
    ],
    hops: [],
    others: [rings],
    verdict: MISSED('caller-hung-up'),
    evidence: ['diverted'],
  },
  {
    what: 'calledFrom: to',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, peer: 'calledFromTo', dials: () => 'trunk', keys: { to: '@number@' } }],
    hops: [rings],
    verdict: MISSED('caller-hung-up'),
  },
  {
    what: 'calledFrom: p-called-party-id',
    rule: RULE.hungUpRinging,
    callers: [
      {
        ...hangsUp,
        peer: 'calledFromHeader',
        dials: () => 'trunk',
        keys: { headers: ['P-Called-Party-ID: <sip:@number@@pbx.example>'] },
      },
    ],
    hops: [rings],
    verdict: MISSED('caller-hung-up'),
  },
  {
    what: 'a listed prefix before the extension is the extension’s number',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, dials: (number) => `+3314000${number}` }],
    hops: [rings],
    callee: (number) => `+3314000${number}`,
    verdict: MISSED('caller-hung-up'),
  },
  {
    what: 'the last digits of a foreign number are nobody’s extension',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, dials: (number) => `+4999000${number}` }],
    hops: [rings],
    callee: (number) => `+4999000${number}`,
    verdict: ['missed', 'caller-hung-up', 'skip', 'no-mailbox'],
  },
  {
    what: 'a number in two dial plans is nobody’s without peers[].dialPlan',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, dials: () => '29999' }],
    hops: [],
    callee: () => '29999',
    verdict: ['missed', 'caller-hung-up', 'skip', 'no-mailbox'],
    evidence: ['ambiguous'],
    says: ['29999 is a number of'],
  },
  {
    what: 'P-Asserted-Identity is the caller',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, keys: { headers: ['P-Asserted-Identity: "Zoe" <sip:+33155556666@pbx.example>'] } }],
    hops: [rings],
    verdict: MISSED('caller-hung-up'),
    says: ['"Zoe" (+33155556666) called'],
  },
  {
    what: 'Privacy: id hides the caller',
    rule: RULE.hungUpRinging,
    callers: [
      { ...hangsUp, keys: { headers: ['P-Asserted-Identity: <sip:+33155556666@pbx.example>', 'Privacy: id'] } },
    ],
    hops: [rings],
    verdict: MISSED('caller-hung-up'),
    says: ['a caller who asked not to be named'],
  },
];

/** Design 4.3: how calls travel through the gateway. */
const way: readonly Row[] = [
  {
    what: 'Max-Forwards 0: 483',
    rule: RULE.rejected,
    callers: [{ ...refused(483), keys: { hops: '0' } }],
    hops: [rings],
    verdict: ['rejected', null, 'skip', 'rejected'],
    evidence: ['refused'],
    says: ['Max-Forwards is 0'],
  },
  {
    what: 'Max-Forwards is one less, X-MCG-Call is not shown to a hop that is no peer',
    rule: RULE.answered,
    callers: [{ ...talks, keys: { hops: '42' } }],
    hops: [{ scenario: 'uas-checks', keys: { wanted: 'Max-Forwards: 41', unwanted: 'X-MCG-Call' } }],
    verdict: ANSWERED,
  },
  {
    what: 'X-MCG-Call is shown to a hop that is a peer',
    rule: RULE.answered,
    callers: [talks],
    hops: [{ scenario: 'uas-checks', at: 'late', keys: { wanted: '[xX]-[mM][cC][gG]-[cC]all: ' } }],
    verdict: ANSWERED,
  },
  {
    what: 'the same INVITE by two ways: the second gets 482',
    rule: RULE.hungUpRinging,
    callers: [{ scenario: 'uac-takes-two-ways', pauseMs: 200 }],
    hops: [rings],
    verdict: MISSED('caller-hung-up'),
  },
  {
    what: 'failover: the first hop is dead',
    rule: RULE.answered,
    callers: [talks],
    hops: ['dead', answers],
    verdict: ANSWERED,
    evidence: ['timeout|transport-error', 'answered'],
  },
  {
    what: 'failover: the first hop says nothing',
    rule: RULE.answered,
    callers: [talks],
    hops: [{ scenario: 'uas-is-silent' }, answers],
    verdict: ANSWERED,
    evidence: ['timeout'],
  },
  {
    what: 'failover: the first hop says 503',
    rule: RULE.answered,
    callers: [talks],
    hops: [refuses(503), answers],
    verdict: ANSWERED,
    evidence: ['final-response', 'answered'],
  },
  {
    what: 'no failover after a 486',
    rule: RULE.busy,
    callers: [refused(486)],
    hops: [refuses(486), answers],
    verdict: MISSED('busy'),
  },
  {
    what: 'no failover after an 18x',
    rule: RULE.noAnswer,
    callers: [refused(500)],
    hops: [ringsAndRefuses(503), answers],
    verdict: MISSED('no-answer'),
  },
  {
    what: 'all hops dead: 503',
    rule: RULE.unreachable,
    callers: [refused(503)],
    hops: ['dead', { scenario: 'uas-is-silent' }],
    verdict: MISSED('unreachable'),
  },
  {
    what: 'early media of a phone that may still be diverted is 180 to the caller',
    rule: RULE.hungUpRinging,
    callers: [{ ...hangsUp, peer: 'diverted' }],
    hops: [{ scenario: 'uas-plays' }],
    verdict: MISSED('caller-hung-up'),
  },
  {
    what: 'a 302 is followed by its user part',
    rule: RULE.answered,
    callers: [talks],
    hops: [{ scenario: 'uas-redirects', keys: { contact: '@other@' } }],
    others: [answers],
    verdict: ANSWERED,
    evidence: ['redirected'],
    says: ['the call went on to another number'],
  },
  {
    what: 'a 302 to a number without a route is not followed: 480',
    rule: RULE.failed,
    callers: [refused(480)],
    hops: [{ scenario: 'uas-redirects', keys: { contact: 'nobody' } }],
    verdict: NOT_RUNG,
    evidence: ['final-response'],
  },
  { what: 'OPTIONS of a peer: 200', rule: null, callers: [{ scenario: 'uac-asks-options' }], hops: [] },
];

export const TABLE: readonly Row[] = [
  ...answered,
  ...cancelled,
  ...upstream,
  ...diverted,
  ...downstream,
  ...refusals,
  ...unanswered,
  ...oneCall,
  ...way,
];
