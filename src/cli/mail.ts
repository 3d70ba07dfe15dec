/** A mail of ours as a person reads it: its headers, and its text without the HTML beside it. */
export function readableMail(mail: string): string {
  const message = split(mail.replaceAll('\r\n', '\n'));
  const boundary = /boundary="?([^";\s]+)/.exec(message.head)?.[1];
  const parts = boundary === undefined ? [message] : message.body.split(`--${boundary}\n`).slice(1).map(split);
  const part = parts.find(({ head }) => /^content-type: text\/plain/im.test(head)) ?? message;
  const encoding = /^content-transfer-encoding: (\S+)/im.exec(part.head)?.[1]?.toLowerCase() ?? '';
  const headers = message.head.replace(/^content-type:.*(?:\n[ \t].*)*\n?/im, '').trimEnd();
  return `${headers}\n\n${decoded(part.body, encoding).trimEnd()}`;
}

function split(text: string): { readonly head: string; readonly body: string } {
  const end = text.indexOf('\n\n');
  return end < 0 ? { head: text, body: '' } : { head: text.slice(0, end), body: text.slice(end + 2) };
}

/** RFC 2045 section 6. */
function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replaceAll(/[ \t]*=\n/g, (soft) => soft.slice(0, -2))
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
