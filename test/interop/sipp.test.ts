import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  gatewayFiles,
  removeFiles,
  startGateway,
  type CallJson,
  type GatewayProcess,
  type LogLine,
} from '../support/gateway-process.ts';
import { describeWith } from '../support/peers.ts';
import { freePort } from '../support/ports.ts';
import {
  calleeBye,
  callerSends,
  expectAnswer,
  expectStatus,
  invite,
  ok,
  pause,
  receive,
  receiveInvite,
  reply,
  sipp,
  terminated,
  type SippRun,
  type Step,
} from '../support/sipp.ts';

const RINGS_UNTIL_CANCELLED = [
  receiveInvite(),
  reply(180, 'Ringing'),
  receive('CANCEL'),
  ok(),
  terminated(),
  receive('ACK'),
];
const REFUSES = (status: number, phrase: string): Step[] => [receiveInvite(), reply(status, phrase), receive('ACK')];
const ANSWERS = [
  receiveInvite(),
  reply(180, 'Ringing'),
  reply(200, 'OK', { sdp: true }),
  receive('ACK'),
  receive('BYE'),
  ok(),
];

const trying = expectStatus(100, { optional: true });
const ringing = expectStatus(180, { optional: true });
const GIVES_UP = (afterMs: number): Step[] => [
  invite(),
  trying,
  expectStatus(180),
  pause(afterMs),
  callerSends('CANCEL'),
  expectStatus(200),
  expectStatus(487),
  callerSends('ACK-FAILURE'),
];
const EXPECTS = (status: number): Step[] => [
  invite(),
  trying,
  ringing,
  expectStatus(status),
  callerSends('ACK-FAILURE'),
];
const TALKS = (forMs: number): Step[] => [
  invite(),
  trying,
  ringing,
  expectAnswer(),
  callerSends('ACK'),
  pause(forMs),
  callerSends('BYE'),
  expectStatus(200),
];

for (const transport of ['udp', 'tcp'] as const) {
  describeWith('sipp', `calls between sipp and sipp over ${transport.toUpperCase()}`, () => {
    const t = transport === 'udp' ? 'u1' : 't1';
    const uriSuffix = transport === 'udp' ? '' : ';transport=tcp';
    let gateway: GatewayProcess;
    let calleePort: number;
    let voicemailPort: number;
    let made = 0;
    const running: SippRun[] = [];

    beforeAll(async () => {
      calleePort = await freePort();
      voicemailPort = await freePort();
      const deadPort = await freePort();
      const files = await gatewayFiles(`  timerB: 500ms
peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:127.0.0.1:${calleePort}${uriSuffix}"]
  ringTimeout: 1s
  routes:
    - { to: '^1002$', nextHop: ["sip:127.0.0.1:${deadPort}${uriSuffix}", "sip:127.0.0.1:${calleePort}${uriSuffix}"] }
voicemail:
  owner: gateway
  target: sip:voicemail@127.0.0.1:${voicemailPort}${uriSuffix}
  greeting: 500ms
  minimumMessage: 500ms`);
      gateway = await startGateway(files);
    });
    afterEach(async () => {
      await Promise.all(running.splice(0).map((run) => run.stop()));
    });
    afterAll(async () => {
      await gateway.stop();
      await removeFiles(gateway);
    });

    async function callee(steps: readonly Step[], port = calleePort): Promise<SippRun> {
      const run = await sipp({ steps, port, transport: t });
      running.push(run);
      return run;
    }

    /** Makes one call and answers the verdict on it, as it is logged. */
    async function call(steps: readonly Step[]): Promise<LogLine> {
      made += 1;
      const run = await sipp({ steps, target: gateway.sip[transport], transport: t });
      running.push(run);
      expect(await run.done).toEqual({ code: 0, errors: '' });
      // A command for each call would take longer than the call.
      let seen = 0;
      return gateway.logged(({ msg }) => msg === 'call ended' && ++seen === made);
    }

    it('the caller gives up: missed, and mailed', async () => {
      await callee(RINGS_UNTIL_CANCELLED);
      const judged = await call(GIVES_UP(300));
      expect(judged).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up', decision: 'notify', callee: '1001' });
      expect(judged['rangMs']).toBeGreaterThan(200);
      const mails = await gateway.mailed(1);
      expect(mails[0]!.subject).toContain('Jean Dupont');
    });

    it('busy: diverted to voicemail, a message left', async () => {
      await callee(REFUSES(486, 'Busy Here'));
      await callee(ANSWERS, voicemailPort);
      expect(await call(TALKS(1_200))).toMatchObject({
        outcome: 'voicemail',
        decision: 'skip',
        reason: 'voicemail-left',
      });
    });

    it('no answer: diverted to voicemail, hung up in the greeting', async () => {
      await callee(RINGS_UNTIL_CANCELLED);
      await callee(ANSWERS, voicemailPort);
      expect(await call(TALKS(100))).toMatchObject({
        outcome: 'missed',
        cause: 'voicemail-abandoned',
        decision: 'notify',
      });
    });

    it('busy, and voicemail is busy too: the phone’s own 486', async () => {
      await callee(REFUSES(486, 'Busy Here'));
      await callee(REFUSES(503, 'Service Unavailable'), voicemailPort);
      expect(await call(EXPECTS(486))).toMatchObject({ outcome: 'missed', cause: 'busy', decision: 'notify' });
    });

    it('declined, and voicemail is down: the phone’s own 603', async () => {
      await callee(REFUSES(603, 'Decline'));
      expect(await call(EXPECTS(603))).toMatchObject({ outcome: 'missed', cause: 'declined', decision: 'notify' });
    });

    it('no answer, and voicemail is down: 480', async () => {
      await callee(RINGS_UNTIL_CANCELLED);
      expect(await call(EXPECTS(480))).toMatchObject({ outcome: 'missed', cause: 'no-answer', decision: 'notify' });
    });

    it('answered, the caller hangs up', async () => {
      await callee(ANSWERS);
      expect(await call(TALKS(100))).toMatchObject({ outcome: 'answered', decision: 'skip', reason: 'answered' });
    });

    it('answered, the callee hangs up', async () => {
      await callee([
        receiveInvite({ forBye: true }),
        reply(180, 'Ringing'),
        reply(200, 'OK', { sdp: true }),
        receive('ACK'),
        pause(100),
        calleeBye(),
        expectStatus(200),
      ]);
      const steps = [invite(), trying, ringing, expectAnswer(), callerSends('ACK'), receive('BYE'), ok()];
      expect(await call(steps)).toMatchObject({ outcome: 'answered', decision: 'skip' });
    });

    it('the first hop is dead, the second answers', async () => {
      await callee(ANSWERS);
      const to = { to: '1002' };
      const judged = await call([
        invite(to),
        trying,
        ringing,
        expectAnswer(),
        callerSends('ACK', to),
        callerSends('BYE', to),
        expectStatus(200),
      ]);
      expect(judged).toMatchObject({ outcome: 'answered', callee: '1002' });
    });

    it('nobody is there: unreachable', async () => {
      expect(await call(EXPECTS(503))).toMatchObject({ outcome: 'missed', cause: 'unreachable', decision: 'notify' });
    });
  });
}

describeWith('sipp', 'what goes wrong on the wire, over UDP', () => {
  let gateway: GatewayProcess;
  let calleePort: number;
  const running: SippRun[] = [];

  beforeAll(async () => {
    calleePort = await freePort();
    gateway = await startGateway(
      await gatewayFiles(`peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:127.0.0.1:${calleePort}"]
  ringTimeout: 5s`),
    );
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((run) => run.stop()));
  });
  afterAll(async () => {
    await gateway.stop();
    await removeFiles(gateway);
  });

  async function start(options: Parameters<typeof sipp>[0]): Promise<SippRun> {
    const run = await sipp(options);
    running.push(run);
    return run;
  }

  it('a retransmitted INVITE is one call', async () => {
    await start({ steps: RINGS_UNTIL_CANCELLED, port: calleePort });
    const again = invite().replaceAll('[branch]', '[branch-2]');
    const steps = [invite(), expectStatus(100), again, expectStatus(180), pause(200), callerSends('CANCEL')];
    const rest = [expectStatus(200), expectStatus(487), callerSends('ACK-FAILURE')];
    const run = await start({ steps: [...steps, ...rest], target: gateway.sip.udp });
    expect(await run.done).toMatchObject({ code: 0, errors: '' });
    const calls = await gateway.settled(1);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up' });
  });

  it('the ACK to our 200 is lost at first: the 200 is repeated until it comes', async () => {
    await start({ steps: ANSWERS, port: calleePort });
    const before = (await gateway.calls()).length;
    const talks = [callerSends('ACK'), pause(100), callerSends('BYE'), expectStatus(200)];
    const run = await start({
      steps: [invite(), trying, ringing, expectAnswer(), pause(1_700), ...talks],
      target: gateway.sip.udp,
    });
    expect(await run.done).toEqual({ code: 0, errors: '' });
    expect((await gateway.settled(before + 1)).at(-1)).toMatchObject({ outcome: 'answered' });
  });

  it('a thousand calls to unknown numbers are judged, and nobody is mailed', async () => {
    await start({ steps: REFUSES(404, 'Not Found'), port: calleePort });
    const before = (await gateway.calls()).length;
    const to = { to: '7777' };
    const steps = [invite(to), trying, ringing, expectStatus(404), callerSends('ACK-FAILURE', to)];
    const run = await start({ steps, target: gateway.sip.udp, calls: 1_000, rate: 200 });
    expect(await run.done).toMatchObject({ code: 0 });
    const counts = JSON.parse(await gateway.mcg('calls', '--json', '--limit', '5000')) as CallJson[];
    const unknown = counts.slice(before);
    expect(unknown).toHaveLength(1_000);
    expect(new Set(unknown.map(({ reason }) => reason))).toEqual(new Set(['no-mailbox']));
  });
});
