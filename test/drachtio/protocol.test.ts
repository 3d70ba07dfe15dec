import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, startEngine } from '../../src/drachtio/index.ts';
import { REFUSAL_LINES_PER_MINUTE } from '../../src/drachtio/limits.ts';
import { frame, rawClient } from './raw-client.ts';
import {
  callerPeer,
  connectSrf,
  newCall,
  response,
  sendInvite,
  SrfClass,
  startEngineForTest,
  type SrfRequest,
  later,
  SDP_A,
} from './support.ts';
import { differs, embeddedIt, drachtioServer } from './target.ts';

const INVITE = 'INVITE sip:1001@127.0.0.1:9 SIP/2.0\r\nSubject: x\r\n\r\n';

describe('the client protocol', () => {
  it('1: a body with multi-byte characters passes both ways intact', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const caller = await callerPeer(udpPort);
    const text = 'Grüße an 日本 ☎️';
    const asked = Promise.withResolvers<SrfRequest>();
    await connectSrf(engine, (srf) => {
      srf.message((req, res) => {
        asked.resolve(req);
        res.send(200, { headers: { 'Content-Type': 'text/plain' }, body: `Antwort: ${text}` });
      });
    });
    const call = newCall(caller);
    sendInvite(call, { method: 'MESSAGE', headers: 'Content-Type: text/plain;charset=utf-8', body: text });
    const ok = await response(call, 200, 'MESSAGE');
    expect((await asked.promise).body).toBe(text);
    expect(ok.body).toBe(`Antwort: ${text}`);
    expect(ok.header('Content-Length')).toBe(String(Buffer.byteLength(`Antwort: ${text}`)));
  });

  it('2: commands split at any byte, or many in one segment, get the same answers', async () => {
    const { engine } = await startEngineForTest();
    const client = await rawClient(engine);
    const stream = Buffer.concat(['1|ping', '2|route|invite', '3|remove_route|invite'].map(frame));
    for (const byte of stream) {
      client.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    client.socket.write(Buffer.concat(['4|ping', '5|ping', '6|route|bye'].map(frame)));
    for (const [id, rest] of [
      ['1', ['OK', 'pong']],
      ['2', ['OK']],
      ['3', ['OK']],
      ['4', ['OK', 'pong']],
      ['5', ['OK', 'pong']],
      ['6', ['OK']],
    ] as const) {
      expect((await client.answer(id)).tokens.slice(3)).toEqual(rest);
    }
  });

  it('3: the correct secret gets OK with hostports, a version and local hostports', async () => {
    const { engine, udpPort, tcpPort } = await startEngineForTest();
    const client = await rawClient(engine, null);
    const { tokens } = await client.ask(`authenticate|${engine.secret}|a,b`);
    expect(tokens[3]).toBe('OK');
    for (const hostPorts of [tokens[4], tokens[6]]) {
      const bound = [`udp/127.0.0.1:${udpPort}`, `tcp/127.0.0.1:${tcpPort}`];
      expect(hostPorts?.split(',')).toEqual(expect.arrayContaining(bound));
    }
    expect(tokens[5]).toMatch(/^v\d+\.\d+\.\d+/);
  });

  it('3: srf emits connect with the same, and what it was told is a version it lets ping', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const srf = new SrfClass();
    srf.on('error', () => undefined);
    later(() => srf.disconnect());
    srf.connect({ host: engine.client.host, port: engine.client.port, secret: engine.secret });
    const [error, hostPorts, version] = (await once(srf, 'connect')) as [Error | null, string, string];
    expect(error).toBeNull();
    expect(hostPorts).toContain(`udp/127.0.0.1:${udpPort}`);
    expect(version).toMatch(/^v\d+\.\d+\.\d+/);
  });

  embeddedIt('it is told its advertised address', '3: T4 shows the advertised address, T6 the bound ones', async () => {
    const { engine, udpPort, tcpPort } = await startEngineForTest({ advertise: '203.0.113.5' });
    const client = await rawClient(engine, null);
    const { tokens } = await client.ask('authenticate|cymru|');
    expect(tokens[4]).toBe(`udp/203.0.113.5:${udpPort},tcp/203.0.113.5:${tcpPort}`);
    expect(tokens[6]).toBe(`udp/127.0.0.1:${udpPort},tcp/127.0.0.1:${tcpPort}`);
  });

  it('4: a wrong secret gets NO and a closed connection; srf emits connect with an error', async () => {
    const { engine } = await startEngineForTest();
    const client = await rawClient(engine, null);
    const { tokens } = await client.ask('authenticate|wrong|');
    expect(tokens.slice(3)).toEqual(['NO', 'incorrect secret']);
    await client.closed;
    const srf = new SrfClass();
    srf.on('error', () => undefined);
    later(() => srf.disconnect());
    srf.connect({ host: engine.client.host, port: engine.client.port, secret: 'wrong' });
    const [error] = (await once(srf, 'connect')) as [Error | null];
    expect(error?.message).toBe('failed to authenticate to server');
  });

  it('4: before authenticate every other command is refused and ends the connection', async () => {
    const { engine } = await startEngineForTest();
    for (const payload of ['ping', 'route|invite', `sip||\r\n${INVITE}`]) {
      const client = await rawClient(engine, null);
      const { tokens } = await client.ask(payload);
      // drachtio-server asks nobody for the secret who does not offer one.
      expect(tokens.slice(3, 5)).toEqual(differs(['NO', 'authenticate first'], expect.arrayContaining(['OK'])));
      if (drachtioServer === null) await client.closed;
    }
  });

  embeddedIt('its limits are lowered', '4: who does not authenticate in time is disconnected', async () => {
    const { engine } = await startEngineForTest({ limits: { authenticateTimeoutMs: 20 } });
    const authenticated = await rawClient(engine);
    const silent = await rawClient(engine, null);
    await silent.closed;
    expect((await authenticated.ask('ping')).tokens[4]).toBe('pong');
  });

  it('5: ping is answered pong; every command gets exactly one answer with its id in T2', async () => {
    const { engine } = await startEngineForTest();
    const client = await rawClient(engine);
    const commands = [
      'ping',
      'route|invite',
      'route|INVITE',
      'route|nonsense',
      'remove_route|invite',
      'remove_route|never',
      'proxy|x|||||||sip:a@b\r\nINVITE sip:a@b SIP/2.0\r\n\r\n',
      `sip|||\r\n${INVITE}`,
      'sip||\r\nnonsense',
      'sip||\r\nFOO sip:a@b SIP/2.0\r\n\r\n',
      'sip|t|\r\nSIP/2.0 200 OK\r\n\r\n',
      'sip||d\r\nBYE sip:placeholder SIP/2.0\r\n\r\n',
      'sip||d\r\nACK sip:placeholder SIP/2.0\r\n\r\n',
      'sip|t|\r\nCANCEL sip:a@b SIP/2.0\r\n\r\n',
      // drachtio-server never answers this one.
      ...differs(['sip|t|\r\nINFO sip:a@b SIP/2.0\r\n\r\n'], []),
    ];
    const ids = commands.map((command) => client.send(command));
    const answers = await Promise.all(ids.map((id) => client.answer(id)));
    for (const { tokens } of answers) expect(['OK', 'NOK']).toContain(tokens[3]);
    await client.ask('ping');
    for (const id of ids) expect(client.received.filter(({ tokens }) => tokens[2] === id)).toHaveLength(1);
    expect(answers[0]?.tokens.slice(3)).toEqual(['OK', 'pong']);
  });

  it.each([
    ['one token alone', 'alone', 'Invalid message format'],
    ['an unknown command', 'x|frobnicate', 'Unknown message type'],
    // drachtio-server never answers this one.
    ...differs([['sip without a message', 'x|sip||', 'Invalid message format']], []),
    ['a response without transaction', 'x|sip||\r\nSIP/2.0 200 OK\r\n\r\n', 'transaction id missing'],
  ])('5: %s gets NO and a closed connection', async (_what = '', payload = '', reason = '') => {
    const { engine } = await startEngineForTest();
    const client = await rawClient(engine);
    client.socket.write(frame(payload));
    await client.closed;
    expect(client.received.at(-1)?.tokens.slice(3)).toEqual(['NO', reason]);
  });

  it('6: a verb routed twice delivers each INVITE once', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const client = await rawClient(engine);
    expect((await client.ask('route|invite')).tokens[3]).toBe('OK');
    expect((await client.ask('route|invite')).tokens[3]).toBe('OK');
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call);
    await client.sip(/INVITE /);
    await client.ask('ping');
    expect(client.received.filter(({ tokens }) => tokens[1] === 'sip')).toHaveLength(1);
  });

  it('6: remove_route removes that verb only', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const client = await rawClient(engine);
    await client.ask('route|invite');
    await client.ask('route|options');
    await client.ask('remove_route|invite');
    const peer = await callerPeer(udpPort);
    const call = newCall(peer);
    sendInvite(call);
    await response(call, 503);
    const options = newCall(peer);
    sendInvite(options, { method: 'OPTIONS', body: '' });
    // drachtio-server removes all verbs.
    if (drachtioServer === null) await client.sip(/OPTIONS /);
    else await response(options, 503, 'OPTIONS');
  });

  it('7: a new INVITE is answered 100 and delivered with source, peer, time, a new uuid and receivedOn', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const client = await rawClient(engine);
    await client.ask('route|invite');
    const peer = await callerPeer(udpPort);
    const call = newCall(peer);
    sendInvite(call, { headers: 'x-oDD: Kept  as it is\nSubject: one,\n two' });
    await response(call, 100);
    const { tokens, text } = await client.sip(/INVITE /);
    const [id, type, source, bytes, protocol, address, port, time, txnId, dialogId, local, localPort, last] = tokens;
    expect({ type, source, protocol, address, port, dialogId, local, localPort, last }).toEqual({
      type: 'sip',
      source: 'network',
      protocol: 'udp',
      address: '127.0.0.1',
      port: String(peer.port),
      dialogId: '',
      local: '127.0.0.1',
      localPort: String(udpPort),
      last: '',
    });
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(id).toMatch(uuid);
    expect(txnId).toMatch(uuid);
    expect(time).toMatch(/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}$/);
    // drachtio-server counts the packet, before `received` and `rport` were added.
    const added = / *;rport=\d+/.exec(text)?.[0].length ?? 0;
    expect(Number(bytes)).toBe(Buffer.byteLength(text) - differs(0, added));
    expect(text).toMatch(/^Via: SIP\/2\.0\/UDP [^\r]*;rport=\d+/m);
    expect(text).toContain('x-oDD: Kept  as it is\r\nSubject: one,\r\n two\r\n');
    expect(text.endsWith(`\r\n\r\n${SDP_A}`)).toBe(true);
  });

  it('7: srf sees where the INVITE came from and was received', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const peer = await callerPeer(udpPort);
    const asked = Promise.withResolvers<SrfRequest>();
    await connectSrf(engine, (srf) => srf.invite((req) => asked.resolve(req)));
    sendInvite(newCall(peer));
    const req = await asked.promise;
    expect(req.source).toBe('network');
    expect([req.source_address, req.source_port, req.protocol]).toEqual(['127.0.0.1', peer.port, 'udp']);
    expect(req.receivedOn).toBe(`127.0.0.1:${udpPort}`);
    expect(req.sessionToken ?? '').toBe('');
    expect(req.stackDialogId).toBe('');
  });

  // drachtio-server drops a REFER outside dialogs.
  const verbs = ['invite', 'options', 'message', 'info', 'register', 'subscribe', 'notify', 'publish'];

  it.each([...verbs, ...differs(['refer'], [])])('29: %s that no client routed gets 503', async (verb) => {
    const { engine, udpPort } = await startEngineForTest();
    await rawClient(engine);
    const call = newCall(await callerPeer(udpPort));
    const method = verb.toUpperCase();
    sendInvite(call, { method, body: '' });
    if (method === 'INVITE') await response(call, 100);
    await response(call, 503, method);
  });

  it('59: a body of 6 KB passes', () => bodyPasses(3_000));

  embeddedIt('drachtio-server takes no frame above 12 KB', '59: a body of 100 KB passes', () => bodyPasses(50_000));

  async function bodyPasses(characters: number): Promise<void> {
    const { engine, tcpPort } = await startEngineForTest();
    const client = await rawClient(engine);
    await client.ask('route|message');
    const peer = await callerPeer(tcpPort, 'tcp');
    const call = newCall(peer);
    const body = 'ä'.repeat(characters);
    sendInvite(call, { method: 'MESSAGE', headers: 'Content-Type: text/plain', body });
    const { text, tokens } = await client.sip(/MESSAGE /);
    expect(text.endsWith(body)).toBe(true);
    const head = 'SIP/2.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\n';
    expect((await client.ask(`sip|${tokens[8]}|\r\n${head}${body}`)).tokens[3]).toBe('OK');
    expect((await response(call, 200, 'MESSAGE')).body).toBe(body);
  }

  it.each([
    ['non-numeric', 'GET / HTTP/1.1\r\n\r\n'],
    ['oversize', `${DEFAULT_LIMITS.maxFrameBytes + 1}#`],
    ['endless', '9'.repeat(100)],
  ])('59: a %s length closes that connection only', async (_what, bytes) => {
    const { engine } = await startEngineForTest();
    const bad = await rawClient(engine);
    const good = await rawClient(engine);
    bad.socket.write(bytes);
    await bad.closed;
    expect((await good.ask('ping')).tokens[4]).toBe('pong');
  });
});

describe('limits of the client port', () => {
  embeddedIt(
    'its limits differ, or are lowered',
    'a frame above the limit is refused before authentication already',
    async () => {
      const { engine } = await startEngineForTest();
      const client = await rawClient(engine, null);
      client.socket.write(`${DEFAULT_LIMITS.maxUnauthenticatedFrameBytes + 1}#`);
      await client.closed;
    },
  );

  embeddedIt('its limits differ, or are lowered', 'a frame of exactly the limit is taken', async () => {
    const { engine } = await startEngineForTest({ limits: { maxFrameBytes: 5_000 } });
    const client = await rawClient(engine);
    const ping = `${'i'.repeat(5_000 - '|ping'.length)}|ping`;
    client.socket.write(frame(ping));
    expect((await client.answer(ping.slice(0, -5))).tokens[4]).toBe('pong');
    client.socket.write(frame(`i${ping}`));
    await client.closed;
  });

  embeddedIt(
    'its limits differ, or are lowered',
    'one connection above the limit is closed, the others live',
    async () => {
      const { engine } = await startEngineForTest({ limits: { maxClients: 2 } });
      const first = await rawClient(engine);
      await rawClient(engine);
      const third = await rawClient(engine, null);
      await third.closed;
      expect((await first.ask('ping')).tokens[4]).toBe('pong');
      first.socket.destroy();
      await first.closed;
      await expect
        .poll(async () => {
          const again = await rawClient(engine, null);
          again.send('authenticate|cymru|');
          return Promise.race([again.closed.then(() => 'closed'), once(again.socket, 'data').then(() => 'open')]);
        })
        .toBe('open');
    },
  );

  embeddedIt(
    'its limits differ, or are lowered',
    'who does not know the secret keeps no application out, and ten lines a minute tell of any number',
    async () => {
      const lines: string[] = [];
      const engine = await startEngine(
        {
          listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
          client: { host: '127.0.0.1', port: 0 },
          secret: 'cymru',
          limits: { maxClients: 2 },
        },
        { log: (_, text) => void (text.includes('application') && lines.push(text)) },
      );
      later(() => engine.close());
      const silent = await rawClient(engine, null);
      await rawClient(engine, null);
      const application = await rawClient(engine);
      await silent.closed;
      for (let time = 0; time < 20; time += 1) {
        const wrong = await rawClient(engine, null);
        wrong.send('authenticate|wrong|');
        await wrong.closed;
      }
      expect((await application.ask('ping')).tokens[4]).toBe('pong');
      expect(lines.filter((line) => !line.endsWith('is connected'))).toHaveLength(REFUSAL_LINES_PER_MINUTE);
    },
  );

  embeddedIt(
    'its limits differ, or are lowered',
    'an application that does not read is closed when its backlog passes the limit',
    async () => {
      const { engine } = await startEngineForTest({ limits: { maxClientBacklogBytes: 100_000 } });
      const client = await rawClient(engine);
      const other = await rawClient(engine);
      client.socket.pause();
      // A ping's answer carries its id: 100 KB each.
      const payload = frame(`${'i'.repeat(100_000)}|ping`);
      for (let sent = 0; !client.socket.destroyed && sent < 1_000; sent += 1) {
        client.socket.write(payload);
        await new Promise(setImmediate);
      }
      client.socket.resume();
      await client.closed;
      expect((await other.ask('ping')).tokens[4]).toBe('pong');
    },
  );
});
