import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeCall, startVoicemail, type CallReport, type LabVoicemail, type Visit } from '../../src/lab/index.ts';
import { FRAME_SAMPLES, greeting, packetsOf } from '../../src/lab/media/conversation.ts';
import { decodeAudio, encodeAudio, SAMPLE_RATE_HZ, type Codec } from '../../src/lab/media/g711.ts';
import { levelDb, tone } from '../../src/lab/media/level.ts';
import { openRtpPort } from '../../src/lab/media/rtp-port.ts';
import type { RtpPacket } from '../../src/lab/media/rtp.ts';
import { createMessageStore, MAX_MESSAGES } from '../../src/lab/message-store.ts';
import { udpPeer, type Received, type SipPeer } from '../support/sip-peer.ts';

const GREETING_MS = 100;
const MINIMUM_MS = 200;

let folder: string;
let gateway: SipPeer;
let voicemail: LabVoicemail;
let visits: Visit[];
let visited: Promise<Visit>;
let told: Promise<Received | null>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voicemail-'));
  gateway = await udpPeer(0);
  told = answerNotify();
  visits = [];
  const { promise, resolve } = Promise.withResolvers<Visit>();
  visited = promise;
  voicemail = await startVoicemail({
    folder,
    rtpAddress: '127.0.0.1',
    wallClock: Date.now,
    greetingMs: GREETING_MS,
    minimumMessageMs: MINIMUM_MS,
    notify: () => `sip:127.0.0.1:${gateway.port}`,
    onVisit: (visit) => {
      visits.push(visit);
      resolve(visit);
    },
  });
});
afterEach(async () => {
  await voicemail.close();
  await gateway.close();
  await rm(folder, { recursive: true });
});

/** What a gateway says to the first NOTIFY that comes; null where none does. */
async function answerNotify(): Promise<Received | null> {
  const notify = await gateway.expect(/^NOTIFY/, 15_000).catch(() => null);
  if (notify === null) return null;
  const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${notify.header(name)}`);
  gateway.send(['SIP/2.0 200 OK', ...copied, '', ''].join('\n'));
  return notify;
}

interface Talk {
  /** What is said after the beep. */
  readonly says: Int16Array;
  readonly codec?: Codec;
  /** Hangs up before the beep. */
  readonly leaves?: boolean;
  readonly heard?: RtpPacket[];
}

/** Calls the voicemail for 1001, listens to the beep, speaks, and hangs up. */
async function call({ says, codec = 'PCMU', leaves = false, heard = [] }: Talk): Promise<CallReport> {
  const rtp = await openRtpPort('127.0.0.1');
  const beep = Promise.withResolvers<void>();
  const listened = Promise.withResolvers<void>();
  let spoken = Number.POSITIVE_INFINITY;
  const hangUp = new AbortController();
  const frames = Math.ceil(greeting(codec, GREETING_MS).length / FRAME_SAMPLES);
  const stream = rtp.open({ address: '127.0.0.1', port: voicemail.rtpPort }, (packet) => {
    heard.push(packet);
    // One packet after the beep: it has been said by then.
    if (heard.length === (leaves ? 1 : frames + 2)) beep.resolve();
    if (heard.length > spoken) listened.resolve();
  });
  const report = placeCall({
    from: 'sip:+33612345678@127.0.0.1',
    to: voicemail.phone.uri('udp', 'voicemail'),
    headers: [{ name: 'Diversion', value: '<sip:1001@pbx>;reason=no-answer' }],
    rtpPort: rtp.port,
    signal: hangUp.signal,
  });
  await beep.promise;
  const bytes = encodeAudio(codec, says);
  let marker = true;
  for (const packet of packetsOf(codec, bytes, 7)) {
    if (packet.timestamp >= bytes.length) break;
    stream?.send(packet, marker);
    marker = false;
  }
  // What the voicemail sends after it has been read by it: it sends every 20 ms, and reads what has come in between.
  spoken = heard.length;
  await listened.promise;
  hangUp.abort();
  const made = await report;
  await rtp.close();
  return made;
}

const speech = tone(300, 600, SAMPLE_RATE_HZ);

describe('the lab voicemail', () => {
  it('answers, plays a greeting and a beep over RTP, then is silent', async () => {
    const heard: RtpPacket[] = [];
    await call({ says: speech, heard });
    const loud = heard.map(({ payload }) => levelDb(decodeAudio('PCMU', payload)) > -30);
    const frames = greeting('PCMU', GREETING_MS).length / FRAME_SAMPLES;
    expect(loud.slice(0, Math.floor(frames))).not.toContain(false);
    expect(loud.at(-1)).toBe(false);
    expect(heard.map(({ sequenceNumber }) => sequenceNumber).slice(0, 3)).toEqual([0, 1, 2]);
  });

  it('is told where it is heard, also where SIP reaches it at another address', async () => {
    await voicemail.close();
    voicemail = await startVoicemail({
      listen: [{ protocol: 'udp', address: '127.0.0.2', port: 0 }],
      folder,
      rtpAddress: '127.0.0.1',
      wallClock: Date.now,
      greetingMs: GREETING_MS,
      minimumMessageMs: MINIMUM_MS,
      notify: () => null,
    });
    const hangUp = new AbortController();
    const to = voicemail.phone.uri('udp', 'voicemail');
    const made = placeCall({ from: 'sip:+33612345678@127.0.0.1', to, rtpPort: 40_000, signal: hangUp.signal });
    await voicemail.phone.nextCall();
    setTimeout(() => hangUp.abort(), GREETING_MS);
    const sdp = (await made).final?.response.body.toString() ?? '';
    expect(sdp).toContain('c=IN IP4 127.0.0.1');
    expect(sdp).toContain(`m=audio ${voicemail.rtpPort} `);
  });

  it('keeps what was said as a WAV file in the diverting user’s folder', async () => {
    await call({ says: speech });
    const visit = await visited;
    expect(visit).toMatchObject({ mailbox: '1001', caller: '+33612345678', result: 'left', total: 1 });
    expect(visit.spokenMs).toBe(600);
    const file = await readFile(visit.file ?? '');
    expect(file.subarray(0, 4).toString()).toBe('RIFF');
    expect(file.length).toBe(44 + speech.length * 2);
    expect(visit.file).toContain(join(folder, '1001', new Date().toISOString().slice(0, 4)));
  });

  it('tells the gateway the totals by an unsolicited NOTIFY', async () => {
    await call({ says: speech });
    expect((await visited).notified).toBe(200);
    const notify = await told;
    expect(notify?.start).toMatch(/^NOTIFY sip:1001@127\.0\.0\.1/);
    expect(notify?.header('Event')).toBe('message-summary');
    expect(notify?.header('Subscription-State')).toBe('terminated');
    expect(notify?.body).toMatch(
      /Messages-Waiting: yes\r\nMessage-Account: sip:1001@127\.0\.0\.1\r\nVoice-Message: 1\/0/,
    );
  });

  it('tells the total of a mailbox that nobody has visited', async () => {
    expect(await voicemail.announce('1002')).toBe(200);
    expect((await told)?.body).toMatch(
      /Messages-Waiting: no\r\nMessage-Account: sip:1002@127\.0\.0\.1\r\nVoice-Message: 0\/0/,
    );
  });

  it.each<[string, Int16Array]>([
    ['silence', tone(0, 900, SAMPLE_RATE_HZ)],
    ['a word that is too short', tone(300, MINIMUM_MS - 40, SAMPLE_RATE_HZ)],
    ['nothing at all', new Int16Array()],
  ])('%s is no message: no file, no NOTIFY', async (_, says) => {
    await call({ says });
    expect(await visited).toMatchObject({ result: 'blank', file: null, total: 0, notified: null });
    expect(gateway.count(/^NOTIFY/)).toBe(0);
  });

  it('who hangs up before the beep left nothing, whatever was said', async () => {
    await call({ says: speech, leaves: true });
    expect(await visited).toMatchObject({ result: 'none', spokenMs: 0, file: null });
  });

  it('understands A-law', async () => {
    await call({ says: speech, codec: 'PCMA' });
    expect(await visited).toMatchObject({ result: 'left', spokenMs: 600 });
  });

  it('writes no file outside its folder, whoever calls whom', async () => {
    await placeCall({
      from: 'sip:..%2f..@127.0.0.1',
      to: voicemail.phone.uri('udp', 'vm'),
      headers: [{ name: 'Diversion', value: '<sip:..%2F..%2Fetc@pbx>;reason=no-answer' }],
      hangUpAfterAnswerMs: 10,
    });
    const store = createMessageStore(folder);
    const file = await store.add((await visited).mailbox, '../../x', 0, speech);
    expect(file).toBe(join(folder, '______etc', '1970-01-01T00-00-00-000Z-______x.wav'));
  });

  it('a mailbox that is full takes no more', async () => {
    await mkdir(join(folder, '1001'));
    for (let count = 0; count < MAX_MESSAGES; count += 1) await writeFile(join(folder, '1001', `${count}.wav`), '');
    expect(await createMessageStore(folder).add('1001', '1002', 0, speech)).toBeNull();
  });
});
