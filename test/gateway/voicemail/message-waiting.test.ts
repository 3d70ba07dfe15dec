import { describe, expect, it, vi } from 'vitest';
import type { Peer } from '../../../src/gateway/index.ts';
import { callerPeer, later, unique } from '../../drachtio/support.ts';
import { udpPeer, type SipPeer } from '../../support/sip-peer.ts';
import { MAX_NOTIFIED_PHONES } from '../../../src/gateway/voicemail/message-waiting.ts';
import { account, ask, directory, kept, REGISTRAR } from '../phones.ts';
import { LOCAL_PEER as ANY_PEER, startRig as start, type Parts, type Rig } from '../support.ts';

/** A PBX that takes its calls back to a voicemail of its own. */
const LOCAL_PEER: Peer = { ...ANY_PEER, voicemail: 'upstream' };

function startRig(parts: Parts = {}): Promise<Rig> {
  return start({ peers: [LOCAL_PEER], ...parts });
}

interface Summary {
  readonly to?: string;
  readonly account?: string;
  readonly count?: string;
  readonly body?: string;
  readonly headers?: string;
  readonly event?: string;
}

/** As Exchange UM sends it: unasked, and terminated. */
function notifyText(peer: SipPeer, host: string, parts: Summary = {}): { text: string; callId: string } {
  const {
    to = 'sip:1001@127.0.0.1',
    account = to,
    count = '2/1 (0/0)',
    headers = '',
    event = 'message-summary',
  } = parts;
  const body = parts.body ?? `Messages-Waiting: yes\nMessage-Account: ${account}\nVoice-Message: ${count}\n`;
  const callId = unique('notify');
  const lines = [
    `NOTIFY ${to} SIP/2.0`,
    `Via: SIP/2.0/UDP ${host}:${peer.port};branch=${unique('z9hG4bK')}`,
    'Max-Forwards: 70',
    `From: <sip:um@${host}>;tag=${unique('um')}`,
    `To: <${to}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 NOTIFY',
    `Contact: <sip:um@${host}:${peer.port}>`,
    `Event: ${event}`,
    'Subscription-State: terminated',
    'User-Agent: RTCC/5.0.0.0 MSExchangeUM/15.00',
    'Content-Type: application/simple-message-summary',
    headers,
  ];
  return { text: `${lines.filter((line) => line !== '').join('\n')}\n\n${body}`, callId };
}

/** Sends it and waits for the gateway's answer. */
async function notified(peer: SipPeer, parts: Summary = {}, host = '127.0.0.1'): Promise<string> {
  const { text, callId } = notifyText(peer, host, parts);
  peer.send(text);
  return (await peer.expect(new RegExp(`^SIP/2\\.0 [^]*?Call-ID: ${callId}`))).start;
}

function accept(peer: SipPeer, request: { readonly text: string }): void {
  const kept = request.text
    .split('\r\n')
    .filter((line) => /^(via|from|to|call-id|cseq):/i.test(line))
    .join('\n');
  peer.send(`SIP/2.0 200 OK\n${kept.replace(/^To: (.*)$/m, 'To: $1;tag=phone')}\n\n`);
}

const PBX = { ...LOCAL_PEER, name: 'pbx', allow: ['127.0.0.2/32'] };
const UM = { ...LOCAL_PEER, name: 'um', allow: ['127.0.0.1/32'] };

/** Messages come from 127.0.0.1; the phones are behind 127.0.0.2. */
async function startPbxRig(parts: Parts = {}): Promise<{ rig: Rig; pbx: SipPeer }> {
  const pbx = await udpPeer(0, '127.0.0.1', '127.0.0.2');
  later(() => pbx.close());
  const rig = await startRig({ peers: [UM, PBX], nextHop: [{ uri: `sip:127.0.0.2:${pbx.port}` }], ...parts });
  return { rig, pbx };
}

describe('a NOTIFY of messages that nobody asked for', () => {
  it('tells the ledger how many the mailbox has, and is accepted', async () => {
    const rig = await startRig();
    expect(await notified(rig.caller)).toBe('SIP/2.0 200 OK');
    expect(rig.ledger.totals).toMatchObject([{ mailbox: 'alice', total: 3, source: 'NOTIFY from pbx' }]);
  });

  it.each([
    { title: 'its account', parts: { to: 'sip:gateway@127.0.0.1', account: 'sip:1002@um.example' }, mailbox: 'bob' },
    { title: 'a mere number for an account', parts: { to: 'sip:gateway@127.0.0.1', account: '1002' }, mailbox: 'bob' },
    { title: 'To where the account is nobody’s', parts: { account: 'sip:asterisk@127.0.0.1' }, mailbox: 'alice' },
    { title: 'a SIP address', parts: { account: 'sip:alice@example.com' }, mailbox: 'alice' },
  ])('finds the mailbox by $title', async ({ parts, mailbox }) => {
    const rig = await startRig();
    expect(await notified(rig.caller, parts)).toBe('SIP/2.0 200 OK');
    expect(rig.ledger.totals).toMatchObject([{ mailbox }]);
  });

  it('finds it in the dial plan of the peer, and nobody’s where two plans have the number', async () => {
    const lyon = await startRig({ peers: [{ ...LOCAL_PEER, dialPlan: 'Lyon' }] });
    expect(await notified(lyon.caller, { to: 'sip:1003@127.0.0.1' })).toBe('SIP/2.0 200 OK');
    expect(lyon.ledger.totals).toMatchObject([{ mailbox: 'claire' }]);
    const both = await startRig();
    expect(await notified(both.caller, { to: 'sip:1003@127.0.0.1' })).toMatch(/ 480 /);
    expect(both.ledger.totals).toEqual([]);
  });

  it('without counts is accepted, and tells nothing', async () => {
    const rig = await startRig();
    expect(await notified(rig.caller, { body: 'Messages-Waiting: no\n' })).toBe('SIP/2.0 200 OK');
    expect(await notified(rig.caller, { body: 'rubbish' })).toBe('SIP/2.0 200 OK');
    expect(rig.ledger.totals).toEqual([]);
  });

  it('for a number that nobody has and no route leads to gets 480, which Exchange UM takes for an answer', async () => {
    const rig = await startRig();
    expect(await notified(rig.caller, { to: 'sip:7777@127.0.0.1' })).toBe('SIP/2.0 480 Temporarily Unavailable');
  });

  it('of another event gets 481, and of a stranger 403', async () => {
    const rig = await startRig({ peers: [{ ...LOCAL_PEER, allow: ['127.0.0.2/32'] }] });
    expect(await notified(rig.caller)).toMatch(/ 403 /);
    const known = await startRig();
    expect(await notified(known.caller, { event: 'dialog' })).toMatch(/ 481 /);
    expect([...rig.ledger.totals, ...known.ledger.totals]).toEqual([]);
  });
});

describe('a NOTIFY of messages is passed on', () => {
  it('through the routes to where the phone is, end to end', async () => {
    const { rig, pbx } = await startPbxRig();
    expect(await notified(rig.caller, { headers: 'X-Lamp: red' })).toBe('SIP/2.0 200 OK');
    const passed = await pbx.expect(/^NOTIFY /);
    expect(passed.start).toBe(`NOTIFY sip:1001@127.0.0.2:${pbx.port} SIP/2.0`);
    expect(passed.header('Event')).toBe('message-summary');
    expect(passed.header('Subscription-State')).toBe('terminated');
    expect(passed.header('Content-Type')).toBe('application/simple-message-summary');
    expect(passed.header('X-Lamp')).toBe('red');
    expect(passed.header('Max-Forwards')).toBe('69');
    expect(passed.body).toBe(
      'Messages-Waiting: yes\r\nMessage-Account: sip:1001@127.0.0.1\r\nVoice-Message: 2/1 (0/0)\r\n',
    );
    accept(pbx, passed);
  });

  it('for a number that has no mailbox here, too', async () => {
    const { rig, pbx } = await startPbxRig();
    expect(await notified(rig.caller, { to: 'sip:7777@127.0.0.1' })).toBe('SIP/2.0 200 OK');
    accept(pbx, await pbx.expect(/^NOTIFY sip:7777@/));
    expect(rig.ledger.totals).toEqual([]);
  });

  it('and never back to the peer it came from, at whichever of its addresses', async () => {
    const both = { ...LOCAL_PEER, name: 'both', allow: ['127.0.0.1/32', '127.0.0.2/32'] };
    const { rig, pbx } = await startPbxRig({ peers: [both] });
    await notified(rig.caller);
    const other = await startRig();
    await notified(other.caller);
    await notified(rig.caller, { to: 'sip:1002@127.0.0.1' });
    expect(rig.ledger.totals).toHaveLength(2);
    expect(pbx.count(/^NOTIFY /) + other.callee.count(/^NOTIFY /)).toBe(0);
  });

  it('to the phones that are registered for the mailbox, by the way they registered', async () => {
    const rig = await startRig({ peers: [UM], registrar: REGISTRAR, phones: directory(account('1001')) });
    const phone = await udpPeer(rig.udpPort, '127.0.0.1', '127.0.0.2');
    later(() => phone.close());
    // Its Contact is not where it can be reached; where its REGISTER came from is.
    expect((await ask(phone, '1001', { contact: '<sip:1001@192.0.2.99:5060>' })).start).toMatch(/ 200 /);
    expect(await notified(rig.caller)).toBe('SIP/2.0 200 OK');
    const passed = await phone.expect(/^NOTIFY sip:1001@192\.0\.2\.99:5060 /);
    expect(passed.header('Event')).toBe('message-summary');
    expect(passed.body).toContain('Voice-Message: 2/1 (0/0)');
    accept(phone, passed);
    expect(rig.callee.count(/^NOTIFY /)).toBe(0);
  });

  it(`to ${MAX_NOTIFIED_PHONES} phones of a mailbox, and no more`, async () => {
    const phone = await udpPeer(0, '127.0.0.1', '127.0.0.2');
    later(() => phone.close());
    const source = `udp/127.0.0.2:${phone.port}`;
    const contacts = Array.from({ length: MAX_NOTIFIED_PHONES + 1 }, (_, n) =>
      kept('1001', `sip:phone${n}@192.0.2.99`, source, Date.now() + 60_000),
    );
    const registrations = { load: async () => contacts, save: async () => undefined };
    const phones = directory(account('1001'));
    const rig = await startRig({ peers: [UM], registrar: REGISTRAR, phones, registrations });
    for (const count of ['1/0', '2/0']) {
      await notified(rig.caller, { count });
      const got = (): Set<string> =>
        new Set(phone.received.filter(({ body }) => body.includes(count)).map(({ start }) => start));
      await vi.waitFor(() => expect(got().size).toBe(MAX_NOTIFIED_PHONES));
    }
    const all = new Set(phone.received.map(({ start }) => start));
    expect(all.size).toBe(MAX_NOTIFIED_PHONES);
  });

  it('but a phone’s own is not believed', async () => {
    const peers = [{ ...UM, allow: ['127.0.0.1/32'] }];
    const rig = await startRig({ peers, registrar: REGISTRAR, phones: directory(account('1001')) });
    const phone = await udpPeer(rig.udpPort, '127.0.0.1', '127.0.0.2');
    later(() => phone.close());
    const headers = 'Event: message-summary\nSubscription-State: terminated';
    expect((await ask(phone, '1001', { method: 'NOTIFY', headers })).start).toMatch(/ 481 /);
    expect(rig.ledger.totals).toEqual([]);
  });

  it('once, and not again when it comes round by another peer', async () => {
    const third = { ...LOCAL_PEER, name: 'third', allow: ['127.0.0.3/32'] };
    const { rig, pbx } = await startPbxRig({ peers: [UM, PBX, third] });
    const other = await udpPeer(rig.udpPort, '127.0.0.1', '127.0.0.3');
    later(() => other.close());
    await notified(rig.caller);
    accept(pbx, await pbx.expect(/^NOTIFY /));
    // Whoever sends it on as its own has taken every mark off; but it says the same.
    expect(await notified(other, {}, '127.0.0.3')).toBe('SIP/2.0 200 OK');
    // The mark alone is enough where it says something else.
    expect(await notified(other, { count: '9/9', headers: 'X-MCG-Notify: 1' }, '127.0.0.3')).toBe('SIP/2.0 200 OK');
    await notified(other, { count: '4/4' }, '127.0.0.3');
    expect((await pbx.expect(/^NOTIFY [^]*4\/4/)).body).toContain('Voice-Message: 4/4');
    expect(pbx.count(/^NOTIFY [^]*(9\/9)/)).toBe(0);
    expect(new Set(pbx.received.map((received) => received.header('Call-ID'))).size).toBe(2);
  });

  it('to nobody once it has come too far', async () => {
    const { rig, pbx } = await startPbxRig();
    const { text } = notifyText(rig.caller, '127.0.0.1');
    rig.caller.send(text.replace('Max-Forwards: 70', 'Max-Forwards: 0'));
    await rig.caller.expect(/^SIP\/2\.0 200 /);
    await notified(rig.caller, { count: '5/5' });
    expect((await pbx.expect(/^NOTIFY /)).body).toContain('5/5');
    expect(rig.ledger.totals.map(({ total }) => total)).toEqual([3, 10]);
  });

  it('to the next hop where nobody is at the first', async () => {
    const pbx = await udpPeer(0, '127.0.0.1', '127.0.0.2');
    later(() => pbx.close());
    const hops = [{ uri: 'sip:127.0.0.2:9;transport=tcp' }, { uri: `sip:127.0.0.2:${pbx.port}` }];
    const { rig } = await startPbxRig({ nextHop: hops });
    await notified(rig.caller);
    accept(pbx, await pbx.expect(/^NOTIFY /));
  });

  it('and its sender has its answer whatever becomes of it', async () => {
    const { rig, pbx } = await startPbxRig();
    const silent = notified(rig.caller);
    expect(await silent).toBe('SIP/2.0 200 OK');
    await pbx.expect(/^NOTIFY /);
    await vi.waitFor(() => expect(rig.ledger.totals).toHaveLength(1));
  });
});

describe('the totals of a mailbox are the word of', () => {
  const owned = (voicemail: Peer['voicemail']): Peer[] => [{ ...ANY_PEER, voicemail }];
  const TARGET = { owner: 'gateway', target: 'sip:vm@127.0.0.1' } as const;

  it.each([
    { title: 'a peer that takes its calls back', parts: { peers: owned('upstream') }, counts: true },
    { title: 'a peer behind which voicemail is', parts: { peers: owned('downstream') }, counts: true },
    { title: 'any peer where they all do', parts: { voicemail: { owner: 'downstream' } }, counts: true },
    { title: 'the peer that calls are diverted to', parts: { voicemail: TARGET }, counts: true },
    { title: 'it by its host name', parts: { voicemail: { ...TARGET, target: 'sip:vm@localhost' } }, counts: true },
    {
      title: 'a peer that is another voicemail',
      parts: { voicemail: { targets: ['sip:127.0.0.1:5080'] } },
      counts: true,
    },
    {
      title: 'the peer that is asked for them',
      parts: { voicemail: { mwi: { subscribe: 'sip:127.0.0.1:9', expiresMs: 3_600_000 } } },
      counts: true,
    },
    {
      title: 'no peer that is not believed about callers, but of a voicemail of its own',
      parts: { voicemail: { owner: 'downstream' }, peers: [{ ...ANY_PEER, trustCallerId: false }] },
      counts: false,
    },
    {
      title: 'such a peer whose own voicemail it is',
      parts: { peers: [{ ...ANY_PEER, trustCallerId: false, voicemail: 'downstream' }] },
      counts: true,
    },
    { title: 'no peer without voicemail', parts: { peers: owned('none') }, counts: false },
    {
      title: 'no peer whose calls we divert elsewhere',
      parts: { voicemail: { ...TARGET, target: 'sip:192.0.2.9' } },
      counts: false,
    },
    { title: 'no peer for a number that is voicemail', parts: { voicemail: { targets: ['5000'] } }, counts: false },
  ] as const)('$title', async ({ parts, counts }) => {
    const rig = await start(parts);
    await vi.waitFor(async () => {
      await notified(rig.caller);
      expect(rig.ledger.totals.length > 0).toBe(counts);
    });
    const lines = rig.log.filter(
      ({ message }) => message === 'message totals of a peer are passed on, but do not count',
    );
    expect(lines.length).toBe(counts ? lines.length : 1);
  });

  it('a peer that is no voicemail, for the phones alone', async () => {
    const { rig, pbx } = await startPbxRig({ peers: [{ ...UM, voicemail: null }, PBX] });
    for (const count of ['1/0', '2/0']) {
      expect(await notified(rig.caller, { count })).toBe('SIP/2.0 200 OK');
      accept(pbx, await pbx.expect(/^NOTIFY /));
    }
    expect(rig.ledger.totals).toEqual([]);
    expect(rig.log.filter(({ message }) => /do not count/.test(message))).toHaveLength(1);
  });
});

it('a peer by TCP is heard as well', async () => {
  const rig = await startRig();
  const um = await callerPeer(rig.tcpPort, 'tcp');
  const { text } = notifyText(um, '127.0.0.1');
  um.send(text.replace('SIP/2.0/UDP', 'SIP/2.0/TCP'));
  await um.expect(/^SIP\/2\.0 200 /);
  expect(rig.ledger.totals).toMatchObject([{ mailbox: 'alice', total: 3 }]);
});
