import { describe, expect } from 'vitest';
import type { RawClient, RawMessage } from './raw-client.ts';
import { byCallee } from './raw-application.ts';
import { rawClient } from './raw-client.ts';
import {
  answer,
  callerPeer,
  EXPIRING,
  newCall,
  requestText,
  SDP_A,
  SDP_B,
  startEngineForTest,
  unique,
  type RawCall,
} from './support.ts';
import { embeddedIt } from './target.ts';
import type { Received, SipPeer } from '../support/sip-peer.ts';

/** Calls whose two ends say whatever comes to their minds, at the same time: nothing of them may stay. */

const CALLS = 60;
const STEPS = 12;

/** mulberry32. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Call {
  /** One thing that a side may say now. */
  step(): void;
  /** Both sides end it. */
  end(): void;
}

const pick = <T>(random: () => number, from: readonly T[]): T => {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};

const SESSION = 'Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n';

/** A calls the application. */
function incoming(client: RawClient, peer: SipPeer, random: () => number): Call {
  const call: RawCall = newCall(peer);
  const text = requestText(call, {
    body: SDP_A,
    headers: pick(random, ['Supported: 100rel', 'Require: 100rel', 'Supported: timer\nSession-Expires: 90', 'X: y']),
  });
  peer.send(text);
  const dialogId = `${call.callId};from-tag=${call.tag}`;
  const delivered = (): RawMessage[] =>
    client.received.filter(({ tokens, text: sip }) => tokens[2] === 'network' && sip.includes(call.callId));
  const txnId = (): string => delivered().find(({ text: sip }) => sip.startsWith('INVITE '))?.tokens[8] ?? 'none';
  const heard = (): Received[] => peer.received.filter((each) => each.header('Call-ID') === call.callId);
  const say = (method: string, headers = '', body = ''): void => {
    call.toTag = heard().flatMap((each) => /;tag=(\S+)/.exec(each.header('To'))?.[1] ?? [])[0] ?? '';
    call.cseq += 1;
    peer.send(requestText(call, { method, branch: unique('z9hG4bK'), headers, body }));
  };
  const reply = (status: string, headers = '', body = ''): void => {
    client.send(`sip|${txnId()}|\r\nSIP/2.0 ${status}\r\n${headers}\r\n${body}`);
  };
  const ask = (method: string, body = ''): void => {
    client.send(`sip||${dialogId}\r\n${method} sip:placeholder SIP/2.0\r\n\r\n${body}`);
  };
  const prack = (cseq: string): void => {
    const rseq = heard()
      .flatMap((each) => each.all('RSeq'))
      .at(-1);
    say('PRACK', `RAck: ${rseq ?? '7'} ${cseq} INVITE`, pick(random, ['', SDP_A]));
  };
  const says = [
    () => peer.send(text),
    () => peer.send(requestText({ ...call, toTag: '' }, { method: 'CANCEL', contact: '', cseq: 1 })),
    () => say('BYE'),
    () => prack('1'),
    () => prack('99'),
    () => say('UPDATE', SESSION, pick(random, ['', SDP_A])),
    () => say('INVITE', SESSION, SDP_A),
    () => say('INFO'),
    () => peer.send(requestText(call, { method: 'ACK', branch: unique('z9hG4bK'), cseq: 1 })),
    () => reply('180 Ringing'),
    () => reply('183 Progress', 'Require: 100rel\r\n'),
    () => reply('183 Progress', 'Require: 100rel\r\n', SDP_B),
    () => reply('200 OK', pick(random, ['', SESSION]), SDP_B),
    () => reply('486 Busy Here'),
    () => ask('BYE'),
    () => ask('INVITE', SDP_B),
    () => ask('UPDATE', SDP_B),
    () => ask('INFO'),
    () => ask('ACK'),
  ];
  return {
    step: () => pick(random, says)(),
    end: () => {
      reply('480 Temporarily Unavailable');
      ask('BYE');
      say('BYE');
    },
  };
}

/** The application calls B. */
function outgoing(client: RawClient, peer: SipPeer, random: () => number): Call {
  const callId = unique('out');
  const invite = (): Received | undefined =>
    peer.received.find((each) => each.start.startsWith('INVITE ') && each.header('Call-ID') === callId);
  const start = client.send(
    `sip||\r\nINVITE sip:1001@127.0.0.1:${peer.port} SIP/2.0\r\nCall-ID: ${callId}\r\nFrom: <sip:a@b>;tag=${callId}\r\n\r\n${SDP_A}`,
  );
  const txnId = (): string => client.received.find(({ tokens }) => tokens[2] === start)?.tokens[10] ?? 'none';
  const ask = (method: string, body = ''): void => {
    client.send(`sip||${callId};from-tag=${callId}\r\n${method} sip:placeholder SIP/2.0\r\n\r\n${body}`);
  };
  let cseq = 0;
  const reply = (status: number, toTag = 'callee', headers = ''): void => {
    const request = invite();
    if (request !== undefined) answer(peer, request, status, { toTag, headers, body: status === 200 ? SDP_B : '' });
  };
  const say = (method: string, body = ''): void => {
    const request = invite();
    cseq += 1;
    if (request !== undefined) peer.send(byCallee(peer, request, method, { cseq, body }));
  };
  const says = [
    () => reply(100),
    () => reply(180),
    () => reply(180, 'other'),
    () => reply(183, pick(random, ['callee', 'other']), 'Require: 100rel\nRSeq: 1'),
    () => reply(183, 'callee', 'Require: 100rel\nRSeq: 2'),
    () => reply(200, 'callee', pick(random, ['', 'Session-Expires: 1;refresher=uac'])),
    () => reply(200, 'other'),
    () => reply(486),
    () => say('BYE'),
    () => say('UPDATE', SDP_B),
    () => say('INVITE', SDP_B),
    () => say('INFO'),
    () => void client.send(`sip|${txnId()}|\r\nCANCEL sip:placeholder SIP/2.0\r\n\r\n`),
    () => ask('PRACK'),
    () => ask('ACK'),
    () => ask('BYE'),
    () => ask('INVITE', SDP_A),
    () => ask('UPDATE', SDP_A),
  ];
  return {
    step: () => pick(random, says)(),
    end: () => {
      client.send(`sip|${txnId()}|\r\nCANCEL sip:placeholder SIP/2.0\r\n\r\n`);
      ask('ACK');
      ask('BYE');
      say('BYE');
    },
  };
}

/** What either side was asked gets some answer, mostly. */
function answering(client: RawClient, peer: SipPeer, random: () => number): () => void {
  let [seenByPeer, seenByClient] = [0, 0];
  return () => {
    for (const request of peer.received.slice(seenByPeer)) {
      if (/^(?!INVITE|ACK|SIP)\w+ /.test(request.start) || /^INVITE .*\r\n[^]*To: .*;tag=/.test(request.text)) {
        if (random() < 0.9) answer(peer, request, pick(random, [200, 200, 200, 481, 401, 491, 100]));
      }
    }
    seenByPeer = peer.received.length;
    for (const { tokens, text } of client.received.slice(seenByClient)) {
      const inDialog = tokens[2] === 'network' && (tokens[9] ?? '') !== '';
      if (inDialog && /^(?!ACK|CANCEL|SIP)\w+ /.test(text) && random() < 0.9) {
        client.send(`sip|${tokens[8]}|\r\nSIP/2.0 ${pick(random, ['200 OK', '200 OK', '491 Pending'])}\r\n\r\n`);
      }
    }
    seenByClient = client.received.length;
  };
}

describe('messages that cross', () => {
  const seeds = process.env['CROSSING_SEEDS']?.split(',').map(Number) ?? [1, 2];
  for (const seed of seeds) {
    embeddedIt('its counts are read', `whatever both sides say, nothing stays (seed ${seed})`, async () => {
      const random = dice(seed);
      const { engine, udpPort } = await startEngineForTest({ timers: EXPIRING, limits: { ringingTimeoutMs: 700 } });
      const client = await rawClient(engine);
      await client.ask('route|invite');
      const peer = await callerPeer(udpPort);
      const answers = answering(client, peer, random);
      const calls: Call[] = [];
      const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
      for (let i = 0; i < CALLS; i += 1) calls.push((i % 2 === 0 ? incoming : outgoing)(client, peer, random));
      await tick();
      for (let i = 0; i < CALLS * STEPS; i += 1) {
        pick(random, calls).step();
        if (i % 20 === 0) {
          await tick();
          answers();
        }
      }
      for (const call of calls) call.end();
      const nothing = { transactions: 0, dialogs: 0, incoming: 0, invites: 0, subscribes: 0, timers: 0 };
      await expect
        .poll(
          () => {
            answers();
            return engine.counts();
          },
          { timeout: 8_000, interval: 50 },
        )
        .toMatchObject(nothing);
    });
  }
});
