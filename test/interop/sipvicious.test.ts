import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCaller, startPhone, type Caller, type Phone } from '../../src/lab/index.ts';
import { gatewayFiles, removeFiles, startGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { describeWith } from '../support/peers.ts';
import { expectCall, finalAnswers, peerTo, ping, startHostileEngine, userAgent } from '../hostile/support.ts';

/** A scan that finds nothing to go on with would go on asking. */
const SCAN_TIMEOUT_MS = 8_000;
/** svcrack goes on for ever where it finds nothing, and gets no further in more time: it is refused after some guesses. */
const CRACK_TIMEOUT_MS = 4_000;

/** What the tool wrote on both streams. Its own session files are of no use: it runs with a home that is none. */
function scan(tool: string, ...argv: string[]): Promise<string> {
  return new Promise((resolve) => {
    const timeout = tool === 'svcrack' ? CRACK_TIMEOUT_MS : SCAN_TIMEOUT_MS;
    const options = { timeout, env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' } };
    execFile(tool, argv, options, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

/** Extensions that a scan reports: its table has a line for each. */
const found = (report: string): string[] =>
  [...report.matchAll(/^\| (\d{3,}) +\|/gm)].map(([, number]) => number ?? '');

describeWith('svwar', 'a scanner, sipvicious, that is no peer of the gateway', () => {
  let phone: Phone;
  let caller: Caller;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    phone = await startPhone({ behaviour: { kind: 'busy' } });
    caller = await startCaller({ listen: [{ protocol: 'udp', address: '127.0.0.2', port: 0 }] });
    gateway = await startGateway(
      await gatewayFiles(`peers:
  - { name: pbx, allow: [127.0.0.2/32] }
routing:
  nextHop: ["${phone.uri()}"]`),
    );
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all([caller.close(), phone.close(), removeFiles(gateway)]);
  });

  async function expectPeerCalls(): Promise<void> {
    const { final } = await caller.call({ from: '<sip:+33199001234@127.0.0.2>', to: `sip:1001@${gateway.sip.udp}` });
    expect(final?.status).toBe(486);
  }

  it.concurrent('svmap learns that there is SIP, and not what', async () => {
    const port = portOf(gateway.sip.udp);
    const scans = ['OPTIONS', 'INVITE', 'REGISTER'].map((method) =>
      scan('svmap', '-p', port, '-m', method, '127.0.0.1'),
    );
    for (const report of await Promise.all(scans)) expect(report).toMatch(/\| 127\.0\.0\.1:\d+ \| unknown +\|/);
    await expectPeerCalls();
  });

  it.concurrent('svwar finds no extension, also where one has a mailbox', async () => {
    const port = portOf(gateway.sip.udp);
    const scans = ['REGISTER', 'INVITE', 'OPTIONS'].map((method) =>
      scan('svwar', '--force', '-p', port, '-m', method, '-e', '998-1004', '127.0.0.1'),
    );
    for (const report of await Promise.all(scans)) {
      expect(report).toContain('found nothing');
      expect(found(report)).toEqual([]);
    }
    await expectPeerCalls();
  });

  it.concurrent('svcrack finds no password: nobody is asked for one', async () => {
    const report = await scan('svcrack', '-p', portOf(gateway.sip.udp), '-u', '1001', '-r', '1-5', '127.0.0.1');
    expect(found(report)).toEqual([]);
    await expectPeerCalls();
  });

  it('known and unknown numbers, and none, get the same answer', async () => {
    const peer = await peerTo(Number(portOf(gateway.sip.udp)));
    const answers = new Set<string>();
    for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'SUBSCRIBE', 'MESSAGE']) {
      for (const user of ['1001@', '1002@', '1999@', '']) {
        const id = `${method}-${user.replace('@', '')}`;
        peer.send(`${method} sip:${user}${gateway.sip.udp} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${id}
From: <sip:x@127.0.0.1>;tag=x
To: <sip:x@127.0.0.1>
Call-ID: ${id}
CSeq: 1 ${method}
Contact: <sip:x@127.0.0.1:${peer.port}>
`);
        const { text } = await peer.expect(new RegExp(`^SIP/2\\.0 [^]*Call-ID: ${id}\r`));
        answers.add(text.replaceAll(id, '').replace(/CSeq: 1 .*/, ''));
      }
    }
    expect(answers.size).toBe(1);
    const [answer = ''] = answers;
    expect(answer).toMatch(/^SIP\/2\.0 403 Forbidden\r\n/);
    expect(answer).not.toMatch(/^(server|user-agent|allow|supported|contact|warning):/im);
    expect(gateway.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});

describeWith('svwar', 'a scanner, sipvicious, at a gateway where phones register', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const files = await gatewayFiles(`peers:
  - { name: pbx, allow: [127.0.0.2/32] }
routing:
  nextHop: ["sip:127.0.0.2:9"]
registrar: { realm: phones.example }`);
    await writeFile(
      join(files.folder, 'phones.yaml'),
      'users: [{ username: "1001", password: "73560" }, { username: "1002", password: "73503" }]\n',
    );
    gateway = await startGateway(files);
  });
  afterAll(async () => {
    await gateway.stop();
    await removeFiles(gateway);
  });

  it.concurrent('svmap learns that there is SIP, and not what', async () => {
    const port = portOf(gateway.sip.udp);
    const reports = await Promise.all(
      ['OPTIONS', 'INVITE', 'REGISTER'].map((method) => scan('svmap', '-p', port, '-m', method, '127.0.0.1')),
    );
    for (const report of reports) expect(report).toMatch(/\| 127\.0\.0\.1:\d+ \| unknown +\|/);
  });

  it.concurrent('svwar cannot tell the numbers that register from those that do not', async () => {
    const port = portOf(gateway.sip.udp);
    const scans = ['REGISTER', 'INVITE', 'OPTIONS'].map((method) =>
      scan('svwar', '--force', '-p', port, '-m', method, '-e', '998-1004', '127.0.0.1'),
    );
    // Every number is the same to it: all of them ask for a password, or none is found.
    for (const report of await Promise.all(scans)) expect([0, 7]).toContain(new Set(found(report)).size);
  });

  it('svcrack is locked out after some guesses, and never comes to the right one', async () => {
    const crack = (user: string, range: string): Promise<string> =>
      scan('svcrack', '-vv', '-p', portOf(gateway.sip.udp), '-u', user, '-r', range, '127.0.0.1');
    // It could: this password is among the first that it tries.
    expect(await crack('1002', '73500-73510')).toContain('The password for 1002 is 73503');
    expect(await crack('1001', '73500-73600')).not.toContain('The password for 1001');
    // A hundred guesses are no flood of the log: a line in ten seconds.
    const told = gateway.log.filter(({ msg }) => msg === 'REGISTER refused');
    expect(told[0]).toMatchObject({ status: 403, why: expect.stringContaining('wrong user name or password') });
    expect(told.length).toBeLessThanOrEqual(3);
    expect(gateway.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('known and unknown numbers, and none, get the same answer but for its nonce', async () => {
    const peer = await peerTo(Number(portOf(gateway.sip.udp)));
    const answers = new Set<string>();
    for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'SUBSCRIBE', 'MESSAGE']) {
      for (const user of ['1001@', '1999@', '']) {
        const id = `${method}-${user.replace('@', '')}`;
        peer.send(`${method} sip:${user}${gateway.sip.udp} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${id}
From: <sip:x@127.0.0.1>;tag=x
To: <sip:x@127.0.0.1>
Call-ID: ${id}
CSeq: 1 ${method}
Contact: <sip:x@127.0.0.1:${peer.port}>
`);
        const { text } = await peer.expect(new RegExp(`^SIP/2\\.0 [^]*Call-ID: ${id}\r`));
        answers.add(
          text
            .replaceAll(id, '')
            .replace(/CSeq: 1 .*/, '')
            .replaceAll(/nonce="[\w-]{38}"/g, ''),
        );
      }
    }
    expect(answers.size).toBe(1);
    const [answer = ''] = answers;
    expect(answer).toMatch(/^SIP\/2\.0 401 Unauthorized\r\n/);
    expect(answer).not.toMatch(/^(server|user-agent|allow|supported|contact|warning):/im);
  });
});

describeWith('svwar', 'a scanner, sipvicious, at an engine that takes calls from everybody', () => {
  it('learns of each extension what the application answers, and the engine goes on', async () => {
    const { engine, udpPort } = await startHostileEngine();
    await userAgent(engine);
    const caller = await peerTo(udpPort);
    const map = scan('svmap', '-p', String(udpPort), '127.0.0.1');
    const scans = ['REGISTER', 'OPTIONS', 'INVITE'].map((method) =>
      scan('svwar', '--force', '-p', String(udpPort), '-m', method, '-e', '100-110', '127.0.0.1'),
    );
    await expectCall(caller);
    await Promise.all(scans);
    expect(await map).toMatch(/\| 127\.0\.0\.1:\d+ \| unknown +\|/);
    await ping(caller);
    await expectCall(caller);
    expect(finalAnswers(caller).every(({ start }) => start.startsWith('SIP/2.0 200'))).toBe(true);
  });
});
