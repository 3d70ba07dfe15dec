import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startVoicemail, type Caller, type Visit } from '../../src/lab/index.ts';
import { FRAME_SAMPLES, greeting, packetsOf } from '../../src/lab/media/conversation.ts';
import { encodeAudio, SAMPLE_RATE_HZ } from '../../src/lab/media/g711.ts';
import { tone } from '../../src/lab/media/level.ts';
import { openRtpPort } from '../../src/lab/media/rtp-port.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { byNumber, call, callerFor, filesFor, phoneFor, run, settings } from './support.ts';

/** Voicemail proved by its own word: the lab's voicemail records, and tells its totals by NOTIFY as Exchange UM does. */
const GREETING_MS = 200;
const MINIMUM_MS = 400;
/** Longer than greeting and minimum message together: the time alone would call it a message. */
const SILENT_MS = 1_500;

/** Rings nobody, is diverted, listens to the beep, and speaks, or stays silent. */
async function visit(caller: Caller, gateway: GatewayProcess, rtpPort: number, speaks: boolean): Promise<void> {
  const rtp = await openRtpPort('127.0.0.1');
  const hangUp = new AbortController();
  const said = Promise.withResolvers<void>();
  const frames = Math.ceil(greeting('PCMU', GREETING_MS).length / FRAME_SAMPLES);
  let heard = 0;
  const stream = rtp.open({ address: '127.0.0.1', port: rtpPort }, () => {
    heard += 1;
    if (heard !== frames + 5) return;
    const speech = encodeAudio('PCMU', tone(speaks ? 300 : 0, 800, SAMPLE_RATE_HZ));
    for (const packet of packetsOf('PCMU', speech, 1)) {
      if (packet.timestamp >= speech.length) break;
      stream?.send(packet, false);
    }
    setTimeout(said.resolve, speaks ? 500 : SILENT_MS);
  });
  const made = call(caller, gateway, { rtpPort: rtp.port, signal: hangUp.signal });
  await said.promise;
  hangUp.abort();
  await made;
  await rtp.close();
}

it('a message is what raises the totals; silence, however long, is a missed call', async () => {
  const visits: Visit[] = [];
  const phone = await phoneFor(byNumber);
  let gatewayUri: string | null = null;
  const voicemail = await startVoicemail({
    folder: join((await filesFor('')).folder, 'voicemail'),
    rtpAddress: '127.0.0.1',
    wallClock: Date.now,
    greetingMs: GREETING_MS,
    minimumMessageMs: MINIMUM_MS,
    notify: () => gatewayUri,
    onVisit: (made) => visits.push(made),
  });
  onTestFinished(() => voicemail.close());
  const files = await filesFor(
    settings(phone).replace('ringTimeout: 60s', 'ringTimeout: 1s') +
      `voicemail: { target: "${voicemail.phone.uri('udp', '5000')}", greeting: 200ms, minimumMessage: 400ms, settle: 3s }\n`,
  );
  const gateway = await run(files);
  gatewayUri = `sip:${gateway.sip.udp}`;
  const caller = await callerFor();

  // Nobody knows yet how many messages there were: the time decides.
  await visit(caller, gateway, voicemail.rtpPort, true);
  const [first] = await gateway.settled(1);
  expect(first).toMatchObject({ outcome: 'voicemail', reason: 'voicemail-left' });
  expect(visits[0]).toMatchObject({ mailbox: '1001', result: 'left', total: 1, notified: 200 });

  await visit(caller, gateway, voicemail.rtpPort, false);
  const [, silent] = await gateway.settled(2);
  expect(visits[1]).toMatchObject({ result: 'blank', total: 1 });
  expect(silent).toMatchObject({ outcome: 'missed', cause: 'voicemail-abandoned', decision: 'notify' });
  expect(silent?.evidence.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['message-totals', 'voicemail-none']),
  );

  await visit(caller, gateway, voicemail.rtpPort, true);
  const [, , proved] = await gateway.settled(3);
  expect(proved).toMatchObject({ outcome: 'voicemail', decision: 'skip', reason: 'voicemail-left' });
  expect(proved?.evidence.map(({ kind }) => kind)).toContain('voicemail-left');
  const told = await gateway.mcg('explain', proved?.id ?? '');
  expect(told).toMatch(/message/);
  expect(await gateway.mailed(1)).toHaveLength(1);
});
