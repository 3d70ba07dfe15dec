import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/lab/index.ts';
import {
  drachtioServer,
  enginePlace,
  ourEngine,
  type EngineKind,
  type EnginePlace,
} from '../support/engine-process.ts';
import type { GatewayFiles, GatewayProcess } from '../support/gateway-process.ts';
import { byNumber, call, callerFor, counter, filesFor, onThisMachine, phoneFor, run, settings } from './support.ts';

/** A gateway on engines of their own, one or several. */
async function filesOn(phone: Phone, ...places: readonly EnginePlace[]): Promise<GatewayFiles> {
  const engines = places.map(({ clientPort, secret }) => `{ host: 127.0.0.1, port: ${clientPort}, secret: ${secret} }`);
  return filesFor(settings(phone), { sip: `engine: drachtio\n  drachtio: [${engines.join(', ')}]` });
}

const LOST = 'the connection to the SIP engine is lost';
const CONNECTED = 'connected to the SIP engine';
/** The engine is tried again every second. */
const RECONNECTED_MS = 2_000;

function said(gateway: GatewayProcess, message: string): number {
  return gateway.log.filter(({ msg }) => String(msg).startsWith(message)).length;
}

async function readiness(gateway: GatewayProcess): Promise<{ status: number; sip: string }> {
  const { status, text } = await gateway.page('/readyz');
  const { checks } = JSON.parse(text) as { checks: { name: string; ok: boolean; detail: string }[] };
  const sip = checks.find(({ name }) => name === 'sip');
  return { status, sip: `${sip?.ok} ${sip?.detail}` };
}

function verdicts(calls: Awaited<ReturnType<GatewayProcess['calls']>>): string[] {
  return calls.map(({ callee, outcome, cause, decision }) => [callee, outcome, cause, decision].join(' '));
}

const EACH = 5;

/** Every rule of this suite is about what the application does: it holds on any engine. */
function engineSuite(kind: EngineKind): void {
  it('answers, misses and gives up calls as with the embedded engine', async () => {
    const place = await enginePlace();
    await kind.start(place);
    const phone = await phoneFor(byNumber);
    const gateway = await run(await filesOn(phone, place));
    const caller = await callerFor();
    expect((await call(caller, gateway, { number: '1002', hangUpAfterAnswerMs: 50 })).end).toBe('hung-up');
    expect((await call(caller, gateway, { hangUpAfterRingingMs: 50 })).end).toBe('cancelled');
    expect((await call(caller, gateway, { number: '1009' })).final?.status).toBe(404);
    expect(verdicts(await gateway.settled(3))).toEqual([
      '1002 answered  skip',
      '1001 missed caller-hung-up notify',
      '1009 failed  skip',
    ]);
    expect(await gateway.stop()).toBe(0);
  });

  it('killed and started again: it costs the calls in flight, each with its outcome, and nothing else', async () => {
    const place = await enginePlace();
    const first = await kind.start(place);
    const phone = await phoneFor(byNumber);
    const gateway = await run(await filesOn(phone, place));
    const caller = await callerFor();
    const ringing = counter(EACH);
    const talking = counter(EACH);
    const hangUp = new AbortController();
    const { signal } = hangUp;
    const dial = (number: string, counted: 'provisional' | 'final', tick: () => void): Promise<unknown> =>
      Promise.all(
        Array.from({ length: EACH }, () =>
          call(caller, gateway, { number, signal, onEvent: ({ kind: seen }) => seen === counted && tick() }),
        ),
      );
    // Nobody answers these INVITEs any more: their callers go on waiting.
    void dial('1001', 'provisional', ringing.tick);
    const talked = dial('1002', 'final', talking.tick);
    await Promise.all([ringing.reached, talking.reached]);

    await first.end('SIGKILL');
    await gateway.logged(LOST);
    expect((await readiness(gateway)).status).toBe(503);
    const settled = await gateway.settled(2 * EACH);
    expect(verdicts(settled).toSorted()).toEqual([
      ...Array<string>(EACH).fill('1001 missed interrupted notify'),
      ...Array<string>(EACH).fill('1002 answered interrupted skip'),
    ]);
    await gateway.mailed(EACH);

    const restartedAt = Date.now();
    await kind.start(place);
    await gateway.logged((line) => line['msg'] === CONNECTED && Date.parse(String(line['time'])) >= restartedAt);
    expect(Date.now() - restartedAt).toBeLessThan(onThisMachine(RECONNECTED_MS) + 1_000);
    expect((await readiness(gateway)).status).toBe(200);
    // Those who were cut off hang up only now, at an engine that knows nothing of their dialogs: no new calls come of it.
    hangUp.abort();
    await talked;
    expect((await call(caller, gateway, { number: '1002', hangUpAfterAnswerMs: 50 })).end).toBe('hung-up');
    expect((await call(caller, gateway, { hangUpAfterRingingMs: 50 })).end).toBe('cancelled');
    const calls = await gateway.settled(2 * EACH + 2);
    expect(verdicts(calls).slice(2 * EACH)).toEqual(['1002 answered  skip', '1001 missed caller-hung-up notify']);
    expect(await gateway.mailed(EACH + 1)).toHaveLength(EACH + 1);
    const { text: metrics } = await gateway.page('/metrics');
    expect(metrics).toMatch(/^mcg_live_calls 0$/m);

    expect(said(gateway, LOST)).toBe(1);
    expect(said(gateway, CONNECTED)).toBe(2);
    expect(said(gateway, 'the SIP engine cannot be reached')).toBe(1);
    expect(gateway.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    expect(await gateway.stop()).toBe(0);
    expect(await gateway.mails()).toHaveLength(EACH + 1);
  });
}

describe('a gateway on mcg engine', () => engineSuite(ourEngine));

const program = env['DRACHTIO_BIN'];
if (program === undefined) {
  describe.skip('a gateway on drachtio-server (needs DRACHTIO_BIN: the path of its program)', () =>
    engineSuite(ourEngine));
} else {
  describe('a gateway on drachtio-server', () => engineSuite(drachtioServer(program)));
}
