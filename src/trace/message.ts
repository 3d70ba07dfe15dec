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

/** The shortest piece of a number or a reason phrase that tells something. */
const MIN_PIECE = 5;

/**
 * `INVITE sip:1001@192.0.2.1`, `180 Ringing (INVITE)`, with ` SDP` where it has a session description. Where there is less room, what
 * goes first is what is told elsewhere: a URI's parameters and host, the method that is answered where that is INVITE, the end of a
 * reason phrase.
 * @param room characters
 */
export function summaryOf(text: string, room = Number.POSITIVE_INFINITY): string {
  const first = text.split(/\r?\n/, 1)[0] ?? '';
  const sdp = /^(content-type|c)\s*:\s*application\/sdp/im.test(text) ? ' SDP' : '';
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/i.exec(first);
  const forms =
    response === null
      ? requestForms(first, sdp, room)
      : responseForms(response[1] ?? '', response[2] ?? '', methodOf(text), sdp, room);
  return forms.find((form) => form.length <= room) ?? cut(forms.at(-1) ?? '', room);
}

/** From the longest to the shortest. */
function requestForms(line: string, sdp: string, room: number): string[] {
  const [method = '', uri = ''] = line.replace(/ SIP\/2\.0$/i, '').split(' ', 2);
  const [address = ''] = uri.split(/[;?]/, 1);
  const user = /^\w+:([^@]*)@/.exec(address)?.[1] ?? address;
  const left = room - `${method} ${sdp}`.length;
  const shown = [uri, address, user, ...(left < MIN_PIECE ? [] : [cut(user, left)])];
  return [...shown.map((each) => `${method} ${each}`.trimEnd()), method].map((form) => `${form}${sdp}`);
}

function responseForms(status: string, reason: string, method: string, sdp: string, room: number): string[] {
  const end = method === 'INVITE' ? sdp : ` (${method})${sdp}`;
  const left = room - `${status} ${end}`.length;
  const shortened = left < MIN_PIECE ? [] : [`${status} ${cut(reason, left)}${end}`];
  return [`${status} ${reason} (${method})${sdp}`, ...shortened, `${status}${end}`];
}

/** Of the request that a response answers. */
function methodOf(text: string): string {
  return /\s(\w+)$/.exec(headerOf(text, 'cseq') ?? '')?.[1] ?? '';
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;
}
