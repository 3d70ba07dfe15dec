import * as SIP from 'sip.js';
import { later, SDP_A } from './support.ts';

/**
 * sip.js as a caller and a phone in Node, over Node's own WebSocket: it has no media here, so that session descriptions are
 * texts of the test's.
 */
export interface SipJsPhone {
  readonly agent: SIP.UserAgent;
  /** Closes its WebSocket. */
  drop(): Promise<void>;
}

/** What the other side has offered or answered, in order. */
export const descriptionsHeard: string[] = [];

const descriptions: SIP.SessionDescriptionHandlerFactory = () => ({
  close: () => undefined,
  getDescription: () => Promise.resolve({ body: SDP_A, contentType: 'application/sdp' }),
  hasDescription: (contentType) => contentType === 'application/sdp',
  rollbackDescription: () => Promise.resolve(),
  setDescription: (sdp) => {
    descriptionsHeard.push(sdp);
    return Promise.resolve();
  },
  sendDtmf: () => false,
});

export async function sipJsPhone(server: string, delegate: SIP.UserAgentDelegate = {}): Promise<SipJsPhone> {
  const uri = SIP.UserAgent.makeURI('sip:alice@127.0.0.1');
  if (uri === undefined) throw new Error('no URI');
  const agent = new SIP.UserAgent({
    uri,
    delegate,
    logLevel: 'error',
    logBuiltinEnabled: false,
    sessionDescriptionHandlerFactory: descriptions,
    transportOptions: { server, connectionTimeout: 5 },
  });
  await agent.start();
  later(() => agent.stop());
  return { agent, drop: () => agent.transport.disconnect() };
}

export interface SipJsCall {
  readonly inviter: SIP.Inviter;
  readonly established: Promise<void>;
  readonly terminated: Promise<void>;
}

export async function sipJsCall({ agent }: SipJsPhone, to: string): Promise<SipJsCall> {
  const target = SIP.UserAgent.makeURI(to);
  if (target === undefined) throw new Error(`${to} is no URI`);
  const inviter = new SIP.Inviter(agent, target);
  const reached = (state: SIP.SessionState): Promise<void> =>
    new Promise((resolve) => {
      inviter.stateChange.addListener((now) => {
        if (now === state) resolve();
      });
    });
  const call = {
    inviter,
    established: reached(SIP.SessionState.Established),
    terminated: reached(SIP.SessionState.Terminated),
  };
  await inviter.invite();
  return call;
}
