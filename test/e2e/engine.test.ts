import { readFile } from 'node:fs/promises';
import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/lab/index.ts';
import { startHere } from '../cli/support.ts';
import { callerPeer, newCall, response, sendAck, sendInDialog, sendInvite } from '../drachtio/support.ts';
import {
  drachtioServer,
  enginePlace,
  ourEngine,
  type EngineKind,
  type EnginePlace,
} from '../support/engine-process.ts';
import { command, until, type GatewayFiles, type GatewayProcess } from '../support/gateway-process.ts';
import { freePort } from '../support/ports.ts';
import { byNumber, call, callerFor, counter, filesFor, onThisMachine, phoneFor, run, settings } from './support.ts';

/** A gateway on engines of their own, one or several. */
async function filesOn(phone: Phone, places: readonly EnginePlace[], admin?: string): Promise<GatewayFiles> {
  const engines = places.map(({ clientPort, secret }) => `{ host: 127.0.0.1, port: ${clientPort}, secret: ${secret} }`);
  return filesFor(settings(phone), {
    sip: `engine: drachtio\n  drachtio: [${engines.join(', ')}]`,
    ...(admin === undefined ? {} : { admin }),
  });
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

/** What nobody has read yet at this UDP port, in the kernel's bytes. */
async function waitingAt(port: number): Promise<number> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = (await readFile('/proc/net/udp', 'latin1')).split('\n').map((line) => line.trim().split(/\s+/));
  const queues = sockets.filter((fields) => fields[1]?.endsWith(local) === true).map((fields) => fields[4] ?? '');
  return queues.reduce((sum, queue) => sum + Number.parseInt(queue.split(':')[1] ?? '0', 16), 0);
}

const EACH = 5;

/** Every rule of this suite is about what the application does: it holds on any engine. */
function engineSuite(kind: EngineKind): void {
  it('answers, misses and gives up calls as with the embedded engine', async () => {
    const place = await enginePlace();
    await kind.start(place);
    const phone = await phoneFor(byNumber);
    const gateway = await run(await filesOn(phone, [place]));
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

  it('serves a caller that requires 100rel and asks for a session timer, each on its side', async () => {
    const place = await enginePlace();
    await kind.start(place);
    const phone = await phoneFor({ kind: 'answer', afterMs: 500 });
    const gateway = await run(await filesOn(phone, [place]));
    const caller = await callerPeer(place.sipPort);
    const made = newCall(caller, `sip:1002@127.0.0.1:${place.sipPort}`);
    sendInvite(made, { headers: 'Require: 100rel, timer\nSupported: 100rel, timer\nSession-Expires: 600' });
    const provisional = await response(made, 180);
    expect(provisional.header('Require')).toContain('100rel');
    sendInDialog(made, 'PRACK', { headers: `RAck: ${provisional.header('RSeq')} 1 INVITE`, contact: '' });
    await response(made, 200, 'PRACK');
    const ok = await response(made, 200);
    expect(ok.header('Session-Expires').replaceAll(' ', '')).toBe('600;refresher=uac');
    expect(ok.header('Require')).toContain('timer');
    sendAck(made);
    sendInDialog(made, 'BYE');
    await response(made, 200, 'BYE');
    expect(verdicts(await gateway.settled(1))).toEqual(['1002 answered  skip']);
    expect(gateway.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  it('killed and started again: it costs the calls in flight, each with its outcome, and nothing else', async () => {
    const place = await enginePlace();
    const first = await kind.start(place);
    const phone = await phoneFor(byNumber);
    const gateway = await run(await filesOn(phone, [place]));
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

  it('that stands still for a while loses nothing', async () => {
    const place = await enginePlace();
    const engine = await kind.start(place);
    const phone = await phoneFor(byNumber);
    const gateway = await run(await filesOn(phone, [place]));
    const caller = await callerFor();
    const ringing = counter(1);
    const hangUp = new AbortController();
    const before = call(caller, gateway, {
      signal: hangUp.signal,
      onEvent: ({ kind: seen }) => seen === 'provisional' && ringing.tick(),
    });
    await ringing.reached;
    engine.child.kill('SIGSTOP');
    hangUp.abort();
    const meanwhile = call(caller, gateway, { number: '1002', hangUpAfterAnswerMs: 50 });
    // Until there are copies of both, which the engine finds waiting.
    let once = 0;
    await until(5_000, 'the CANCEL and the INVITE', async () => {
      const before = once;
      once = await waitingAt(place.sipPort);
      return once > 0 && once === before ? true : null;
    });
    await until(5_000, 'copies of them', async () => ((await waitingAt(place.sipPort)) >= 2 * once ? true : null));
    engine.child.kill('SIGCONT');
    expect((await before).end).toBe('cancelled');
    expect((await meanwhile).end).toBe('hung-up');
    expect(verdicts(await gateway.settled(2)).toSorted()).toEqual([
      '1001 missed caller-hung-up notify',
      '1002 answered  skip',
    ]);
    expect(said(gateway, LOST)).toBe(0);
  });

  it('one of two: it costs its own calls, those of the other go on', async () => {
    const [dies, stays] = [await enginePlace(), await enginePlace()];
    const dying = await kind.start(dies);
    await kind.start(stays);
    const phone = await phoneFor(byNumber);
    const gateway = await run(await filesOn(phone, [dies, stays]));
    // It is ready with the first engine that is connected.
    await gateway.logged((line) => line['msg'] === CONNECTED && line['port'] === dies.clientPort);
    await gateway.logged((line) => line['msg'] === CONNECTED && line['port'] === stays.clientPort);
    const caller = await callerFor();
    const up = counter(2);
    const hangUp = new AbortController();
    const over = (place: EnginePlace, signal?: AbortSignal): Promise<{ end: string }> =>
      call(caller, gateway, {
        to: `sip:1002@127.0.0.1:${place.sipPort}`,
        onEvent: ({ kind: seen }) => seen === 'final' && up.tick(),
        ...(signal === undefined ? { hangUpAfterMs: 60_000 } : { signal }),
      });
    void over(dies);
    const goesOn = over(stays, hangUp.signal);
    await up.reached;
    await dying.end('SIGKILL');
    await gateway.logged(LOST);
    expect(verdicts(await gateway.settled(1)).filter((text) => text.includes('interrupted'))).toEqual([
      '1002 answered interrupted skip',
    ]);
    expect(await readiness(gateway)).toEqual({
      status: 200,
      sip: `true connected, but not to the engine at 127.0.0.1:${dies.clientPort}`,
    });
    const { text: metrics } = await gateway.page('/metrics');
    expect(metrics).toContain(`mcg_engine_connected{address="127.0.0.1:${dies.clientPort}"} 0`);
    expect(metrics).toContain(`mcg_engine_connected{address="127.0.0.1:${stays.clientPort}"} 1`);
    hangUp.abort();
    expect((await goesOn).end).toBe('hung-up');
    await gateway.settled(2);
    const afterwards = counter(1);
    const next = await call(caller, gateway, {
      to: `sip:1001@127.0.0.1:${stays.sipPort}`,
      hangUpAfterRingingMs: 20,
      onEvent: ({ kind: seen }) => seen === 'provisional' && afterwards.tick(),
    });
    expect(next.end).toBe('cancelled');
    expect(verdicts(await gateway.settled(3)).toSorted()).toEqual([
      '1001 missed caller-hung-up notify',
      '1002 answered  skip',
      '1002 answered interrupted skip',
    ]);
  });

  it('that is not there yet is waited for: not ready, said once, ready when it comes', async () => {
    const place = await enginePlace();
    const admin = `http://127.0.0.1:${await freePort()}`;
    const { config } = await filesOn(await phoneFor(byNumber), [place], admin);
    const gateway = startHere(config);
    expect(await gateway.logged('the SIP engine cannot be reached')).toMatchObject({
      level: 'warn',
      host: '127.0.0.1',
      port: place.clientPort,
    });
    const ready = await fetch(`${admin}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('no engine is connected');
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain(
      `mcg_engine_connected{address="127.0.0.1:${place.clientPort}"} 0`,
    );
    await kind.start(place);
    await gateway.logged('ready');
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    const told = gateway.log().filter(({ msg }) => String(msg).startsWith('the SIP engine'));
    expect(told).toHaveLength(1);
  });

  it('that does not accept the secret ends the start with a word', async () => {
    const place = await enginePlace();
    await kind.start(place);
    const { config } = await filesOn(await phoneFor(byNumber), [{ ...place, secret: 'wrong' }]);
    const { code, stderr } = await command('start', '--config', config);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `The gateway could not start: The SIP engine at 127.0.0.1:${place.clientPort} does not accept the secret.`,
    );
    expect(stderr).not.toContain('    at ');
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
