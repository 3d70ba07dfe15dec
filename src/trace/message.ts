/** What a trace shows of a message: its first line and some headers. Read leniently; nothing is decided by it. */

const COMPACT: Readonly<Record<string, string>> = { 'call-id': 'i', from: 'f', to: 't', contact: 'm' };

/** The first value of a header, null where it is missing. @param name in lower case */
export function headerOf(text: string, name: string): string | null {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  for (const line of head.split(/\r?\n/).slice(1)) {
    const colon = line.indexOf(':');
    const written = line.slice(0, colon).trim().toLowerCase();
    if (written === name || written === COMPACT[name]) return line.slice(colon + 1).trim();
  }
  return null;
}

/** `INVITE sip:1001@192.0.2.1`, `180 Ringing (INVITE)`, with ` SDP` where it has a session description. */
export function summaryOf(text: string): string {
  const first = text.split(/\r?\n/, 1)[0] ?? '';
  const sdp = /^(content-type|c)\s*:\s*application\/sdp/im.test(text) ? ' SDP' : '';
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/i.exec(first);
  if (response === null) return `${first.replace(/ SIP\/2\.0$/i, '')}${sdp}`;
  const method = /\s(\w+)$/.exec(headerOf(text, 'cseq') ?? '')?.[1] ?? '';
  return `${response[1]} ${response[2]} (${method})${sdp}`;
}
