import { describe, expect, it } from 'vitest';
import { answerSdp, offerSdp } from '../../src/lab/sdp.ts';

const PARTY = { host: '192.0.2.1', sessionId: 7 };

function answer(...lines: string[]): string[] | null {
  const sdp = answerSdp(['v=0', 'o=- 1 1 IN IP4 h', 's=-', 'c=IN IP4 h', 't=0 0', ...lines, ''].join('\r\n'), PARTY);
  return sdp === null ? null : sdp.toString().trimEnd().split('\r\n').slice(5);
}

describe('a lab phone that is offered media', () => {
  it('takes our own offer', () => {
    const sdp = answerSdp(offerSdp(PARTY).toString(), PARTY)?.toString();
    expect(sdp).toBe(
      'v=0\r\no=- 7 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n' +
        'm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n',
    );
  });

  it.each([
    [
      'the first codec it knows',
      ['m=audio 4000 RTP/AVP 9 8 0 101'],
      ['m=audio 9 RTP/AVP 8', 'a=rtpmap:8 PCMA/8000', 'a=sendrecv'],
    ],
    ['hold', ['m=audio 4000 RTP/AVP 0', 'a=sendonly'], ['m=audio 9 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', 'a=recvonly']],
    [
      'hold for the session',
      ['a=inactive', 'm=audio 4000 RTP/AVP 0'],
      ['m=audio 9 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', 'a=inactive'],
    ],
    [
      'one audio stream, the others with port 0, in order (RFC 3264 6)',
      ['m=video 5000 RTP/AVP 31', 'm=audio 4000 RTP/AVP 0', 'm=audio 4002 RTP/AVP 0'],
      ['m=video 0 RTP/AVP 31', 'm=audio 9 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', 'a=sendrecv', 'm=audio 0 RTP/AVP 0'],
    ],
  ])('takes %s', (_, offer, expected) => {
    expect(answer(...offer)).toEqual(expected);
  });

  it.each([
    ['no codec it knows', ['m=audio 4000 RTP/AVP 9']],
    ['video only', ['m=video 5000 RTP/AVP 31']],
    ['no stream', []],
    ['a stream that is off', ['m=audio 0 RTP/AVP 0']],
    ['SRTP', ['m=audio 4000 RTP/SAVP 0']],
  ])('refuses %s', (_, offer) => {
    expect(answer(...offer)).toBeNull();
  });

  it('refuses what is no SDP', () => {
    expect(answerSdp('<audio/>', PARTY)).toBeNull();
  });
});
