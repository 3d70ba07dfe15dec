import { describe, expect, it, vi } from 'vitest';
import {
  answering,
  CANCEL,
  common,
  DIALOG_A,
  DIALOG_B,
  expectBye,
  expectNothing,
  fromCallee,
  INVITE,
  startScripted,
} from '../scripted-calls.ts';
import type { ScriptedEngine } from '../scripted-engine.ts';

/** As a drachtio-server delivers them: it takes no header out. */
const MISREAD = `%50-Asserted-Identity: <sip:forged@x>
Foo%3A%20x%0D%0AX-Smuggled: 1
Replaces%20: forged
Diversi%6Fn: <sip:forged@x>
%66: <sip:forged@x>;tag=forged
Constructor: x
__proto__: x
X-Kept: 1`;
const MISTAKEN = /forged|smuggled|replaces|function|\[object|constructor/i;

async function ringing(engine: ScriptedEngine) {
  engine.request(INVITE, 'tx-a');
  const invite = await engine.command(/^INVITE /);
  invite.sent('tx-b');
  engine.response(fromCallee(180), 'tx-b', DIALOG_B);
  (await engine.command(/^SIP\/2\.0 180/)).responded('tx-a', DIALOG_A);
  return invite;
}

async function talking(engine: ScriptedEngine, gateway: Awaited<ReturnType<typeof startScripted>>['gateway']) {
  (await answering(engine)).responded('tx-a', DIALOG_A);
  await vi.waitFor(() => expect(gateway.liveCalls()).toMatchObject([{ phase: 'talking' }]));
}

const bye = (headers = ''): string => `BYE sip:x SIP/2.0\n${common(';tag=engine')}\nCSeq: 2 BYE${headers}`;

describe('headers with names that the framework would take for others', () => {
  it('do not pass in an INVITE, and name nobody', async () => {
    const { engine, gateway, ledger } = await startScripted();
    engine.request(`${INVITE}\nP-Asserted-Identity: <sip:real@x>\n${MISREAD}`, 'tx-a');
    const invite = await engine.command(/^INVITE /);
    expect(invite.text).toContain('<sip:real@x>');
    expect(invite.text).toContain('X-Kept: 1');
    expect(invite.text).not.toMatch(MISTAKEN);
    invite.sent('tx-b');
    engine.response(`${fromCallee(486)}\n${MISREAD}`, 'tx-b', DIALOG_B);
    const final = await engine.command(/^SIP\/2\.0 486/);
    expect(final.text).toContain('X-Kept: 1');
    // The From of a response is the engine's own.
    expect(final.text.replace(/^from:.*/im, '')).not.toMatch(MISTAKEN);
    final.responded('tx-a', '');
    await ledger.call();
    await expectNothing(gateway);
  });

  it('nor in a CANCEL', async () => {
    const { engine, gateway, ledger } = await startScripted();
    await ringing(engine);
    engine.request(`${CANCEL}\n${MISREAD}`, 'tx-a', DIALOG_A);
    const cancel = await engine.command(/^CANCEL /);
    expect(cancel.text).toContain('X-Kept: 1');
    expect(cancel.text).not.toMatch(MISTAKEN);
    cancel.sent('tx-c');
    engine.response(fromCallee(487), 'tx-b', DIALOG_B);
    await ledger.call();
    await expectNothing(gateway);
  });

  it('nor in a BYE', async () => {
    const { engine, gateway, ledger } = await startScripted();
    await talking(engine, gateway);
    engine.request(bye(`\n${MISREAD}`), 'tx-e', DIALOG_A);
    const passed = await engine.command(/^BYE /);
    expect(passed.text).toContain('X-Kept: 1');
    expect(passed.text).not.toMatch(MISTAKEN);
    passed.sent('tx-bye');
    await ledger.call();
    await expectNothing(gateway);
  });
});

describe('a body that does not say what it is', () => {
  const bare = INVITE.replace('\nContent-Type: application/sdp', '');

  it('and is no SDP: the INVITE gets 415, and is no call', async () => {
    const { engine, gateway } = await startScripted();
    engine.request(`${bare}\n\nhello`, 'tx-a');
    const final = await engine.command(/^SIP\/2\.0 415[^]*accept: application\/sdp/i);
    final.responded('tx-a', '');
    await expectNothing(gateway);
    expect(engine.count(/^INVITE /)).toBe(0);
  });

  it('but is SDP goes on as such', async () => {
    const { engine } = await startScripted();
    engine.request(`${bare}\n\nv=0`, 'tx-a');
    const invite = await engine.command(/^INVITE /);
    expect(invite.text).toMatch(/content-type: application\/sdp[^]*\r\n\r\nv=0$/);
    invite.refused('enough');
    await engine.command(/^SIP\/2\.0 503/);
  });

  it('in an answer is left out with what was said of it: the answer itself goes on', async () => {
    const { engine, gateway, ledger } = await startScripted();
    engine.request(INVITE, 'tx-a');
    (await engine.command(/^INVITE /)).sent('tx-b');
    engine.response(`${fromCallee(200)}\nContent-Encoding: gzip\n\nhello`, 'tx-b', DIALOG_B);
    const ok = await engine.command(/^SIP\/2\.0 200/);
    expect(ok.text).not.toMatch(/hello|content-(type|encoding)/i);
    ok.responded('tx-a', DIALOG_A);
    await vi.waitFor(() => expect(gateway.liveCalls()).toMatchObject([{ phase: 'talking' }]));
    engine.request(`${bye()}\n\nhello`, 'tx-e', DIALOG_A);
    await expectBye(engine);
    expect((await ledger.call()).verdict).toMatchObject({ outcome: 'answered' });
    await expectNothing(gateway);
  });

  it('in a re-INVITE gets 415: without it the offer would be another', async () => {
    const { engine, gateway, ledger } = await startScripted();
    await talking(engine, gateway);
    engine.request(`INVITE sip:x SIP/2.0\n${common(';tag=engine')}\nCSeq: 2 INVITE\n\nhello`, 'tx-re', DIALOG_A);
    (await engine.command(/^SIP\/2\.0 415/)).responded('tx-re', DIALOG_A);
    engine.request(bye().replace('CSeq: 2', 'CSeq: 3'), 'tx-e', DIALOG_A);
    await expectBye(engine);
    await ledger.call();
    await expectNothing(gateway);
  });
});

describe('an engine that refuses a header that was passed on', () => {
  it('gets the final response without it', async () => {
    const { engine, gateway, ledger } = await startScripted();
    engine.request(INVITE, 'tx-a');
    (await engine.command(/^INVITE /)).sent('tx-b');
    engine.response(`${fromCallee(486)}\nX-Odd: 1`, 'tx-b', DIALOG_B);
    (await engine.command(/^SIP\/2\.0 486[^]*X-Odd/)).refused('invalid header');
    const final = await engine.command(/^SIP\/2\.0 486/);
    expect(final.text).not.toContain('X-Odd');
    final.responded('tx-a', '');
    expect((await ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'busy' });
    await expectNothing(gateway);
  });

  it('gets the 200 with its description alone, and the call is answered; the ACK and the BYE too', async () => {
    const { engine, gateway, ledger } = await startScripted();
    engine.request(INVITE, 'tx-a');
    (await engine.command(/^INVITE /)).sent('tx-b');
    engine.response(`${fromCallee(200)}\nX-Odd: 1\nContent-Type: application/sdp\n\nv=0 offer`, 'tx-b', DIALOG_B);
    (await engine.command(/^SIP\/2\.0 200[^]*X-Odd/)).refused('invalid header');
    const ok = await engine.command(/^SIP\/2\.0 200/);
    expect(ok.text).toMatch(/content-type: application\/sdp[^]*v=0 offer$/);
    expect(ok.text).not.toContain('X-Odd');
    ok.responded('tx-a', DIALOG_A);
    await vi.waitFor(() => expect(gateway.liveCalls()).toMatchObject([{ phase: 'talking' }]));
    const ack = `ACK sip:x SIP/2.0\n${common(';tag=engine')}\nCSeq: 1 ACK\nX-Odd: 1\nContent-Type: application/sdp`;
    engine.request(`${ack}\n\nv=0 answer`, 'tx-a', DIALOG_A);
    (await engine.command(/^ACK [^]*X-Odd/)).refused('invalid header');
    const acked = await engine.command(/^ACK [^]*v=0 answer/);
    expect(acked.text).not.toContain('X-Odd');
    engine.request(bye('\nX-Odd: 1'), 'tx-e', DIALOG_A);
    (await engine.command(/^BYE [^]*X-Odd/)).refused('invalid header');
    await expectBye(engine);
    expect(engine.count(/^BYE /)).toBe(2);
    expect((await ledger.call()).verdict).toMatchObject({ outcome: 'answered' });
    await expectNothing(gateway);
  });

  it('gets the CANCEL without it', async () => {
    const { engine, gateway, ledger } = await startScripted();
    await ringing(engine);
    engine.request(`${CANCEL}\nX-Odd: 1`, 'tx-a', DIALOG_A);
    (await engine.command(/^CANCEL [^]*X-Odd/)).refused('invalid header');
    const cancel = await engine.command(/^CANCEL /);
    expect(cancel.text).not.toContain('X-Odd');
    cancel.sent('tx-c');
    engine.response(fromCallee(487), 'tx-b', DIALOG_B);
    await ledger.call();
    await expectNothing(gateway);
  });
});

describe('a challenge that crosses a CANCEL', () => {
  const CHALLENGE = `${fromCallee(407)}\nProxy-Authenticate: Digest realm="x", nonce="n"`;
  const nextHop = [{ uri: 'sip:127.0.0.1:9', username: 'mcg', password: 'secret' }];
  const taken = ['before it', 'after it', 'not at all'] as const;

  it.each(taken)('is not answered: nobody wants the call any more; the engine took the CANCEL %s', async (when) => {
    const { engine, gateway, ledger } = await startScripted({}, { nextHop });
    engine.request(INVITE, 'tx-a');
    (await engine.command(/^INVITE /)).sent('tx-b');
    engine.request(`${CANCEL}\nX-Reason: 1`, 'tx-a');
    const first = await engine.command(/^CANCEL /);
    if (when === 'before it') first.sent('tx-c');
    engine.response(CHALLENGE, 'tx-b', DIALOG_B);
    if (when === 'after it') first.sent('tx-c');
    if (when === 'not at all') first.refused('unable to cancel unknown transaction id');
    expect((await ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothing(gateway);
    expect(engine.count(/^INVITE /)).toBe(1);
  });

  it('and one that comes while the INVITE that answers it is on its way to the engine goes to that one', async () => {
    const { engine, gateway, ledger } = await startScripted({}, { nextHop });
    engine.request(INVITE, 'tx-a');
    (await engine.command(/^INVITE /)).sent('tx-b');
    engine.response(CHALLENGE, 'tx-b', DIALOG_B);
    const second = await engine.command(/^INVITE [^]*proxy-authorization/i);
    engine.request(CANCEL, 'tx-a');
    await vi.waitFor(() => expect(gateway.holdings.pendingInvites).toBe(0));
    second.sent('tx-d');
    (await engine.command(/^CANCEL /)).sent('tx-f');
    engine.response(fromCallee(487, 2), 'tx-d', DIALOG_B);
    await ledger.call();
    await expectNothing(gateway);
    expect(engine.count(/^CANCEL /)).toBe(1);
  });
});
