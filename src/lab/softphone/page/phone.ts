import { Inviter, Registerer, RegistererState, SessionState, UserAgent, Web, type Session } from 'sip.js';
import type { LabAccount, LabFacts } from '../types.ts';

export type PhoneState = 'idle' | 'calling' | 'ringing' | 'incoming' | 'talking' | 'held';

/** What the page is told. */
export interface PhoneListener {
  registered(registered: boolean, why: string): void;
  state(state: PhoneState, other: string): void;
  /** One line for the log of calls. */
  said(text: string): void;
}

/** RFC 2976 as phones use it. */
const DTMF_MS = 160;

/** Own addresses are found at once; what has not been found by then is not waited for. */
const ICE_GATHERING_MS = 500;

/** A phone over WebSocket: one account, one call at a time. */
export class WebPhone {
  readonly #listener: PhoneListener;
  readonly #audio: HTMLAudioElement;
  #agent: UserAgent | null = null;
  #registerer: Registerer | null = null;
  #session: Session | null = null;
  #other = '';
  #held = false;

  constructor(listener: PhoneListener, audio: HTMLAudioElement) {
    this.#listener = listener;
    this.#audio = audio;
  }

  async register({ server, realm }: LabFacts, { number, displayName, password }: LabAccount): Promise<void> {
    const uri = UserAgent.makeURI(`sip:${number}@${realm}`);
    if (uri === undefined) throw new Error(`${number} is no SIP address`);
    const agent = new UserAgent({
      uri,
      displayName,
      authorizationUsername: number,
      authorizationPassword: password,
      transportOptions: { server },
      // The lab is one machine or network: no STUN server is asked.
      sessionDescriptionHandlerFactoryOptions: {
        iceGatheringTimeout: ICE_GATHERING_MS,
        peerConnectionConfiguration: { iceServers: [] },
      },
      logBuiltinEnabled: false,
      delegate: {
        onInvite: (invitation) => this.#invited(invitation),
        onDisconnect: (error) => this.#listener.registered(false, error?.message ?? 'disconnected'),
      },
    });
    this.#agent = agent;
    await agent.start();
    const registerer = new Registerer(agent, { expires: 120 });
    this.#registerer = registerer;
    registerer.stateChange.addListener((state) => {
      this.#listener.registered(state === RegistererState.Registered, state.toLowerCase());
    });
    await registerer.register({
      requestDelegate: {
        onReject: ({ message }) =>
          this.#listener.registered(false, `${message.statusCode ?? ''} ${message.reasonPhrase ?? ''}`),
      },
    });
  }

  async unregister(): Promise<void> {
    await this.hangUp();
    await this.#registerer?.unregister();
    await this.#agent?.stop();
    this.#agent = null;
    this.#registerer = null;
  }

  async call(number: string, realm: string): Promise<void> {
    const target = UserAgent.makeURI(
      number.includes('@') ? `sip:${number}` : `sip:${encodeURIComponent(number)}@${realm}`,
    );
    if (this.#agent === null || target === undefined || this.#session !== null) return;
    const inviter = new Inviter(this.#agent, target, {
      sessionDescriptionHandlerOptions: { constraints: { audio: true, video: false } },
    });
    this.#follow(inviter, number);
    this.#listener.state('calling', number);
    await inviter.invite({
      requestDelegate: {
        onProgress: ({ message }) => {
          if (message.statusCode === 180 || message.statusCode === 183) this.#listener.state('ringing', number);
        },
        onReject: ({ message }) =>
          this.#listener.said(`${number}: ${message.statusCode ?? ''} ${message.reasonPhrase ?? ''}`),
      },
    });
  }

  async answer(): Promise<void> {
    const session = this.#session;
    if (session !== null && 'accept' in session) {
      await (session as Incoming).accept({
        sessionDescriptionHandlerOptions: { constraints: { audio: true, video: false } },
      });
    }
  }

  /** Ends the call, whatever it is at: CANCEL, a refusal (`486` or `603`), or BYE. */
  async hangUp(status = 486): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    if (session.state === SessionState.Established) await session.bye();
    else if (session instanceof Inviter) await session.cancel();
    else await (session as Incoming).reject({ statusCode: status });
  }

  async hold(held: boolean): Promise<void> {
    await this.#session?.invite({
      sessionDescriptionHandlerOptions: { hold: held } as Web.SessionDescriptionHandlerOptions,
      requestDelegate: {
        onAccept: () => {
          this.#held = held;
          this.#listener.state(held ? 'held' : 'talking', this.#other);
        },
      },
    });
  }

  get held(): boolean {
    return this.#held;
  }

  /** One key of the telephone, as INFO. */
  async press(key: string): Promise<void> {
    await this.#session?.info({
      requestOptions: {
        body: {
          contentDisposition: 'render',
          contentType: 'application/dtmf-relay',
          content: `Signal=${key}\r\nDuration=${DTMF_MS}`,
        },
      },
    });
  }

  #invited(invitation: Incoming): void {
    if (this.#session !== null) {
      void invitation.reject({ statusCode: 486 });
      return;
    }
    const { displayName, uri } = invitation.remoteIdentity;
    const other =
      displayName === undefined || displayName === ''
        ? (uri.user ?? uri.toString())
        : `${displayName} (${uri.user ?? ''})`;
    this.#follow(invitation, other);
    this.#listener.state('incoming', other);
  }

  #follow(session: Session, other: string): void {
    this.#session = session;
    this.#other = other;
    this.#held = false;
    session.stateChange.addListener((state) => {
      if (state === SessionState.Established) {
        this.#play(session);
        this.#listener.state('talking', other);
        this.#listener.said(`${other}: answered`);
      } else if (state === SessionState.Terminated) {
        this.#session = null;
        this.#audio.srcObject = null;
        this.#listener.state('idle', '');
        this.#listener.said(`${other}: ended`);
      }
    });
  }

  #play(session: Session): void {
    const handler = session.sessionDescriptionHandler;
    if (!(handler instanceof Web.SessionDescriptionHandler)) return;
    this.#audio.srcObject = handler.remoteMediaStream;
    // A browser that has not been clicked in plays nothing.
    this.#audio.play().catch(() => undefined);
  }
}

type Incoming = Parameters<
  NonNullable<NonNullable<ConstructorParameters<typeof UserAgent>[0]>['delegate']>['onInvite'] & object
>[0];
