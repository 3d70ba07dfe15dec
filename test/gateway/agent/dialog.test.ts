import { describe, expect, it } from 'vitest';
import { AgentDialog, MAX_HELD_REQUESTS, type InDialogRequest } from '../../../src/gateway/agent/dialog.ts';
import type { SipRequest } from '../../../src/gateway/agent/user-agent.ts';

function newDialog(): AgentDialog {
  const facts = { id: 'd', ack: null };
  return new AgentDialog(facts, { sendInDialog: () => ({ cancel: () => undefined }), forget: () => undefined });
}

function request(method: string): SipRequest {
  return { method, uri: 'sip:a@b', headers: {}, body: '', sourceAddress: '', source: '' };
}

/** Lets a request come in. @returns what it was answered, and a way to cancel it */
function receive(dialog: AgentDialog, method: string): { readonly statuses: number[]; readonly cancel: () => void } {
  const statuses: number[] = [];
  let cancelled: (cancel: SipRequest) => void = () => undefined;
  const received: InDialogRequest = {
    request: request(method),
    reply: (status) => statuses.push(status),
    onCancel: (listener) => (cancelled = listener),
    silent: false,
  };
  dialog.receive(received);
  return { statuses, cancel: () => cancelled(request('CANCEL')) };
}

function listen(dialog: AgentDialog): string[] {
  const heard: string[] = [];
  dialog.listener = {
    request: ({ method }, reply) => {
      heard.push(method);
      reply(200);
    },
    ack: () => undefined,
    ended: () => heard.push('ended'),
  };
  return heard;
}

describe('requests in a dialog that nobody listens to yet', () => {
  it('wait, in their order, and those beyond the limit get 500', () => {
    const dialog = newDialog();
    const early = Array.from({ length: MAX_HELD_REQUESTS + 1 }, (_, index) =>
      receive(dialog, index === 0 ? 'UPDATE' : 'INFO'),
    );
    expect(early.at(-1)?.statuses).toEqual([500]);
    expect(listen(dialog)).toEqual(['UPDATE', ...Array.from({ length: MAX_HELD_REQUESTS - 1 }, () => 'INFO')]);
    expect(early[0]?.statuses).toEqual([200]);
  });

  it('are not told where they were cancelled', () => {
    const dialog = newDialog();
    const { cancel, statuses } = receive(dialog, 'INVITE');
    cancel();
    expect(listen(dialog)).toEqual([]);
    expect(statuses).toEqual([]);
  });

  it('end with the dialog: 487 after their own BYE, 481 after ours', () => {
    const theirs = newDialog();
    const before = receive(theirs, 'UPDATE');
    expect(receive(theirs, 'BYE').statuses).toEqual([200]);
    expect(before.statuses).toEqual([487]);
    expect(listen(theirs)).toEqual(['ended']);
    const ours = newDialog();
    const open = receive(ours, 'UPDATE');
    ours.bye();
    expect(open.statuses).toEqual([481]);
  });
});
