import { parseNameAddress, parseUri, type Flow, type SipRequest, type SipResponse, type SipUri } from '../sip/index.ts';
import { MAX_REGISTERED_CHARACTERS } from './limits.ts';

interface Registered {
  readonly flow: Flow;
  readonly expiresAt: number;
  /** Who it is a contact of. */
  readonly addressOfRecord: string;
}

/**
 * Peers that registered over a connection: what is later sent to their contact goes over that connection, which is the only
 * way to a browser or a phone behind NAT (drachtio-protocol 3.4). The registrar itself is the application's.
 */
export class RegisteredContacts {
  readonly #byContact = new Map<string, Registered>();
  readonly #byAddressOfRecord = new Map<string, Set<string>>();
  readonly #maxContacts: number;
  readonly #isOpen: (flow: Flow) => boolean;

  /** `isOpen`: whether a connection still leads to its peer. */
  constructor(maxContacts: number, isOpen: (flow: Flow) => boolean) {
    this.#maxContacts = maxContacts;
    this.#isOpen = isOpen;
  }

  get size(): number {
    return this.#byContact.size;
  }

  /** Called with each 2xx that the application gives to a REGISTER. */
  learn(request: SipRequest, response: SipResponse, flow: Flow, nowMs: number): void {
    const addressOfRecord = addressOf(request.headers.get('To') ?? '');
    for (const value of request.headers.elements('Contact')) {
      if (value.trim() === '*') {
        this.#forgetAll(addressOfRecord, request);
        continue;
      }
      const contact = parseNameAddress(value);
      const uri = contact === null ? null : parseUri(contact.uri);
      // Without a user it is the address of a machine, which others are reached at too.
      if (contact === null || uri === null || (uri.user ?? '') === '') {
        continue;
      }
      const key = contactKey(uri);
      if (key.length + addressOfRecord.length > MAX_REGISTERED_CHARACTERS) {
        continue;
      }
      if (this.#isAnothers(key, addressOfRecord, flow, nowMs)) {
        continue;
      }
      this.#forget(key);
      const seconds = expires(contact.params.get('expires'), key, request, response);
      if (seconds > 0 && flow.connectionId !== null) {
        this.#remember(key, { flow, expiresAt: nowMs + seconds * 1000, addressOfRecord });
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
      this.#forget(key);
      return null;
    }
    return registered.flow;
  }

  /**
   * The registrar may keep contacts apart by their address-of-record, and know nothing of the one that stands: whoever names it as its
   * own would take its calls, or end them. So the first one keeps it while its connection lives.
   */
  #isAnothers(key: string, addressOfRecord: string, flow: Flow, nowMs: number): boolean {
    const standing = this.#byContact.get(key);
    return (
      standing !== undefined &&
      standing.addressOfRecord !== addressOfRecord &&
      standing.flow.connectionId !== flow.connectionId &&
      standing.expiresAt > nowMs &&
      this.#isOpen(standing.flow)
    );
  }

  #remember(key: string, registered: Registered): void {
    this.#byContact.set(key, registered);
    const contacts = this.#byAddressOfRecord.get(registered.addressOfRecord) ?? new Set();
    contacts.add(key);
    this.#byAddressOfRecord.set(registered.addressOfRecord, contacts);
    if (this.#byContact.size > this.#maxContacts) {
      const oldest = this.#byContact.keys().next();
      if (oldest.done !== true) {
        this.#forget(oldest.value);
      }
    }
  }

  #forget(key: string): void {
    const registered = this.#byContact.get(key);
    if (registered === undefined) {
      return;
    }
    this.#byContact.delete(key);
    const contacts = this.#byAddressOfRecord.get(registered.addressOfRecord);
    contacts?.delete(key);
    if (contacts?.size === 0) {
      this.#byAddressOfRecord.delete(registered.addressOfRecord);
    }
  }

  /** RFC 3261 10.2.2: `Contact: *` with `Expires: 0` removes all of an address-of-record. */
  #forgetAll(addressOfRecord: string, request: SipRequest): void {
    if (Number(request.headers.get('Expires') ?? '1') !== 0) {
      return;
    }
    for (const key of this.#byAddressOfRecord.get(addressOfRecord) ?? []) {
      this.#forget(key);
    }
  }
}

/** `user@host`, as drachtio-server keys them; with the port, which tells two phones of one user and address apart. */
function contactKey(parsed: SipUri): string {
  return `${parsed.user ?? ''}@${parsed.host.toLowerCase()}:${parsed.port ?? ''}`;
}

function addressOf(to: string): string {
  const uri = parseUri(parseNameAddress(to)?.uri ?? '');
  return uri === null ? '' : `${uri.user ?? ''}@${uri.host.toLowerCase()}`;
}

const DEFAULT_EXPIRES_SECONDS = 3600;

/** RFC 3261 10.3: the registrar's word about this contact, else about all, else the contact's, else the request's. */
function expires(ofContact: string | undefined, key: string, request: SipRequest, response: SipResponse): number {
  const said = [
    grantedTo(key, response),
    response.headers.get('Expires'),
    ofContact,
    request.headers.get('Expires'),
  ].find((value) => value !== undefined && /^\d{1,9}$/.test(value));
  return said === undefined ? DEFAULT_EXPIRES_SECONDS : Number(said);
}

function grantedTo(key: string, response: SipResponse): string | undefined {
  for (const value of response.headers.elements('Contact')) {
    const granted = parseNameAddress(value);
    const uri = granted === null ? null : parseUri(granted.uri);
    if (granted !== null && uri !== null && contactKey(uri) === key) {
      return granted.params.get('expires');
    }
  }
  return undefined;
}
