import { describe, expect, it } from 'vitest';
import { ackFailure, answer, requestText, SDP_A, sendInvite, unique } from '../../drachtio/support.ts';
import { expectNothingHeld, invited, LOCAL_PEER, response, ringing, sendCancel, startRig } from '../support.ts';

const STRANGERS = [{ ...LOCAL_PEER, allow: ['192.0.2.0/24'] }];

describe('an INVITE is refused', () => {
  it.each([
    { title: 'a stranger’s: 403', status: 403, parts: { peers: STRANGERS }, invite: {}, journalled: false },
    { title: 'without Contact: 400', status: 400, parts: {}, invite: { contact: '' }, journalled: false },
    {
      title: 'that requires what we cannot do: 420',
      status: 420,
      parts: {},
      invite: { headers: 'Require: 100rel, precondition' },
      journalled: false,
    },
    {
      title: 'beyond the limit of live calls: 503',
      status: 503,
      parts: { limits: { liveCallers: 0 } },
      invite: {},
      journalled: false,
    },
    {
      title: 'that joins another dialog: 603',
      status: 603,
      parts: {},
      invite: { headers: 'Join: abc;to-tag=1;from-tag=2' },
      journalled: true,
    },
  ])('$title', async ({ status, parts, invite, journalled }) => {
    const rig = await startRig(parts);
    const call = rig.newCall();
    sendInvite(call, invite);
    const final = await response(call, status);
    ackFailure(call, final);
    if (status === 420) expect(final.header('Unsupported')).toBe('precondition');
    if (status === 503) expect(final.header('Retry-After')).not.toBe('');
    if (journalled) {
      expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'rejected', reason: 'rejected' });
    } else {
      expect(rig.ledger.started).toEqual([]);
    }
    expect(rig.callee.received).toEqual([]);
    expect(rig.log).toContainEqual(expect.objectContaining({ level: 'info', message: 'INVITE refused' }));
    await expectNothingHeld(rig);
  });

  it('with Max-Forwards 0: 483, and judged as rejected', async () => {
    const rig = await startRig();
    const call = rig.newCall();
    call.peer.send(requestText(call, { body: SDP_A }).replace('Max-Forwards: 70', 'Max-Forwards: 0'));
    ackFailure(call, await response(call, 483));
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'rejected' });
    await expectNothingHeld(rig);
  });
});

describe('other requests outside a dialog', () => {
  it.each([
    { method: 'OPTIONS', peers: [LOCAL_PEER], status: 200 },
    { method: 'OPTIONS', peers: STRANGERS, status: 403 },
    { method: 'MESSAGE', peers: [LOCAL_PEER], status: 405 },
    { method: 'REFER', peers: [LOCAL_PEER], status: 603 },
    { method: 'NOTIFY', peers: [LOCAL_PEER], status: 481 },
    { method: 'SUBSCRIBE', peers: [LOCAL_PEER], status: 405 },
    { method: 'MESSAGE', peers: STRANGERS, status: 403 },
  ])('$method: $status', async ({ method, peers, status }) => {
    const rig = await startRig({ peers });
    const call = rig.newCall();
    const headers = method === 'REFER' ? 'Refer-To: <sip:1002@127.0.0.1>' : 'Event: presence';
    rig.caller.send(requestText(call, { method, headers, branch: unique('z9hG4bK') }));
    const final = await response(call, status, method);
    if (status === 200 || status === 405) expect(final.header('Allow')).toContain('INVITE');
  });

  it('with a To tag of no dialog: 481', async () => {
    const rig = await startRig();
    const call = { ...rig.newCall(), toTag: 'unknown' };
    rig.caller.send(requestText(call, { method: 'MESSAGE', branch: unique('z9hG4bK') }));
    await response(call, 481, 'MESSAGE');
  });

  it('OPTIONS while draining: 503; a new call too', async () => {
    const rig = await startRig();
    const { call, invite } = await ringing(rig);
    const drained = rig.gateway.drain(5_000);
    const probe = rig.newCall();
    rig.caller.send(requestText(probe, { method: 'OPTIONS' }));
    await response(probe, 503, 'OPTIONS');
    const late = rig.newCall();
    sendInvite(late);
    ackFailure(late, await response(late, 503));
    sendCancel(call);
    await response(call, 487);
    answer(rig.callee, invite, 487);
    await drained;
    expect(rig.ledger.over).toHaveLength(1);
  });
});

describe('hostile headers', () => {
  it('do not reach the next hop: neither our own header nor credentials nor a made-up call', async () => {
    const rig = await startRig();
    const { call, invite } = await invited(rig, {
      headers: 'X-MCG-Call: 00000000-0000-7000-8000-000000000000\nX-MCG-Other: 1\nAuthorization: Digest username="a"',
    });
    expect(invite.header('X-MCG-Call')).toBe(rig.ledger.started[0]?.id);
    expect(invite.text).not.toContain('X-MCG-Other');
    expect(invite.text).not.toContain('Authorization');
    answer(rig.callee, invite, 486);
    ackFailure(call, await response(call, 486));
    await rig.ledger.call();
  });

  it.each([428, 433, 607, 608])('%i, which the framework lacks, passes as it is', async (status) => {
    const rig = await startRig();
    const { call, invite } = await invited(rig);
    answer(rig.callee, invite, status);
    ackFailure(call, await response(call, status));
    expect((await rig.ledger.call()).verdict).toMatchObject({ outcome: 'rejected', cause: 'unwanted' });
  });
});
