import type { BoundAddress, Headers, SipMessage } from '../sip/index.ts';
import { wireName } from './header-names.ts';
import { ownHostPort, ownHostPortTransport } from './own-address.ts';
import { replaceLocalhost, replaceLocalhostInContact } from './placeholder.ts';

/**
 * Copies what the application wrote under its wire names, but for the headers named in `except`. In Contact and
 * P-Asserted-Identity `@localhost` stands for our own address; From and To are made elsewhere.
 */
export function appendAppHeaders(
  headers: Headers,
  app: SipMessage,
  except: readonly string[],
  own: BoundAddress,
): void {
  // The application's message is ours alone: cutting it down is cheaper than comparing each name.
  for (const name of except) {
    app.headers.delete(name);
  }
  for (const { name, value } of app.headers.fields) {
    const known = wireName(name);
    if (known === 'Contact') {
      appendContacts(headers, value, own);
    } else {
      headers.append(known, known === 'P-Asserted-Identity' ? replaceLocalhost(value, ownHostPort(own)) : value);
    }
  }
}

/** srf joins repeated headers with commas; several Contacts go on lines of their own, as drachtio-server sends them. */
function appendContacts(headers: Headers, value: string, own: BoundAddress): void {
  if (!value.includes(',')) {
    headers.append('Contact', replaceLocalhostInContact(value, ownHostPort(own), ownHostPortTransport(own)));
    return;
  }
  headers.append('Contact', value);
  const contacts = headers.elements('Contact');
  headers.delete('Contact');
  for (const contact of contacts) {
    headers.append('Contact', replaceLocalhostInContact(contact, ownHostPort(own), ownHostPortTransport(own)));
  }
}

/** Adds the label that an SDP body lacks; only SDP is recognised. Otherwise the reason of the NOK (drachtio-protocol 3.2). */
export function labelBody(headers: Headers, body: Buffer): Refused | null {
  if (body.length === 0 || headers.has('Content-Type')) {
    return null;
  }
  if (body.toString('latin1', 0, 3) !== 'v=0') {
    return { refused: 'missing content-type' };
  }
  headers.append('Content-Type', 'application/sdp');
  return null;
}

/** A text that goes back to the application as the reason of its NOK. */
export interface Refused {
  readonly refused: string;
}
