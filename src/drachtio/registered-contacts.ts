import { parseNameAddress, parseUri, type Flow, type SipRequest, type SipResponse, type SipUri } from '../sip/index.ts';

interface Registered {
  readonly flow: Flow;
  readonly expiresAt: number;
}

/**
 * Peers that registered over a connection: what is later sent to their contact goes over that connection, which is the only
 * way to a phone behind NAT (drachtio-protocol 3.4). The registrar itself is the application's.
 */
export class RegisteredContacts {
  readonly #byContact = new Map<string, Registered>();
  readonly #maxContacts: number;

  constructor(maxContacts: number) {
    this.#maxContacts = maxContacts;
  }

  get size(): number {
    return this.#byContact.size;
  }

  /** Called with each 2xx that the application gives to a REGISTER. */
  learn(request: SipRequest, response: SipResponse, flow: Flow, nowMs: number): void {
    if (flow.connectionId === null) {
      return;
    }
    for (const value of request.headers.elements('Contact')) {
      const contact = parseNameAddress(value);
      const uri = contact === null ? null : parseUri(contact.uri);
      if (contact === null || uri === null) {
        continue;
      }
      const key = contactKey(uri);
      this.#byContact.delete(key);
      const seconds = expires(contact.params.get('expires'), request, response);
      if (seconds > 0) {
        this.#byContact.set(key, { flow, expiresAt: nowMs + seconds * 1000 });
        this.#forgetOldest();
      }
    }
  }

  /** The connection that leads to this uri, or null. It may be closed by now: then the peer is gone. */
  flowTo(uri: SipUri, nowMs: number): Flow | null {
    if (this.#byContact.size === 0) {
      return null;
    }
    const key = contactKey(uri);
    const registered = this.#byContact.get(key);
    if (registered === undefined) {
      return null;
    }
    if (registered.expiresAt <= nowMs) {
      this.#byContact.delete(key);
      return null;
    }
    return registered.flow;
  }

  #forgetOldest(): void {
    if (this.#byContact.size > this.#maxContacts) {
      const oldest = this.#byContact.keys().next();
      if (oldest.done !== true) {
        this.#byContact.delete(oldest.value);
      }
    }
  }
}

/** `user@host`, as drachtio-server keys them; with the port, which tells two phones of one user and address apart. */
function contactKey(parsed: SipUri): string {
  return `${parsed.user ?? ''}@${parsed.host.toLowerCase()}:${parsed.port ?? ''}`;
}

const DEFAULT_EXPIRES_SECONDS = 3600;

/** RFC 3261 10.3: the registrar's word, else the contact's, else the request's. */
function expires(ofContact: string | undefined, request: SipRequest, response: SipResponse): number {
  const granted = response.headers.elements('Contact').map((value) => parseNameAddress(value)?.params.get('expires'));
  const said = [
    granted.length === 1 ? granted[0] : undefined,
    response.headers.get('Expires'),
    ofContact,
    request.headers.get('Expires'),
  ].find((value) => value !== undefined && /^\d{1,9}$/.test(value));
  return said === undefined ? DEFAULT_EXPIRES_SECONDS : Number(said);
}
