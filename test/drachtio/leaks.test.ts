import { describe, expect } from 'vitest';
import { b2bua, type B2buaTest } from './b2bua.ts';
import {
  ackFailure,
  answer,
  newCall,
  next,
  requestText,
  response,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  type RawCall,
  type SrfDialog,
} from './support.ts';
import { embeddedIt } from './target.ts';

type Ending = (
  test: B2buaTest,
  call: RawCall,
  dialogs: () => Promise<{ uas: SrfDialog; uac: SrfDialog }>,
) => Promise<void>;

function cancel(call: RawCall): void {
  call.peer.send(requestText({ ...call, toTag: '' }, { method: 'CANCEL', contact: '' }));
}

async function talk({ callee }: B2buaTest, call: RawCall): Promise<void> {
  sendInvite(call);
  answer(callee, await callee.expect(/^INVITE /), 200, { body: SDP_B });
  await response(call, 200);
  sendAck(call);
  await callee.expect(/^ACK /);
}

/** Every way a call may end leaves room for the next: with two dialogs and two unanswered requests allowed, five calls pass. */
const endings: Record<string, Ending> = {
  'A hangs up': async (test, call, dialogs) => {
    await talk(test, call);
    const { uas, uac } = await dialogs();
    const ended = next(uas, 'destroy');
    sendInDialog(call, 'BYE');
    await ended;
    const destroyed = uac.destroy();
    answer(test.callee, await test.callee.expect(/^BYE /), 200);
    await destroyed;
  },
  'the application hangs up on both': async (test, call, dialogs) => {
    await talk(test, call);
    const { uas, uac } = await dialogs();
    const both = Promise.all([uas.destroy(), uac.destroy()]);
    answer(test.caller, await test.caller.expect(/^BYE /), 200);
    answer(test.callee, await test.callee.expect(/^BYE /), 481);
    await both;
  },
  'both BYEs cross': async (test, call, dialogs) => {
    await talk(test, call);
    const { uas, uac } = await dialogs();
    const ended = uas.destroy();
    const bye = await test.caller.expect(/^BYE /);
    sendInDialog(call, 'BYE');
    await response(call, 200, 'BYE');
    answer(test.caller, bye, 481);
    await ended;
    const other = uac.destroy();
    answer(test.callee, await test.callee.expect(/^BYE /), 200);
    await other;
  },
  busy: async ({ callee }, call) => {
    sendInvite(call);
    answer(callee, await callee.expect(/^INVITE /), 486);
    ackFailure(call, await response(call, 486));
  },
  'A cancels': async ({ callee }, call) => {
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 180);
    await response(call, 180);
    cancel(call);
    answer(callee, await callee.expect(/^CANCEL /), 200);
    answer(callee, invite, 487);
    ackFailure(call, await response(call, 487));
    await callee.expect(/^ACK /);
  },
  'A cancels while B answers': async ({ callee }, call) => {
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 180);
    await response(call, 180);
    cancel(call);
    await callee.expect(/^CANCEL /);
    answer(callee, invite, 200, { body: SDP_B });
    await callee.expect(/^ACK /);
    answer(callee, await callee.expect(/^BYE /), 200);
    ackFailure(call, await response(call, 487));
  },
  'A says BYE while it rings': async ({ callee }, call) => {
    sendInvite(call);
    const invite = await callee.expect(/^INVITE /);
    answer(callee, invite, 180);
    await response(call, 180);
    sendInDialog(call, 'BYE');
    answer(callee, await callee.expect(/^CANCEL /), 200);
    answer(callee, invite, 487);
    await response(call, 487);
    await callee.expect(/^ACK /);
  },
};

describe('what a call leaves behind', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    for (const [name, ending] of Object.entries(endings)) {
      embeddedIt('its limits are lowered, its counts read', `nothing, over ${transport}: ${name}`, () =>
        leavesNothing(ending, transport),
      );
    }
  }

  async function leavesNothing(ending: Ending, transport: 'udp' | 'tcp'): Promise<void> {
    const made: Promise<{ uas: SrfDialog; uac: SrfDialog }>[] = [];
    const test = await b2bua({
      transport,
      callerTransport: transport,
      limits: { maxDialogs: 2, maxUnansweredRequests: 2 },
      onDialogs: (dialogs) => {
        dialogs.catch(() => undefined);
        made.push(dialogs);
      },
    });
    for (let i = 0; i < 5; i += 1) {
      await ending(test, newCall(test.caller), async () => {
        const dialogs = made[i];
        if (dialogs === undefined) throw new Error('createB2BUA has not been called');
        return dialogs;
      });
      await expect.poll(() => test.srf.idle).toBe(true);
    }
    expect(test.caller.count(/^SIP\/2\.0 (482|503)/)).toBe(0);
    // Transactions still absorb copies for a while; everything else is forgotten.
    const { transactions: _, ...remembered } = test.engine.counts();
    expect(Object.entries(remembered).filter(([, count]) => count !== 0)).toEqual([]);
  }
});
