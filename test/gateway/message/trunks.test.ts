import { MAX_NAMED_HOPS } from '../../../src/gateway/message/trunk.ts';
import { describe, expect, it } from 'vitest';
import type { Peer } from '../../../src/gateway/index.ts';
import {
  ackFailure,
  answer,
  callerPeer,
  SDP_B,
  sendAck,
  sendInvite,
  type RequestParts,
} from '../../drachtio/support.ts';
import type { Received } from '../../support/sip-peer.ts';
import {
  atCallee,
  expectNothingHeld,
  hangUp,
  invited,
  LOCAL_PEER,
  response,
  startRig,
  type Parts,
  type Rig,
  type Ringing,
} from '../support.ts';

/** What a next hop gets that is a peer, and what becomes of its answers, by the settings of that peer. */

function rigOf(settings: Partial<Peer>, parts: Parts = {}): Promise<Rig> {
  return startRig({ peers: [{ ...LOCAL_PEER, ...settings }], ...parts });
}

/** The INVITE as it comes to the hop; the call is answered and ended. */
async function inviteTo(settings: Partial<Peer>, parts: RequestParts = {}): Promise<Received> {
  const rig = await rigOf(settings);
  const made = await invited(rig, parts);
  await taken(rig, made);
  return made.invite;
}

async function taken(rig: Rig, made: Ringing): Promise<void> {
  answer(rig.callee, made.invite, 200, { body: SDP_B });
  await response(made.call, 200);
  sendAck(made.call);
  await atCallee(rig, made.invite, 'ACK');
  await hangUp(rig, made);
  await rig.ledger.call();
  await expectNothingHeld(rig);
}

const words = (message: Received, name: string): string[] =>
  message.all(name).flatMap((value) => value.split(',').map((word) => word.trim()));

describe('a peer whose caller id', () => {
  const asserted = 'P-Asserted-Identity: "Boss" <sip:+33140001001@pbx.example.com>';

  it('is trusted names the caller by P-Asserted-Identity, which goes on', async () => {
    const rig = await rigOf({ trustCallerId: true });
    const made = await invited(rig, { headers: asserted });
    expect(made.invite.all('P-Asserted-Identity')).toHaveLength(1);
    await taken(rig, made);
    expect((await rig.ledger.call()).start.caller).toMatchObject({ number: '+33140001001', displayName: 'Boss' });
  });

  it('is not trusted is whom From names, and what it asserts goes nowhere', async () => {
    const rig = await rigOf({ trustCallerId: false });
    const made = await invited(rig, { headers: asserted });
    expect(made.invite.all('P-Asserted-Identity')).toEqual([]);
    await taken(rig, made);
    expect((await rig.ledger.call()).start.caller).not.toMatchObject({ number: '+33140001001' });
  });
});

describe('headers towards a peer', () => {
  it('are those that pass and are not dropped', async () => {
    const headers = 'X-Customer: 7\nX-Other: 8\nP-Charging-Vector: v\nSubject: s';
    const invite = await inviteTo({ headers: { pass: ['x-customer', 'x-test'], drop: ['subject'] } }, { headers });
    expect(invite.all('X-Customer')).toEqual(['7']);
    for (const name of ['X-Other', 'P-Charging-Vector', 'Subject']) expect(invite.all(name)).toEqual([]);
    expect(invite.all('X-MCG-Call')).toHaveLength(1);
  });
});

describe('diversions towards a peer', () => {
  const headers =
    'Diversion: <sip:9@x>;reason=unconditional\nDiversion: <sip:1001@x>;reason=no-answer\nHistory-Info: <sip:9@x>;index=1';

  it.each([
    ['all', 2, 1],
    ['single', 1, 0],
    ['none', 0, 0],
  ] as const)('%s: %i Diversion, %i History-Info', async (diversion, several, entries) => {
    const invite = await inviteTo({ diversion }, { headers });
    expect(words(invite, 'Diversion')).toHaveLength(several);
    expect(words(invite, 'History-Info')).toHaveLength(entries);
  });

  it('single: a voicemail system gets exactly one, that of the called user', async () => {
    const voicemail = await callerPeer(0);
    const target = `sip:127.0.0.1:${voicemail.port}`;
    const rig = await rigOf({ diversion: 'single' }, { voicemail: { owner: 'gateway', target } });
    const { call, invite } = await invited(rig, { to: 'sip:1001@gateway', headers });
    answer(rig.callee, invite, 486);
    const diverted = await voicemail.expect(/^INVITE /);
    expect(words(diverted, 'Diversion')).toEqual(['<sip:1001@x>;reason=user-busy']);
    expect(diverted.all('History-Info')).toEqual([]);
    answer(voicemail, diverted, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });
});

describe('reliable provisional responses of a peer', () => {
  it.each([
    ['off', [], []],
    ['supported', ['100rel'], []],
    ['required', ['100rel'], ['100rel']],
  ] as const)('%s', async (reliableProvisional, supported, required) => {
    const invite = await inviteTo({ reliableProvisional });
    expect(words(invite, 'Supported')).toEqual(expect.arrayContaining([...supported]));
    expect(words(invite, 'Supported').includes('100rel')).toBe(supported.length > 0);
    expect(words(invite, 'Require')).toEqual([...required]);
  });

  it('are acknowledged, and the caller knows nothing of it', async () => {
    const rig = await rigOf({ reliableProvisional: 'required' });
    const made = await invited(rig);
    answer(rig.callee, made.invite, 180, { headers: 'Require: 100rel\nRSeq: 1' });
    const prack = await atCallee(rig, made.invite, 'PRACK');
    expect(prack.header('RAck')).toMatch(/^1 \d+ INVITE$/);
    answer(rig.callee, prack, 200);
    expect((await response(made.call, 180)).all('RSeq')).toEqual([]);
    await taken(rig, made);
  });

  it('are not asked for where the caller made no offer', async () => {
    const rig = await rigOf({ reliableProvisional: 'required' });
    const made = await invited(rig, { body: '' });
    expect(words(made.invite, 'Require')).toEqual([]);
    answer(rig.callee, made.invite, 486);
    ackFailure(made.call, await response(made.call, 486));
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });
});

describe('a session timer with a peer', () => {
  it('is asked for', async () => {
    const invite = await inviteTo({ sessionExpiresMs: 1_800_000 });
    expect(invite.header('Session-Expires')).toBe('1800');
    expect(words(invite, 'Supported')).toContain('timer');
  });

  it('is as long as the peer wants it at least', async () => {
    const rig = await rigOf({ sessionExpiresMs: 90_000 });
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, 422, { headers: 'Min-SE: 600' });
    const second = await rig.callee.expect(/^INVITE [^]*Min-SE: 600/);
    expect(second.header('Session-Expires')).toBe('600');
    answer(rig.callee, second, 422, { headers: 'Min-SE: 700' });
    // Who always wants more gets no third INVITE.
    const refused = await response(call, '[45]\\d\\d');
    ackFailure(call, refused);
    expect((await rig.ledger.call()).state.legs).toHaveLength(2);
    await expectNothingHeld(rig);
  });
});

describe('numbers towards a peer', () => {
  const from = { to: 'sip:1001@gateway', headers: 'P-Asserted-Identity: <sip:1002@pbx>' };

  it('are in E.164 by the dial plan of who calls, with user=phone', async () => {
    const invite = await inviteTo({ dialPlan: 'Paris', numberFormat: 'e164', userPhone: true }, from);
    expect(invite.start).toMatch(/^INVITE sip:\+33140001001@127\.0\.0\.1:\d+;user=phone SIP/);
    expect(invite.header('To')).toContain('sip:+33140001001@');
    expect(invite.header('P-Asserted-Identity')).toBe('<sip:+33140001002@pbx;user=phone>');
  });

  it('stay as dialled where no dial plan tells how', async () => {
    const invite = await inviteTo({ numberFormat: 'e164' }, from);
    expect(invite.start).toMatch(/^INVITE sip:1001@/);
  });

  it('a call whose number was rewritten is known when it comes back', async () => {
    const rig = await rigOf({ dialPlan: 'Paris', numberFormat: 'e164' });
    const made = await invited(rig, { to: 'sip:1001@gateway' });
    const back = rig.newCall('sip:+33140001001@gateway');
    const headers = `X-MCG-Call: ${made.invite.header('X-MCG-Call')}`;
    sendInvite(back, { headers });
    ackFailure(back, await response(back, 482));
    await taken(rig, made);
  });
});

describe('a peer whose redirections are followed', () => {
  const settings = { allow: ['127.0.0.1'], followRedirects: true, diversion: 'single' } as const;

  it('is followed with the same headers', async () => {
    const worker = await callerPeer(0);
    const target = `sip:127.0.0.1:${worker.port};transport=udp`;
    const router = await callerPeer(0);
    const voicemail = { owner: 'gateway', target: `sip:127.0.0.1:${router.port}` } as const;
    const rig = await rigOf(settings, { voicemail });
    const { call, invite } = await invited(rig, { to: 'sip:1001@gateway' });
    answer(rig.callee, invite, 486);
    const first = await router.expect(/^INVITE /);
    answer(router, first, 302, { contact: `<${target}>` });
    const second = await worker.expect(/^INVITE /);
    expect(second.start).toBe(`INVITE sip:1001@127.0.0.1:${worker.port};transport=udp SIP/2.0`);
    for (const name of ['Diversion', 'From', 'X-MCG-Call']) {
      expect(second.all(name).map((value) => value.replace(/;tag=.*/, ''))).toEqual(
        first.all(name).map((value) => value.replace(/;tag=.*/, '')),
      );
    }
    expect(words(second, 'Diversion')).toHaveLength(1);
    answer(worker, second, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
    await expectNothingHeld(rig);
  });

  it.each(['<sip:127.0.0.2:5060>', '<sip:192.0.2.1>', '<sip:nowhere.invalid>'])(
    'is not followed to somebody else: %s',
    async (contact) => {
      const rig = await rigOf(settings);
      const { call, invite } = await invited(rig, { to: 'sip:1001@gateway' });
      answer(rig.callee, invite, 302, { contact });
      ackFailure(call, await response(call, '[3-6]\\d\\d'));
      expect((await rig.ledger.call()).state.legs).toHaveLength(1);
      await expectNothingHeld(rig);
    },
  );

  it(`is followed ${MAX_NAMED_HOPS} times for one INVITE, and no more`, async () => {
    const rig = await rigOf(settings, { limits: { redirects: 100 } });
    const { call, invite } = await invited(rig);
    const contact = `<sip:127.0.0.1:${rig.callee.port}>`;
    answer(rig.callee, invite, 302, { contact });
    for (let n = 0; n < MAX_NAMED_HOPS; n += 1)
      answer(rig.callee, await rig.callee.expect(/^INVITE /), 302, { contact });
    ackFailure(call, await response(call, '[3-6]\\d\\d'));
    expect((await rig.ledger.call()).state.legs).toHaveLength(MAX_NAMED_HOPS + 1);
    await expectNothingHeld(rig);
  });
});
