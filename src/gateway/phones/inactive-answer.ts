/**
 * An SDP answer that takes an offer and lets nothing flow (RFC 3264): each plain RTP stream inactive, in the formats that were
 * offered; every other refused by port 0 (an encrypted one needs keys, which we do not have). Pure.
 */

const RTP = new Set(['RTP/AVP', 'RTP/AVPF']);
/** What of an offered stream its answer repeats: what the payload types mean, how they are packed, which stream it is. */
const REPEATED = /^a=(?:rtpmap|fmtp|ptime|mid):/;

/** RFC 3264 6.1: a stream that is not refused needs a port, though nothing is sent to it; 9 is discard's. */
const DISCARD_PORT = 9;

/** Without an offer, the answer to be is ours to offer (RFC 3264 5). */
const OFFER_OF_NOTHING = ['m=audio 9 RTP/AVP 0 8', 'a=inactive'];

function sessionLines(family: string, time: string): string[] {
  const nowhere = family === 'IP6' ? '::' : '0.0.0.0';
  return ['v=0', `o=- 1 1 IN ${family} ${nowhere}`, 's=-', `c=IN ${family} ${nowhere}`, time];
}

/** The body of a 200; `offer` is the INVITE's body, empty where it came without one. Null where that is no SDP with streams. */
export function inactiveAnswer(offer: string): string | null {
  if (offer === '') return text([...sessionLines('IP4', 't=0 0'), ...OFFER_OF_NOTHING]);
  const lines = offer.split(/\r?\n/);
  const family = /^c=IN (IP[46]) /m.exec(offer)?.[1] ?? 'IP4';
  // RFC 3264 6: the answer has the offer's time, and as many streams in the same order.
  const answer = sessionLines(family, lines.find((line) => line.startsWith('t=')) ?? 't=0 0');
  const sessionLength = answer.length;
  let flows = false;
  const close = (): void => {
    if (flows) answer.push('a=inactive');
    flows = false;
  };
  for (const line of lines) {
    const stream = /^m=(\S+) (\d+)(?:\/\d+)? (\S+) (.+)$/.exec(line);
    if (stream !== null) {
      close();
      const [, media = '', port = '0', protocol = '', formats = ''] = stream;
      flows = RTP.has(protocol) && port !== '0';
      answer.push(`m=${media} ${flows ? DISCARD_PORT : 0} ${protocol} ${formats}`);
    } else if (line.startsWith('m=')) return null;
    else if (answer.length > sessionLength && (flows ? REPEATED.test(line) : line.startsWith('a=mid:')))
      answer.push(line);
  }
  close();
  return answer.length === sessionLength ? null : text(answer);
}

function text(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n`;
}
