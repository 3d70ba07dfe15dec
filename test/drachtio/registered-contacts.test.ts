import { describe, expect, it } from 'vitest';
import { MAX_REGISTERED_CHARACTERS } from '../../src/drachtio/limits.ts';
import { RegisteredContacts } from '../../src/drachtio/registered-contacts.ts';
import {
  makeResponse,
  parseMessage,
  parseUri,
  type Flow,
  type SipRequest,
  type SipResponse,
} from '../../src/sip/index.ts';

const FLOW: Flow = {
  protocol: 'ws',
  localAddress: '127.0.0.1',
  localPort: 80,
  remoteAddress: '192.0.2.1',
  remotePort: 40_000,
  connectionId: 1,
};
const ALICE = 'sip:alice@df7jal23ls0d.invalid;transport=ws';

function register(contacts: string, headers = '', to = 'alice@Example.com'): SipRequest {
  const text = `REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: "Alice" <sip:${to}>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: ${contacts}\r\n${headers}\r\n`;
  const outcome = parseMessage(Buffer.from(text), 'datagram');
  if (!outcome.ok || outcome.message.kind !== 'request') throw new Error('no request');
  return outcome.message;
}

/** Registers, and is granted `granted` (what was asked for by default). */
function learn(of: RegisteredContacts, request: SipRequest, granted = '', flow: Flow = FLOW, nowMs = 0): void {
  const response: SipResponse = makeResponse(request, 200, 'OK', {
    headers: granted === '' ? [] : [{ name: 'Contact', value: granted }],
  });
  of.learn(request, response, flow, nowMs);
}

function leads(of: RegisteredContacts, uri = ALICE, nowMs = 0): boolean {
  const parsed = parseUri(uri);
  return parsed !== null && of.flowTo(parsed, nowMs) === FLOW;
}

const open = (): boolean => true;

describe('registered contacts', () => {
  describe('of another address-of-record', () => {
    const others: Flow = { ...FLOW, remoteAddress: '203.0.113.9', connectionId: 2 };

    it.each([
      ['named with expires=0', `<${ALICE}>;expires=0`, '', others],
      ['registered over another connection', `<${ALICE}>`, '', others],
      ['registered over UDP', `<${ALICE}>`, '', { ...others, protocol: 'udp', connectionId: null }],
      ['removed by *, by a user of that name elsewhere', '*', 'Expires: 0\r\n', others],
    ] as const)('stay while their connection lives: %s', (_, asked, headers, flow) => {
      for (const to of ['mallory@example.com', 'alice@elsewhere.example']) {
        const contacts = new RegisteredContacts(10, open);
        learn(contacts, register(`<${ALICE}>;expires=60`));
        learn(contacts, register(asked, headers, to), '', flow);
        expect(leads(contacts)).toBe(true);
      }
    });

    it.each([
      ['over the same connection', true, FLOW, 0],
      ['once that connection is closed', false, others, 0],
      ['once they have expired', true, others, 60_000],
    ])('may be registered anew %s', (_, isOpen, flow, nowMs) => {
      const contacts = new RegisteredContacts(10, () => isOpen);
      learn(contacts, register(`<${ALICE}>;expires=60`));
      learn(contacts, register(`<${ALICE}>;expires=60`, '', 'alice@elsewhere.example'), '', flow, nowMs);
      learn(contacts, register('*', 'Expires: 0\r\n'));
      expect(contacts.flowTo(parseUri(ALICE)!, nowMs)).toBe(flow);
    });
  });

  it('whose names are too long to keep a hundred thousand of are not remembered', () => {
    const contacts = new RegisteredContacts(10, open);
    const longest = 'u'.repeat(MAX_REGISTERED_CHARACTERS - 'alice@example.com'.length - '@h.invalid:'.length);
    learn(contacts, register(`<sip:${longest}@h.invalid>;expires=60, <sip:${longest}u@h.invalid>;expires=60`));
    expect(contacts.size).toBe(1);
    expect(leads(contacts, `sip:${longest}@h.invalid`)).toBe(true);
  });

  it('lead to the connection that they came by, until they expire', () => {
    const contacts = new RegisteredContacts(10, open);
    learn(contacts, register(`<${ALICE}>;expires=60`));
    expect(leads(contacts, ALICE, 59_999)).toBe(true);
    expect(leads(contacts, ALICE, 60_000)).toBe(false);
    expect(contacts.size).toBe(0);
  });

  it.each([
    [
      'the registrar’s word about this one',
      `<${ALICE}>;expires=600`,
      `<sip:other@x.invalid>;expires=5, <${ALICE}>;expires=10`,
      10,
    ],
    ['what was asked for', `<${ALICE}>;expires=600`, '', 600],
    ['an hour', `<${ALICE}>`, '', 3_600],
  ])('live for %s', (_, asked, granted, seconds) => {
    const contacts = new RegisteredContacts(10, open);
    learn(contacts, register(asked), granted);
    expect(leads(contacts, ALICE, seconds * 1_000 - 1)).toBe(true);
    expect(leads(contacts, ALICE, seconds * 1_000)).toBe(false);
  });

  it('without a user part are not learned: others are reached at that machine too', () => {
    const contacts = new RegisteredContacts(10, open);
    learn(contacts, register('<sip:192.0.2.1:5060;transport=tcp>'));
    expect(contacts.size).toBe(0);
  });

  it('of an address-of-record are removed by * with Expires 0, and by no other *', () => {
    const contacts = new RegisteredContacts(10, open);
    learn(contacts, register(`<${ALICE}>, <sip:alice@two.invalid>`));
    learn(contacts, register('*', 'Expires: 60\r\n'));
    learn(contacts, register('*'));
    expect(contacts.size).toBe(2);
    const bob = register('*', 'Expires: 0\r\n');
    bob.headers.set('To', '<sip:bob@example.com>');
    learn(contacts, bob);
    expect(contacts.size).toBe(2);
    learn(contacts, register('*', 'Expires: 0\r\n'));
    expect(contacts.size).toBe(0);
  });

  it('are removed by expires=0, and by a registration over UDP', () => {
    const contacts = new RegisteredContacts(10, open);
    for (const [asked, flow] of [
      [`<${ALICE}>;expires=0`, FLOW],
      [`<${ALICE}>`, { ...FLOW, protocol: 'udp', connectionId: null }],
    ] as const) {
      learn(contacts, register(`<${ALICE}>`));
      expect(contacts.size).toBe(1);
      learn(contacts, register(asked), '', flow);
      expect(contacts.size).toBe(0);
    }
  });

  it('keep to their bound: the oldest is forgotten, whoever’s it is', () => {
    const contacts = new RegisteredContacts(2, open);
    for (const name of ['a', 'b', 'c']) learn(contacts, register(`<sip:${name}@x.invalid>`));
    expect(contacts.size).toBe(2);
    expect(['a', 'b', 'c'].map((name) => leads(contacts, `sip:${name}@x.invalid`))).toEqual([false, true, true]);
    learn(contacts, register('*', 'Expires: 0\r\n'));
    expect(contacts.size).toBe(0);
  });
});
