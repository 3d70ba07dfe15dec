import type { ParsedMail } from 'mailparser';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCaller, startPhone, type Caller, type Phone, type PhoneOptions } from '../../src/lab/index.ts';
import { freePort } from '../support/ports.ts';
import { removeFiles, startGateway, type CallJson, type GatewayProcess } from '../support/gateway-process.ts';
import { inProcess } from '../support/in-process.ts';
import { exampleFiles, onLoopback, tcpAt, TOPOLOGIES, udpAt, type Replacement, type Topology } from './topologies.ts';

const GATEWAY = '192.0.2.5';
const CARRIER = '198.51.100.10';
const PBX = '192.0.2.10';
const MEDIATION = '192.0.2.20';
const VOICEMAIL = '192.0.2.30';
const DEVICE = '192.0.2.40';
const JEAN = '"Jean Dupont" <sip:+33199001234@198.51.100.10>';

const ringing: PhoneOptions['behaviour'] = { kind: 'ring' };
const answering: PhoneOptions['behaviour'] = { kind: 'answer', afterMs: 50 };

describe('each topology’s example runs as it is written, on loopback addresses', () => {
  let ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.toReversed()) await end();
    ends = [];
  });

  interface Example {
    readonly gateway: GatewayProcess;
    /** A system, until the end of the test: a phone's behaviour at its place (`192.0.2.10:5060`) in the example. */
    readonly system: (place: string, behaviour: PhoneOptions['behaviour'], protocol?: typeof udpAt) => Promise<Phone>;
    /** The one call of this test, what `mcg explain` says of it, and how many mails there were of it. */
    readonly story: () => Promise<{
      readonly call: CallJson;
      readonly told: string;
      readonly mails: readonly ParsedMail[];
    }>;
    /** Calls that the gateway has seen in this test. */
    readonly calls: () => Promise<number>;
  }

  /** One gateway for all tests of an example. Its systems are at `places`, whose ports are moved. */
  function example(topology: Topology, places: readonly string[], more: readonly Replacement[] = []): () => Example {
    const moved = new Map<string, number>();
    const before = { calls: 0, mails: 0 };
    let gateway: GatewayProcess;
    beforeAll(async () => {
      for (const place of [`${GATEWAY}:5060`, ...places]) moved.set(place, await freePort());
      const ports = [...moved].map(([place, port]): Replacement => [place, place.replace(/\d+$/, String(port))]);
      gateway = await startGateway(await exampleFiles(topology, [...ports, ...more]));
    });
    beforeEach(async () => {
      before.calls = (await gateway.calls()).length;
      before.mails = (await gateway.mails()).length;
    });
    afterAll(async () => {
      await gateway.stop();
      await removeFiles(gateway);
    });
    return () => ({
      gateway,
      async system(place, behaviour, protocol = udpAt) {
        const [address = ''] = place.split(':');
        const phone = await startPhone({ behaviour, listen: [protocol(address, moved.get(place))] });
        ends.push(() => phone.close());
        return phone;
      },
      async story() {
        const calls = await gateway.settled(before.calls + 1);
        expect(calls).toHaveLength(before.calls + 1);
        const call = calls.at(-1);
        if (call === undefined) throw new Error('no call');
        // Its mail is awaited where there is one: it must not come in the next test.
        const mails = await gateway.mailed(before.mails + (call.decision === 'notify' ? 1 : 0));
        return { call, told: await gateway.mcg('explain', call.id), mails: mails.slice(before.mails) };
      },
      calls: async () => (await gateway.calls()).length - before.calls,
    });
  }

  async function callerAt(address: string, protocol = udpAt): Promise<Caller> {
    const caller = await startCaller({ listen: [protocol(address)] });
    ends.push(() => caller.close());
    return caller;
  }

  const at = (gateway: GatewayProcess, number: string, protocol: 'udp' | 'tcp' = 'udp'): string =>
    `sip:${number}@${gateway.sip[protocol]}${protocol === 'tcp' ? ';transport=tcp' : ''}`;

  it.each(TOPOLOGIES)('%s: mcg check finds both files good once they are moved', async (topology) => {
    const files = await exampleFiles(topology, []);
    ends.push(() => removeFiles(files));
    const { code, stdout, stderr } = await inProcess('check', '--config', files.config);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Both files are good');
  });

  describe('front', () => {
    const running = example('front', [`${PBX}:5060`, `${CARRIER}:5060`]);

    async function front(atPbx: PhoneOptions['behaviour']) {
      const { system, ...rest } = running();
      return { pbx: await system(`${PBX}:5060`, atPbx), carrier: await system(`${CARRIER}:5060`, answering), ...rest };
    }

    it('a caller from outside gives up while the PBX rings: missed, and mailed', async () => {
      const { gateway, pbx, story } = await front(ringing);
      const caller = await callerAt(CARRIER);
      await caller.call({ from: JEAN, to: at(gateway, '+33140001001'), hangUpAfterRingingMs: 200 });
      const { call, told, mails } = await story();
      expect(call).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up', decision: 'notify', reason: 'missed' });
      expect((await pbx.nextCall()).called).toBe('+33140001001');
      expect(told).toContain('came from peer "carrier"');
      expect(told).toContain('"Jean Dupont" (+33199001234) called +33140001001, the number of mailbox "alice"');
      expect(told).toContain('Verdict: missed / caller-hung-up');
      expect(told).toContain('Decision: notify mailbox "alice" (missed)');
      expect(mails).toHaveLength(1);
      expect(mails[0]?.subject).toContain('Jean Dupont');
    });

    it('the PBX says busy: missed, and the mail goes to the called user', async () => {
      const { gateway, story } = await front({ kind: 'busy' });
      const caller = await callerAt(CARRIER);
      await caller.call({ from: JEAN, to: at(gateway, '+33140001002'), hangUpAfterMs: 5_000 });
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'missed', cause: 'busy', decision: 'notify' });
      expect(told).toContain('the line was busy');
      expect(told).toContain('Decision: notify mailbox "bob"');
    });

    it('nobody answers in time: missed, no-answer', async () => {
      const { gateway, story } = await front({ kind: 'unavailable', afterMs: 200 });
      const caller = await callerAt(CARRIER);
      await caller.call({ from: JEAN, to: at(gateway, '+33140001001'), hangUpAfterMs: 5_000 });
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'missed', cause: 'no-answer', decision: 'notify' });
      expect(told).toContain('nobody answered');
    });

    it('a phone of the PBX answers: answered, and no mail', async () => {
      const { gateway, story } = await front(answering);
      const caller = await callerAt(CARRIER);
      await caller.call({ from: JEAN, to: at(gateway, '+33140001001'), hangUpAfterAnswerMs: 50 });
      const { call, told, mails } = await story();
      expect(call).toMatchObject({ outcome: 'answered', decision: 'skip', reason: 'answered' });
      expect(told).toContain('somebody answered');
      expect(mails).toEqual([]);
    });

    it('a call from inside goes to the carrier, and is nobody’s missed call', async () => {
      const { gateway, carrier, story } = await front(ringing);
      const caller = await callerAt(PBX);
      const report = await caller.call({
        from: '<sip:1001@192.0.2.10>',
        to: at(gateway, '0612345678'),
        hangUpAfterAnswerMs: 50,
      });
      expect(report.end).toBe('hung-up');
      expect((await carrier.nextCall()).called).toBe('0612345678');
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'answered', decision: 'skip' });
      expect(told).toContain('came from peer "pbx"');
      expect(told).toContain('which has no mailbox');
    });

    it('who is neither gets 403, and no call', async () => {
      const { gateway, calls } = await front(ringing);
      const caller = await callerAt('192.0.2.99');
      const report = await caller.call({ from: JEAN, to: at(gateway, '1001'), hangUpAfterMs: 5_000 });
      expect(report.final?.status).toBe(403);
      expect(await calls()).toBe(0);
    });
  });

  describe('loop-back', () => {
    const running = example('loop-back', [`${PBX}:5060`], [['ringTimeout: 20s', 'ringTimeout: 1500ms']]);

    /** The PBX: its context for the gateway's trunk takes the prefix, its voicemail application the number 5000. */
    async function loopBack(devices: 'ring' | 'answer') {
      const { system, ...rest } = running();
      const pbx = await system(`${PBX}:5060`, ({ uri }) => {
        if (uri.startsWith('sip:5000@')) return { kind: 'voicemail' };
        return devices === 'answer' ? { kind: 'answer', afterMs: 50 } : { kind: 'ring' };
      });
      return { pbx, caller: await callerAt(PBX), ...rest };
    }

    it('the call comes back with the prefix and its name; nobody answers and the caller gives up: missed once', async () => {
      const { pbx, gateway, caller, story } = await loopBack('ring');
      await caller.call({ from: '<sip:1002@192.0.2.10>', to: at(gateway, '1001'), hangUpAfterRingingMs: 200 });
      const leg = await pbx.nextCall();
      expect(leg.called).toBe('91001');
      expect(leg.invite.headers.get('X-MCG-Call')).toBeDefined();
      const { call, told, mails } = await story();
      expect(call).toMatchObject({ callee: '1001', outcome: 'missed', cause: 'caller-hung-up', decision: 'notify' });
      expect(told).toContain('called 1001, the number of mailbox "alice"');
      expect(mails).toHaveLength(1);
    });

    it('its phones answer: answered', async () => {
      const { gateway, caller, story } = await loopBack('answer');
      await caller.call({ from: '<sip:1002@192.0.2.10>', to: at(gateway, '1001'), hangUpAfterAnswerMs: 50 });
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'answered', decision: 'skip', reason: 'answered' });
      expect(told).toContain('Decision: do not notify mailbox "alice" (answered): somebody answered.');
    });

    it('nobody answers, the voicemail of the PBX does, and the caller hangs up in its greeting: missed', async () => {
      const { pbx, gateway, caller, story } = await loopBack('ring');
      await caller.call({ from: '<sip:1002@192.0.2.10>', to: at(gateway, '1001'), hangUpAfterAnswerMs: 300 });
      await pbx.nextCall();
      expect((await pbx.nextCall()).called).toBe('5000');
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned', decision: 'notify' });
      expect(told).toContain('the caller left voicemail before a message could be');
    });

    it('a PBX whose prefix leads here again is stopped: 482, not a circle', async () => {
      const { pbx, gateway, caller, calls, story } = await loopBack('ring');
      const hangUp = new AbortController();
      const going = caller.call({ from: '<sip:1002@192.0.2.10>', to: at(gateway, '1001'), signal: hangUp.signal });
      const leg = await pbx.nextCall();
      const name = leg.invite.headers.get('X-MCG-Call') ?? '';
      const again = await caller.call({
        from: '<sip:1002@192.0.2.10>',
        to: at(gateway, '1001'),
        headers: [{ name: 'X-MCG-Call', value: name }],
        hangUpAfterMs: 1_000,
      });
      expect(again.final?.status).toBe(482);
      hangUp.abort();
      await going;
      await story();
      expect(await calls()).toBe(1);
      expect(pbx.calls).toHaveLength(1);
    });
  });

  describe('branch of a fork', () => {
    const running = example('fork-branch', [`${DEVICE}:5060`], [['settle: 3s', 'settle: 1s']]);

    async function branch() {
      const { system, ...rest } = running();
      return { device: await system(`${DEVICE}:5060`, ringing), caller: await callerAt(PBX), ...rest };
    }

    it('the PBX says that somebody else answered: elsewhere, and no mail', async () => {
      const { gateway, caller, story } = await branch();
      await caller.call({
        from: JEAN,
        to: at(gateway, '1001'),
        hangUpAfterRingingMs: 200,
        cancelHeaders: [{ name: 'Reason', value: 'SIP;cause=200;text="Call completed elsewhere"' }],
      });
      const { call, told, mails } = await story();
      expect(call).toMatchObject({ outcome: 'elsewhere', decision: 'skip', reason: 'answered-elsewhere' });
      expect(told).toContain('somebody answered on another device or line');
      expect(mails).toEqual([]);
    });

    it('the PBX takes it back and says nothing: missed, after `settle`', async () => {
      const { gateway, caller, device, story } = await branch();
      await caller.call({ from: JEAN, to: at(gateway, '1001'), hangUpAfterRingingMs: 200 });
      expect((await device.nextCall()).called).toBe('1001');
      const { call, told, mails } = await story();
      expect(call).toMatchObject({ outcome: 'missed', cause: 'no-answer', decision: 'notify' });
      expect(told).toContain('Verdict: missed / no-answer');
      expect(mails).toHaveLength(1);
    });
  });

  describe('Lync trunk', () => {
    const SECOND = '192.0.2.21:5068';
    const running = example('lync-trunk', [`${MEDIATION}:5068`, SECOND, `${CARRIER}:5060`]);

    async function trunk(behaviour: PhoneOptions['behaviour']) {
      const { system, ...rest } = running();
      const mediation = await system(`${MEDIATION}:5068`, behaviour, tcpAt);
      return { mediation, pstn: await system(`${CARRIER}:5060`, answering), ...rest };
    }

    it('a call from the PSTN reaches Lync as +E.164;user=phone by TCP; nobody answers: missed, and mailed', async () => {
      const { gateway, mediation, story } = await trunk(ringing);
      const caller = await callerAt(CARRIER);
      await caller.call({ from: JEAN, to: at(gateway, '0140001001'), hangUpAfterRingingMs: 200 });
      const leg = await mediation.nextCall();
      expect(leg.invite.uri).toMatch(/^sip:\+33140001001@.*;user=phone/);
      const { call, told, mails } = await story();
      expect(call).toMatchObject({ outcome: 'missed', cause: 'caller-hung-up', decision: 'notify' });
      expect(told).toContain('came from peer "pstn"');
      expect(told).toContain('the number of mailbox "alice"');
      expect(mails).toHaveLength(1);
    });

    it('a call of a Lync user goes to the PSTN', async () => {
      const { gateway, pstn, story } = await trunk(ringing);
      const caller = await callerAt(MEDIATION, tcpAt);
      const report = await caller.call({
        from: '<sip:+33140001001@192.0.2.20;user=phone>',
        to: at(gateway, '+33612345678', 'tcp'),
        hangUpAfterAnswerMs: 50,
      });
      expect(report.end).toBe('hung-up');
      expect((await pstn.nextCall()).called).toBe('+33612345678');
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'answered', decision: 'skip' });
      expect(told).toContain('came from peer "lync"');
    });

    it('a Mediation Server that is gone: the next one of the pool rings', async () => {
      const { gateway, system, story } = running();
      await system(SECOND, answering, tcpAt);
      const caller = await callerAt(CARRIER);
      const report = await caller.call({ from: JEAN, to: at(gateway, '0140001001'), hangUpAfterAnswerMs: 50 });
      expect(report.end).toBe('hung-up');
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'answered', decision: 'skip' });
      expect(told).toContain('Verdict: answered');
    });
  });

  describe('before voicemail only', () => {
    const DIVERTED = [{ name: 'Diversion', value: '<sip:1001@192.0.2.10>;reason=no-answer' }];

    const running = example(
      'before-voicemail',
      [`${VOICEMAIL}:5060`],
      [
        ['greeting: 10s', 'greeting: 500ms'],
        ['minimumMessage: 3s', 'minimumMessage: 500ms'],
      ],
    );

    async function beforeVoicemail() {
      const { system, ...rest } = running();
      const voicemail = await system(`${VOICEMAIL}:5060`, { kind: 'voicemail' });
      return { voicemail, caller: await callerAt(PBX), ...rest };
    }

    it('the caller hangs up in the greeting: missed, for the mailbox that Diversion names', async () => {
      const { gateway, voicemail, caller, story } = await beforeVoicemail();
      await caller.call({ from: JEAN, to: at(gateway, '5000'), headers: DIVERTED, hangUpAfterAnswerMs: 100 });
      expect((await voicemail.nextCall()).called).toBe('5000');
      const { call, told, mails } = await story();
      expect(call).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned', decision: 'notify' });
      expect(told).toContain('the number of mailbox "alice"');
      expect(told).toContain('Diversion says that the call was first for 1001');
      expect(told).toContain('diverted to voicemail at sip:5000@');
      expect(mails).toHaveLength(1);
    });

    it('the caller stays for a message: voicemail, which tells the user itself', async () => {
      const { gateway, caller, story } = await beforeVoicemail();
      await caller.call({ from: JEAN, to: at(gateway, '5000'), headers: DIVERTED, hangUpAfterAnswerMs: 1_500 });
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'voicemail', decision: 'skip', reason: 'voicemail-left' });
      expect(told).toContain('the voicemail itself tells the user');
    });

    it('a user who listens to messages is no missed call', async () => {
      const { gateway, caller, story } = await beforeVoicemail();
      await caller.call({ from: '<sip:1001@192.0.2.10>', to: at(gateway, '5000'), hangUpAfterAnswerMs: 100 });
      const { call, told } = await story();
      expect(call).toMatchObject({ outcome: 'answered', cause: 'voicemail-access', decision: 'skip' });
      expect(told).toContain('somebody listened to messages');
    });
  });

  it('addresses of the examples are moved, and no other', () => {
    expect(onLoopback('192.0.2.5:5060 198.51.100.10 127.0.0.1')).toBe('127.0.2.5:5060 127.0.3.10 127.0.0.1');
  });
});
