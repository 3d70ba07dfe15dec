import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { EngineCore } from '../../src/drachtio/core.ts';
import { DialogTable } from '../../src/drachtio/dialogs.ts';
import { newIncoming, settle } from '../../src/drachtio/incoming-requests.ts';
import { dialogTarget } from '../../src/drachtio/next-hop.ts';
import {
  createSipStack,
  Shares,
  SipHeaders,
  type ClientTransactionHandlers,
  type Dialog,
  type Flow,
  type ServerTransaction,
  type SipRequest,
} from '../../src/sip/index.ts';
import type { Client } from '../../src/drachtio/protocol/client.ts';
import type { EngineTimers } from '../../src/drachtio/timers.ts';
import { rawApplication } from './raw-application.ts';
import { rawClient } from './raw-client.ts';
import {
  answer,
  calleePeer,
  callerPeer,
  later,
  newCall,
  requestText,
  response,
  sendInvite,
  startEngineForTest,
  unique,
} from './support.ts';
import { embeddedIt } from './target.ts';
import { udpPeer } from '../support/sip-peer.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('what is kept of a dialog', () => {
  const flow: Flow = {
    protocol: 'udp',
    localAddress: '203.0.113.1',
    localPort: 5060,
    remoteAddress: '198.51.100.7',
    remotePort: 5060,
    connectionId: null,
  };
  const state = (route: string): Dialog => ({
    callId: 'c',
    localTag: 'l',
    remoteTag: 'r',
    localParty: '<sip:a@x>;tag=l',
    remoteParty: '<sip:b@x>;tag=r',
    remoteTarget: 'sip:b@192.0.2.9',
    routeSet: [route],
    localSequence: 1,
    remoteSequence: null,
    early: false,
  });

  it.each([
    ['an address of a private network that the peer is not in', '<sip:10.0.0.9;lr>', { flow }],
    ['a public address', '<sip:192.0.2.4;lr>', { uri: 'sip:192.0.2.4;lr', by: flow }],
    ['a name', '<sip:proxy.example;lr>', { uri: 'sip:proxy.example;lr', by: flow }],
  ])('45: where requests go with a first route of %s', (_what, route, target) => {
    expect(dialogTarget('uac', state(route), flow)).toEqual(target);
  });

  it('45: a private route is followed where the peer is in a private network itself', () => {
    const near = { ...flow, remoteAddress: '10.0.0.7' };
    expect(dialogTarget('uac', state('<sip:10.0.0.9;lr>'), near)).toEqual({ uri: 'sip:10.0.0.9;lr', by: near });
  });

  embeddedIt(
    'drachtio-server keeps to where the INVITE came from',
    '45: requests go where the ACK came from',
    async () => {
      const started = await startEngineForTest();
      const client = await rawClient(started.engine);
      await client.ask('route|invite');
      const call = newCall(await callerPeer(started.udpPort));
      sendInvite(call, { contact: '<sip:alice@10.11.12.13:5099>' });
      const { tokens } = await client.sip(/INVITE /);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(call, 200);
      const moved = await udpPeer(started.udpPort);
      later(() => moved.close());
      moved.send(requestText({ ...call, peer: moved }, { method: 'ACK', branch: unique('z9hG4bK') }));
      const ack = await client.sip(/ACK /);
      await client.ask(`sip||${ack.tokens[9]}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`);
      answer(moved, await moved.expect(/^INFO sip:alice@10/), 200);
      await client.sip(/SIP\/2\.0 200 [^]*INFO/);
    },
  );

  it('a request that has its answer is no longer one that the end of its dialog must answer', () => {
    const dialogs = new DialogTable(1, {} as EngineTimers);
    const dialog = dialogs.create('d', 'uas', {} as Client);
    const flow = { remoteAddress: '192.0.2.1' };
    const transaction = { id: 't', request: { method: 'INFO' }, flow } as ServerTransaction;
    const incoming = newIncoming(transaction, dialog.client, dialog, true);
    const shares = new Shares();
    const core = { dialogs, shares, incoming: new Map([['t', incoming]]) } as unknown as EngineCore;
    shares.add(flow.remoteAddress);
    dialog.unanswered.add(incoming);
    settle(core, incoming);
    expect([core.incoming.size, dialog.unanswered.size, shares.of(flow.remoteAddress)]).toEqual([0, 0, 0]);
  });
});

describe('what is kept of an application', () => {
  embeddedIt(
    'drachtio-server removes all verbs',
    '40: an application that leaves the rotation takes no turn away from the next',
    async () => {
      const { engine, peer, client } = await rawApplication();
      const [second, third] = [await rawClient(engine), await rawClient(engine)];
      for (const other of [second, third]) await other.ask('route|invite');
      for (const expected of [client, second]) {
        sendInvite(newCall(peer));
        await expected.sip(/INVITE /);
      }
      await client.ask('remove_route|invite');
      for (const expected of [third, second, third]) {
        sendInvite(newCall(peer));
        await expected.sip(/INVITE /);
      }
    },
  );
});

describe('what is kept of a request', () => {
  it('nothing, once it has its answer, though its connection lives on', async () => {
    const stack = createSipStack({
      listen: [{ protocol: 'tcp', address: '127.0.0.1', port: 0 }],
      user: { onRequest: () => undefined, onAck: () => undefined, onCancel: () => undefined },
    });
    await stack.start();
    later(() => stack.close());
    const peer = await calleePeer(0, 'tcp');
    const handlers = await answeredOptions();
    expect(stack.transactionCount).toBe(0);
    await expect
      .poll(() => {
        collectGarbage();
        return handlers.deref() === undefined;
      })
      .toBe(true);

    /** In a function of its own, so that no frame holds the handlers. */
    async function answeredOptions(): Promise<WeakRef<ClientTransactionHandlers>> {
      const answered = Promise.withResolvers<void>();
      const own: ClientTransactionHandlers = {
        onResponse: () => answered.resolve(),
        onTimeout: () => undefined,
        onTransportError: () => undefined,
      };
      const headers = new SipHeaders();
      const uri = `sip:1001@127.0.0.1:${peer.port};transport=tcp`;
      const values = {
        'Max-Forwards': '70',
        From: '<sip:a@x>;tag=1',
        To: `<${uri}>`,
        'Call-ID': 'k',
        CSeq: '1 OPTIONS',
      };
      for (const [name, value] of Object.entries(values)) headers.append(name, value);
      const request: SipRequest = { kind: 'request', method: 'OPTIONS', uri, headers, body: Buffer.alloc(0) };
      stack.request(request, { uri }, own);
      answer(peer, await peer.expect(/^OPTIONS /), 200);
      await answered.promise;
      return new WeakRef(own);
    }
  });
});
