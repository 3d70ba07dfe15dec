import { describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../../src/gateway/limits.ts';
import { connectUserAgent } from '../../../src/gateway/agent/srf.ts';
import {
  afterAnswer,
  afterNotify,
  MIN_REFRESH_MS,
  REFUSED_RETRY_MS,
  RETRY_FIRST_MS,
  RETRY_MAX_MS,
} from '../../../src/gateway/voicemail/subscription-steps.ts';
import {
  accountAt,
  MAX_SUBSCRIPTIONS,
  STOP_WAIT_MS,
  subscribeToMailboxes,
  SUBSCRIBES_PER_SECOND,
} from '../../../src/gateway/voicemail/subscriptions.ts';
import {
  createPassedOn,
  MAX_REMEMBERED,
  MAX_REMEMBERED_TEXTS,
  MAX_TIMES,
  SAME_AGAIN_MS,
} from '../../../src/gateway/voicemail/passed-on.ts';
import type { Policy } from '../../../src/policy/index.ts';
import { callerPeer, later, startEngineForTest, unique } from '../../drachtio/support.ts';
import type { Received, SipPeer } from '../../support/sip-peer.ts';
import { account, ask, contactOf, directory, FAR_PEER, REGISTRAR } from '../phones.ts';
import { policyOf, startRig } from '../support.ts';

const HOUR_MS = 3_600_000;
const answer = (status: number, headers: Record<string, string> = {}) => ({ status, headers });

describe('what comes after the answer to a SUBSCRIBE', () => {
  it.each([
    ['granted as asked', answer(200), 0, { kind: 'refresh', inMs: HOUR_MS - 60_000 }],
    ['granted for less', answer(202, { expires: '100' }), 0, { kind: 'refresh', inMs: 90_000 }],
    ['granted for next to nothing', answer(200, { expires: '1' }), 0, { kind: 'refresh', inMs: MIN_REFRESH_MS }],
    ['granted for no time', answer(200, { expires: '0' }), 0, { kind: 'renew', inMs: RETRY_FIRST_MS }],
    ['an expiry that is no number', answer(200, { expires: 'soon' }), 0, { kind: 'refresh', inMs: HOUR_MS - 60_000 }],
    ['too brief', answer(423, { 'min-expires': '7200' }), 0, { kind: 'renew', inMs: 0, expiresMs: 2 * HOUR_MS }],
    [
      'too brief, again and again',
      answer(423, { 'min-expires': '7200' }),
      3,
      { kind: 'renew', inMs: REFUSED_RETRY_MS },
    ],
    ['too brief, though it is not', answer(423, { 'min-expires': '60' }), 0, { kind: 'renew', inMs: REFUSED_RETRY_MS }],
    ['a refresh of what is not there', answer(481), 0, { kind: 'renew', inMs: 0 }],
    ['the same again', answer(481), 2, { kind: 'renew', inMs: 4 * RETRY_FIRST_MS }],
    ['a condition that does not hold', answer(412), 0, { kind: 'renew', inMs: 0 }],
    ['nobody there', null, 0, { kind: 'renew', inMs: RETRY_FIRST_MS }],
    ['nobody there for long', answer(408), 30, { kind: 'renew', inMs: RETRY_MAX_MS }],
    ['not now, but soon', answer(503, { 'retry-after': '300 (busy)' }), 0, { kind: 'renew', inMs: 300_000 }],
    ['not now, but at once', answer(503, { 'retry-after': '0' }), 0, { kind: 'renew', inMs: RETRY_FIRST_MS }],
    ['not for centuries', answer(503, { 'retry-after': '9999999999' }), 0, { kind: 'renew', inMs: 24 * HOUR_MS }],
    ['no such mailbox', answer(404), 0, { kind: 'renew', inMs: REFUSED_RETRY_MS }],
    ['not allowed', answer(403), 5, { kind: 'renew', inMs: REFUSED_RETRY_MS }],
    ['no such event', answer(489), 0, { kind: 'renew', inMs: REFUSED_RETRY_MS }],
  ])('%s', (_title, answered, failures, step) => expect(afterAnswer(answered, HOUR_MS, failures)).toEqual(step));
});

describe('what comes after a NOTIFY', () => {
  it.each([
    ['active;expires=3600', 0, null],
    ['terminatedish', 0, null],
    ['', 0, null],
    ['terminated;reason=timeout', 0, 0],
    ['TERMINATED ; Reason=Deactivated', 0, 0],
    ['terminated;reason=timeout', 1, 2 * RETRY_FIRST_MS],
    ['terminated;reason=noresource', 0, REFUSED_RETRY_MS],
    ['terminated;reason=probation;retry-after=120', 0, 120_000],
    ['terminated;reason=giveup;retry-after=1', 0, RETRY_FIRST_MS],
    ['terminated', 0, RETRY_FIRST_MS],
  ])('%j', (state, failures, inMs) => {
    expect(afterNotify({ 'subscription-state': state }, failures)).toEqual(
      inMs === null ? null : { kind: 'renew', inMs },
    );
  });
});

it.each([
  ['1001', 'sip:pbx.example', 'sip:1001@pbx.example'],
  ['1001', 'sip:someone@10.0.0.1:5070;transport=tcp', 'sip:1001@10.0.0.1:5070;transport=tcp'],
  ['a b@c', 'sip:[2001:db8::1]', 'sip:a%20b%40c@[2001:db8::1]'],
  ['1001', 'nonsense', null],
])('the account of %s at %s is %s', (extension, system, uri) => expect(accountAt(extension, system)).toBe(uri));

describe('what was passed on a moment ago', () => {
  it('is the same only for a moment, for one mailbox, and while it circles', () => {
    let now = 0;
    const passed = createPassedOn(() => now);
    expect([passed.isNew('a', 'x'), passed.isNew('a', 'x'), passed.isNew('b', 'x')]).toEqual([true, false, true]);
    now = SAME_AGAIN_MS - 1;
    expect(passed.isNew('a', 'x')).toBe(false);
    now = 2 * SAME_AGAIN_MS - 2;
    expect(passed.isNew('a', 'x')).toBe(false);
    now = 4 * SAME_AGAIN_MS;
    expect(passed.isNew('a', 'x')).toBe(true);
  });

  it('is what was told last: a mailbox may have as many messages again as before', () => {
    const passed = createPassedOn(() => 0);
    expect(['x', 'y', 'x', 'x', 'y'].map((text) => passed.isNew('a', text))).toEqual([true, true, true, false, true]);
  });

  it('is also what circles, two texts at once or three', () => {
    for (const texts of [
      ['x', 'y'],
      ['x', 'y', 'z'],
    ]) {
      let now = 0;
      const passed = createPassedOn(() => now);
      let circling = texts;
      let count = 0;
      for (; circling.length > 0 && count < 100; count += 1) {
        now += SAME_AGAIN_MS / 2 / texts.length;
        circling = circling.filter((text) => passed.isNew('a', text));
      }
      expect(count).toBeLessThanOrEqual(MAX_TIMES + 1);
    }
  });

  it('fills no memory', () => {
    const passed = createPassedOn(() => 0);
    const texts = Array.from({ length: MAX_REMEMBERED_TEXTS + 1 }, (_, n) => passed.isNew('a', String(n)));
    expect(texts.filter(Boolean)).toHaveLength(MAX_REMEMBERED_TEXTS);
    for (let n = 0; n < MAX_REMEMBERED + 10; n += 1) passed.isNew(`mailbox ${n}`, 'x');
    expect(passed.size).toBe(MAX_REMEMBERED);
  });
});

/** A system that takes subscriptions, as Asterisk does. */
function accept(peer: SipPeer, subscribe: Received, status = 200, headers = 'Expires: 3600'): void {
  const kept = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${subscribe.header(name)}`);
  const to = subscribe.header('To');
  const tagged = /;tag=/.test(to) ? to : `${to};tag=vm`;
  const contact = `Contact: <sip:vm@127.0.0.1:${peer.port}>`;
  peer.send([`SIP/2.0 ${status} Said`, ...kept, `To: ${tagged}`, contact, headers].join('\n').concat('\n\n'));
}

let sequence = 0;

/** A NOTIFY in the dialog of a SUBSCRIBE. */
function notify(peer: SipPeer, subscribe: Received, counts: string, state = 'active;expires=3600'): void {
  sequence += 1;
  const target = /<([^>]+)>/.exec(subscribe.header('Contact'))?.[1] ?? '';
  const to = subscribe.header('To');
  const lines = [
    `NOTIFY ${target} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=${unique('z9hG4bK')}`,
    'Max-Forwards: 70',
    `From: ${/;tag=/.test(to) ? to : `${to};tag=vm`}`,
    `To: ${subscribe.header('From')}`,
    `Call-ID: ${subscribe.header('Call-ID')}`,
    `CSeq: ${100 + sequence} NOTIFY`,
    `Contact: <sip:vm@127.0.0.1:${peer.port}>`,
    'Event: message-summary',
    `Subscription-State: ${state}`,
    'Content-Type: application/simple-message-summary',
  ];
  peer.send(`${lines.join('\n')}\n\nMessages-Waiting: yes\nVoice-Message: ${counts}\n`);
}

/** When the test is over, the system takes every unsubscription: nobody waits for it. */
function forgiving(server: SipPeer): void {
  later(() => {
    for (let n = 0; n < 40; n += 1) {
      void server.expect(/^SUBSCRIBE [^]*Expires: 0\r/, 1_000).then(
        (last) => accept(server, last, 200, 'Expires: 0'),
        () => undefined,
      );
    }
  });
}

/** A gateway that subscribes at `server`. */
async function startSubscribingRig(expiresMs = HOUR_MS) {
  const server = await callerPeer(0);
  const rig = await startRig({ voicemail: { mwi: { subscribe: `sip:127.0.0.1:${server.port}`, expiresMs } } });
  forgiving(server);
  const subscribed = (extension: string): Promise<Received> =>
    server.expect(new RegExp(`^SUBSCRIBE sip:${extension}@`));
  return { rig, server, subscribed };
}

describe('a gateway that asks for messages', () => {
  it('subscribes to each mailbox that has an extension, and hears of its messages', async () => {
    const { rig, server, subscribed } = await startSubscribingRig();
    const first = await subscribed('1001');
    expect(first.header('Event')).toBe('message-summary');
    expect(first.header('Accept')).toBe('application/simple-message-summary');
    expect(first.header('Expires')).toBe('3600');
    expect(first.header('From')).toMatch(/^<sip:1001@/);
    accept(server, first);
    notify(server, first, '1/2');
    await server.expect(/^SIP\/2\.0 200 [^]*CSeq: \d+ NOTIFY/);
    const [bob] = [await subscribed('1002')];
    // Before its answer, as UDP may have it.
    notify(server, bob, '7/0');
    await server.expect(/^SIP\/2\.0 200 [^]*CSeq: \d+ NOTIFY/);
    accept(server, bob);
    expect(rig.ledger.totals).toMatchObject([
      { mailbox: 'alice', total: 3, source: 'NOTIFY from 127.0.0.1' },
      { mailbox: 'bob', total: 7 },
    ]);
    for (const _ of ['carol', 'claire']) accept(server, await subscribed('1003'));
  });

  it('and passes what it hears on to the registered phone, not to the next hops, where phones have their own', async () => {
    const server = await callerPeer(0);
    const mwi = { subscribe: `sip:127.0.0.1:${server.port}`, expiresMs: HOUR_MS };
    const parts = { registrar: REGISTRAR, phones: directory(account('1001')), peers: [FAR_PEER] };
    const rig = await startRig({ ...parts, voicemail: { mwi } });
    const phone = await callerPeer(rig.udpPort);
    await ask(phone, '1001', { contact: contactOf(phone, '1001') });
    const first = await server.expect(/^SUBSCRIBE sip:1001@/);
    accept(server, first);
    notify(server, first, '4/4');
    expect((await phone.expect(/^NOTIFY /)).body).toContain('Voice-Message: 4/4');
    const second = await server.expect(/^SUBSCRIBE sip:1002@/);
    accept(server, second);
    notify(server, second, '1/1');
    await vi.waitFor(() => expect(rig.ledger.totals).toHaveLength(2));
    expect(rig.callee.count(/^NOTIFY /)).toBe(0);
  });

  it('unsubscribes when it stops', async () => {
    const { rig, server, subscribed } = await startSubscribingRig();
    const first = await subscribed('1001');
    accept(server, first);
    notify(server, first, '1/2');
    await server.expect(/^SIP\/2\.0 200 [^]*CSeq: \d+ NOTIFY/);
    const stopped = rig.gateway.stop();
    const last = await server.expect(/^SUBSCRIBE [^]*Expires: 0\r/);
    expect(last.header('Call-ID')).toBe(first.header('Call-ID'));
    expect(last.header('To')).toMatch(/;tag=vm$/);
    accept(server, last, 200, 'Expires: 0');
    await stopped;
  });

  it('and does not wait for a system that says nothing', async () => {
    const { rig, server, subscribed } = await startSubscribingRig();
    const first = await subscribed('1001');
    accept(server, first);
    notify(server, first, '1/2');
    await server.expect(/^SIP\/2\.0 200 [^]*CSeq: \d+ NOTIFY/);
    const from = performance.now();
    await rig.gateway.stop();
    expect(performance.now() - from).toBeLessThan(STOP_WAIT_MS + 1_000);
  });

  it('subscribes anew where its subscription was ended, but not again and again', async () => {
    const { server, subscribed } = await startSubscribingRig();
    const first = await subscribed('1001');
    accept(server, first);
    notify(server, first, '1/2', 'terminated;reason=timeout');
    const again = await subscribed('1001');
    expect(again.header('Call-ID')).not.toBe(first.header('Call-ID'));
    accept(server, again);
    notify(server, again, '1/2', 'terminated;reason=timeout');
    await server.expect(new RegExp(`^SIP/2\\.0 200 [^]*Call-ID: ${again.header('Call-ID')}`));
    accept(server, await subscribed('1002'));
    expect(server.received.filter(({ start }) => start.startsWith('SUBSCRIBE sip:1001@'))).toHaveLength(2);
  });

  it('takes over a longer expiry that is demanded', async () => {
    const { server, subscribed } = await startSubscribingRig(60_000);
    const first = await subscribed('1001');
    accept(server, first, 423, 'Min-Expires: 1800');
    expect((await server.expect(/^SUBSCRIBE sip:1001@[^]*Expires: 1800\r/)).header('Expires')).toBe('1800');
  });
});

/** Subscriptions on an engine connection of their own, with a policy that changes. */
async function startSubscriber(first: string, settings: { max?: number; expiresMs?: number; perSecond?: number } = {}) {
  const server = await callerPeer(0);
  const { engine } = await startEngineForTest({ timers: {} });
  const said: string[] = [];
  const say = (_fields: object, message: string): void => void said.push(message);
  const log = { debug: say, info: say, warn: say, error: say };
  let policy: Policy = policyOf(mailboxes(first));
  let changed = (): void => undefined;
  const heard: string[] = [];
  const agent = await new Promise<ReturnType<typeof connectUserAgent>>((resolve) => {
    const made = connectUserAgent({
      engine: { ...engine.client, secret: engine.secret },
      limits: LIMITS,
      log,
      listener: {
        connected: () => resolve(made),
        refused: () => undefined,
        lost: () => subscriptions.lost(made),
        invite: () => undefined,
        request: (_request, reply) => reply(481),
      },
    });
  });
  const subscriptions = subscribeToMailboxes({
    settings: { subscribe: `sip:127.0.0.1:${server.port}`, expiresMs: settings.expiresMs ?? HOUR_MS },
    hops: [],
    policy: {
      current: () => policy,
      onChange: (listener) => {
        changed = listener as () => void;
        return () => undefined;
      },
    },
    messages: {
      subscribed: (_notify, { identity }, reply) => {
        heard.push(identity);
        reply(200);
      },
    },
    agent: () => (agent.connected ? agent : null),
    log,
    perSecond: settings.perSecond ?? 200,
    ...(settings.max === undefined ? {} : { max: settings.max }),
  });
  later(async () => {
    await subscriptions.stop();
    agent.close();
  });
  forgiving(server);
  return {
    server,
    subscriptions,
    said,
    change: (extensions: string) => {
      policy = policyOf(mailboxes(extensions));
      changed();
    },
  };
}

function mailboxes(extensions: string): string {
  const list = extensions.split(' ').filter((extension) => extension !== '');
  const lines = list.map(
    (extension) =>
      `  - { identity: user${extension}, emailAddress: u${extension}@example.com, extensions: ["${extension}"], mailboxPolicy: P }`,
  );
  return `
dialPlans:
  - { name: Paris, uriType: TelExtn, numberOfDigitsInExtension: 4, countryOrRegionCode: "33", defaultLanguage: fr-FR, timeZone: Europe/Paris }
mailboxPolicies:
  - { name: P, dialPlan: Paris, allowMissedCallNotifications: true }
mailboxes:${lines.length === 0 ? ' []' : `\n${lines.join('\n')}`}
`;
}

describe('as the policy changes', () => {
  it('a mailbox that is new is subscribed to, and one that is gone no longer', async () => {
    const { server, subscriptions, change } = await startSubscriber('1001 1002');
    for (const extension of ['1001', '1002'])
      accept(server, await server.expect(new RegExp(`^SUBSCRIBE sip:${extension}@`)));
    await vi.waitFor(() => expect(subscriptions.size).toEqual({ mailboxes: 2, standing: 2 }));
    change('1002 1003');
    accept(server, await server.expect(/^SUBSCRIBE [^]*Expires: 0\r/), 200, 'Expires: 0');
    accept(server, await server.expect(/^SUBSCRIBE sip:1003@/));
    await vi.waitFor(() => expect(subscriptions.size).toEqual({ mailboxes: 2, standing: 2 }));
    expect(server.received.filter(({ start }) => start.startsWith('SUBSCRIBE sip:1002@'))).toHaveLength(1);
  });

  it('no more mailboxes are subscribed to than the limit, and the log says so once', async () => {
    const { server, subscriptions, said, change } = await startSubscriber('1001 1002 1003', { max: 2 });
    for (const extension of ['1001', '1002'])
      accept(server, await server.expect(new RegExp(`^SUBSCRIBE sip:${extension}@`)));
    change('1001 1002 1003 1004');
    expect(subscriptions.size.mailboxes).toBe(2);
    expect(said.filter((line) => line.startsWith('more mailboxes'))).toHaveLength(1);
    await vi.waitFor(() => expect(subscriptions.size.standing).toBe(2));
    expect(server.count(/^SUBSCRIBE sip:100[34]@/)).toBe(0);
  });
});

it(`no more than ${MAX_SUBSCRIPTIONS} mailboxes are subscribed to`, () => {
  const extensions = Array.from({ length: MAX_SUBSCRIPTIONS + 1 }, (_, n) => String(10_000 + n)).join(' ');
  const policy = policyOf(
    mailboxes(extensions).replace('numberOfDigitsInExtension: 4', 'numberOfDigitsInExtension: 5'),
  );
  const said: string[] = [];
  const say = (_fields: object, message: string): void => void said.push(message);
  const subscriptions = subscribeToMailboxes({
    settings: { subscribe: 'sip:127.0.0.1', expiresMs: HOUR_MS },
    hops: [],
    policy: { current: () => policy, onChange: () => () => undefined },
    messages: { subscribed: () => undefined },
    agent: () => null,
    log: { debug: say, info: say, warn: say, error: say },
  });
  later(() => subscriptions.stop());
  expect(policy.mailboxCount).toBe(MAX_SUBSCRIPTIONS + 1);
  expect(subscriptions.size).toEqual({ mailboxes: MAX_SUBSCRIPTIONS, standing: 0 });
  expect(said.filter((line) => line.startsWith('more mailboxes'))).toHaveLength(1);
});

it(`no more than ${SUBSCRIBES_PER_SECOND} SUBSCRIBEs are sent in a second`, async () => {
  const extensions = Array.from({ length: 11 }, (_, n) => String(1001 + n)).join(' ');
  const from = performance.now();
  const { server } = await startSubscriber(extensions, { perSecond: SUBSCRIBES_PER_SECOND });
  await server.expect(/^SUBSCRIBE sip:1011@/);
  expect(performance.now() - from).toBeGreaterThan((10 * 1_000 * 0.95) / SUBSCRIBES_PER_SECOND);
});

it('SUBSCRIBEs are paced', async () => {
  const extensions = Array.from({ length: 40 }, (_, n) => String(1001 + n)).join(' ');
  const from = performance.now();
  const { server } = await startSubscriber(extensions);
  await server.expect(/^SUBSCRIBE sip:1040@/);
  // 200 a second here.
  expect(performance.now() - from).toBeGreaterThan(190);
});

it('a refusal is not answered by another SUBSCRIBE', async () => {
  const { server, subscriptions } = await startSubscriber('1001 1002');
  accept(server, await server.expect(/^SUBSCRIBE sip:1001@/), 404, '');
  accept(server, await server.expect(/^SUBSCRIBE sip:1002@/));
  await vi.waitFor(() => expect(subscriptions.size.standing).toBe(1));
  expect(server.received.filter(({ start }) => start.startsWith('SUBSCRIBE sip:1001@'))).toHaveLength(1);
});
