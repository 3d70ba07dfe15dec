import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startCaller, startPhone, type Caller, type Phone } from '../../src/lab/index.ts';
import { makeAuthority } from '../support/certificates.ts';
import { freePort } from '../support/ports.ts';
import {
  gatewayFiles,
  removeFiles,
  startGateway,
  type GatewayProcess,
  type LogLine,
} from '../support/gateway-process.ts';
import { describeWith } from '../support/peers.ts';
import { freePorts, startKamailio, TLS_MODULE, type Kamailio } from './kamailio.ts';

const CALLER = '"Jean Dupont" <sip:+33199001234@127.0.0.1>';

/** Called numbers: the last digit says what the phone behind the gateway does. */
const byNumber = ({ uri }: { uri: string }) =>
  /^sip:\d*1@/.test(uri) ? ({ kind: 'ring' } as const) : ({ kind: 'answer', afterMs: 50 } as const);

/** What makes an INVITE larger than a datagram may be (RFC 3261 18.1.1). */
const LARGE = [{ name: 'X-Large', value: 'x'.repeat(1_400) }];

describeWith(TLS_MODULE, 'a proxy, kamailio, on both sides of the gateway by TLS with certificates', () => {
  const authority = makeAuthority();
  let phone: Phone;
  let elsewhere: Phone;
  let elsewhereAnswersAfterMs: number | null = null;
  let caller: Caller;
  let proxy: Kamailio;
  let gateway: GatewayProcess;
  let judgedBefore = 0;

  beforeAll(async () => {
    phone = await startPhone({ behaviour: byNumber });
    elsewhere = await startPhone({
      behaviour: () =>
        elsewhereAnswersAfterMs === null ? { kind: 'ring' } : { kind: 'answer', afterMs: elsewhereAnswersAfterMs },
    });
    caller = await startCaller();
    const ports = await freePorts();
    const gatewayPort = await freePort();
    const files = await gatewayFiles(
      `peers:
  - { name: proxy, allow: [127.0.0.0/8], forks: true }
routing:
  nextHop: ["sip:127.0.0.1:${ports.tlsPort};transport=tls"]`,
      {
        sip: `listen: [udp://127.0.0.1:0, tcp://127.0.0.1:0, tls://127.0.0.1:${gatewayPort}]
  tls: { certificate: own.pem, keyFile: own.key, serverCa: ca.pem, clientCa: ca.pem }`,
      },
    );
    const { certificate, key } = authority.issue(['IP:127.0.0.1']);
    await writeFile(join(files.folder, 'own.pem'), certificate);
    await writeFile(join(files.folder, 'own.key'), key, { mode: 0o600 });
    await writeFile(join(files.folder, 'ca.pem'), authority.certificate);
    const inward = [`sip:127.0.0.1:${gatewayPort};transport=tls`, `sip:elsewhere@${elsewhere.uri().slice(4)}`];
    proxy = await startKamailio(ports, { inward, outward: phone.uri() }, authority);
    gateway = await startGateway(files);
  });
  afterEach(() => {
    judgedBefore += 1;
  });
  afterAll(async () => {
    // A gateway with calls waits for them.
    await proxy?.stop();
    await gateway?.stop();
    await Promise.all([caller.close(), phone.close(), elsewhere.close()]);
    await removeFiles(gateway);
  });

  const to = (number: string): string => `sip:${number}@127.0.0.1:${proxy.port}`;

  function judged(): Promise<LogLine> {
    let seen = 0;
    return gateway.logged(({ msg }) => msg === 'call ended' && ++seen > judgedBefore);
  }

  it('rings two branches, nobody answers, the caller gives up: missed, and mailed', async () => {
    elsewhereAnswersAfterMs = null;
    const report = await caller.call({ from: CALLER, to: to('1001'), hangUpAfterRingingMs: 300 });
    expect(report.end).toBe('cancelled');
    expect(await judged()).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up', callee: '1001' });
    expect((await elsewhere.nextCall()).ringingAt).not.toBeNull();
    const [mail] = await gateway.mailed(1);
    expect(mail?.subject).toContain('Jean Dupont');
  });

  it('rings two branches, the other answers: elsewhere, and no mail', async () => {
    elsewhereAnswersAfterMs = 300;
    const report = await caller.call({ from: CALLER, to: to('1001'), hangUpAfterAnswerMs: 50 });
    expect(report.end).toBe('hung-up');
    expect(await judged()).toMatchObject({ outcome: 'elsewhere', decision: 'skip', callee: '1001' });
    expect((await elsewhere.nextCall()).end).toBe('peer-hung-up');
  });

  it.each([
    ['', []],
    [', also for an INVITE that is too large for UDP', LARGE],
  ])('answers on our branch; each request of the dialog passes its two record routes%s', async (_, headers) => {
    elsewhereAnswersAfterMs = null;
    const report = await caller.call({ from: CALLER, to: to('1002'), headers, hangUpAfterAnswerMs: 50 });
    expect(report.end).toBe('hung-up');
    expect(await judged()).toMatchObject({ outcome: 'answered', callee: '1002' });
    const call = phone.calls.at(-1);
    expect(call?.invite.headers.all('Record-Route')).toHaveLength(2);
    // The caller has its 200, and the verdict is there, before the BYE has passed the proxy.
    await expect.poll(() => call?.end).toBe('peer-hung-up');
  });
});
