import { X509Certificate } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { rawClient, type RawClient } from '../drachtio/raw-client.ts';
import { callerPeer, newCall, response, sendInvite } from '../drachtio/support.ts';
import { inProcess } from '../e2e/support.ts';
import { makeAuthority } from '../support/certificates.ts';
import { command } from '../support/gateway-process.ts';
import { runHere, type RunningStart } from './support.ts';

const FREE = ['--listen', 'udp://127.0.0.1:0', '--listen', 'tcp://127.0.0.1:0', '--client', '127.0.0.1:0'];

interface Running {
  readonly running: RunningStart;
  readonly sip: readonly string[];
  readonly udpPort: number;
  readonly client: { readonly host: string; readonly port: number };
}

/** `mcg engine` on free ports, ready. */
async function engine(
  argv: readonly string[] = ['--secret', 'cymru'],
  env: Record<string, string> = {},
): Promise<Running> {
  const running = runHere(['engine', ...FREE, ...argv], env);
  const ready = (await running.logged('ready')) as { sip: string[]; client: string };
  const portOf = (address = ''): number => Number(address.split(':').at(-1));
  const [udp] = ready.sip;
  return { running, sip: ready.sip, udpPort: portOf(udp), client: { host: '127.0.0.1', port: portOf(ready.client) } };
}

function applicationOf({ client }: Pick<Running, 'client'>, secret = 'cymru'): Promise<RawClient> {
  return rawClient({ client, secret, sipAddresses: [], close: async () => undefined });
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mcg-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

describe('mcg engine', () => {
  it('says where it listens, answers without an application, serves one, and ends with 0 at SIGTERM', async () => {
    const { running, sip, udpPort, client } = await engine();
    expect(running.printed()).toContain(`ready on udp://127.0.0.1:${udpPort}, tcp://127.0.0.1:`);
    expect(running.printed()).toContain(`connect to 127.0.0.1:${client.port}`);
    expect(sip).toHaveLength(2);

    const peer = await callerPeer(udpPort);
    const answered = async (method: string, status: number): Promise<void> => {
      const call = newCall(peer);
      sendInvite(call, { method, body: '' });
      await response(call, status, method);
    };
    await answered('OPTIONS', 200);
    await answered('INVITE', 503);

    const application = await applicationOf({ client });
    await running.logged('application 127.0.0.1:');
    await application.ask('route|invite');
    sendInvite(newCall(peer));
    await application.sip(/INVITE /);

    running.signal('SIGTERM');
    expect(await running.exitCode).toBe(0);
    await application.closed;
    expect(running.log().at(-1)).toMatchObject({ msg: 'stopped' });
    expect(running.log().filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('takes localhost for 127.0.0.1', async () => {
    const running = runHere(['engine', '--listen', 'udp://localhost:0', '--client', 'localhost:0', '--secret', 'x']);
    expect(await running.logged('ready')).toMatchObject({ sip: [expect.stringMatching(/^udp:\/\/127\.0\.0\.1:/)] });
  });

  it('says so where an application connects by TLS', async () => {
    const { running, client } = await engine();
    const socket = connectTls({ ...client, rejectUnauthorized: false });
    socket.on('error', () => undefined);
    const { msg } = await running.logged('application 127.0.0.1:');
    expect(msg).toMatch(/^application 127\.0\.0\.1:\d+: this looks like TLS: connect without `tls`/);
  });

  it('never says the secret', async () => {
    const { running } = await engine(['--secret', 'very-secret', '--log-level', 'trace']);
    const said = running.printed() + JSON.stringify(running.log());
    expect(said).not.toContain('very-secret');
  });

  it('takes the secret from a file, or from DRACHTIO_SECRET', async () => {
    const file = join(await folder(), 'secret');
    await writeFile(file, 'from a file\n');
    const byFile = await engine(['--secret-file', file], { DRACHTIO_SECRET: 'not this one' });
    await (await applicationOf(byFile, 'from a file')).ask('ping');
    const byVariable = await engine([], { DRACHTIO_SECRET: 'from the environment' });
    await (await applicationOf(byVariable, 'from the environment')).ask('ping');
  });

  it('takes the SIP timers: an INVITE of the application that nobody answers gets its 408 after --t1x64', async () => {
    const { client, udpPort } = await engine('--secret cymru --t1 10 --t2 40 --t4 50 --t1x64 200'.split(' '));
    const application = await applicationOf({ client });
    const silent = await callerPeer(udpPort);
    const startedAt = performance.now();
    await application.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${silent.port} SIP/2.0\r\n\r\n`);
    await application.sip(/SIP\/2\.0 408/);
    const tookMs = performance.now() - startedAt;
    // The default would be 32 s. Below it by no more than the timer's own coarseness.
    expect(tookMs).toBeGreaterThan(190);
    expect(tookMs).toBeLessThan(10_000);
    expect(silent.count(/^INVITE/)).toBeGreaterThan(3);
  });

  it('gives up an INVITE that gets no response at all after --timer-b', async () => {
    const { client, udpPort } = await engine('--secret cymru --t1 50 --timer-b 100'.split(' '));
    const application = await applicationOf({ client });
    const silent = await callerPeer(udpPort);
    await application.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${silent.port} SIP/2.0\r\n\r\n`);
    await application.sip(/SIP\/2\.0 408/);
  });

  it('refuses who is not allowed to call', async () => {
    const { udpPort } = await engine('--secret cymru --allow 192.0.2.0/24 --allow 2001:db8::1'.split(' '));
    const call = newCall(await callerPeer(udpPort));
    sendInvite(call);
    await response(call, 403);
  });

  it('shows peers the advertised address, and tells applications of both', async () => {
    const behind = await engine('--secret cymru --advertise 203.0.113.5 --local-net 10.0.0.0/8'.split(' '));
    const application = await applicationOf(behind);
    const [, , , , shown, , bound] = application.received[0]?.tokens ?? [];
    expect(shown?.split(',')).toContain(`udp/203.0.113.5:${behind.udpPort}`);
    expect(bound?.split(',')).toContain(`udp/127.0.0.1:${behind.udpPort}`);
    expect(behind.running.printed()).toContain(
      'peers         are told 203.0.113.5, those in 10.0.0.0/8 the address above',
    );
    const peer = await callerPeer(behind.udpPort);
    await application.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${peer.port} SIP/2.0\r\n\r\n`);
    expect((await peer.expect(/^INVITE/)).header('Contact')).toContain('203.0.113.5');
    const local = await engine('--secret cymru --advertise 203.0.113.5 --local-net 127.0.0.0/8'.split(' '));
    const other = await applicationOf(local);
    await other.ask(`sip||\r\nINVITE sip:1001@127.0.0.1:${peer.port} SIP/2.0\r\n\r\n`);
    expect((await peer.expect(/^INVITE/)).header('Contact')).toContain('127.0.0.1');
  });

  it('listens by TLS and WebSocket, shows its certificate, and reads it again at SIGHUP', async () => {
    const authority = makeAuthority();
    const { certificate, key } = authority.issue(['IP:127.0.0.1']);
    const path = await folder();
    const [certificateFile, keyFile, caFile] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => join(path, name));
    await writeFile(certificateFile ?? '', certificate);
    await writeFile(keyFile ?? '', key);
    await writeFile(caFile ?? '', authority.certificate);
    const files = `--tls-certificate ${certificateFile} --tls-key ${keyFile} --tls-client-ca ${caFile}`;
    const listen = '--listen tls://127.0.0.1:0 --listen ws://127.0.0.1:0 --listen wss://127.0.0.1:0';
    const { sip, running } = await engine(`--secret cymru ${listen} ${files}`.split(' '));
    expect(sip.map((address) => address.split(':')[0])).toEqual(['udp', 'tcp', 'tls', 'ws', 'wss']);
    const port = Number(sip[2]?.split(':').at(-1));
    const own = authority.issue(['DNS:pbx.example.com']);
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      ca: authority.certificate,
      cert: own.certificate,
      key: own.key,
    });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    socket.write(
      `OPTIONS sip:127.0.0.1:${port} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^SIP\/2\.0 200 /);

    const renewed = authority.issue(['IP:127.0.0.1']);
    await writeFile(certificateFile ?? '', renewed.certificate);
    running.signal('SIGHUP');
    await running.logged('the certificates cannot be used; those before stay');
    await writeFile(keyFile ?? '', renewed.key);
    running.signal('SIGHUP');
    await running.logged('certificates read again');
    const { certificate: cert, key: ownKey } = own;
    const next = connectTls({ port, host: '127.0.0.1', ca: authority.certificate, cert, key: ownKey });
    onTestFinished(() => void next.destroy());
    await once(next, 'secureConnect');
    expect(next.getPeerCertificate().fingerprint256).toBe(new X509Certificate(renewed.certificate).fingerprint256);
  });

  it('says which certificate cannot be used', async () => {
    const path = await folder();
    const [file, none] = [join(path, 'cert.pem'), join(path, 'none.pem')];
    await writeFile(file, makeAuthority().certificate);
    await writeFile(none, 'no certificate');
    const start = (...tls: string[]) => inProcess('engine', ...FREE, '--secret', 'x', ...tls);
    const noPair = await start('--tls-certificate', file, '--tls-key', none);
    expect(noPair.code).toBe(1);
    expect(noPair.stderr).toMatch(/could not start: .*--tls-certificate and --tls-key must be a pair, in PEM/);
    expect(noPair.stderr).not.toContain('    at ');
    for (const flag of ['--tls-certificate', '--tls-client-ca', '--tls-server-ca']) {
      const given = { '--tls-certificate': file, '--tls-key': file, [flag]: none };
      const { code, stderr } = await start(...Object.entries(given).flat());
      expect(code).toBe(2);
      expect(stderr).toContain(`${flag} ${none} holds no certificate that can be read`);
    }
  });

  it('serves the application that README.md shows', async () => {
    const { client, udpPort } = await engine();
    const written = /```js\n([^]*?)```/.exec(await readFile('README.md', 'utf8'))?.[1] ?? '';
    const program = written.replace('port: 9022', `port: ${client.port}`);
    const application = spawn('node', ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void application.kill('SIGKILL'));
    const said = createInterface({ input: application.stdout })[Symbol.asyncIterator]();
    expect((await said.next()).value).toMatch(/^connected: (udp|tcp)\/127\.0\.0\.1:\d+,/);
    const peer = await callerPeer(udpPort);
    // Its route may still be on the way.
    await vi.waitFor(async () => {
      const call = newCall(peer, 'sip:1001@127.0.0.1');
      sendInvite(call);
      expect((await peer.expect(new RegExp(`^SIP/2.0 [4-6][^]*Call-ID: ${call.callId}`))).start).toBe(
        'SIP/2.0 486 Busy',
      );
    });
    expect((await said.next()).value).toBe('alice calls 1001');
  });
});

describe('mcg engine refuses', () => {
  const named = 'engine --secret cymru';
  it.each([
    [`${named} --listen sctp://127.0.0.1:5060`, /'sctp:\/\/127\.0\.0\.1:5060' is invalid.*udp:\/\/127\.0\.0\.1:5060/],
    [`${named} --listen tcp://127.0.0.1:5060 --listen ws://127.0.0.1:5060`, /Another --listen has this port/],
    [`${named} --listen tls://127.0.0.1:5061`, /Listening on tls:\/\/ needs both --tls-certificate FILE and --tls-key/],
    [
      `${named} --origin phone.example.com`,
      /--origin.*is invalid. It must be like https:\/\/phone.example.com: scheme, host, port, no path\./,
    ],
    [`${named} --origin phone.example.com:8443`, /scheme, host, port, no path/],
    [`${named} --origin https://phone.example.com/app`, /scheme, host, port, no path/],
    [`${named} --origin https://me@phone.example.com`, /scheme, host, port, no path/],
    [`${named} --tls-client-ca ca.pem`, /TLS needs both --tls-certificate FILE and --tls-key FILE/],
    [
      `${named} --tls-certificate no.pem --tls-key no.pem`,
      /--tls-certificate [^:]*no\.pem: there is no such file\.?\n/,
    ],
    [`${named} --listen 127.0.0.1:5060`, /It must be udp, tcp/],
    [`${named} --listen udp://pbx.example.com:5060`, /It must be an IP address, no name/],
    [`${named} --listen udp://127.0.0.1:99999`, /The port must be 1 to 65535\./],
    [`${named} --listen udp://::1:27300`, /IPv6 in brackets: udp:\/\/\[::1\]:27300\./],
    [`${named} --client 127.0.0.1:99999`, /The port must be 1 to 65535\./],
    [`${named} --client ::1:9022`, /IPv6 in brackets: \[::1\]:9022\./],
    [`${named} --client pbx:9022`, /It must be an IP address, no name/],
    [`${named} --listen udp://0.0.0.0:5060 --listen udp://127.0.0.1:5060`, /Another --listen has this port/],
    [
      `${named} --listen tcp://0.0.0.0:9022`,
      /--client 127\.0\.0\.1:9022 has the port of --listen tcp:\/\/0\.0\.0\.0:9022/,
    ],
    [`${named} --listen udp://127.0.0.1:5060 --listen udp://127.0.0.1:5060`, /Another --listen has this port/],
    [`${named} --client 9022`, /an address and a port: 127\.0\.0\.1:9022/],
    [
      `${named} --client 0.0.0.0:9022`,
      /0\.0\.0\.0:9022 can be reached from other machines.*not|nothing.*encrypted.*--remote-clients/,
    ],
    [`${named} --client [::]:9022`, /--remote-clients/],
    [`${named} --t1 0`, /whole milliseconds/],
    [`${named} --t1 500ms`, /whole milliseconds/],
    [`${named} --t1x64 3000000000`, /whole milliseconds/],
    [`${named} --t1 5000`, /T1 \(5000 ms\) is longer than T2 \(4000 ms\)/],
    [`${named} --t2 100`, /T1 \(500 ms\) is longer than T2 \(100 ms\)/],
    [`${named} --t1x64 100`, /--t1x64 \(100 ms\) is shorter than T1/],
    [`${named} --timer-b 100`, /--timer-b \(100 ms\) is shorter than T1/],
    [`${named} --allow pbx`, /192\.0\.2\.0\/24/],
    [`${named} --local-net 10.0.0.0/33`, /192\.0\.2\.0\/24/],
    [`${named} --advertise udp://203.0.113.5`, /without a port/],
    [`${named} --log-level loud`, /Allowed choices are trace/],
    ['engine', /The secret is missing.*--secret-file.*DRACHTIO_SECRET/],
    ['engine --secret a|b', /no \| and no line break/],
    ['engine --secret-file does/not/exist', /--secret-file [^:]*does\/not\/exist: there is no such file\.?\n/],
    ['engine --secret-file test', /--secret-file .*test: it is no file/],
    ['engine --secret a --secret-file b', /cannot be used with/],
  ])('%s', async (line, said) => {
    const { code, stdout, stderr } = await inProcess(...line.split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain('    at ');
  });

  it('a SIP port, and a port for applications, that another has', async () => {
    const { sip, client } = await engine();
    const [udp = '', tcp = ''] = sip;
    const elsewhere = ['--client', '127.0.0.1:0', '--secret', 'cymru'];
    for (const taken of [udp, tcp]) {
      const { code, stderr } = await inProcess('engine', '--listen', taken, ...elsewhere);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(
          `could not start: cannot listen on ${taken}: .*EADDRINUSE.*\\. Another program has this port: stop it, or choose another with --listen\\.`,
        ),
      );
    }
    const held = `127.0.0.1:${client.port}`;
    const { code, stderr } = await inProcess(
      'engine',
      '--listen',
      'udp://127.0.0.1:0',
      '--client',
      held,
      '--secret',
      'x',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `could not start: cannot listen for applications on ${held}: .*EADDRINUSE.*or choose another with --client\\.`,
      ),
    );
  });

  it('an address that this machine does not have', async () => {
    const { code, stderr } = await inProcess('engine', '--secret', 'x', '--listen', 'udp://203.0.113.5:0');
    expect(code).toBe(1);
    expect(stderr).toMatch(/EADDRNOTAVAIL.*This machine has no such address: .*isten on yours.*--advertise/);
    const client = ['--client', '203.0.113.5:0', '--remote-clients'];
    const other = await inProcess('engine', '--secret', 'x', '--listen', 'udp://127.0.0.1:0', ...client);
    expect(other.stderr).toMatch(/EADDRNOTAVAIL.*This machine has no such address/);
    expect(other.stderr).not.toContain('--advertise');
  });

  it('and its help has examples', async () => {
    const { code, stdout } = await command('engine', '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}mcg engine --secret cymru\n/);
    expect(stdout).toContain("srf.connect({ host: '127.0.0.1', port: 9022, secret: 'cymru' })");
  });
});
