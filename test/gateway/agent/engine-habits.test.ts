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

describe('a CANCEL that the engine took before our 200 reached it', () => {
  it('is known by the refusal of the 200: the phone is ended, and the call is missed', async () => {
    const { engine, gateway, ledger } = await startScripted();
    (await answering(engine)).refused('Response not sent due to unknown transaction');
    await expectBye(engine);
    const { verdict, evidence } = await ledger.call();
    expect(verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    expect(evidence.map(({ kind }) => kind)).toContain('answer-crossed');
    await expectNothing(gateway);
  });
});

describe('the gateway stops while its 200 is on the way', () => {
  it('and ends both sides when it has left', async () => {
    const { engine, gateway } = await startScripted();
    const ok = await answering(engine);
    const drained = gateway.drain(0);
    await expectBye(engine);
    ok.responded('tx-a', DIALOG_A);
    await expectBye(engine);
    await drained;
    await expectNothing(gateway);
  });
});

describe('a CANCEL that comes before the engine has taken our INVITE', () => {
  it('goes out as soon as the engine has', async () => {
    const { engine, gateway, ledger } = await startScripted();
    engine.request(INVITE, 'tx-a');
    const invite = await engine.command(/^INVITE /);
    engine.request(CANCEL, 'tx-a');
    await vi.waitFor(() => expect(gateway.holdings.pendingInvites).toBe(0));
    expect(engine.count(/^CANCEL /)).toBe(0);
    invite.sent('tx-b');
    (await engine.command(/^CANCEL /)).sent('tx-c');
    engine.response(fromCallee(487), 'tx-b', DIALOG_B);
    expect((await ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothing(gateway);
  });
});

describe('an engine that does not take our INVITE', () => {
  it('is a next hop that could not be reached', async () => {
    const { engine, gateway, ledger } = await startScripted();
    engine.request(INVITE, 'tx-a');
    (await engine.command(/^INVITE /)).refused('requested protocol/transport not available');
    const final = await engine.command(/^SIP\/2\.0 503/);
    final.responded('tx-a', '');
    expect((await ledger.call()).state.legs[0]?.failure?.kind).toBe('transport');
    await expectNothing(gateway);
  });
});

describe('an engine that never tells the end of a cancelled INVITE', () => {
  it('does not hold up the verdict', async () => {
    const { engine, gateway, ledger } = await startScripted({ cancelGraceMs: 30 });
    engine.request(INVITE, 'tx-a');
    (await engine.command(/^INVITE /)).sent('tx-b');
    engine.response(fromCallee(180), 'tx-b', DIALOG_B);
    await engine.command(/^SIP\/2\.0 180/);
    engine.request(CANCEL, 'tx-a', DIALOG_A);
    await engine.command(/^CANCEL /);
    expect((await ledger.call()).verdict).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
    await expectNothing(gateway);
  });
});

describe('an engine that tells every ACK', () => {
  it('the one of an earlier INVITE is not taken for the answer to a later offer', async () => {
    const { engine, gateway, ledger } = await startScripted();
    (await answering(engine)).responded('tx-a', DIALOG_A);
    await vi.waitFor(() => expect(gateway.liveCalls()).toMatchObject([{ phase: 'talking' }]));
    const ack = (cseq: number, body: string): string =>
      `ACK sip:x SIP/2.0\n${common(';tag=engine')}\nCSeq: ${cseq} ACK\n\n${body}`;
    engine.request(ack(1, 'v=0 first'), 'tx-a', DIALOG_A);
    await engine.command(/^ACK [^]*v=0 first/);
    engine.request(`INVITE sip:x SIP/2.0\n${common(';tag=engine')}\nCSeq: 2 INVITE`, 'tx-2', DIALOG_A);
    (await engine.command(/^INVITE /)).sent('tx-3');
    engine.response(`${fromCallee(200)}\n\nv=0 offer`, 'tx-3', DIALOG_B);
    (await engine.command(/^SIP\/2\.0 200[^]*v=0 offer/)).responded('tx-2', DIALOG_A);
    engine.request(ack(1, 'v=0 again'), 'tx-a', DIALOG_A);
    engine.request(ack(2, 'v=0 answer'), 'tx-2', DIALOG_A);
    expect((await engine.command(/^ACK /)).text).toContain('v=0 answer');
    engine.request(`BYE sip:x SIP/2.0\n${common(';tag=engine')}\nCSeq: 3 BYE`, 'tx-4', DIALOG_A);
    await expectBye(engine);
    await ledger.call();
    await expectNothing(gateway);
  });
});

describe('an engine that gave a dialog up by itself', () => {
  it('tells by a BYE in our name: the other side gets its own', async () => {
    const { engine, gateway, ledger } = await startScripted();
    (await answering(engine)).responded('tx-a', DIALOG_A);
    await vi.waitFor(() => expect(gateway.liveCalls()).toMatchObject([{ phase: 'talking' }]));
    engine.unsolicited(
      `BYE sip:2001@127.0.0.1:9 SIP/2.0\n${common(';tag=engine')}\nCSeq: 2 BYE\nReason: SIP;cause=200;text="ACK timeout"`,
      DIALOG_A,
    );
    await expectBye(engine);
    expect((await ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'lost' });
    // Nothing is answered to what nobody asked.
    expect(engine.count(/^SIP\/2\.0 200[^]*BYE/)).toBe(0);
    await expectNothing(gateway);
  });

  it('and no longer knows the dialog: both sides are ended', async () => {
    const { engine, gateway, ledger } = await startScripted();
    (await answering(engine)).responded('tx-a', DIALOG_A);
    await vi.waitFor(() => expect(gateway.liveCalls()).toMatchObject([{ phase: 'talking' }]));
    engine.request(`INFO sip:x SIP/2.0\n${common(';tag=engine')}\nCSeq: 2 INFO`, 'tx-info', DIALOG_A);
    (await engine.command(/^INFO /)).refused('Server error: unable to find dialog for dialog id provided');
    await engine.command(/^SIP\/2\.0 481/);
    await expectBye(engine);
    await expectBye(engine);
    expect((await ledger.call()).state.legs[0]).toMatchObject({ endedBy: 'lost' });
    await expectNothing(gateway);
  });
});
