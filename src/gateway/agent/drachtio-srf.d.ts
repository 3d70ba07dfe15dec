/**
 * The part of drachtio-srf 5 that srf.ts uses, as its code behaves. The package's own declarations lack most of it; an
 * ambient module takes their place.
 */
declare module 'drachtio-srf' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  namespace Srf {
    /** @param callback gets a word or an Error where the engine could not send it */
    type Ack = (
      options: { headers?: Record<string, string>; body?: string },
      callback?: (error: string | Error | null) => void,
    ) => void;
    type Handler = (request: Request, response: Response) => void;

    /** Not meant for applications. */
    interface Agent {
      /** TCP connections, also those that the engine has not accepted yet. */
      readonly mapServer: Map<Socket, Connection>;
      readonly wp: {
        /** @returns the id that the answer will name */
        send(socket: Socket, command: string): string;
      };
    }

    interface Connection {
      readonly authenticated: boolean;
      /** Commands without an answer. */
      readonly pendingRequests: Map<string, () => void>;
      /** The only place where a CANCEL finds its INVITE: by Call-ID alone. */
      readonly pendingNetworkInvites: Map<string, { req: Request; res: Response }>;
    }

    interface Message {
      readonly headers: Record<string, string>;
      /** Absent where the message had no empty line after its headers. */
      body?: string;
      /** The text it was read from. */
      readonly raw?: string;
      get(name: string): string | undefined;
    }

    interface Request extends Message, EventEmitter {
      readonly method: string;
      readonly uri: string;
      /** `network`; `application` for what the engine sent by itself in our name. */
      readonly source: string;
      readonly source_address: string;
      readonly source_port: number;
      /** `udp`, `tcp`, `tls`. */
      readonly protocol: string;
      /** Empty outside a dialog. */
      readonly stackDialogId?: string;
      readonly socket: Socket;
      readonly agent: Agent;
      cancel(options: { headers: Record<string, string> }, callback: (error: Error | null) => void): void;
      on(event: 'cancel', listener: (cancel: Message) => void): this;
      on(event: 'update', listener: (request: Request, response: Response) => void): this;
      on(event: 'authenticate', listener: (retry: Request) => void): this;
      on(event: 'response', listener: (response: Response, ack: Ack) => void): this;
    }

    interface Response extends Message {
      readonly status: number;
      /** A final response was sent: no other can be. */
      finished: boolean;
      readonly reason: string;
      readonly source_address: string;
      readonly source_port: string | number;
      readonly protocol: string;
      /** After `send` was acknowledged, and in every received response to an INVITE. */
      readonly stackDialogId?: string;
      /** @param callback gets a word (a string!) or an Error where the engine could not send it */
      send(
        status: number,
        reason: string | undefined,
        options: { headers: Record<string, string>; body?: string },
        callback: (error: string | Error | null, sent?: Message) => void,
      ): void;
    }

    interface RequestOptions {
      readonly method: string;
      readonly headers: Record<string, string>;
      readonly body?: string;
      /** The next hop, in place of the URI's host. */
      readonly proxy?: string;
      /** In a dialog; the URI is then of no account. */
      readonly stackDialogId?: string;
      readonly _socket?: Socket;
    }

    interface ConnectOptions {
      readonly host: string;
      readonly port: number;
      readonly secret: string;
      /** Read at every attempt. */
      readonly reconnect: { retryMaxDelay: number; maxAttempts?: number };
    }
  }

  class Srf {
    static readonly SipMessage: new (text: string) => Srf.Message;
    /** Hostports are the comma list of SIP addresses. The error is a refused secret. */
    on(event: 'connect', listener: (error: Error | null, hostports?: string) => void): this;
    on(event: 'close', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    /** `client` is there from `connect` on. */
    readonly app: { readonly client?: Srf.Agent };
    connect(options: Srf.ConnectOptions): void;
    disconnect(): void;
    use(handler: Srf.Handler): void;
    /** Also asks the engine for requests of this method (in lower case). */
    use(method: string, handler: Srf.Handler): void;
    request(uri: string, options: Srf.RequestOptions, callback: (error: Error | null, sent: Srf.Request) => void): void;
  }
  export = Srf;
}
