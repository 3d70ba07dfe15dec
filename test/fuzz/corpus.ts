import { readdirSync, readFileSync } from 'node:fs';

const DATA = new URL('../data/', import.meta.url);

/** The torture messages of RFC 4475 and RFC 5118. */
export function tortureMessages(): Buffer[] {
  return ['rfc4475', 'rfc5118'].flatMap((rfc) =>
    ['valid', 'invalid'].flatMap((kind) => {
      const folder = new URL(`${rfc}/${kind}/`, DATA);
      return readdirSync(folder)
        .toSorted()
        .map((file) => readFileSync(new URL(file, folder)));
    }),
  );
}

const METHODS = [
  ['INVITE', 'Contact: <sip:alice@127.0.0.1>\r\nContent-Type: application/sdp\r\n', 'v=0\r\ns=-\r\nt=0 0\r\n'],
  ['ACK', '', ''],
  ['BYE', 'Reason: Q.850;cause=16;text="Normal"\r\n', ''],
  ['CANCEL', 'Reason: SIP;cause=200;text="Call completed elsewhere"\r\n', ''],
  ['OPTIONS', 'Accept: application/sdp\r\n', ''],
  ['REGISTER', 'Contact: <sip:alice@127.0.0.1>;expires=3600;+sip.instance="<urn:uuid:1>"\r\nExpires: 60\r\n', ''],
  ['PRACK', 'RAck: 1 1 INVITE\r\n', ''],
  ['UPDATE', 'Session-Expires: 90;refresher=uac\r\nMin-SE: 90\r\n', ''],
  ['REFER', 'Refer-To: <sip:carol@127.0.0.1?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\nReferred-By: <sip:a@b>\r\n', ''],
  ['SUBSCRIBE', 'Event: presence;id=1\r\nExpires: 600\r\n', ''],
  [
    'NOTIFY',
    'Event: refer\r\nSubscription-State: active;expires=60\r\nContent-Type: message/sipfrag\r\n',
    'SIP/2.0 200 OK\r\n',
  ],
  ['INFO', 'Content-Type: application/dtmf-relay\r\n', 'Signal=1\r\n'],
  ['MESSAGE', 'Content-Type: text/plain\r\n', 'hello'],
  ['PUBLISH', 'Event: presence\r\nSIP-If-Match: x\r\n', ''],
] as const;

/** What phones send on every day: what is close to it goes further than what is close to torture. */
export function usualRequests(): Buffer[] {
  return METHODS.map(([method, headers, body]) =>
    Buffer.from(
      `${method} sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKusual\r\n` +
        `Max-Forwards: 70\r\nFrom: "Alice" <sip:alice@127.0.0.1>;tag=alice\r\nTo: <sip:1001@127.0.0.1>\r\nCall-ID: usual\r\n` +
        `CSeq: 1 ${method}\r\nSupported: 100rel, timer, replaces\r\nAllow: INVITE, ACK, BYE\r\n${headers}` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    ),
  );
}

/** Gives the message a Call-ID and a branch that no other case has, where it has any: else most would be copies. */
export function refreshed(bytes: Buffer, id: string): Buffer {
  return Buffer.from(
    bytes
      .toString('latin1')
      .replace(/^(Call-ID|i)([ \t]*:[ \t]*)/im, `$1$2${id}-`)
      .replace(/branch=z9hG4bK/, `branch=z9hG4bK${id}`),
    'latin1',
  );
}
