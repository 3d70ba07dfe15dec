import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { gatewayFiles, removeFiles, startGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { describeWith } from '../support/peers.ts';
import { freePort } from '../support/ports.ts';
import {
  callerSends,
  expectAnswer,
  expectStatus,
  invite,
  ok,
  pause,
  receive,
  reply,
  sipp,
  type Step,
} from '../support/sipp.ts';

/** A request of the caller in its dialog. */
const inDialog = (method: string, cseq: number, extra = ''): Step =>
  callerSends('BYE', { extra }).replace('BYE [', `${method} [`).replace('2 BYE', `${cseq} ${method}`);

const trying = expectStatus(100, { optional: true });

function expectReliable(status: number): Step {
  return `<recv response="${status}" rrs="true"><action>
<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>
</action></recv>`;
}

/** The 200 to a request in the dialog, whose To has the tag already. */
function agree(options: { sdp?: boolean } = {}): Step {
  return reply(200, 'OK', options).replace(/(To:\]);tag=[^\n]*/, '$1');
}

/** sipp answers what it received last; an INVITE that is answered after its PRACK must be remembered. */
const INVITE_REMEMBERED = `<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
</action></recv>`;
const LATE_ANSWER = agree().replace('[last_Via:]', 'Via: [$via]').replace('[last_CSeq:]', 'CSeq: [$cseq]');

/** A 2xx that agrees on a session timer which the caller refreshes. */
const EXPECT_TIMER = `<recv response="200" rrs="true"><action>
<ereg regexp="^ *90 *; *refresher=uac" search_in="hdr" header="Session-Expires:" check_it="true" assign_to="timer"/>
<ereg regexp="timer" search_in="hdr" header="Require:" check_it="true" assign_to="timer"/>
<log message="[$timer]"/>
</action></recv>`;
const TIMER = 'Supported: timer\nSession-Expires: 90;refresher=uac\n';

const RELIABLE = 'Require: 100rel\nRSeq: 7\n';

describeWith('sipp', 'what sipp asks for besides RFC 3261', () => {
  let gateway: GatewayProcess;
  let calleePort: number;

  beforeAll(async () => {
    calleePort = await freePort();
    gateway = await startGateway(
      await gatewayFiles(`peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["sip:127.0.0.1:${calleePort}"]`),
    );
  });
  afterAll(async () => {
    await gateway.stop();
    await removeFiles(gateway);
  });

  async function call(callee: readonly Step[], caller: readonly Step[]): Promise<void> {
    const called = await sipp({
      steps: callee,
      port: calleePort,
      timeoutSeconds: 8,
      extra: ['-m', '1'],
    });
    onTestFinished(() => called.stop());
    const calling = await sipp({
      steps: caller,
      target: gateway.sip.udp,
      timeoutSeconds: 8,
    });
    onTestFinished(() => calling.stop());
    expect(await Promise.all([calling.done, called.done])).toEqual([
      { code: 0, errors: '' },
      { code: 0, errors: '' },
    ]);
  }

  it('reliable 183 from the phone, and to the caller who requires it: PRACKs on both sides', async () => {
    await call(
      [
        INVITE_REMEMBERED,
        reply(183, 'Session Progress', { sdp: true, extra: RELIABLE }),
        receive('PRACK'),
        ok(),
        pause(200),
        LATE_ANSWER,
        receive('ACK'),
        receive('BYE'),
        ok(),
      ],
      [
        invite({ extra: 'Require: 100rel\nSupported: 100rel\n' }),
        trying,
        expectReliable(183),
        // RFC 3262 7.2: it names the response that was read last.
        inDialog('PRACK', 2, 'RAck: [$rseq] 1 INVITE\n'),
        expectStatus(200),
        expectAnswer(),
        callerSends('ACK'),
        inDialog('BYE', 3),
        expectStatus(200),
      ],
    );
  });

  it('session timers of 90 s: the caller refreshes by UPDATE and by re-INVITE', async () => {
    await call(
      [
        receive('INVITE'),
        reply(180, 'Ringing'),
        reply(200, 'OK', { sdp: true }),
        receive('ACK'),
        receive('UPDATE'),
        agree(),
        receive('INVITE'),
        agree({ sdp: true }),
        receive('ACK'),
        receive('BYE'),
        ok(),
      ],
      [
        invite({ extra: TIMER }),
        trying,
        expectStatus(180),
        EXPECT_TIMER,
        callerSends('ACK'),
        inDialog('UPDATE', 2, TIMER),
        EXPECT_TIMER,
        invite({ extra: TIMER })
          .replace(/INVITE sip:\S+/, 'INVITE [next_url]')
          .replace(/(To: .*)/, '$1[peer_tag_param]')
          .replace('CSeq: 1', 'CSeq: 3'),
        trying,
        EXPECT_TIMER,
        callerSends('ACK').replace('CSeq: 1', 'CSeq: 3'),
        inDialog('BYE', 4),
        expectStatus(200),
      ],
    );
    expect(await gateway.settled(2)).toMatchObject([{ outcome: 'answered' }, { outcome: 'answered' }]);
  });
});
