import { tagOf, type Dialog as DialogState, type Flow, type SipRequest } from '../sip/index.ts';
import type { Client } from './protocol/client.ts';
import type { Dialog } from './records.ts';
import type { EngineTimers } from './timers.ts';

/** RFC 3261 leaves `|` out of words and tokens; here it separates tokens (drachtio-protocol 2.2). Beyond ASCII nothing is legal. */
const UNUSABLE_ID = /[^!-{}~]/;

/** What tells dialogs apart (RFC 3261 12), read once for each request. */
export interface DialogNames {
  readonly callId: string;
  readonly fromTag: string | null;
  readonly toTag: string | null;
}

export function namesOf(request: SipRequest): DialogNames {
  return {
    callId: request.headers.get('Call-ID') ?? '',
    fromTag: tagOf(request.headers.get('From')),
    toTag: tagOf(request.headers.get('To')),
  };
}

/** The id of the dialog that such a request creates; null where it cannot be written into a token line. */
export function newDialogId({ callId, fromTag }: DialogNames): string | null {
  const tag = fromTag ?? '';
  return UNUSABLE_ID.test(callId) || UNUSABLE_ID.test(tag) ? null : dialogId(callId, tag);
}

function dialogId(callId: string, fromTag: string): string {
  return `${callId};from-tag=${fromTag}`;
}

const NOTHING = Buffer.alloc(0);

/** Puts what has changed about a dialog back where it came from. */
export function update(dialog: Dialog, state: DialogState): void {
  if (dialog.state === null) {
    dialog.early.set(state.remoteTag, state);
  } else {
    dialog.state = state;
  }
}

export interface FoundDialog {
  readonly dialog: Dialog;
  /** The early dialog that is meant, or the confirmed one. */
  readonly state: DialogState;
}

export class DialogTable {
  readonly #byId = new Map<string, Dialog>();
  readonly #byConnection = new Map<number, Set<Dialog>>();
  /** Dialogs whose application is gone. */
  readonly #orphans = new Set<Dialog>();
  readonly #maxDialogs: number;
  readonly #timers: EngineTimers;

  constructor(maxDialogs: number, timers: EngineTimers) {
    this.#maxDialogs = maxDialogs;
    this.#timers = timers;
  }

  get size(): number {
    return this.#byId.size;
  }

  get connectionCount(): number {
    return this.#byConnection.size;
  }

  /** Makes room by forgetting the oldest dialog whose application is gone; false where there is none. */
  hasRoom(): boolean {
    if (this.#byId.size < this.#maxDialogs) {
      return true;
    }
    for (const dialog of this.#orphans) {
      this.remove(dialog);
      return true;
    }
    return false;
  }

  /** The dialog stays for its peer's next request only, and only while there is room. */
  orphan(dialog: Dialog): void {
    this.#orphans.add(dialog);
  }

  create(id: string, role: Dialog['role'], client: Client, kind: Dialog['kind'] = 'call'): Dialog {
    const dialog: Dialog = {
      id,
      role,
      kind,
      client,
      state: null,
      early: new Map(),
      flow: null,
      lostConnection: false,
      invite: null,
      unanswered: new Set(),
      ours: null,
      unacknowledged: new Map(),
      heldBye: null,
      latePrack: '',
      local: { contact: '', contentType: '', body: NOTHING },
      session: null,
      expiry: null,
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
    this.#orphans.delete(dialog);
    this.#leaveConnection(dialog);
    dialog.flow = null;
    dialog.session?.close();
    this.#timers.stop(dialog.expiry);
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
    dialog.lostConnection = false;
  }

  /** A connection ended: its dialogs, which this returns, go on, but not over it. */
  forgetConnection(connectionId: number): readonly Dialog[] {
    const dialogs = [...(this.#byConnection.get(connectionId) ?? [])];
    for (const dialog of dialogs) {
      dialog.flow = null;
      dialog.lostConnection = true;
    }
    this.#byConnection.delete(connectionId);
    return dialogs;
  }

  /** The dialog of a request from the network, by Call-ID and both tags (RFC 3261 12). */
  match({ callId, fromTag, toTag }: DialogNames): FoundDialog | null {
    if (toTag === null) {
      return null;
    }
    const ourTag = toTag;
    const theirTag = fromTag ?? '';
    return (
      this.#matchRole('uas', dialogId(callId, theirTag), ourTag, theirTag) ??
      this.#matchRole('uac', dialogId(callId, ourTag), ourTag, theirTag)
    );
  }

  #matchRole(role: Dialog['role'], id: string, ourTag: string, theirTag: string): FoundDialog | null {
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
