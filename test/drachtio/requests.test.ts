import { describe, expect, it } from 'vitest';
import { rawClient } from './raw-client.ts';
import { rawApplication } from './raw-application.ts';
import {
  answer,
  EXPIRING,
  beyond,
  calleePeer,
  callerPeer,
  newCall,
  response,
  SDP_A,
  sendAck,
  sendInvite,
  startEngineForTest,
} from './support.ts';
import { differs, embeddedIt } from './target.ts';
import { udpPeer } from '../support/sip-peer.ts';

describe('requests of the application', () => {
  it('33: @localhost becomes own host:port in From, To, Contact and P-Asserted-Identity; From gets brackets and a tag', async () => {
    const { sent, uri, udpPort } = await rawApplication();
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

  const TOLD = 'it is told its addresses';

  for (const protocol of ['udp', 'tcp'] as const) {
    embeddedIt(TOLD, `33: so is the very first call to a name, over ${protocol}`, async () => {
      const param = protocol === 'udp' ? '' : ';transport=tcp';
      // The first socket is not the one that leads there.
      const listen = (['::1', '127.0.0.1'] as const).flatMap((address) =>
        (['udp', 'tcp'] as const).map((each) => ({ protocol: each, address, port: 0 })),
      );
      const { engine } = await startEngineForTest({ listen });
      const client = await rawClient(engine);
      const callee = await calleePeer(0, protocol);
      await client.ask(
        `sip||\r\nINVITE sip:1001@localhost:${callee.port}${param} SIP/2.0\r\nfrom: sip:123@localhost\r\n` +
          'to: <sip:9@localhost>\r\nP-Asserted-Identity: <sip:pai@localhost>\r\n' +
          'contact: sip:123@localhost, <sip:4@localhost;transport=udp>\r\n\r\n',
      );
      const invite = await callee.expect(/^INVITE /);
      const own = engine.sipAddresses.find((each) => each.startsWith(`${protocol}://127`))?.slice(6);
      expect(invite.header('Via')).toContain(` ${own};`);
      expect(invite.all('Contact')).toEqual([`<sip:123@${own}${param}>`, `<sip:4@${own};transport=udp>`]);
      expect(invite.header('From')).toMatch(new RegExp(`^<sip:123@${own}>;tag=[\\w.-]+$`));
      expect(invite.header('To')).toBe(`<sip:9@${own}>`);
      expect(invite.header('P-Asserted-Identity')).toBe(`<sip:pai@${own}>`);
    });
  }

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`33: in a Contact it says how we are reached, in brackets: ${protocol}, in requests, 18x, 2xx and dialogs`, async () => {
      const { client, udpPort, tcpPort } = await rawApplication();
      // drachtio-server tells its transport to registered contacts only.
      const [port, param] = protocol === 'udp' ? [udpPort, ''] : [tcpPort, differs(';transport=tcp', '')];
      const shown = `<sip:me@127.0.0.1:${port}${param}>`;
      const contact = 'contact: sip:me@localhost\r\n\r\n';
      const callee = await calleePeer(port, protocol);
      const uri = `sip:1001@127.0.0.1:${callee.port};transport=${protocol}`;
      await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n${contact}`);
      const invite = await callee.expect(/^INVITE /);
      expect(invite.header('Contact')).toBe(shown);
      answer(callee, invite, 200, { body: SDP_A });
      const { tokens: answered } = await client.sip(/SIP\/2\.0 200/);
      await client.ask(`sip||${answered[9]}\r\nACK sip:x SIP/2.0\r\n\r\n`);
      await client.ask(`sip||${answered[9]}\r\nINVITE sip:x SIP/2.0\r\n${contact}`);
      const reInvite = await callee.expect(/^INVITE [^]*To: [^\r]*;tag=/);
      expect(reInvite.header('Contact')).toBe(differs(shown, reInvite.header('Contact')));
      const call = newCall(await callerPeer(port, protocol));
      sendInvite(call);
      const { tokens } = await client.sip(/INVITE /);
      for (const status of [183, 200]) {
        await client.ask(`sip|${tokens[8]}|\r\nSIP/2.0 ${status} X\r\n${contact}`);
        expect((await response(call, status)).header('Contact')).toBe(shown);
      }
      sendAck(call);
    });
  }

  embeddedIt(TOLD, '33: behind an advertised address it is that address', async () => {
    const { sent, uri, udpPort } = await rawApplication({ advertise: '203.0.113.5' });
    const invite = await sent(`INVITE ${uri} SIP/2.0\r\nfrom: <sip:1@localhost>\r\n\r\n`);
    expect(invite.header('From')).toMatch(new RegExp(`^<sip:1@203\\.0\\.113\\.5:${udpPort}>;tag=`));
    expect(invite.header('Contact')).toBe(`<sip:203.0.113.5:${udpPort}>`);
    expect(invite.header('Via')).toMatch(new RegExp(`^SIP/2\\.0/UDP 203\\.0\\.113\\.5:${udpPort};`));
  });

  for (const protocol of ['udp', 'tcp'] as const) {
    embeddedIt(TOLD, `33: peers in localNet see the bound address, over ${protocol} both ways`, async () => {
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
    });
  }

  it('34: Call-ID, CSeq, tags, Contact, Max-Forwards and User-Agent are kept; Via, routes and RSeq are not', async () => {
    const { sent, uri, udpPort } = await rawApplication();
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
    // drachtio-server puts its own address in place of an IPv4 address.
    kept.Contact = differs(kept.Contact, `<sip:a@127.0.0.1:${udpPort};ob;transport=udp>`);
    for (const [name, value] of Object.entries(kept)) {
      expect(invite.text).toContain(`\r\n${name}: ${value}\r\n`);
      expect(invite.all(name)).toHaveLength(1);
    }
    expect(invite.text).not.toMatch(/forged/);
    expect(invite.all('RSeq')).toEqual([]);
  });

  it('34: what is missing is added, and nothing else', async () => {
    const { sent, uri, udpPort } = await rawApplication();
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
    const { sent, uri, udpPort, client, tcpPort } = await rawApplication();
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
    const { sent, uri } = await rawApplication();
    const request = await sent(`REGISTER ${uri} SIP/2.0\r\ncontact: <sip:a@b;x=1,2>, "c, d" <sip:e@f>;q=0.5\r\n\r\n`);
    expect(request.all('Contact')).toEqual(['<sip:a@b;x=1,2>', '"c, d" <sip:e@f>;q=0.5']);
  });

  it('34: what srf has joined of an array goes on lines of its own, but where that could be read in two ways', async () => {
    const { sent, uri } = await rawApplication();
    const challenges = [
      'Digest realm="a, Digest b", qop="auth,auth-int", algorithm=SHA-256',
      'Digest realm = "r", nonce="2"',
    ];
    const lists = {
      Path: ['<sip:p1;x=1,2>', '<sip:p2;lr>'],
      'Service-Route': ['<sip:s1;lr>', '<sip:s2;lr>'],
      'P-Asserted-Identity': ['"a, b" <sip:a@h>', '<tel:+1>'],
      Warning: ['399 h "one, two"', '399 h "three"'],
    };
    const digests = {
      'WWW-Authenticate': challenges,
      'Proxy-Authenticate': challenges,
      Authorization: challenges,
      'Proxy-Authorization': challenges,
    };
    const left = { 'X-Arr': '1,2', Allow: 'INVITE, ACK', Diversion: '<sip:a@h>,<sip:b@h>' };
    const headers = Object.entries({ ...lists, ...digests, ...left });
    const lines = headers.map(([name, value]) => `${name}: ${String(value)}`);
    const request = await sent(`OPTIONS ${uri} SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\n`);
    // drachtio-server leaves the two challenges on one line.
    for (const [name, values] of Object.entries({ ...lists, ...differs(digests, {}) })) {
      expect(request.all(name)).toEqual(values);
    }
    for (const [name, value] of Object.entries(left)) {
      expect(request.all(name)).toEqual([value]);
    }
  });

  it('36: Content-Length is the byte length; SDP is labelled, other bodies without Content-Type get NOK', async () => {
    const { sent, uri, client } = await rawApplication();
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
    const { sent, peer } = await rawApplication();
    // A tel uri ends drachtio-server.
    for (const uri of ['sip:1001@pbx.invalid', ...differs(['tel:+33140001001'], [])]) {
      const invite = await sent(`INVITE ${uri} SIP/2.0\r\n\r\n`, `sip:127.0.0.1:${peer.port}`);
      expect(invite.start).toBe(`INVITE ${uri} SIP/2.0`);
      expect(invite.all('Route')).toEqual([]);
    }
  });

  it.each([
    ['an unparsable uri', 'INVITE nonsense SIP/2.0', 'invalid request-uri: INVITE nonsense SIP/2.0'],
    ['an unknown method', 'FOO sip:a@127.0.0.1 SIP/2.0', 'invalid request-uri: FOO sip:a@127.0.0.1 SIP/2.0'],
    [
      'a transport that is not bound',
      'INVITE sip:a@127.0.0.1;transport=tls SIP/2.0',
      'requested protocol/transport not available',
    ],
    ...differs(
      [
        [
          'a tel uri without route, which ends drachtio-server,',
          'INVITE tel:+33140001001 SIP/2.0',
          'invalid request-uri: INVITE tel:+33140001001 SIP/2.0',
        ],
        // Not in the words that srf makes ENODIALOG of, "a benign race".
        ...['ACK', 'BYE', 'PRACK', 'UPDATE'].map((method) => [
          `${method} outside dialogs, which drachtio-server sends,`,
          `${method} sip:a@127.0.0.1 SIP/2.0`,
          `${method} exists only inside dialogs: use the dialog's own methods, or name the dialog`,
        ]),
        [
          'a From that is no address, which drachtio-server sends,',
          'INVITE sip:a@127.0.0.1 SIP/2.0\r\nfrom: f|oo',
          'From: "f oo" is no address, write <sip:user@host>',
        ],
        [
          'a header without name, which drachtio-server passes over,',
          'INVITE sip:a@127.0.0.1 SIP/2.0\r\n: x',
          'Bad Header Line: ": x"',
        ],
      ],
      [],
    ),
  ])('%s gets NOK and the connection stays up', async (_what, line, reason) => {
    const { client } = await rawApplication();
    expect((await client.ask(`sip||\r\n${line}\r\n\r\n`)).tokens.slice(3)).toEqual(['NOK', reason]);
    expect((await client.ask('ping')).tokens[4]).toBe('pong');
  });

  it('a request to one of our own addresses gets NOK', async () => {
    const { client, udpPort, tcpPort } = await rawApplication();
    for (const uri of [`sip:a@127.0.0.1:${udpPort}`, `sip:a@127.0.0.1:${tcpPort};transport=tcp`]) {
      const refused = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\n\r\n`);
      expect(refused.tokens.slice(3)).toEqual(['NOK', 'can not send request to myself']);
    }
  });

  const TRUSTING = 'drachtio-server writes what it is given';

  embeddedIt(TRUSTING, 'the refusal of a long From repeats its beginning only', async () => {
    const { client, uri } = await rawApplication();
    const refused = await client.ask(`sip||\r\nOPTIONS ${uri} SIP/2.0\r\nfrom: ${'x'.repeat(5_000)}\r\n\r\n`);
    expect(refused.tokens[4]).toBe(`From: "${'x'.repeat(100)}" is no address, write <sip:user@host>`);
  });

  embeddedIt(TRUSTING, 'no line break or separator of a value gets onto a line of its own', async () => {
    const { client, uri } = await rawApplication();
    const smuggled = await client.ask(`sip||\r\nOPTIONS ${uri} SIP/2.0\r\nsubject: a\nX-Smuggled: 1\r\n\r\n`);
    expect(smuggled.tokens[3]).toBe('NOK');
    const piped = await client.ask(`sip||\r\nINVITE ${uri} SIP/2.0\r\ncall-id: a|b\r\n\r\n`);
    expect(piped.tokens[3]).toBe('NOK');
  });

  it('47: B unreachable over TCP: 503 after the OK', async () => {
    const { client } = await rawApplication();
    const ok = await client.ask('sip||\r\nINVITE sip:a@127.0.0.1:1;transport=tcp SIP/2.0\r\n\r\n');
    const failed = await client.sip(/SIP\/2\.0 503/);
    expect(failed.tokens.slice(2, 7)).toEqual(['network', '0', differs('udp', 'tcp'), '', '0']);
    expect(failed.tokens[8]).toBe(ok.tokens[10]);
    expect(failed.tokens[9]).toMatch(/;from-tag=/);
    expect(failed.text).toMatch(/^CSeq: \d+ INVITE\r$/m);
  });

  it('47: B unreachable over UDP: 503 after the OK where the system tells, else 408 at timer B', async () => {
    const { client, waits } = await rawApplication({ timers: EXPIRING });
    const closed = await udpPeer(0);
    await closed.close();
    const ok = await client.ask(`sip||\r\nINVITE sip:a@127.0.0.1:${closed.port} SIP/2.0\r\n\r\n`);
    // Node.js tells of no ICMP error on a socket that serves many peers.
    const failed = await client.sip(differs(/SIP\/2\.0 408/, /SIP\/2\.0 503/), beyond(waits.t1x64Ms));
    expect(failed.tokens[8]).toBe(ok.tokens[10]);
  });

  it('47: an unresolvable host: OK with nothing sent yet, then 503 DNS Error', async () => {
    const { client } = await rawApplication();
    const ok = await client.ask('sip||\r\nINVITE sip:a@no.such.host.invalid SIP/2.0\r\n\r\n');
    expect(ok.tokens.slice(5, 9)).toEqual(['0', 'unknown', '', '0']);
    const failed = await client.sip(/SIP\/2\.0 503 DNS Error/);
    expect(failed.tokens[8]).toBe(ok.tokens[10]);
  });
});
