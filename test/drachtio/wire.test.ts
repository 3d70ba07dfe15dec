import { describe, expect, it, vi } from 'vitest';
import { established } from './b2bua.ts';
import { rawClient } from './raw-client.ts';
import {
  answer,
  answerText,
  calleePeer,
  callerPeer,
  connectSrf,
  dialogCount,
  EXPIRING,
  FAST,
  later,
  newCall,
  next,
  requestText,
  response,
  responseCopy,
  SDP_A,
  SDP_B,
  sendAck,
  sendInDialog,
  sendInvite,
  startEngineForTest,
  unique,
  type SrfMessage,
} from './support.ts';
import { udpPeer } from '../support/sip-peer.ts';
import type { EngineOptions } from '../../src/drachtio/index.ts';

/** A raw application, and a peer on each side. */
async function start(options: Partial<EngineOptions> = {}) {
  const started = await startEngineForTest(options);
  const client = await rawClient(started.engine);
  for (const verb of ['invite', 'options', 'message', 'register', 'info', 'refer', 'subscribe']) {
    await client.ask(`route|${verb}`);
  }
  const peer = await callerPeer(started.udpPort);
  /** Sends as the application and returns what the peer got. */
  const sent = async (text: string, routeUrl = '') => {
    const method = /^\w+/.exec(text)?.[0] ?? '';
    const ok = await client.ask(`sip||${routeUrl === '' ? '' : `|${routeUrl}`}\r\n${text}`);
    expect(ok.tokens.slice(3, 5)).toEqual(['OK', 'application']);
    return peer.expect(new RegExp(`^${method} `));
  };
  const uri = `sip:1001@127.0.0.1:${peer.port}`;
  /** Rings the application and answers as it says. */
  const answered = async (status: string, rest = '', method = 'INVITE', headers = '') => {
    const call = newCall(peer);
    sendInvite(call, { method, headers, body: '' });
    const { tokens } = await client.sip(new RegExp(`${method} [^]*${call.callId}`));
    const ok = await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 ${status}\r\n${rest}`);
    return { call, ok, txnId: tokens[8] ?? '' };
  };
  return { ...started, client, peer, sent, uri, answered };
}

describe('requests of the application', () => {
  it('33: @localhost becomes own host:port in From, To, Contact and P-Asserted-Identity; From gets brackets and a tag', async () => {
    const { sent, uri, udpPort } = await start();
    const invite = await sent(
      [
        `INVITE ${uri} SIP/2.0`,
        'from: sip:123@localhost',
        'to: "To localhost" <sip:9@localhost>',
        'contact: "sip:x@localhost" <sip:123@localhost;transport=udp>',
        'P-Asserted-Identity: <sip:pai@localhost>',
        'X-Left: sip:a@localhost',
        'subject: sip:a@localhost',
        '',
        '',
      ].join('\r\n'),
    );
    const own = `127.0.0.1:${udpPort}`;
    expect(invite.header('From')).toMatch(new RegExp(`^<sip:123@${own}>;tag=[\\w.-]+$`));
    expect(invite.header('To')).toBe(`"To localhost" <sip:9@${own}>`);
    expect(invite.header('Contact')).toBe(`"sip:x@localhost" <sip:123@${own};transport=udp>`);
    expect(invite.header('P-Asserted-Identity')).toBe(`<sip:pai@${own}>`);
    expect(invite.header('X-Left')).toBe('sip:a@localhost');
    expect(invite.header('Subject')).toBe('sip:a@localhost');
  });

  it.each([
    ['udp', '', ''],
    ['tcp', ';transport=tcp', ';transport=tcp'],
  ] as const)('33: so is the very first call to a name, over %s', async (protocol, param, shown) => {
    // The first socket is not the one that leads there.
    const listen = (['::1', '127.0.0.1'] as const).flatMap((address) =>
      (['udp', 'tcp'] as const).map((each) => ({ protocol: each, address, port: 0 })),
    );
    const { engine } = await startEngineForTest({ listen });
    const client = await rawClient(engine);
    const callee = await calleePeer(0, protocol);
    await client.ask(
      `sip||\r\nINVITE sip:1001@localhost:${callee.port}${param} SIP/2.0\r\nfrom: sip:123@localhost\r\n` +
        'to: <sip:9@localhost>\r\nP-Asserted-Identity: <sip:pai@localhost>\r\n\r\n',
    );
    const invite = await callee.expect(/^INVITE /);
    const own = engine.sipAddresses.find((each) => each.startsWith(`${protocol}://127`))?.slice(6);
    expect(invite.header('Via')).toContain(` ${own};`);
    expect(invite.header('Contact')).toBe(`<sip:${own}${shown}>`);
    expect(invite.header('From')).toMatch(new RegExp(`^<sip:123@${own}>;tag=[\\w.-]+$`));
    expect(invite.header('To')).toBe(`<sip:9@${own}>`);
    expect(invite.header('P-Asserted-Identity')).toBe(`<sip:pai@${own}>`);
  });

  it('33: behind an advertised address it is that address', async () => {
    const { sent, uri, udpPort } = await start({ advertise: '203.0.113.5' });
    const invite = await sent(`INVITE ${uri} SIP/2.0\r\nfrom: <sip:1@localhost>\r\n\r\n`);
    expect(invite.header('From')).toMatch(new RegExp(`^<sip:1@203\\.0\\.113\\.5:${udpPort}>;tag=`));
    expect(invite.header('Contact')).toBe(`<sip:203.0.113.5:${udpPort}>`);
    expect(invite.header('Via')).toMatch(new RegExp(`^SIP/2\\.0/UDP 203\\.0\\.113\\.5:${udpPort};`));
  });

  it.each(['udp', 'tcp'] as const)(
    '33: peers in localNet see the bound address, over %s both ways',
    async (protocol) => {
      const options = { advertise: '203.0.113.5', localNet: ['127.0.0.0/8'] };
      const { engine, udpPort, tcpPort } = await startEngineForTest(options);
      const client = await rawClient(engine);
      await client.ask('route|invite');
      const port = protocol === 'udp' ? udpPort : tcpPort;
      const call = newCall(await callerPeer(port, protocol));
      sendInvite(call);
      const { tokens } = await client.sip(/INVITE /);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      expect((await response(call, 200)).header('Contact')).toContain(`127.0.0.1:${port}`);
      sendAck(call);
      const callee = await callerPeer(udpPort);
      await client.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${callee.port} SIP/2.0\r\n\r\n`);
      const invite = await callee.expect(/^INVITE /);
      expect(invite.text).not.toContain('203.0.113.5');
      expect(invite.header('Via')).toContain(`127.0.0.1:${udpPort}`);
    },
  );

  it('34: Call-ID, CSeq, tags, Contact, Max-Forwards and User-Agent are kept; Via, routes and RSeq are not', async () => {
    const { sent, uri } = await start();
    const kept = {
      'Call-ID': 'given@call',
      CSeq: '4711 INVITE',
      From: '<sip:a@example.com>;tag=given',
      To: '<sip:b@example.com>;tag=theirs',
      Contact: '<sip:a@192.0.2.1;ob>',
      'Max-Forwards': '17',
      'User-Agent': 'mine/1.0',
      'X-WeIrD': 'Yes',
      'x-lower': 'yes',
      'Session-Expires': '1800',
      Diversion: '<sip:d@x>;reason=no-answer',
      'WWW-Authenticate': 'Digest realm="x"',
    };
    const dropped = { Via: 'SIP/2.0/UDP forged', Route: '<sip:forged>', 'Record-Route': '<sip:forged>', RSeq: '9' };
    const lines = Object.entries({ ...kept, ...dropped }).map(([name, value]) =>
      name.startsWith('X-') || name === 'Diversion' ? `${name}: ${value}` : `${name.toLowerCase()}: ${value}`,
    );
    const invite = await sent(`INVITE ${uri} SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\n`);
    for (const [name, value] of Object.entries(kept)) {
      expect(invite.text).toContain(`\r\n${name}: ${value}\r\n`);
      expect(invite.all(name)).toHaveLength(1);
    }
    expect(invite.text).not.toMatch(/forged/);
    expect(invite.all('RSeq')).toEqual([]);
  });

  it('34: what is missing is added, and nothing else', async () => {
    const { sent, uri, udpPort } = await start();
    const options = await sent(`OPTIONS ${uri} SIP/2.0\r\n\r\n`);
    const names = options.text
      .split('\r\n')
      .slice(1)
      .flatMap((line) => /^([\w-]+):/.exec(line)?.[1] ?? []);
    expect(names.sort()).toEqual(['CSeq', 'Call-ID', 'Content-Length', 'From', 'Max-Forwards', 'To', 'Via']);
    expect(options.header('Max-Forwards')).toBe('70');
    expect(options.header('To')).toBe(`<${uri}>`);
    expect(options.header('From')).toMatch(new RegExp(`^<sip:127\\.0\\.0\\.1:${udpPort}>;tag=`));
    expect(options.header('CSeq')).toMatch(/^[1-9]\d* OPTIONS$/);
    expect(options.header('Via')).toMatch(new RegExp(`^SIP/2\\.0/UDP 127\\.0\\.0\\.1:${udpPort};rport;branch=z9hG4bK`));
  });

  it('35: a Contact is added to INVITE and SUBSCRIBE, for TCP with its transport', async () => {
    const { sent, uri, udpPort, client, tcpPort } = await start();
    for (const method of ['INVITE', 'SUBSCRIBE']) {
      const request = await sent(`${method} ${uri} SIP/2.0\r\n\r\n`);
      expect(request.header('Contact')).toBe(`<sip:127.0.0.1:${udpPort}>`);
    }
    for (const method of ['OPTIONS', 'MESSAGE', 'REGISTER']) {
      expect((await sent(`${method} ${uri} SIP/2.0\r\n\r\n`)).all('Contact')).toEqual([]);
    }
    const callee = await calleePeer(tcpPort, 'tcp');
    const ok = await client.ask(`sip||\r\nINVITE sip:x@127.0.0.1:${callee.port};transport=tcp SIP/2.0\r\n\r\n`);
    const invite = await callee.expect(/^INVITE /);
    expect(invite.header('Contact')).toBe(`<sip:127.0.0.1:${tcpPort};transport=tcp>`);
    expect(ok.text).toContain(`;transport=tcp>`);
  });

  it('35: joined Contacts go on lines of their own', async () => {
    const { sent, uri } = await start();
    const request = await sent(`REGISTER ${uri} SIP/2.0\r\ncontact: <sip:a@b;x=1,2>, "c, d" <sip:e@f>;q=0.5\r\n\r\n`);
    expect(request.all('Contact')).toEqual(['<sip:a@b;x=1,2>', '"c, d" <sip:e@f>;q=0.5']);
  });

  it('36: Content-Length is the byte length; SDP is labelled, other bodies without Content-Type get NOK', async () => {
    const { sent, uri, client } = await start();
    const text = 'Grüße ☎';
    const message = await sent(
      `MESSAGE ${uri} SIP/2.0\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\n${text}`,
    );
    expect(message.body).toBe(text);
    expect(message.header('Content-Length')).toBe(String(Buffer.byteLength(text)));
    const invite = await sent(`INVITE ${uri} SIP/2.0\r\ncontent-length: 3\r\n\r\n${SDP_A}`);
    expect([invite.header('Content-Type'), invite.body]).toEqual(['application/sdp', SDP_A]);
    const refused = await client.ask(`sip||\r\nMESSAGE ${uri} SIP/2.0\r\n\r\nhello`);
    expect(refused.tokens.slice(3)).toEqual(['NOK', 'missing content-type']);
  });

  it('44: T4 is the next hop, without a Route header; the request-uri stays, even a tel one', async () => {
    const { sent, peer } = await start();
    for (const uri of ['sip:1001@pbx.invalid', 'tel:+33140001001']) {
      const invite = await sent(`INVITE ${uri} SIP/2.0\r\n\r\n`, `sip:127.0.0.1:${peer.port}`);
      expect(invite.start).toBe(`INVITE ${uri} SIP/2.0`);
      expect(invite.all('Route')).toEqual([]);
    }
  });

  it.each([
    ['an unparsable uri', 'INVITE nonsense SIP/2.0', 'invalid request-uri: INVITE nonsense SIP/2.0'],
    [
      'a tel uri without route',
      'INVITE tel:+33140001001 SIP/2.0',
      'invalid request-uri: INVITE tel:+33140001001 SIP/2.0',
    ],
    ['an unknown method', 'FOO sip:a@127.0.0.1 SIP/2.0', 'invalid request-uri: FOO sip:a@127.0.0.1 SIP/2.0'],
    [
      'a transport that is not bound',
      'INVITE sip:a@127.0.0.1;transport=tls SIP/2.0',
      'requested protocol/transport not available',
    ],
    [
      'a BYE outside dialogs',
      'BYE sip:a@127.0.0.1 SIP/2.0',
      'Server error: unable to find dialog for dialog id provided',
    ],
  ])('%s gets NOK and the connection stays up', async (_what, line, reason) => {
    const { client } = await start();
    expect((await client.ask(`sip||\r\n${line}\r\n\r\n`)).tokens.slice(3)).toEqual(['NOK', reason]);
    expect((await client.ask('ping')).tokens[4]).toBe('pong');
  });

  it('a request to one of our own addresses gets NOK', async () => {
    const { client, udpPort, tcpPort } = await start();
    for (const uri of [`sip:a@127.0.0.1:${udpPort}`, `sip:a@127.0.0.1:${tcpPort};transport=tcp`]) {
      const refused = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
      expect(refused.tokens.slice(3)).toEqual(['NOK', 'can not send request to myself']);
    }
  });

  it('no line break or separator of a value gets onto a line of its own', async () => {
    const { client, uri } = await start();
    const smuggled = await client.ask(`sip||\r\nOPTIONS ${uri} SIP/2.0\r\nsubject: a\nX-Smuggled: 1\r\n\r\n`);
    expect(smuggled.tokens[3]).toBe('NOK');
    const piped = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\ncall-id: a|b\r\n\r\n`);
    expect(piped.tokens[3]).toBe('NOK');
  });

  it('47: B unreachable over TCP: 503 after the OK', async () => {
    const { client } = await start();
    const ok = await client.ask('sip||\r\nINVITE sip:a@127.0.0.1:1;transport=tcp SIP/2.0\r\n\r\n');
    const failed = await client.sip(/SIP\/2\.0 503/);
    expect(failed.tokens.slice(2, 7)).toEqual(['network', '0', 'udp', '', '0']);
    expect(failed.tokens[8]).toBe(ok.tokens[10]);
    expect(failed.tokens[9]).toMatch(/;from-tag=/);
    expect(failed.text).toMatch(/^CSeq: \d+ INVITE\r$/m);
  });

  it('47: an unresolvable host: OK with nothing sent yet, then 503 DNS Error', async () => {
    const { client } = await start();
    const ok = await client.ask('sip||\r\nINVITE sip:a@no.such.host.invalid SIP/2.0\r\n\r\n');
    expect(ok.tokens.slice(5, 9)).toEqual(['0', 'unknown', '', '0']);
    const failed = await client.sip(/SIP\/2\.0 503 DNS Error/);
    expect(failed.tokens[8]).toBe(ok.tokens[10]);
  });
});

describe('responses of the application', () => {
  it('34: To tag and Contact of the application are kept, Record-Route comes from the request', async () => {
    const { answered } = await start();
    const { call } = await answered(
      '200 Fine',
      'to: <sip:x>;tag=mine\r\ncontact: <sip:me@localhost>\r\nrecord-route: <sip:forged>\r\nvia: forged\r\n\r\n',
      'INVITE',
      'Record-Route: <sip:proxy.example;lr>',
    );
    const ok = await response(call, 200);
    expect(ok.start).toBe('SIP/2.0 200 Fine');
    expect(ok.header('To')).toBe('<sip:1001@127.0.0.1>;tag=mine');
    expect(ok.header('Contact')).toMatch(/^<sip:me@127\.0\.0\.1:\d+>$/);
    expect(ok.all('Record-Route')).toEqual(['<sip:proxy.example;lr>']);
    expect(ok.text).not.toMatch(/forged/);
  });

  it('35: a Contact is added to an INVITE`s 2xx, not to its 18x; the To tag is the same on both', async () => {
    const { client, peer } = await start();
    const call = newCall(peer);
    sendInvite(call);
    const { tokens } = await client.sip(/INVITE /);
    const ring = await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 180 Ringing\r\n\r\n`);
    expect(ring.tokens[11]).toBe(`${call.callId};from-tag=${call.tag}`);
    const ringing = await response(call, 180);
    expect(ringing.all('Contact')).toEqual([]);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    const ok = await response(call, 200);
    expect(ok.header('To')).toBe(ringing.header('To'));
    expect(ok.header('To')).toMatch(/;tag=.{8,}/);
    expect(ok.all('Contact')).toHaveLength(1);
  });

  it('36: SDP in a response is labelled, another body without Content-Type gets NOK and can be sent again', async () => {
    const { client, peer } = await start();
    const call = newCall(peer);
    sendInvite(call);
    const { tokens } = await client.sip(/INVITE /);
    const refused = await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\nhello`);
    expect(refused.tokens.slice(3)).toEqual(['NOK', 'missing content-type']);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\nContent-Length: 1\r\n\r\n${SDP_B}`);
    const ok = await response(call, 200);
    expect([ok.header('Content-Type'), ok.body]).toEqual(['application/sdp', SDP_B]);
  });

  it('a redirect, a challenge and a registration pass unchanged', async () => {
    const { answered } = await start();
    const moved = await answered('302 Moved', 'contact: <sip:a@b>,<sip:c@d>;q=0.1\r\n\r\n');
    expect((await response(moved.call, 302)).all('Contact')).toEqual(['<sip:a@b>', '<sip:c@d>;q=0.1']);
    const challenge = 'Digest realm="x", nonce="y", algorithm=MD5, qop="auth"';
    const asked = await answered('401 Unauthorized', `www-authenticate: ${challenge}\r\n\r\n`, 'REGISTER');
    expect((await response(asked.call, 401, 'REGISTER')).header('WWW-Authenticate')).toBe(challenge);
    const registered = await answered('200 OK', 'contact: <sip:a@b>;expires=60\r\n\r\n', 'REGISTER');
    expect((await response(registered.call, 200, 'REGISTER')).header('Contact')).toBe('<sip:a@b>;expires=60');
  });

  it('a provisional response for which 100rel is asked goes out as an ordinary one', async () => {
    const { answered } = await start();
    const { call, ok } = await answered('183 Progress', 'require: 100rel, other\r\nrseq: 7\r\n\r\n');
    const progress = await response(call, 183);
    expect(progress.all('Require')).toEqual(['other']);
    expect(progress.all('RSeq')).toEqual([]);
    expect(ok.text).not.toMatch(/RSeq/);
  });

  it('32: a response on a finished or invented transaction gets NOK, the connection stays up', async () => {
    const { client, answered } = await start();
    const { txnId } = await answered('486 Busy Here', '\r\n');
    for (const id of [txnId, 'invented']) {
      const late = await client.ask(`sip|${id}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      expect(late.tokens.slice(3)).toEqual(['NOK', 'Response not sent due to unknown transaction']);
    }
    const cancel = await client.ask('sip|x|\r\nSIP/2.0 200 OK\r\nCSeq: 1 CANCEL\r\n\r\n');
    expect(cancel.tokens.slice(3)).toEqual([
      'NOK',
      '200 OK to incoming CANCEL is automatically generated by the stack',
    ]);
    expect((await client.ask('ping')).tokens[4]).toBe('pong');
  });
});

describe('repetition', () => {
  it('37: INVITE retransmissions never reach the application twice; after an 18x they repeat the 18x', async () => {
    const { client, peer } = await start();
    const call = newCall(peer);
    sendInvite(call);
    const { tokens } = await client.sip(/INVITE /);
    sendInvite(call);
    await response(call, 100);
    await responseCopy(call, 100);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 180 Ringing\r\n\r\n`);
    await response(call, 180);
    sendInvite(call, { body: SDP_A });
    await responseCopy(call, 180);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 486 Busy\r\n\r\n`);
    await response(call, 486);
    sendInvite(call);
    await responseCopy(call, 486);
    await client.ask('ping');
    expect(client.received.filter(({ tokens: [, type] }) => type === 'sip')).toHaveLength(1);
  });

  it('38: our 200 is repeated until the ACK', async () => {
    const { answered } = await start({ timers: FAST });
    const { call } = await answered('200 OK', '\r\n');
    await response(call, 200);
    for (let i = 0; i < 2; i += 1) await responseCopy(call, 200);
    sendAck(call);
  });

  it.each(['udp', 'tcp'] as const)(
    '38: without ACK for 64*T1 over %s: BYE, and an unsolicited BYE with ACK timeout; srf emits destroy',
    async (transport) => {
      const started = await startEngineForTest({ timers: EXPIRING });
      const peer = await callerPeer(transport === 'udp' ? started.udpPort : started.tcpPort, transport);
      const destroyed = Promise.withResolvers<[SrfMessage, string]>();
      await connectSrf(started.engine, (srf) =>
        srf.invite((req, res) => {
          void srf.createUAS(req, res, { localSdp: SDP_B }).then((dialog) => {
            dialog.on('destroy', (bye: SrfMessage, reason: string) => destroyed.resolve([bye, reason]));
          });
        }),
      );
      const call = newCall(peer);
      sendInvite(call);
      await response(call, 200);
      const bye = await peer.expect(/^BYE /);
      expect(bye.header('Reason')).toBe('SIP;cause=200;text="ACK timeout"');
      expect(bye.header('CSeq')).toBe('2 BYE');
      answer(peer, bye, 200);
      const [told, reason] = await destroyed.promise;
      expect(reason).toBe('ACK timeout');
      expect(told.get('Call-ID')).toBe(call.callId);
    },
  );
});

describe('what is refused', () => {
  it('30: without a dialog: BYE, UPDATE, PRACK, REFER and re-INVITE 481, stray CANCEL 481, stray ACK ignored', async () => {
    const { client, peer } = await start();
    const call = { ...newCall(peer), toTag: 'unknown' };
    sendAck(call);
    for (const method of ['BYE', 'UPDATE', 'PRACK', 'REFER', 'INVITE']) {
      sendInDialog(call, method, { body: '' });
      if (method === 'INVITE') await response(call, 100);
      await response(call, 481, method);
    }
    sendInDialog({ ...call, toTag: '' }, 'CANCEL');
    await response(call, 481, 'CANCEL');
    for (const method of ['BYE', 'UPDATE', 'PRACK']) {
      sendInvite({ ...newCall(peer), callId: call.callId }, { method, body: '' });
      await response(call, 481, method);
    }
    await client.ask('ping');
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toEqual([]);
  });

  it('30: other methods in an unknown dialog are requests of their own', async () => {
    const { client, peer, udpPort } = await start();
    const call = { ...newCall(peer), toTag: 'unknown' };
    for (const method of ['INFO', 'MESSAGE', 'OPTIONS']) {
      sendInDialog(call, method);
      const { tokens } = await client.sip(new RegExp(`${method} sip`));
      expect([tokens[9], tokens[10], tokens[11]]).toEqual(['', '127.0.0.1', String(udpPort)]);
    }
  });

  it('the other half of a dialog must match: a wrong tag is an unknown dialog', async () => {
    const { uas, call } = await established();
    const right = call.toTag;
    call.toTag = 'guessed';
    sendInDialog(call, 'BYE');
    await response(call, 481, 'BYE');
    call.toTag = right;
    const ended = next(uas, 'destroy');
    sendInDialog(call, 'BYE');
    await ended;
  });

  it('a merged INVITE, the same by another branch, gets 482 and the application sees one', async () => {
    const { client, peer } = await start();
    const call = newCall(peer);
    sendInvite(call);
    await client.sip(/INVITE /);
    sendInvite(call, { branch: unique('z9hG4bK') });
    await response(call, 482);
    // With another CSeq it would be another call to srf, which keys calls by Call-ID.
    sendInvite(call, { branch: unique('z9hG4bK'), cseq: 2 });
    await response(call, 482);
    await client.ask('ping');
    expect(client.received.filter(({ text }) => text.startsWith('INVITE'))).toHaveLength(1);
  });

  it('a merged INVITE gets 482 after the answer too, and the call goes on', async () => {
    const { call, uas } = await established();
    sendInvite({ ...call, toTag: '' }, { branch: unique('z9hG4bK'), cseq: 1 });
    await response(call, 482);
    sendInDialog(call, 'BYE');
    await next(uas, 'destroy');
  });

  it('a proxy that forks serially sends its next branch after our 486, and the application sees it', async () => {
    const { client, peer } = await start();
    const call = newCall(peer);
    sendInvite(call);
    const first = await client.sip(/INVITE sip:1001/);
    await client.ask(`sip|${first.tokens[8]}|\r\nSIP/2.0 486 Busy Here\r\n\r\n`);
    await response(call, 486);
    sendInvite({ ...call, uri: 'sip:1002@127.0.0.1' }, { branch: unique('z9hG4bK') });
    await client.sip(/INVITE sip:1002/);
    sendInvite(call, { branch: unique('z9hG4bK') });
    await response(call, 482);
  });

  it('an INVITE without From tag, or with | in Call-ID, gets 400', async () => {
    const { peer } = await start();
    for (const spoil of [
      (text: string) => text.replace(/;tag=tag\w+/, ''),
      (text: string) => text.replace(/^Call-ID: /m, 'Call-ID: a|'),
    ]) {
      const call = newCall(peer);
      peer.send(spoil(requestText(call)));
      await peer.expect(new RegExp(`^SIP/2\\.0 400 [^]*${call.callId}`));
    }
  });

  it('strangers get a stateless 403, whatever they send; allowed peers pass', async () => {
    const { engine, client, peer } = await start({ allow: ['10.0.0.0/8'] });
    for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'MESSAGE']) {
      const call = newCall(peer);
      sendInvite(call, { method, body: '' });
      await response(call, 403, method);
    }
    // A made-up To tag does not open the door.
    for (const method of ['INVITE', 'BYE', 'INFO', 'REFER']) {
      const call = { ...newCall(peer), toTag: 'forged' };
      sendInDialog(call, method);
      await response(call, 403, method);
    }
    await client.ask('ping');
    expect(engine.counts().transactions).toBe(0);
    expect(peer.count(/^SIP\/2\.0 (?!403)/)).toBe(0);
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toEqual([]);
    const open = await start({ allow: ['10.0.0.0/8', '127.0.0.1', '2001:db8::/32'] });
    sendInvite(newCall(open.peer));
    await open.client.sip(/INVITE /);
  });

  it('the peer of a dialog may move to an address that is not allowed to call', async () => {
    const { client, peer, udpPort } = await start({ allow: ['127.0.0.1'] });
    const call = newCall(peer);
    sendInvite(call);
    const { tokens } = await client.sip(/INVITE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendAck(call);
    await client.sip(/ACK /);
    const moved = await udpPeer(udpPort, '127.0.0.1', '127.0.0.2');
    later(() => moved.close());
    sendInDialog({ ...call, peer: moved, cseq: 1 }, 'INFO');
    await client.sip(/INFO /);
    sendInDialog({ ...call, peer: moved, toTag: 'forged', cseq: 2 }, 'INFO');
    await response({ ...call, peer: moved }, 403, 'INFO');
  });

  it('60: garbage, spoofed responses and unknown methods never stop the engine', async () => {
    const { client, peer, udpPort, tcpPort } = await start();
    const tcp = await callerPeer(tcpPort, 'tcp');
    const garbage = [
      'x',
      '\r\n\r\n',
      '\u0000\u0001\u0002',
      'INVITE',
      'INVITE sip:a SIP/2.0\r\n\r\n',
      'SIP/2.0 200 OK\r\n\r\n',
      `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:${udpPort};branch=z9hG4bKspoof\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n`,
      `INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKg\r\nContact: ${'<'.repeat(1_000)}\r\nFrom: "a\r\n\r\n`,
    ];
    for (const text of garbage) {
      peer.sendRaw(text);
      tcp.sendRaw(text);
    }
    sendInvite(newCall(peer), { method: 'FROBNICATE', body: '' });
    const refused = await peer.expect(/^SIP\/2\.0 501 [^]*FROBNICATE/);
    expect(refused.header('Allow')).toContain('INVITE');
    sendInvite(newCall(peer));
    const { tokens } = await client.sip(/INVITE /);
    expect((await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 486 Busy\r\n\r\n`)).tokens[3]).toBe('OK');
    for (const {
      tokens: [, type],
    } of client.received)
      expect(['sip', 'response']).toContain(type);
  });
});

describe('TCP', () => {
  it('46: requests in the dialog of a TCP caller use its connection, whatever its Contact says', async () => {
    const { client, tcpPort } = await start();
    const caller = await callerPeer(tcpPort, 'tcp');
    const call = newCall(caller);
    sendInvite(call, { contact: '<sip:alice@192.0.2.55:9;transport=tcp>' });
    const { tokens } = await client.sip(/INVITE /);
    expect(tokens[4]).toBe('tcp');
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendAck(call);
    const ack = await client.sip(/ACK /);
    await client.ask(`sip||${ack.tokens[9]}\r\nINFO sip:placeholder SIP/2.0\r\n\r\n`);
    answer(caller, await caller.expect(/^INFO sip:alice@192\.0\.2\.55/), 200);
    await client.sip(/SIP\/2\.0 200 [^]*INFO/);
  });

  it('46: requests to a contact registered over TCP use that connection; 410 once it is closed', async () => {
    const { client, tcpPort, peer } = await start();
    const phone = await callerPeer(tcpPort, 'tcp');
    const call = newCall(phone);
    sendInvite(call, { method: 'REGISTER', body: '', contact: '<sip:alice@192.0.2.55:9;transport=tcp>;expires=60' });
    const { tokens } = await client.sip(/REGISTER /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200, 'REGISTER');
    const invite = 'sip||\r\nINVITE sip:alice@192.0.2.55:9;transport=tcp SIP/2.0\r\n\r\n';
    expect((await client.ask(invite)).tokens[3]).toBe('OK');
    const received = await phone.expect(/^INVITE sip:alice@192/);
    answer(phone, received, 486);
    await client.sip(/SIP\/2\.0 486/);
    await phone.close();
    // The engine has seen the connection end when it has answered what came after.
    sendInvite(newCall(peer), { method: 'OPTIONS', body: '' });
    await client.sip(/OPTIONS /);
    await client.ask(invite);
    await client.sip(/SIP\/2\.0 410 Gone/);
  });

  it('46: a dialog whose connection has ended gives 410 where its Contact cannot be reached', async () => {
    const { client, tcpPort } = await start();
    const caller = await callerPeer(tcpPort, 'tcp');
    const call = newCall(caller);
    sendInvite(call, { contact: '<sip:alice@127.0.0.1:1;transport=tcp>' });
    const { tokens } = await client.sip(/INVITE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendAck(call);
    const ack = await client.sip(/ACK /);
    await caller.close();
    await client.ask(`sip||${ack.tokens[9]}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
    await client.sip(/SIP\/2\.0 410 Gone/);
  });

  it('a call over TCP on both sides', async () => {
    const { call, callee, uas, uac } = await established({ transport: 'tcp', callerTransport: 'tcp' });
    sendInDialog(call, 'BYE');
    await next(uas, 'destroy');
    const destroyed = uac.destroy();
    answer(callee, await callee.expect(/^BYE /), 200);
    await destroyed;
  });
});

describe('IPv6', () => {
  it('a call comes in over ::1 and goes out over ::1', async () => {
    const { engine } = await startEngineForTest({ listen: [{ protocol: 'udp', address: '::1', port: 0 }] });
    const port = Number(/:(\d+)$/.exec(engine.sipAddresses[0] ?? '')?.[1]);
    const [caller, callee] = [await udpPeer(port, '::1'), await udpPeer(port, '::1')];
    later(() => caller.close());
    later(() => callee.close());
    const srf = await connectSrf(engine, (app) =>
      app.invite((req, res) => void app.createB2BUA(req, res, `sip:1001@[::1]:${callee.port}`)),
    );
    const call = newCall(caller, 'sip:1001@[::1]');
    caller.send(requestText(call, { body: SDP_A }).replaceAll('127.0.0.1', '[::1]'));
    const invite = await callee.expect(/^INVITE /);
    expect(invite.header('Contact')).toContain(`@[::1]:${port}>`);
    callee.send(answerText(callee, invite, 200, { body: SDP_B }).replaceAll('127.0.0.1', '[::1]'));
    await response(call, 200);
    await callee.expect(/^ACK sip:bob@\[::1\]/);
    await expect.poll(() => dialogCount(srf)).toBe(2);
  });
});

describe('limits', () => {
  it('dialogs: beyond the limit an INVITE gets 503, the application`s one NOK; room comes back', async () => {
    const { client, peer, uri } = await start({ limits: { maxDialogs: 2 } });
    const first = newCall(peer);
    sendInvite(first);
    const { tokens } = await client.sip(/INVITE /);
    expect((await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`)).tokens[3]).toBe('OK');
    const third = newCall(peer);
    sendInvite(third);
    await response(third, 503);
    const refused = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
    expect(refused.tokens.slice(3)).toEqual(['NOK', 'the engine holds 2 dialogs, which is its limit']);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 486 Busy\r\n\r\n`);
    sendInvite(newCall(peer));
    await client.sip(/INVITE /);
  });

  it('dialogs: those whose application is gone make room first', async () => {
    const { client, engine, peer } = await start({ limits: { maxDialogs: 1 } });
    const call = newCall(peer);
    sendInvite(call);
    const { tokens } = await client.sip(/INVITE /);
    await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
    await response(call, 200);
    sendAck(call);
    await client.sip(/ACK /);
    const other = await rawClient(engine);
    await other.ask('route|invite');
    client.socket.destroy();
    await client.closed;
    await other.ask('ping');
    sendInvite(newCall(peer));
    await other.sip(/INVITE /);
  });

  it('beyond the limit of transactions an application’s request is NOK, and passes when there is room again', async () => {
    const { client, peer, uri } = await start({ limits: { maxTransactions: 1 }, timers: FAST });
    await client.ask(`sip||\r\nOPTIONS ${uri} SIP/2.0\r\n\r\n`);
    const options = await peer.expect(/^OPTIONS /);
    for (const method of ['OPTIONS', 'INVITE']) {
      const refused = await client.ask(`sip||\r\n${method} ${uri} SIP/2.0\r\n\r\n`);
      expect(refused.tokens.slice(3)).toEqual(['NOK', 'the engine holds 1 transactions, which is its limit']);
    }
    answer(peer, options, 486);
    await client.sip(/SIP\/2\.0 486/);
    await vi.waitFor(async () => {
      const { tokens } = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
      expect(tokens[3]).toBe('OK');
    });
    await peer.expect(/^INVITE /);
  });

  it('unanswered requests: beyond the limit new ones get 503', async () => {
    const { client, peer } = await start({ limits: { maxUnansweredRequests: 2 } });
    for (let i = 0; i < 2; i += 1) {
      sendInvite(newCall(peer), { method: 'OPTIONS', body: '' });
      await client.sip(/OPTIONS /);
    }
    const third = newCall(peer);
    sendInvite(third, { method: 'OPTIONS', body: '' });
    await response(third, 503, 'OPTIONS');
  });

  it('early dialogs of one INVITE: further ones are delivered all the same', async () => {
    const { client, uri, sent, peer } = await start({ limits: { maxEarlyDialogs: 1 } });
    const invite = await sent(`INVITE ${uri} SIP/2.0\r\n\r\n`);
    for (const toTag of ['one', 'two']) {
      answer(peer, invite, 180, { toTag });
      await client.sip(new RegExp(`SIP/2\\.0 180 [^]*tag=${toTag}`));
    }
    answer(peer, invite, 200, { toTag: 'two' });
    await client.sip(/SIP\/2\.0 200/);
  });

  it('registered contacts: the oldest is forgotten', async () => {
    const { client, tcpPort } = await start({ limits: { maxRegisteredContacts: 1 }, timers: FAST });
    const phone = await callerPeer(tcpPort, 'tcp');
    for (const user of ['old', 'new']) {
      const call = newCall(phone);
      sendInvite(call, { method: 'REGISTER', body: '', contact: `<sip:${user}@127.0.0.1:1;transport=tcp>` });
      const { tokens } = await client.sip(/REGISTER /);
      await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 200 OK\r\n\r\n`);
      await response(call, 200, 'REGISTER');
    }
    await client.ask('sip||\r\nOPTIONS sip:new@127.0.0.1:1;transport=tcp SIP/2.0\r\n\r\n');
    await phone.expect(/^OPTIONS sip:new/);
    await client.ask('sip||\r\nOPTIONS sip:old@127.0.0.1:1;transport=tcp SIP/2.0\r\n\r\n');
    await client.sip(/SIP\/2\.0 503/);
  });
});
