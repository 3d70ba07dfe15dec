import {
  createSipStack,
  Defects,
  LineBudget,
  makeResponse,
  Shares,
  systemClock,
  type Clock,
  type Flow,
  type SipRequest,
  type SipStackOptions,
  type TlsSettings,
} from '../sip/index.ts';
import { createAdmission, createAllowed } from './admission.ts';
import { cdrStop } from './cdr.ts';
import type { Client } from './protocol/client.ts';
import { openClientPort } from './protocol/client-port.ts';
import { receiveCommand } from './commands.ts';
import { logRefusal, type EngineCore, type LogLevel } from './core.ts';
import { DialogTable, namesOf } from './dialogs.ts';
import { acknowledgeAndEnd } from './ended-dialogs.ts';
import { refuse, settle } from './incoming-requests.ts';
import { receiveAck, receiveCancel, receiveRequest, crowded, hasRoomFor } from './incoming.ts';
import { DEFAULT_LIMITS, REFUSAL_LINES_PER_MINUTE } from './limits.ts';
import type { Dialog, IncomingRequest } from './records.ts';
import { RegisteredContacts } from './registered-contacts.ts';
import { Routes } from './protocol/routes.ts';
import { EngineTimers } from './timers.ts';
import { awaitedDialog } from './subscriptions.ts';
import { nokLine } from './protocol/token-line.ts';
import { createTraceWriter, type TraceWriter } from '../trace/index.ts';
import { traceTap } from './tracing.ts';
import type { Engine, EngineOptions } from './types.ts';

export interface EngineHooks {
  /** Time for the engine's own timers, so that a test can let it elapse; those of the stack (T1, …) run by the system's. */
  readonly clock?: Clock;
  readonly log?: (level: LogLevel, text: string) => void;
}

/** An engine in the calling thread. */
export interface LocalEngine extends Engine {
  /** How often something was thrown; each cost one message or command. */
  readonly defectCount: number;
  /** How much is remembered at this moment; all 0 once every call and transaction has ended. */
  counts(): EngineCounts;
  /**
   * Other certificates and authorities for connections that open from now on, of an engine that was started with `tls`. Throws, and
   * nothing has changed, where one cannot be used.
   */
  setTls(tls: TlsSettings): void;
}

export interface EngineCounts {
  readonly transactions: number;
  readonly dialogs: number;
  /** Connections that a dialog was heard over. */
  readonly dialogConnections: number;
  /** Requests from the network without a final answer. */
  readonly incoming: number;
  /** INVITEs of applications without a final answer. */
  readonly invites: number;
  /** SUBSCRIBEs of applications without a final answer. */
  readonly subscribes: number;
  /** The engine's own: timer C, PRACKs awaited, session timers. */
  readonly timers: number;
}

/**
 * Starts an engine in this thread. The client port opens once every SIP socket is bound, so that no application sees an
 * incomplete list of them. Rejects with the address that could not be bound.
 */
export async function startEngine(options: EngineOptions, hooks: EngineHooks = {}): Promise<LocalEngine> {
  const trace = traceOf(options, hooks);
  const core = createCore(options, hooks, trace);
  const { stack } = core;
  await stack.start();
  try {
    const port = await openClientPort(options.client, core.limits, {
      onCommand: (client, command) => {
        try {
          receiveCommand(core, client, command);
        } catch (error) {
          // A defect of ours costs one command, not every call.
          core.defects.report(`a command of ${client.name}`, error);
          client.send(nokLine(command.tokens[0] ?? '', 'Unknown server error'));
        }
      },
      onClosed: (client) => forgetClient(core, client),
      onRefused: (text) => logRefusal(core, text),
      onDefect: (what, error) => core.defects.report(what, error),
      log: core.log,
    });
    return {
      client: { host: port.host, port: port.port },
      secret: options.secret,
      sipAddresses: stack.addresses.map(
        ({ protocol, address, port: bound }) =>
          `${protocol}://${address.includes(':') ? `[${address}]` : address}:${bound}`,
      ),
      get defectCount() {
        return stack.defectCount + core.defects.count;
      },
      counts: () => ({
        transactions: stack.transactionCount,
        dialogs: core.dialogs.size,
        dialogConnections: core.dialogs.connectionCount,
        incoming: core.incoming.size,
        invites: core.invites.size,
        subscribes: core.subscribes.size,
        timers: core.timers.size,
      }),
      setTls: (tls) => stack.setTls(tls),
      close: async () => {
        await port.close();
        core.timers.close();
        await stack.close();
        await trace?.close();
      },
    };
  } catch (error) {
    await stack.close();
    await trace?.close();
    throw error;
  }
}

function traceOf({ trace }: EngineOptions, { log }: EngineHooks): TraceWriter | null {
  if (trace === undefined) return null;
  return createTraceWriter({ ...trace, now: Date.now, log: (text) => log?.('warn', text) });
}

function createCore(options: EngineOptions, hooks: EngineHooks, trace: TraceWriter | null): EngineCore {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const isAllowed = createAllowed(options.allow);
  const stranger = createAdmission(options.digest, Date.now);
  const log = hooks.log ?? ((): void => undefined);
  const defects = new Defects(systemClock, (text) => log('warn', text));
  const timers = new EngineTimers(hooks.clock ?? systemClock, defects);
  const dialogs = new DialogTable(limits.maxDialogs, timers);
  const stackOptions: SipStackOptions = {
    listen: options.listen,
    ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
    ...(options.localNet === undefined ? {} : { localNet: options.localNet }),
    ...(options.timers === undefined ? {} : { timers: options.timers }),
    ...(options.udpMtuBytes === undefined ? {} : { udpMtuBytes: options.udpMtuBytes }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.origins === undefined ? {} : { origins: options.origins }),
    // Who may call may connect and wait; a stranger's connection lives by what is let in.
    isExpected: isAllowed,
    // What anybody may show who was challenged earns no place yet: the application's word does (answers.ts).
    keeps: (request, flow) =>
      options.digest === undefined || isAllowed(flow.remoteAddress) || isInDialog(core, request),
    admit: (request, flow) => {
      const allowed = isAllowed(flow.remoteAddress);
      if (allowed && hasRoomFor(core, flow)) return null;
      // The peer of a dialog may have moved to an address that is not allowed to call; a registered phone never was.
      if (isInDialog(core, request)) return null;
      const refusal = allowed ? null : stranger(request, flow);
      return refusal ?? (hasRoomFor(core, flow) ? null : crowded(core, request, flow));
    },
    maxTransactions: limits.maxTransactions,
    ...(trace === null ? {} : { tap: traceTap(trace, isAllowed, Date.now) }),
    user: {
      onRequest: (transaction, request, flow) => receiveRequest(core, transaction, request, flow),
      onAck: (ack, flow) => receiveAck(core, ack, flow),
      onCancel: (transaction, cancel, flow) => receiveCancel(core, transaction, cancel, flow),
      onClosed: (flow) => forgetConnection(core, flow),
    },
    log,
  };
  const stack = createSipStack(stackOptions);
  const core: EngineCore = {
    stack,
    limits,
    secret: options.secret,
    routes: new Routes(),
    applications: new Set(),
    dialogs,
    incoming: new Map(),
    shares: new Shares(),
    invites: new Map(),
    subscribes: new Map(),
    contacts: new RegisteredContacts(limits.maxRegisteredContacts, stack.isOpen),
    defects,
    refusals: new LineBudget(systemClock, REFUSAL_LINES_PER_MINUTE),
    timers,
    cdrs: options.cdrs ?? false,
    now: () => Date.now(),
    log,
  };
  return core;
}

/** Whether a request belongs to a dialog of ours, or to one that a SUBSCRIBE of ours asked for. */
function isInDialog(core: EngineCore, request: SipRequest): boolean {
  const names = namesOf(request);
  return core.dialogs.match(names) !== null || awaitedDialog(core, request, names) !== null;
}

function forgetConnection(core: EngineCore, flow: Flow): void {
  if (flow.connectionId === null) {
    return;
  }
  for (const { invite, state } of core.dialogs.forgetConnection(flow.connectionId)) {
    // A caller that can be reached anew hears that its call still rings; of one that cannot, the application hears that it is gone.
    if (invite !== null && state === null) {
      invite.transaction.repeat();
    }
  }
}

/**
 * An application went away (drachtio-protocol 3.1): what it had not answered is refused, what it was calling is given up, and
 * an answer it had not acknowledged is acknowledged and ended. Its established dialogs stay, until the peer's next request in
 * them gets 481.
 */
function forgetClient(core: EngineCore, client: Client): void {
  // Who did not know the secret has nothing here, and may come and go any number of times: looking for it costs a walk over all calls.
  if (!core.applications.delete(client)) return;
  core.log('info', `application ${client.name} is gone`);
  core.routes.removeClient(client);
  for (const incoming of core.incoming.values()) {
    if (incoming.client === client) {
      guarded(core, 'a request', () => giveBack(core, incoming));
    }
  }
  for (const invite of core.invites.values()) {
    if (invite.client === client && !invite.cancelled) {
      invite.cancelled = true;
      invite.unwanted = true;
      guarded(core, 'an INVITE', () => invite.transaction.cancel());
    }
  }
  for (const dialog of core.dialogs.all()) {
    if (dialog.client === client) {
      guarded(core, 'a dialog', () => abandon(core, dialog));
    }
  }
}

/** What cannot be ended must not keep the rest from its end, nor end the thread. */
function guarded(core: EngineCore, what: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    core.defects.report(`${what} of an application that went away`, error);
  }
}

function giveBack(core: EngineCore, incoming: IncomingRequest): void {
  const parts = incoming.toTag === '' ? {} : { toTag: incoming.toTag };
  if (incoming.inDialog) {
    refuse(incoming.transaction, 481, 'Call/Transaction Does Not Exist', parts);
  } else {
    const { transaction, dialog } = incoming;
    refuse(transaction, 503, 'Service Unavailable', parts);
    if (dialog !== null) {
      const refusal = makeResponse(transaction.request, 503, 'Service Unavailable', parts);
      cdrStop(core, 'application', 'call-rejected', refusal);
    }
  }
  settle(core, incoming);
}

function abandon(core: EngineCore, dialog: Dialog): void {
  const { ours, state } = dialog;
  if (state !== null && ours !== null && ours.succeeded && !ours.acknowledged) {
    acknowledgeAndEnd(core, ours.transaction, dialog.role, state, dialog.flow);
    core.dialogs.remove(dialog);
  } else {
    core.dialogs.orphan(dialog);
  }
}
