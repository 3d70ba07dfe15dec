import { describe, expect, it, onTestFinished } from 'vitest';
import {
  placeCall,
  startCaller,
  startPhone,
  type Behaviour,
  type CallOptions,
  type CallReport,
  type Phone,
  type PhoneEvent,
  type PhoneOptions,
} from '../../src/lab/index.ts';
import { MAX_REMEMBERED_CALLS } from '../../src/lab/phone.ts';

async function phone(behaviour: PhoneOptions['behaviour'], more: Partial<PhoneOptions> = {}): Promise<Phone> {
  const started = await startPhone({ behaviour, ...more });
  onTestFinished(() => started.close());
  return started;
}

const FROM = '"Zo\u00eb Martin" <sip:+33140001234@a.example>';

function call(to: Phone, options: Partial<CallOptions> = {}, protocol: 'udp' | 'tcp' = 'udp'): Promise<CallReport> {
  return placeCall({ from: FROM, to: 'sip:1001@b.example', via: to.uri(protocol), ...options });
}

function statuses(report: CallReport): number[] {
  return [...report.provisionals.map(({ status }) => status), ...(report.final === null ? [] : [report.final.status])];
}

describe.each(['udp', 'tcp'] as const)('a call over %s', (protocol) => {
  it.each<[string, Behaviour, Partial<CallOptions>, number[], string, string]>([
    ['busy', { kind: 'busy' }, {}, [486], 'refused', 'refused'],
    ['declines after ringing', { kind: 'decline', afterMs: 10 }, {}, [180, 603], 'refused', 'refused'],
    ['unavailable', { kind: 'unavailable' }, {}, [480], 'refused', 'refused'],
    ['refuses otherwise', { kind: 'refuse', status: 404, reason: 'Not Found' }, {}, [404], 'refused', 'refused'],
    ['rings, caller gives up', { kind: 'ring' }, { hangUpAfterRingingMs: 10 }, [180, 487], 'cancelled', 'cancelled'],
    [
      'early media, caller gives up',
      { kind: 'ring', earlyMedia: true },
      { hangUpAfterRingingMs: 10 },
      [183, 487],
      'cancelled',
      'cancelled',
    ],
    ['only trying, caller gives up', { kind: 'trying' }, { hangUpAfterMs: 50 }, [487], 'cancelled', 'cancelled'],
    [
      'answers, caller hangs up',
      { kind: 'answer', afterMs: 10 },
      { hangUpAfterAnswerMs: 10 },
      [180, 200],
      'hung-up',
      'peer-hung-up',
    ],
    ['answers, hangs up', { kind: 'answer', hangUpAfterMs: 10 }, {}, [200], 'peer-hung-up', 'hung-up'],
    ['voicemail, caller hangs up', { kind: 'voicemail' }, { hangUpAfterMs: 50 }, [200], 'hung-up', 'peer-hung-up'],
    ['voicemail is full', { kind: 'voicemail', hangUpAfterMs: 10 }, {}, [200], 'peer-hung-up', 'hung-up'],
    [
      'answers an offer in the 200',
      { kind: 'answer' },
      { offer: false, hangUpAfterAnswerMs: 10 },
      [200],
      'hung-up',
      'peer-hung-up',
    ],
  ])('%s', async (_, behaviour, options, expected, end, phoneEnd) => {
    const bob = await phone(behaviour);
    const arrived = bob.nextCall();
    const report = await call(bob, options, protocol);
    const seen = await arrived;
    await seen.ended;
    expect(statuses(report)).toEqual(expected);
    expect([report.end, seen.end]).toEqual([end, phoneEnd]);
    expect(report.callId).toBe(seen.callId);
    expect(seen).toMatchObject({ caller: 'sip:+33140001234@a.example', callerName: 'Zo\u00eb Martin', called: '1001' });
    expect(report.talkedMs === null).toBe(seen.talkedMs === null);
  });
});

describe('a phone', () => {
  it('tells what happens, in order', async () => {
    const kinds: string[] = [];
    const bob = await phone({ kind: 'answer', afterMs: 5 }, { onEvent: ({ kind }) => kinds.push(kind) });
    await call(bob, { hangUpAfterAnswerMs: 30 });
    await bob.calls[0]!.ended;
    expect(kinds).toEqual(['invited', 'ringing', 'answered', 'acknowledged', 'ended']);
  });

  it('behaves by the number that is dialled', async () => {
    const bob = await phone((invite) => (invite.uri.includes('1001') ? { kind: 'busy' } : { kind: 'decline' }));
    expect((await call(bob)).final?.status).toBe(486);
    expect((await call(bob, { to: 'sip:1002@b.example' })).final?.status).toBe(603);
    expect(bob.calls.map(({ called }) => called)).toEqual(['1001', '1002']);
  });

  it('shows the CANCEL and its Reason', async () => {
    const bob = await phone({ kind: 'ring' });
    const cancelHeaders = [{ name: 'Reason', value: 'SIP;cause=200;text="Call completed elsewhere"' }];
    await call(bob, { hangUpAfterRingingMs: 0, cancelHeaders });
    await bob.calls[0]!.ended;
    expect(bob.calls[0]!.endedBy?.headers.get('Reason')).toBe(cancelHeaders[0]!.value);
  });

  it('voicemail knows how long it recorded', async () => {
    const mailbox = await phone({ kind: 'voicemail' });
    const report = await call(mailbox, { hangUpAfterAnswerMs: 60 });
    await mailbox.calls[0]!.ended;
    expect(mailbox.calls[0]!.talkedMs).toBeGreaterThanOrEqual(55);
    expect(report.talkedMs).toBeGreaterThanOrEqual(55);
  });

  it('that is switched off refuses what rings and hangs up what talks', async () => {
    const bob = await startPhone({
      behaviour: (invite) => ({ kind: invite.uri.includes('1001') ? 'ring' : 'answer' }),
    });
    const caller = await startCaller();
    onTestFinished(() => caller.close());
    const ringing = caller.call({ from: FROM, to: 'sip:1001@b.example', via: bob.uri() });
    await bob.nextCall();
    const talking = caller.call({ from: FROM, to: 'sip:1002@b.example', via: bob.uri() });
    await bob.nextCall();
    await bob.close();
    expect((await ringing).final?.status).toBe(480);
    expect((await talking).end).toBe('peer-hung-up');
  });

  it('refuses media it cannot answer with 488, extensions it lacks with 420', async () => {
    const bob = await phone({ kind: 'answer' });
    const headers = [{ name: 'Require', value: '100rel, tdialog' }];
    const report = await call(bob, { headers });
    expect(report.final?.status).toBe(420);
    expect(report.final?.response.headers.get('Unsupported')).toBe('100rel, tdialog');
  });

  it('takes part in so many calls at once, and remembers the latest', async () => {
    const bob = await phone({ kind: 'ring' }, { maxLiveCalls: 1 });
    const first = call(bob, { hangUpAfterMs: 200 });
    await bob.nextCall();
    expect((await call(bob)).final?.status).toBe(486);
    expect((await first).final?.status).toBe(487);
    const busy = await phone({ kind: 'busy' });
    const caller = await startCaller();
    onTestFinished(() => caller.close());
    const to = (index: number): CallOptions => ({ from: FROM, to: `sip:${index}@b.example`, via: busy.uri() });
    for (let index = 0; index <= MAX_REMEMBERED_CALLS; index++) await caller.call(to(index));
    expect(busy.calls).toHaveLength(MAX_REMEMBERED_CALLS);
    expect([busy.calls[0]?.called, (await busy.nextCall()).called]).toEqual(['1', '1']);
  });

  it('without a protocol has no address of it', async () => {
    const bob = await phone({ kind: 'ring' }, { listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }] });
    expect(bob.uri('udp', 'bob')).toMatch(/^sip:bob@127\.0\.0\.1:\d+$/);
    expect(() => bob.uri('tcp')).toThrow('the phone does not listen on tcp');
  });
});

describe('a caller', () => {
  const quick = { timers: { t1Ms: 5, t2Ms: 20, t4Ms: 20, t1x64Ms: 100 } };

  it('gives up on silence', async () => {
    const dead = await phone({ kind: 'silent' });
    const report = await placeCall({ from: FROM, to: 'sip:1001@b.example', via: dead.uri(), ...quick });
    expect(report).toMatchObject({ end: 'timeout', final: null, provisionals: [] });
    await expect(dead.nextCall()).rejects.toThrow('silent');
  });

  it('says why nobody was reached', async () => {
    const to = 'sip:1001@127.0.0.1:1;transport=tcp';
    expect(await placeCall({ from: FROM, to })).toMatchObject({ end: 'unreachable', error: { code: 'refused' } });
  });

  it('refuses a wrong address or an unreachable transport at once', async () => {
    await expect(placeCall({ from: 'nobody', to: 'sip:a@127.0.0.1' })).rejects.toThrow('"nobody" is no SIP address');
    await expect(placeCall({ from: FROM, to: 'sip:a@127.0.0.1;transport=tls' })).rejects.toThrow('no transport');
  });

  it('hangs up when told to', async () => {
    const bob = await phone({ kind: 'ring' });
    const abort = new AbortController();
    const report = call(bob, { signal: abort.signal });
    await bob.nextCall();
    abort.abort();
    expect(await report).toMatchObject({ end: 'cancelled', final: { status: 487 } });
  });

  it('makes many calls at once over one socket, and ends them when it is closed', async () => {
    const talking = Promise.withResolvers<void>();
    let acknowledged = 0;
    const onEvent = ({ kind }: PhoneEvent): void => {
      if (kind === 'acknowledged' && ++acknowledged === 50) talking.resolve();
    };
    const bob = await phone({ kind: 'answer' }, { onEvent });
    const caller = await startCaller();
    const calls = Array.from({ length: 50 }, (_, index) =>
      caller.call({ from: FROM, to: `sip:${index}@b.example`, via: bob.uri() }),
    );
    await talking.promise;
    await caller.close();
    expect(new Set((await Promise.all(calls)).map(({ callId }) => callId)).size).toBe(50);
    await Promise.all(bob.calls.map(({ ended }) => ended));
  });
});

describe('a call to a name', () => {
  it('shows the address that its owner can answer to, known only once the name is looked up', async () => {
    const to = await phone({ kind: 'answer' }, { listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }] });
    const port = to.addresses[0]?.port ?? 0;
    const report = await placeCall({
      from: FROM,
      to: `sip:1001@pbx.example:${port}`,
      hangUpAfterAnswerMs: 10,
      // The first is what is guessed.
      listen: ['::1', '127.0.0.1'].map((address) => ({ protocol: 'udp', address, port: 0 })),
      names: { addresses: async () => ({ addresses: ['127.0.0.1'], ttlMs: 1_000 }), srv: async () => [] },
    });
    expect(report.end).toBe('hung-up');
    expect(report.invite.headers.get('Contact')).toMatch(/^<sip:127\.0\.0\.1:/);
    expect(report.invite.body.toString()).toContain('c=IN IP4 127.0.0.1');
  });
});
