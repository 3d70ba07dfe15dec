import { describe, expect } from 'vitest';
import { sendCancel } from './raw-application.ts';
import { rawClient, type RawMessage } from './raw-client.ts';
import {
  ackFailure,
  answer,
  calleePeer,
  callerPeer,
  EXPIRING,
  newCall,
  response,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
} from './support.ts';
import { embeddedIt } from './target.ts';
import type { EngineOptions } from '../../src/drachtio/index.ts';

const CONFIGURED = 'it sends them only where its configuration says so';

async function application(options: Partial<EngineOptions> = { cdrs: true }) {
  const started = await startEngineForTest(options);
  const client = await rawClient(started.engine);
  for (const verb of ['cdr:attempt', 'cdr:start', 'cdr:stop', 'invite']) {
    expect((await client.ask(`route|${verb}`)).tokens[3]).toBe('OK');
  }
  const records = (): string[] =>
    client.received.filter(({ line }) => line.includes('|cdr:')).map((record) => summary(record));
  const call = newCall(await callerPeer(started.udpPort));
  const reply = async (status: string, body = '') => {
    const { tokens } = await client.sip(/INVITE /);
    return client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 ${status}\r\n\r\n${body}`);
  };
  return { ...started, client, records, call, reply };
}

/** Verb, source, role or reason, and what the message is. */
function summary({ tokens, text }: RawMessage): string {
  expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(tokens[3]).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
  const start = /^(?:SIP\/2\.0 )?(\w+)/.exec(text)?.[1] ?? '';
  return [tokens[1], tokens[2], ...tokens.slice(4), start].join(' ');
}

describe('call detail records', () => {
  embeddedIt(CONFIGURED, '58: a call of A that is answered and ended', async () => {
    const { client, records, call, reply } = await application();
    sendInvite(call);
    await reply('200 OK', SDP_B);
    await response(call, 200);
    sendAck(call);
    await client.sip(/ACK /);
    sendInDialog(call, 'BYE');
    await client.sip(/BYE /);
    await client.ask('ping');
    expect(records()).toEqual([
      'cdr:attempt network INVITE',
      'cdr:start application uas 200',
      'cdr:stop network normal-release BYE',
    ]);
  });

  embeddedIt(CONFIGURED, '58: refused by the application; cancelled by A', async () => {
    const { client, records, call, reply } = await application();
    sendInvite(call);
    await reply('486 Busy Here');
    ackFailure(call, await response(call, 486));
    const again = newCall(call.peer);
    sendInvite(again);
    await client.sip(/INVITE /);
    sendCancel(again);
    await client.sip(/CANCEL /);
    await client.ask('ping');
    expect(records()).toEqual([
      'cdr:attempt network INVITE',
      'cdr:stop application call-rejected 486',
      'cdr:attempt network INVITE',
      'cdr:stop network call-canceled CANCEL',
    ]);
  });

  embeddedIt(CONFIGURED, '58: no ACK: ended by the engine', async () => {
    const { client, records, call, reply } = await application({ cdrs: true, timers: EXPIRING });
    sendInvite(call);
    await reply('200 OK', SDP_B);
    await client.sip(/BYE /);
    expect(records().slice(1)).toEqual([
      'cdr:start application uas 200',
      'cdr:stop application system-initiated-termination BYE',
    ]);
  });

  embeddedIt(CONFIGURED, '58: calls of the application: answered, refused, cancelled', async () => {
    const { client, records, udpPort } = await application();
    const callee = await calleePeer(udpPort);
    const dial = async () => {
      const sent = await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
      return { invite: await callee.expect(/^INVITE /), txnId: sent.tokens[10] ?? '' };
    };
    answer(callee, (await dial()).invite, 200, { body: SDP_B });
    const dialogId = (await client.sip(/SIP\/2\.0 200/)).tokens[9];
    await client.ask(`sip||${dialogId}\r\nACK sip:placeholder SIP/2.0\r\n\r\n`);
    await client.ask(`sip||${dialogId}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
    answer(callee, (await dial()).invite, 486);
    await client.sip(/SIP\/2\.0 486/);
    const { invite, txnId } = await dial();
    answer(callee, invite, 180);
    await client.sip(/SIP\/2\.0 180/);
    await client.ask(`sip|${txnId}|\r\nCANCEL sip:x SIP/2.0\r\n\r\n`);
    answer(callee, invite, 487);
    await client.sip(/SIP\/2\.0 487/);
    expect(records()).toEqual([
      'cdr:attempt application INVITE',
      'cdr:start network uac 200',
      'cdr:stop application normal-release BYE',
      'cdr:attempt application INVITE',
      'cdr:stop network call-rejected 486',
      'cdr:attempt application INVITE',
      'cdr:stop network call-canceled 487',
    ]);
  });

  embeddedIt(CONFIGURED, '58: an application that goes away leaves the records to another', async () => {
    const { engine, client, call } = await application();
    const other = await rawClient(engine);
    for (const verb of ['cdr:attempt', 'cdr:stop']) await other.ask(`route|${verb}`);
    sendInvite(call);
    await client.sip(/INVITE /);
    client.socket.destroy();
    ackFailure(call, await response(call, 503));
    await other.ask('ping');
    const records = other.received.filter(({ line }) => line.includes('|cdr:stop')).map(summary);
    expect(records).toEqual(['cdr:stop application call-rejected 503']);
  });

  embeddedIt(CONFIGURED, '58: none without the option', async () => {
    const { records, client, call, reply } = await application({});
    sendInvite(call);
    await reply('486 Busy Here');
    await client.ask('ping');
    expect(records()).toEqual([]);
  });
});
