import { afterEach, expect, it } from 'vitest';
import { startCaller, startPhone, type Caller, type Phone, type PhoneOptions } from '../../src/lab/index.ts';
import { freePort } from '../support/ports.ts';
import {
  removeFiles,
  startGateway,
  until,
  type GatewayFiles,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { describeWith } from '../support/peers.ts';
import {
  exampleFiles,
  onLoopback,
  startExampleKamailio,
  udpAt,
  type Replacement,
  type Topology,
} from './topologies.ts';

const PROXY = '192.0.2.10';
const GATEWAY = '192.0.2.5';
/** For tests that start a gateway twice, or wait for it to stop, on busy cores. */
const SEVERAL_STARTS_MS = 60_000;
const JEAN = '"Jean Dupont" <sip:+33199001234@127.0.0.1>';
const ringing: PhoneOptions['behaviour'] = { kind: 'ring' };
const answering: PhoneOptions['behaviour'] = { kind: 'answer', afterMs: 300 };

describeWith('kamailio', 'kamailio with the example’s own kamailio.cfg', () => {
  let ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.toReversed()) await end();
    ends = [];
  });

  interface Site {
    readonly files: GatewayFiles;
    readonly gateway: GatewayProcess;
    readonly caller: Caller;
    /** The gateway is started again, with the same files. */
    readonly restart: () => Promise<GatewayProcess>;
    readonly to: (number: string) => string;
    /** A phone that registers at the proxy. */
    readonly phone: (number: string, behaviour: PhoneOptions['behaviour']) => Promise<Phone>;
  }

  async function site(
    topology: Topology,
    options: { fork?: boolean; more?: readonly Replacement[]; voicemailPort?: number },
  ): Promise<Site> {
    const [port, gatewayPort] = [await freePort(), await freePort()];
    const loopBack: readonly Replacement[] =
      topology === 'loop-back' ? [[`${PROXY}:5060`, `${PROXY}:${port}`]] : (options.more ?? []);
    const files = await exampleFiles(topology, [[`${GATEWAY}:5060`, `${GATEWAY}:${gatewayPort}`], ...loopBack]);
    ends.push(() => removeFiles(files));
    const restart = async (): Promise<GatewayProcess> => {
      const gateway = await startGateway(files);
      ends.push(() => gateway.stop());
      return gateway;
    };
    const gateway = await restart();
    const proxy = await startExampleKamailio(
      { proxy: port, gateway: gatewayPort, voicemail: options.voicemailPort ?? 9 },
      options.fork === true ? ['MCG_FORK'] : [],
    );
    ends.push(() => proxy.stop());
    const caller = await startCaller();
    ends.push(() => caller.close());
    const to = (number: string): string => `sip:${number}@${onLoopback(PROXY)}:${port}`;
    return {
      files,
      gateway,
      caller,
      restart,
      to,
      phone: async (number, behaviour) => {
        const phone = await startPhone({ behaviour });
        ends.push(() => phone.close());
        const uri = `sip:${onLoopback(PROXY)}:${port}`;
        const expires = { name: 'Expires', value: '600' };
        const status = await phone.request({
          method: 'REGISTER',
          uri,
          from: to(number),
          to: to(number),
          headers: [expires],
        });
        expect(status).toBe(200);
        return phone;
      },
    };
  }

  /** The last call that the gateway judged, of `count`, and what `mcg explain` says of it. */
  async function story(gateway: GatewayProcess, count = 1) {
    const calls = await gateway.settled(count);
    expect(calls).toHaveLength(count);
    const call = calls.at(-1);
    if (call === undefined) throw new Error('no call');
    return { call, told: await gateway.mcg('explain', call.id) };
  }

  it('loop-back: to the gateway, back with the prefix, to the registered phone; the caller gives up: missed once', async () => {
    const { gateway, caller, phone, to } = await site('loop-back', {});
    const alice = await phone('1001', ringing);
    const report = await caller.call({ from: JEAN, to: to('1001'), hangUpAfterRingingMs: 200 });
    expect(report.end).toBe('cancelled');
    const rang = await alice.nextCall();
    await rang.ended;
    expect(rang.end).toBe('cancelled');
    const { call, told } = await story(gateway);
    expect(call).toMatchObject({ callee: '1001', outcome: 'missed', cause: 'caller-hung-up', decision: 'notify' });
    expect(told).toContain('came from peer "pbx"');
    expect(told).toContain('Decision: notify mailbox "alice" (missed)');
    expect(await gateway.mailed(1)).toHaveLength(1);
    expect(alice.calls).toHaveLength(1);
  });

  it('loop-back: the phone answers and the call ends by the same way: answered', async () => {
    const { gateway, caller, phone, to } = await site('loop-back', {});
    const alice = await phone('1001', answering);
    const report = await caller.call({ from: JEAN, to: to('1001'), hangUpAfterAnswerMs: 100 });
    expect(report.end).toBe('hung-up');
    const talked = await alice.nextCall();
    await talked.ended;
    expect(talked.end).toBe('peer-hung-up');
    const { call, told } = await story(gateway);
    expect(call).toMatchObject({ outcome: 'answered', decision: 'skip' });
    expect(told).toContain('Verdict: answered');
  });

  it('loop-back: the prefix is no number for anybody but the gateway', async () => {
    const { gateway, caller, phone, to } = await site('loop-back', {});
    const alice = await phone('1001', ringing);
    const report = await caller.call({ from: JEAN, to: to('91001'), hangUpAfterMs: 2_000 });
    expect(report.final?.status).toBe(404);
    expect(alice.calls).toEqual([]);
    expect(await gateway.calls()).toEqual([]);
  });

  it('loop-back: a phone that refuses rings once; voicemail takes the caller, who leaves no message: missed', async () => {
    const voicemail = await startPhone({ behaviour: { kind: 'voicemail' }, listen: [udpAt('192.0.2.30')] });
    ends.push(() => voicemail.close());
    const { gateway, caller, phone, to } = await site('loop-back', {
      voicemailPort: voicemail.addresses[0]?.port ?? 0,
    });
    const alice = await phone('1001', { kind: 'unavailable' });
    const report = await caller.call({ from: JEAN, to: to('1001'), hangUpAfterAnswerMs: 300 });
    expect(report.end).toBe('hung-up');
    expect(alice.calls).toHaveLength(1);
    const visit = await voicemail.nextCall();
    expect(visit.called).toBe('5000');
    expect(visit.invite.headers.get('Diversion')).toContain('1001');
    const { call, told } = await story(gateway);
    expect(call).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned', decision: 'notify' });
    expect(told).toContain('the caller left voicemail before a message could be');
  });

  it(
    'around the gateway: killed, the phone rings all the same within two seconds; back, calls go through it again',
    async () => {
      const { gateway, caller, phone, to, restart } = await site('loop-back', {});
      const alice = await phone('1001', answering);
      const answered = async (): Promise<number> => {
        const report = await caller.call({ from: JEAN, to: to('1001'), hangUpAfterAnswerMs: 50 });
        expect(report.end).toBe('hung-up');
        return (report.answeredMs ?? Infinity) - 300;
      };
      await answered();
      await story(gateway);
      await gateway.kill();
      // The first call finds out, or the ping before it: it is not lost.
      expect(await answered()).toBeLessThan(2_000);
      expect(alice.calls).toHaveLength(2);
      // From now on it is known, and costs nothing.
      expect(await answered()).toBeLessThan(1_000);
      expect(alice.calls).toHaveLength(3);
      expect(alice.calls.map(({ invite }) => invite.headers.get('X-MCG-Call') !== undefined)).toEqual([
        true,
        false,
        false,
      ]);

      const again = await restart();
      // The next OPTIONS brings it back.
      await until(30_000, 'a call through the gateway', async () => {
        await answered();
        return alice.calls.at(-1)?.invite.headers.get('X-MCG-Call') === undefined ? null : true;
      });
      expect((await again.settled(1)).map(({ outcome }) => outcome)).toEqual(['answered', 'answered']);
    },
    SEVERAL_STARTS_MS,
  );

  it(
    'around the gateway: one that is being stopped refuses with 503, and the phone rings at once',
    async () => {
      const { gateway, caller, phone, to } = await site('loop-back', {});
      const alice = await phone('1001', ringing);
      // A call that keeps it from ending.
      const hangUp = new AbortController();
      const first = caller.call({ from: JEAN, to: to('1001'), signal: hangUp.signal });
      await alice.nextCall();
      gateway.child.kill('SIGTERM');
      await gateway.logged(({ msg }) => typeof msg === 'string' && msg.includes('stop'));
      const report = await caller.call({ from: JEAN, to: to('1001'), hangUpAfterRingingMs: 100 });
      expect(report.end).toBe('cancelled');
      expect(report.provisionals.find(({ status }) => status === 180)?.atMs).toBeLessThan(1_500);
      expect((await alice.nextCall()).invite.headers.get('X-MCG-Call')).toBeUndefined();
      hangUp.abort();
      await first;
    },
    SEVERAL_STARTS_MS,
  );

  /** The proxy rings the gateway and the user's phone at the same time; the gateway rings the device. */
  async function fork(device: PhoneOptions['behaviour'], beside: PhoneOptions['behaviour']) {
    const box = await startPhone({ behaviour: device, listen: [udpAt('192.0.2.40')] });
    ends.push(() => box.close());
    const hop: Replacement = ['192.0.2.40:5060', `192.0.2.40:${box.addresses[0]?.port ?? 0}`];
    const there = await site('fork-branch', { fork: true, more: [hop, ['settle: 3s', 'settle: 1s']] });
    return { ...there, box, alice: await there.phone('1001', beside) };
  }

  it('a branch of a fork: another phone answers, the others are told so: elsewhere, and no mail', async () => {
    const { gateway, caller, to, box } = await fork(ringing, answering);
    const report = await caller.call({ from: JEAN, to: to('1001'), hangUpAfterAnswerMs: 50 });
    expect(report.end).toBe('hung-up');
    const rang = await box.nextCall();
    await rang.ended;
    expect(rang.end).toBe('cancelled');
    expect(rang.called).toBe('71001');
    const { call, told } = await story(gateway);
    expect(call).toMatchObject({ outcome: 'elsewhere', decision: 'skip', reason: 'answered-elsewhere' });
    expect(told).toContain('the number of mailbox "alice"');
    expect(told).toContain('History-Info says that the call was first for 1001');
    expect(told).toContain('somebody answered on another device or line');
    expect(await gateway.mails()).toEqual([]);
  });

  it('a branch of a fork: nobody answers and the caller gives up: missed, and one mail', async () => {
    const { gateway, caller, to, alice, box } = await fork(ringing, ringing);
    await caller.call({ from: JEAN, to: to('1001'), hangUpAfterRingingMs: 500 });
    expect((await alice.nextCall()).ringingAt).not.toBeNull();
    expect((await box.nextCall()).ringingAt).not.toBeNull();
    const { call, told } = await story(gateway);
    expect(call).toMatchObject({ outcome: 'missed', decision: 'notify' });
    expect(told).toContain('Decision: notify mailbox "alice" (missed)');
    expect(await gateway.mailed(1)).toHaveLength(1);
  });

  it('a branch of a fork: our own device answers: answered, and the others stop', async () => {
    const { gateway, caller, to, alice } = await fork(answering, ringing);
    const report = await caller.call({ from: JEAN, to: to('1001'), hangUpAfterAnswerMs: 50 });
    expect(report.end).toBe('hung-up');
    const rang = await alice.nextCall();
    await rang.ended;
    expect(rang.endedBy?.headers.get('Reason')).toContain('cause=200');
    expect((await story(gateway)).call).toMatchObject({ outcome: 'answered', decision: 'skip' });
  });

  it('a branch of a fork: the gateway is killed, and the other phones ring as ever', async () => {
    const { gateway, caller, to, alice } = await fork(ringing, answering);
    await gateway.kill();
    const report = await caller.call({ from: JEAN, to: to('1001'), hangUpAfterAnswerMs: 50 });
    expect(report.end).toBe('hung-up');
    expect(alice.calls).toHaveLength(1);
  });
});
