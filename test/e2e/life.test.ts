import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { command, POLICY, type GatewayProcess } from '../support/gateway-process.ts';
import { freePort } from '../support/ports.ts';
import { byNumber, call, callerFor, counter, filesFor, onThisMachine, phoneFor, run, settings } from './support.ts';

/** Well under what any wait of the gateway takes. */
const QUICKLY_MS = 3_000;

async function timeToEnd(gateway: GatewayProcess): Promise<{ code: number | null; ms: number }> {
  const startedAt = Date.now();
  const { code } = await gateway.exited;
  return { code, ms: Date.now() - startedAt };
}

describe('the life of a gateway', () => {
  it('answers /healthz, /readyz and /metrics, re-reads the policy at SIGHUP, and ends quickly where nothing lives', async () => {
    const files = await filesFor(settings(await phoneFor(byNumber)));
    const gateway = await run(files);
    expect(await gateway.page('/healthz')).toEqual({ status: 200, text: '{"status":"alive"}\n' });
    const { status, text } = await gateway.page('/readyz');
    expect(status).toBe(200);
    const { ready, checks } = JSON.parse(text) as { ready: boolean; checks: { name: string; ok: boolean }[] };
    expect(ready).toBe(true);
    expect(checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'sip true',
      'policy true',
      'journal true',
      'templates true',
      'mail true',
      'draining true',
    ]);
    await call(await callerFor(), gateway, { hangUpAfterRingingMs: 20 });
    await gateway.logged('notification sent');
    const metrics = await gateway.page('/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.text).toMatch(/^mcg_calls_total\{outcome="missed",cause="caller-hung-up"\} 1$/m);
    expect(metrics.text).toMatch(/^mcg_live_calls 0$/m);
    expect(metrics.text).toMatch(/^mcg_notification_attempts_total\{result="sent"\} 1$/m);

    gateway.child.kill('SIGHUP');
    const reread = await gateway.logged(({ msg }) => String(msg).startsWith('policy read again'));
    expect(reread['version']).toEqual(expect.any(String));

    gateway.child.kill('SIGTERM');
    const { code, ms } = await timeToEnd(gateway);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(onThisMachine(QUICKLY_MS));
    expect(gateway.log.at(-1)).toMatchObject({ msg: 'stopped' });
    expect(gateway.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('SIGTERM: new calls get 503, what talks may end, what still rings after stopTimeout is interrupted and mailed', async () => {
    const phone = await phoneFor(byNumber);
    const caller = await callerFor();
    const files = await filesFor(settings(phone), { more: 'stopTimeout: 2s\n' });
    const gateway = await run(files);
    const up = counter(2);
    const ringing = call(caller, gateway, { onEvent: ({ kind }) => kind === 'provisional' && up.tick() });
    const hangUp = new AbortController();
    const talking = call(caller, gateway, {
      number: '1002',
      signal: hangUp.signal,
      onEvent: ({ kind }) => kind === 'final' && up.tick(),
    });
    await up.reached;
    const stoppedAt = Date.now();
    gateway.child.kill('SIGTERM');
    await gateway.logged(({ msg }) => String(msg).startsWith('stopping'));
    const { status, text } = await gateway.page('/readyz');
    expect(status).toBe(503);
    expect(text).toContain('stopping: new calls get 503');
    const refused = await call(caller, gateway);
    expect(refused.final?.status).toBe(503);
    expect(refused.final?.response.headers.get('Retry-After')).not.toBeNull();
    hangUp.abort();
    expect((await talking).end).toBe('hung-up');

    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(Date.now() - stoppedAt).toBeGreaterThanOrEqual(2_000);
    expect(Date.now() - stoppedAt).toBeLessThan(2_000 + onThisMachine(QUICKLY_MS));
    const report = await ringing;
    expect(report.end).toBe('refused');
    expect(report.final?.status).toBe(503);
    // The phone stopped ringing: its CANCEL came.
    expect(new Set(phone.calls.map(({ end }) => end))).toEqual(new Set(['cancelled', 'peer-hung-up']));
    const calls = await gateway.calls();
    expect(calls.map(({ callee, outcome, cause, decision }) => ({ callee, outcome, cause, decision }))).toEqual([
      { callee: '1001', outcome: 'missed', cause: 'interrupted', decision: 'notify' },
      { callee: '1002', outcome: 'answered', cause: null, decision: 'skip' },
    ]);
    const again = await run(files);
    await again.mailed(1);
    expect((await again.calls())[0]?.notification).toMatchObject({ state: 'sent' });
    expect(await again.stop()).toBe(0);
    expect(await again.mails()).toHaveLength(1);
  });

  it('signals within a second count once; a later one ends now, and the next start settles what was left', async () => {
    const phone = await phoneFor(byNumber);
    const caller = await callerFor();
    const files = await filesFor(settings(phone));
    const gateway = await run(files);
    const up = counter(1);
    void call(caller, gateway, { onEvent: ({ kind }) => kind === 'provisional' && up.tick() });
    await up.reached;
    gateway.child.kill('SIGTERM');
    await gateway.logged(({ msg }) => String(msg).startsWith('stopping'));
    const stoppedAt = Date.now();
    gateway.child.kill('SIGTERM');
    gateway.child.kill('SIGINT');
    // Signals until one counts: the process itself says when a second has passed.
    const again = setInterval(() => gateway.child.kill('SIGTERM'), 100);
    const { code } = await gateway.exited.finally(() => clearInterval(again));
    expect(code).toBe(130);
    expect(Date.now() - stoppedAt).toBeGreaterThan(800);
    expect(Date.now() - stoppedAt).toBeLessThan(onThisMachine(QUICKLY_MS));

    const next = await run(files);
    const [judged] = await next.settled(1);
    expect(judged).toMatchObject({ outcome: 'missed', cause: 'interrupted', decision: 'notify' });
    await next.mailed(1);
    expect(await next.stop()).toBe(0);
  });
});

describe('a start that fails', () => {
  it('names the SIP port that is in use, and leaves nothing behind', async () => {
    const port = await freePort();
    const phone = await phoneFor(byNumber);
    const listen = `[udp://127.0.0.1:${port}]`;
    const holder = await run(await filesFor(settings(phone), { listen }));
    const files = await filesFor(settings(phone), { listen });
    const { code, stderr } = await command('start', '--config', files.config);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`could not start: .*udp://127\\.0\\.0\\.1:${port}.*EADDRINUSE`));
    expect(stderr).not.toContain('    at ');
    await holder.kill();
    // The journal's lock went with the process: the same files work once the port is free.
    expect(await (await run(files)).stop()).toBe(0);
  });

  it('names a port of the lab phone that is in use', async () => {
    const phone = await phoneFor(byNumber);
    const files = await filesFor(settings(phone, 'lab: { phone: true }'));
    const { code, stderr } = await command('start', '--config', files.config);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The lab phone could not start: cannot listen on udp:.*EADDRINUSE.*lab\.phone/);
    expect(stderr).not.toContain('    at ');
  });

  it('names the mistake in the policy', async () => {
    const files = await filesFor(settings(await phoneFor(byNumber)));
    await writeFile(files.policy, POLICY.replace('dialPlan: Paris', 'dialPlan: Lyon'));
    const { code, stderr } = await command('start', '--config', files.config);
    expect(code).toBe(2);
    expect(stderr).toMatch(/policy\.yaml:4:\d+ .*Lyon/);
    expect(stderr).not.toContain('    at ');
  });
});
