/** Headers with what is made of a password: it could be guessed from that (RFC 7616 3.4 and 3.5). */
const CREDENTIALS = /^(?:proxy-)?auth(?:orization|entication-info)[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim;
const DIGESTS = /(\b(?:response|rspauth)\s*=\s*)("[^"\r\n]*"?|[^\s,]*)/gi;

/** Keys of media in a session description: RFC 4568 (after tag and suite), RFC 4567 (after the protocol), RFC 4566 5.12. */
const MEDIA_KEYS = /^(a=crypto:(?:\d+[ \t]+\w+[ \t]+)?|a=key-mgmt:(?:\w+[ \t]+)?|k=)([^\r\n]*)/gim;

/** Bodies that tell which keys somebody pressed, a voicemail's PIN for one: INFO in its many kinds, and RFC 4730. */
const TELLS_KEYS = /^(?:content-type|c)[ \t]*:[^\r\n]*(?:dtmf|digits|telephone-event|kpml-response)/im;
const PRESSED = /^(signal[ \t]*=[ \t]*|(?!duration[ \t]*=))([^\r\n]*)/gim;

/**
 * The message with what must be in no file blotted out. Bodies keep their length, so that a message still is as long as its
 * Content-Length says.
 */
export function withoutSecrets(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const body = text.slice(head.length);
  const shown = head.replaceAll(CREDENTIALS, (header) => header.replaceAll(DIGESTS, '$1"-"'));
  if (body.length <= 4) return shown + body;
  const secrets = TELLS_KEYS.test(text) ? PRESSED : MEDIA_KEYS;
  return shown + body.replaceAll(secrets, (_, name: string, secret: string) => name + '-'.repeat(secret.length));
}
