import { parseNameAddress, parseUri, type HeaderField, type SipRequest } from '../sip/index.ts';
import type { EndpointOptions } from './endpoint.ts';
import type { PhoneCall, PhoneEvent } from './incoming-call.ts';
import { FRAME_MS, greeting, MAX_MESSAGE_MS, packetsOf, Recording } from './media/conversation.ts';
import { SAMPLE_RATE_HZ } from './media/g711.ts';
import { spokenMs } from './media/level.ts';
import { openRtpPort, type RtpPort, type RtpStream } from './media/rtp-port.ts';
import { createMessageStore, type MessageStore } from './message-store.ts';
import { startPhone, type Phone } from './phone.ts';
import { remoteAudio } from './sdp.ts';

export interface VoicemailOptions extends EndpointOptions {
  /** Where messages are written. */
  readonly folder: string;
  /** Where RTP is received, an address: callers are told it. */
  readonly rtpAddress: string;
  /** Milliseconds since the epoch: messages are named by it. */
  readonly wallClock: () => number;
  /** Answer to beep, the beep included. */
  readonly greetingMs: number;
  /** Who speaks for less than this has left no message. */
  readonly minimumMessageMs: number;
  /** Where the message totals are told (RFC 3842), asked each time: the gateway's URI; null: nobody is told. */
  readonly notify: () => string | null;
  readonly onVisit?: (visit: Visit) => void;
}

/** What one call to the voicemail came to. */
export interface Visit {
  readonly call: PhoneCall;
  readonly mailbox: string;
  readonly caller: string;
  /** `left`: a message; `blank`: silence, or too short; `none`: the caller was gone before the beep. */
  readonly result: 'left' | 'blank' | 'none';
  readonly spokenMs: number;
  /** The WAV file of a message. */
  readonly file: string | null;
  /** The mailbox's messages now. */
  readonly total: number;
  /** What the gateway said to the totals; null: nothing, or it was not told. */
  readonly notified: number | null;
}

/** Calls that are recorded at once; more are busy. */
export const MAX_VISITS = 100;

/**
 * A voicemail system for a lab: answers, plays a tone and a beep, records what is said, and tells the mailbox's totals by
 * NOTIFY as Exchange does (unsolicited, out of any dialog). A message that is silent or too short is not kept.
 */
export interface LabVoicemail {
  readonly phone: Phone;
  readonly rtpPort: number;
  /** Tells the total of a mailbox, so that a later visit has something to be compared with; what was answered, null: nothing. */
  announce(mailbox: string): Promise<number | null>;
  /** Resolves when the visits in hand are written. */
  close(): Promise<void>;
}

export async function startVoicemail(options: VoicemailOptions): Promise<LabVoicemail> {
  const rtp = await openRtpPort(options.rtpAddress);
  const voicemail = new Voicemail(options, rtp, createMessageStore(options.folder));
  try {
    await voicemail.start();
  } catch (error) {
    await rtp.close();
    throw error;
  }
  return voicemail;
}

interface LiveVisit {
  readonly stream: RtpStream | null;
  readonly recording: Recording;
  readonly timers: NodeJS.Timeout[];
  beeped: boolean;
}

class Voicemail implements LabVoicemail {
  readonly rtpPort: number;
  readonly #options: VoicemailOptions;
  readonly #rtp: RtpPort;
  readonly #store: MessageStore;
  readonly #live = new Map<PhoneCall, LiveVisit>();
  readonly #writing = new Set<Promise<void>>();
  readonly #closing = Promise.withResolvers<null>();
  #phone: Phone | null = null;

  constructor(options: VoicemailOptions, rtp: RtpPort, store: MessageStore) {
    this.#options = options;
    this.#rtp = rtp;
    this.#store = store;
    this.rtpPort = rtp.port;
  }

  get phone(): Phone {
    if (this.#phone === null) throw new Error('the voicemail is not started');
    return this.#phone;
  }

  async start(): Promise<void> {
    this.#phone = await startPhone({
      ...this.#options,
      rtpPort: this.#rtp.port,
      maxLiveCalls: MAX_VISITS,
      behaviour: { kind: 'voicemail' },
      onEvent: (event) => this.#happened(event),
    });
  }

  async close(): Promise<void> {
    for (const call of this.#live.keys()) this.#ended(call);
    // Messages are written to the end; a gateway that does not answer is not waited for.
    this.#closing.resolve(null);
    await Promise.all(this.#writing);
    await this.#phone?.close();
    await this.#rtp.close();
  }

  async announce(mailbox: string): Promise<number | null> {
    return this.#tell(mailbox, await this.#store.count(mailbox));
  }

  #happened({ kind, call }: PhoneEvent): void {
    if (kind === 'answered') this.#answered(call);
    else if (kind === 'ended') this.#ended(call);
  }

  #answered(call: PhoneCall): void {
    const remote = remoteAudio(call.invite.body.toString('latin1'));
    const recording = new Recording();
    const visit: LiveVisit = {
      recording,
      stream: this.#rtp.open(remote, (packet) => {
        // What is said over the greeting is no message.
        if (visit.beeped) recording.add(packet);
      }),
      timers: [],
      beeped: false,
    };
    this.#live.set(call, visit);
    const { greetingMs } = this.#options;
    const codec = remote?.codec ?? 'PCMU';
    const voice = packetsOf(codec, greeting(codec, greetingMs), call.invitedAt >>> 0);
    let marker = true;
    visit.timers.push(
      setInterval(() => {
        visit.stream?.send(voice.next().value, marker);
        marker = false;
      }, FRAME_MS),
      setTimeout(() => (visit.beeped = true), greetingMs),
      setTimeout(() => call.hangUp(), greetingMs + MAX_MESSAGE_MS),
    );
  }

  #ended(call: PhoneCall): void {
    const visit = this.#live.get(call);
    if (visit === undefined) return;
    this.#live.delete(call);
    for (const timer of visit.timers) clearTimeout(timer);
    visit.stream?.close();
    const writing = this.#keep(call, visit).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  async #keep(call: PhoneCall, { recording, beeped }: LiveVisit): Promise<void> {
    const { minimumMessageMs, onVisit } = this.#options;
    const { samples } = recording;
    const spoken = spokenMs(samples, SAMPLE_RATE_HZ);
    const mailbox = mailboxOf(call.invite);
    const caller = parseUri(call.caller)?.user ?? 'anonymous';
    const kept = beeped && spoken >= minimumMessageMs;
    const file = kept ? await this.#store.add(mailbox, caller, this.#options.wallClock(), samples) : null;
    const total = await this.#store.count(mailbox);
    const notified = file === null ? null : await this.#tell(mailbox, total);
    const result = !beeped ? 'none' : file === null ? 'blank' : 'left';
    onVisit?.({ call, mailbox, caller, result, spokenMs: spoken, file, total, notified });
  }

  /** RFC 3842, as Exchange UM does it: no subscription, `terminated`, to its gateway. */
  async #tell(mailbox: string, total: number): Promise<number | null> {
    const notify = this.#options.notify();
    const target = notify === null ? null : parseUri(notify);
    if (notify === null || target === null) return null;
    const account = `sip:${encodeURIComponent(mailbox)}@${target.host}`;
    const body = `Messages-Waiting: ${total > 0 ? 'yes' : 'no'}\r\nMessage-Account: ${account}\r\nVoice-Message: ${total}/0 (0/0)\r\n`;
    const told = this.phone.request({
      method: 'NOTIFY',
      uri: notify.replace(/^sip:(?:[^@]*@)?/, `sip:${encodeURIComponent(mailbox)}@`),
      from: account,
      to: account,
      headers: NOTIFY_HEADERS,
      body: Buffer.from(body),
    });
    return Promise.race([told, this.#closing.promise]);
  }
}

const NOTIFY_HEADERS: readonly HeaderField[] = [
  { name: 'Event', value: 'message-summary' },
  { name: 'Subscription-State', value: 'terminated' },
  { name: 'Content-Type', value: 'application/simple-message-summary' },
];

/** Whose message it is: the first diverting number (RFC 5806), else the called one. */
function mailboxOf({ headers, uri }: SipRequest): string {
  const diverting = headers.elements('Diversion').at(-1) ?? headers.elements('History-Info')[0];
  const address = diverting === undefined ? null : parseNameAddress(diverting);
  const user = address === null ? null : parseUri(address.uri.split('?', 1)[0] ?? '')?.user;
  return user ?? parseUri(uri)?.user ?? 'unknown';
}
