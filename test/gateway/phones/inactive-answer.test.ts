import { describe, expect, it } from 'vitest';
import { inactiveAnswer } from '../../../src/gateway/phones/inactive-answer.ts';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join('');
const SESSION = ['v=0', 'o=phone 7 7 IN IP4 192.0.2.7', 's=-', 'c=IN IP4 192.0.2.7', 't=0 0'];
const OURS = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 'c=IN IP4 0.0.0.0', 't=0 0'];

describe('the answer to an offer, with everything inactive (RFC 3264)', () => {
  const offers: readonly (readonly [rule: string, offer: string, answer: string | null])[] = [
    [
      'a stream keeps its formats and what they mean, and nothing flows',
      lines(
        ...SESSION,
        'm=audio 40000 RTP/AVP 0 101',
        'a=rtpmap:101 telephone-event/8000',
        'a=fmtp:101 0-15',
        'a=sendrecv',
      ),
      lines(...OURS, 'm=audio 9 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=inactive'),
    ],
    [
      'as many streams as were offered, in their order',
      lines(
        ...SESSION,
        'm=audio 40000 RTP/AVP 8',
        'a=sendonly',
        'm=video 40002/2 RTP/AVPF 99',
        'a=rtpmap:99 H264/90000',
      ),
      lines(
        ...OURS,
        'm=audio 9 RTP/AVP 8',
        'a=inactive',
        'm=video 9 RTP/AVPF 99',
        'a=rtpmap:99 H264/90000',
        'a=inactive',
      ),
    ],
    [
      'what cannot be taken, or was not offered, is refused by port 0',
      lines(
        ...SESSION,
        'm=audio 40000 UDP/TLS/RTP/SAVPF 111',
        'a=mid:0',
        'a=rtpmap:111 opus/48000',
        'm=image 5000 udptl t38',
        'm=audio 0 RTP/AVP 0',
      ),
      lines(...OURS, 'm=audio 0 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', 'm=image 0 udptl t38', 'm=audio 0 RTP/AVP 0'),
    ],
    [
      'the time and the address family of the offer',
      lines(
        'v=0',
        'o=a 1 1 IN IP6 2001:db8::1',
        's=-',
        'c=IN IP6 2001:db8::1',
        't=5 9',
        'a=rtpmap:0 session/1',
        'm=audio 9000 RTP/AVP 0',
      ),
      lines('v=0', 'o=- 1 1 IN IP6 ::', 's=-', 'c=IN IP6 ::', 't=5 9', 'm=audio 9 RTP/AVP 0', 'a=inactive'),
    ],
    ['without an offer, one of ours', '', lines(...OURS, 'm=audio 9 RTP/AVP 0 8', 'a=inactive')],
    ['no SDP: none', 'hello', null],
    ['SDP without a stream: none', lines(...SESSION), null],
    ['a broken stream: none', lines(...SESSION, 'm=audio RTP/AVP 0'), null],
  ];

  it.each(offers)('%s', (_rule, offer, answer) => {
    expect(inactiveAnswer(offer)).toBe(answer);
  });
});
