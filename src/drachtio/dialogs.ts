import { tagOf, type Dialog as DialogState, type Flow, type SipRequest } from '../sip/index.ts';
import type { Client } from './client.ts';
import type { Dialog } from './records.ts';

/** RFC 3261 leaves `|` out of words and tokens; here it separates tokens (drachtio-protocol 2.2). Beyond ASCII nothing is legal. */
const UNUSABLE_ID = /[^!-{}~]/;

/** The id of the dialog that this request would create; null where it cannot be written into a token line. */
export function newDialogId(request: SipRequest): string | null {
  const callId = request.headers.get('Call-ID') ?? '';
  const tag = tagOf(request.headers.get('From')) ?? '';
  return UNUSABLE_ID.test(callId) || UNUSABLE_ID.test(tag) ? null : dialogId(callId, tag);
}

function dialogId(callId: string, fromTag: string): string {
  return `${callId};from-tag=${fromTag}`;
}

/** Puts what has changed about a dialog back where it came from. */
export function update(dialog: Dialog, state: DialogState): void {
  if (dialog.state === null) {
    dialog.early.set(state.remoteTag, state);
  } else {
    dialog.state = state;
  }
}

export class DialogTable {
  readonly #byId = new Map<string, Dialog>();
  readonly #byConnection = new Map<number, Set<Dialog>>();
  readonly #maxDialogs: number;

  constructor(maxDialogs: number) {
    this.#maxDialogs = maxDialogs;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Makes room by forgetting the oldest dialog whose application is gone; false where there is none. */
  hasRoom(): boolean {
    if (this.#byId.size < this.#maxDialogs) {
      return true;
    }
    for (const dialog of this.#byId.values()) {
      if (dialog.client.closed) {
        this.remove(dialog);
        return true;
      }
    }
    return false;
  }

  create(id: string, role: Dialog['role'], client: Client): Dialog {
    const dialog: Dialog = {
      id,
      role,
      client,
      state: null,
      early: new Map(),
      flow: null,
      invite: null,
      unanswered: new Set(),
      ours: null,
      unacknowledged: new Map(),
    };
    this.#byId.set(id, dialog);
    return dialog;
  }

  get(id: string): Dialog | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Dialog> {
    return this.#byId.values();
  }

  remove(dialog: Dialog): void {
    if (this.#byId.get(dialog.id) === dialog) {
      this.#byId.delete(dialog.id);
    }
    this.#leaveConnection(dialog);
    dialog.flow = null;
  }

  /** Remembers the peer's latest way to us. */
  setFlow(dialog: Dialog, flow: Flow): void {
    if (dialog.flow?.connectionId !== flow.connectionId) {
      this.#leaveConnection(dialog);
      if (flow.connectionId !== null) {
        const sharing = this.#byConnection.get(flow.connectionId) ?? new Set();
        sharing.add(dialog);
        this.#byConnection.set(flow.connectionId, sharing);
      }
    }
    dialog.flow = flow;
  }

  /** A connection ended: its dialogs go on, but not over it. */
  forgetConnection(connectionId: number): void {
    for (const dialog of this.#byConnection.get(connectionId) ?? []) {
      dialog.flow = null;
    }
    this.#byConnection.delete(connectionId);
  }

  /** The dialog of a request from the network, by Call-ID and both tags (RFC 3261 12). */
  match(request: SipRequest): { readonly dialog: Dialog; readonly state: DialogState } | null {
    const callId = request.headers.get('Call-ID') ?? '';
    const ourTag = tagOf(request.headers.get('To'));
    const theirTag = tagOf(request.headers.get('From')) ?? '';
    if (ourTag === null) {
      return null;
    }
    return (
      this.#matchRole('uas', dialogId(callId, theirTag), ourTag, theirTag) ??
      this.#matchRole('uac', dialogId(callId, ourTag), ourTag, theirTag)
    );
  }

  #matchRole(
    role: Dialog['role'],
    id: string,
    ourTag: string,
    theirTag: string,
  ): { readonly dialog: Dialog; readonly state: DialogState } | null {
    const dialog = this.#byId.get(id);
    const state = dialog?.state ?? dialog?.early.get(theirTag);
    if (dialog === undefined || state === undefined || dialog.role !== role) {
      return null;
    }
    return state.localTag === ourTag && state.remoteTag === theirTag ? { dialog, state } : null;
  }

  #leaveConnection(dialog: Dialog): void {
    const connectionId = dialog.flow?.connectionId;
    if (connectionId === undefined || connectionId === null) {
      return;
    }
    const sharing = this.#byConnection.get(connectionId);
    sharing?.delete(dialog);
    if (sharing?.size === 0) {
      this.#byConnection.delete(connectionId);
    }
  }
}
