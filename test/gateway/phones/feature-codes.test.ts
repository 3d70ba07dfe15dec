import { describe, expect, it, vi } from 'vitest';
import { MAX_SWITCHINGS, MAX_SWITCHINGS_PER_MAILBOX } from '../../../src/gateway/phones/feature-codes.ts';
import { LIMITS } from '../../../src/gateway/limits.ts';
import {
  ackFailure,
  answer,
  requestText,
  SDP_A,
  sendAck,
  sendInDialog,
  sendInvite,
  type RawCall,
} from '../../drachtio/support.ts';
import { account, directory, FAR_PEER, phoneCalls, REGISTRAR } from '../phones.ts';
import {
  expectNothingHeld,
  LOCAL_PEER,
  NOTHING,
  response,
  sendCancel,
  startRig,
  type Parts,
  type Rig,
} from '../support.ts';

const CODES = { notificationsOn: '*56', notificationsOff: '*57' };

type Switch = readonly [mailbox: string, on: boolean];

async function rigOf(parts: Parts = {}): Promise<Rig & { readonly switched: Switch[] }> {
  const switched: Switch[] = [];
  const switchNotifications = async (mailbox: string, on: boolean): Promise<void> => void switched.push([mailbox, on]);
  const limits = { confirmationMs: 100, ...parts.limits };
  return { ...(await startRig({ featureCodes: CODES, switchNotifications, ...parts, limits })), switched };
}

const asserted = (number: string): string => `P-Asserted-Identity: <sip:${number}@127.0.0.1>`;

const policyFor = (users: readonly string[]): string => `dialPlans:
  - { name: Paris, numberOfDigitsInExtension: 4 }
mailboxPolicies:
  - { name: Staff, dialPlan: Paris }
mailboxes:
${users.map((user) => `  - { identity: u${user}, extensions: ["${user}"], mailboxPolicy: Staff }`).join('\n')}
`;

function dial(rig: Rig, code: string, headers: string, body = SDP_A): RawCall {
  const call = rig.newCall(`sip:${code}@127.0.0.1:${rig.udpPort}`);
  sendInvite(call, { headers, body });
  return call;
}

/** Acknowledges the 200 and answers the BYE that follows it. */
async function confirmed(
  call: RawCall,
): Promise<{ readonly body: string; readonly reason: string; readonly ms: number }> {
  const ok = await response(call, 200);
  const at = performance.now();
  sendAck(call);
  const bye = await call.peer.expect(new RegExp(`^BYE [^]*?Call-ID: ${call.callId}`));
  const ms = performance.now() - at;
  answer(call.peer, bye, 200);
  return { body: ok.text.split('\r\n\r\n')[1] ?? '', reason: bye.header('Reason'), ms };
}

describe('a feature code', () => {
  it.each([
    ['*57', false, 'Notifications off'],
    ['*56', true, 'Notifications on'],
  ])('%s switches the caller’s own notifications, and says so', async (code, on, text) => {
    const rig = await rigOf({ limits: LIMITS });
    const { body, reason, ms } = await confirmed(dial(rig, code, asserted('1001')));
    expect(rig.switched).toEqual([['alice', on]]);
    expect(body).toContain('m=audio 9 RTP/AVP 0\r\na=inactive\r\n');
    expect(reason).toBe(`Q.850;cause=16;text="${text}"`);
    expect(ms).toBeGreaterThan(LIMITS.confirmationMs / 2);
    expect(rig.log).toContainEqual(
      expect.objectContaining({
        level: 'info',
        message: 'a user switched missed-call notifications by phone',
        fields: {
          mailbox: 'alice',
          notifications: on ? 'on' : 'off',
          caller: '1001',
          peer: 'pbx',
          from: `udp/127.0.0.1:${rig.caller.port}`,
          sipCallId: expect.any(String) as string,
        },
      }),
    );
    // It is no call: nobody is told of it.
    expect(rig.ledger.started).toEqual([]);
    await expectNothingHeld(rig);
  });

  it('is the caller’s whose URI is a mailbox, and found in the dial plan of the peer', async () => {
    const rig = await rigOf();
    await confirmed(dial(rig, '%2A57', 'P-Asserted-Identity: "A" <sip:alice@example.com;user=phone>'));
    await confirmed(dial(rig, '*57', asserted('+33140001002')));
    expect(rig.switched).toEqual([
      ['alice', false],
      ['bob', false],
    ]);
  });

  it.each([
    ['a caller without a mailbox', asserted('4711')],
    ['a number that two dial plans have', asserted('1003')],
    ['a caller who hides', `${asserted('1001')}\nPrivacy: id`],
  ])('of %s: 403, and nothing is switched', async (_who, headers) => {
    const rig = await rigOf();
    const call = dial(rig, '*57', headers);
    ackFailure(call, await response(call, 403));
    expect(rig.switched).toEqual([]);
    expect(rig.ledger.started).toEqual([]);
  });

  it('of a peer that is not believed about who calls: 403, and nothing is switched', async () => {
    const rig = await rigOf({ peers: [{ ...LOCAL_PEER, trustCallerId: false }] });
    const call = rig.newCall('sip:*57@127.0.0.1');
    rig.caller.send(requestText(call, { body: SDP_A }).replace('sip:alice@127.0.0.1', 'sip:1001@127.0.0.1'));
    ackFailure(call, await response(call, 403));
    expect(rig.switched).toEqual([]);
    expect(rig.log).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ caller: '1001', status: 403 }) as object }),
    );
  });

  it('of a phone switches for its own number, which its password has shown', async () => {
    const phones = directory(account('alice', '1001'));
    const rig = await rigOf({ peers: [FAR_PEER], registrar: REGISTRAR, phones });
    await confirmed(await phoneCalls(rig.caller, 'alice', 'sip:*57@127.0.0.1'));
    expect(rig.switched).toEqual([['alice', false]]);
  });

  it('that cannot be switched: 500, and the log says why', async () => {
    const switchNotifications = (): Promise<void> => Promise.reject(new Error('the file is locked'));
    const rig = await rigOf({ switchNotifications });
    const call = dial(rig, '*56', asserted('1001'));
    ackFailure(call, await response(call, 500));
    const lines = rig.log.splice(0).filter(({ level }) => level === 'error');
    expect(lines).toMatchObject([{ fields: { mailbox: 'alice', notifications: 'on' } }]);
  });

  it('with a body that is no offer: 488, and nothing is switched', async () => {
    const rig = await rigOf();
    const call = dial(rig, '*57', asserted('1001'), 'hello');
    ackFailure(call, await response(call, 488));
    expect(rig.switched).toEqual([]);
  });

  it('without an offer gets ours', async () => {
    const rig = await rigOf();
    const { body } = await confirmed(dial(rig, '*57', asserted('1001'), ''));
    expect(body).toContain('a=inactive');
  });

  it('is a number like any other where none is configured, and so is another code', async () => {
    const rig = await rigOf({ featureCodes: null });
    dial(rig, '*57', asserted('1001'));
    answer(rig.callee, await rig.callee.expect(/^INVITE sip:(?:\*|%2A)57@/), 404);
    const other = await rigOf();
    dial(other, '*58', asserted('1001'));
    answer(other.callee, await other.callee.expect(/^INVITE sip:(?:\*|%2A)58@/), 404);
    await vi.waitFor(() => expect([rig.ledger.over, other.ledger.over]).toMatchObject([[{}], [{}]]));
    expect(other.switched).toEqual([]);
  });
});

describe('feature codes that go wrong on the way', () => {
  it('a caller who hangs up meanwhile has switched, and gets no answer beside its 487', async () => {
    const gate = Promise.withResolvers<void>();
    const switched: string[] = [];
    const rig = await rigOf({
      switchNotifications: async (mailbox) => {
        await gate.promise;
        switched.push(mailbox);
      },
    });
    const call = dial(rig, '*57', asserted('1001'));
    await response(call, 100);
    sendCancel(call);
    ackFailure(call, await response(call, 487));
    // The engine answers a CANCEL before the gateway hears of it.
    await vi.waitFor(() => expect(rig.gateway.holdings.pendingInvites).toBe(0));
    gate.resolve();
    await vi.waitFor(() => expect(rig.log.some(({ fields }) => fields['notifications'] === 'off')).toBe(true));
    expect(switched).toEqual(['alice']);
    expect(rig.log.filter(({ message }) => message.includes('could not be confirmed'))).toEqual([]);
    expect(rig.gateway.holdings).toEqual(NOTHING);
  });

  it('a phone that hangs up first is forgotten, and gets no BYE', async () => {
    const rig = await rigOf();
    const call = dial(rig, '*57', asserted('1001'));
    await response(call, 200);
    sendAck(call);
    sendInDialog(call, 'BYE');
    await response(call, 200, 'BYE');
    await expectNothingHeld(rig);
  });

  it('they are done one after the other, and the last one dialled holds', async () => {
    const gate = Promise.withResolvers<void>();
    const done: boolean[] = [];
    const rig = await rigOf({
      switchNotifications: async (_mailbox, on) => {
        if (!on) await gate.promise;
        done.push(on);
      },
    });
    const off = dial(rig, '*57', asserted('1001'));
    await response(off, 100);
    const on = dial(rig, '*56', asserted('1001'));
    await vi.waitFor(() => expect(rig.gateway.holdings.pendingInvites).toBe(2));
    expect(done).toEqual([]);
    gate.resolve();
    await Promise.all([confirmed(off), confirmed(on)]);
    expect(done).toEqual([false, true]);
  });

  it(`${MAX_SWITCHINGS} wait at most; one more gets 503 with Retry-After (MAX_SWITCHINGS)`, async () => {
    const gate = Promise.withResolvers<void>();
    const users = Array.from({ length: MAX_SWITCHINGS + 1 }, (_, index) => String(2_000 + index));
    const rig = await rigOf({ switchNotifications: () => gate.promise, policy: policyFor(users) });
    const calls: RawCall[] = [];
    for (const user of users.slice(1)) {
      const call = dial(rig, '*57', asserted(user));
      await response(call, 100);
      calls.push(call);
    }
    const crowded = dial(rig, '*57', asserted(users[0] ?? ''));
    const refusal = await response(crowded, 503);
    ackFailure(crowded, refusal);
    expect(refusal.header('Retry-After')).toBe('5');
    gate.resolve();
    await Promise.all(calls.map(confirmed));
    await expectNothingHeld(rig);
  });

  it(`${MAX_SWITCHINGS_PER_MAILBOX} of a mailbox wait at most, and others are not kept waiting by it (MAX_SWITCHINGS_PER_MAILBOX)`, async () => {
    const gate = Promise.withResolvers<void>();
    const rig = await rigOf({ switchNotifications: () => gate.promise, policy: policyFor(['1001', '1002']) });
    const calls: RawCall[] = [];
    for (const user of [...Array.from({ length: MAX_SWITCHINGS_PER_MAILBOX }, () => '1001'), '1002']) {
      const call = dial(rig, '*57', asserted(user));
      await response(call, 100);
      calls.push(call);
    }
    const crowded = dial(rig, '*56', asserted('1001'));
    ackFailure(crowded, await response(crowded, 503));
    gate.resolve();
    await Promise.all(calls.map(confirmed));
    await expectNothingHeld(rig);
  });

  it('a gateway that stops hangs up', async () => {
    const rig = await rigOf();
    const call = dial(rig, '*57', asserted('1001'));
    await response(call, 200);
    sendAck(call);
    await vi.waitFor(() => expect(rig.gateway.holdings.dialogs).toBe(1));
    const stopped = rig.gateway.stop();
    answer(call.peer, await call.peer.expect(new RegExp(`^BYE [^]*?Call-ID: ${call.callId}`)), 200);
    await stopped;
  });
});
