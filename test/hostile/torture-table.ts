import type { SrfRequest } from '../drachtio/support.ts';

/** What becomes of a torture message that a running engine gets, with an application that behaves. */
export interface Expected {
  readonly section: string;
  /** The final answer on the wire; null: none at all. */
  readonly status: number | null;
  /** Who answers. `engine`: the application has heard nothing. */
  readonly by: 'engine' | 'application' | 'nobody';
  /** The RFC's reason, or ours. */
  readonly why: string;
  /** What the application has to have been given. */
  readonly heard?: (request: SrfRequest) => Record<string, readonly [actual: unknown, expected: unknown]>;
  /** Over a connection, where that makes a difference. */
  readonly stream?: Partial<Pick<Expected, 'status' | 'by' | 'why'>> & {
    /** Where the next message begins is not known any more: the connection is closed. */
    readonly closes?: true;
    /** What has to follow before there is an answer. */
    readonly completion?: () => string;
  };
}

const uri = (expected: string) => (req: SrfRequest) => ({ uri: [req.uri, expected] }) as const;
const header = (name: string, expected: string) => (req: SrfRequest) =>
  ({ [name]: [req.get(name), expected] }) as const;

/** RFC 4475, section 3, all 49. */
export const RFC_4475: Readonly<Record<string, Expected>> = {
  'valid/wsinv': { section: '3.1.1.1', status: 481, by: 'engine', why: 'well-formed, in a dialog that is not here' },
  'valid/intmeth': { section: '3.1.1.2', status: 501, by: 'engine', why: 'well-formed, of a method that nobody knows' },
  'valid/esc01': {
    section: '3.1.1.3', status: 200, by: 'application', why: 'escapes are no others than those who wrote them meant',
    heard: (req) => ({
      uri: [req.uri, 'sip:sips%3Auser%40example.com@example.net'],
      contact: [req.get('Contact'), '<sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>'],
    }),
  },
  'valid/escnull': { section: '3.1.1.4', status: 200, by: 'application', why: 'an escaped NUL is a character', heard: header('To', 'sip:null-%00-null@example.com') },
  'valid/esc02': { section: '3.1.1.5', status: 501, by: 'engine', why: 'RE%47IST%45R is not REGISTER: a method has no escapes' },
  'valid/lwsdisp': { section: '3.1.1.6', status: 200, by: 'application', why: 'no space is needed before <', heard: header('From', 'caller<sip:caller@example.com>;tag=323') },
  'valid/longreq': {
    section: '3.1.1.7', status: 200, by: 'application', why: 'long is not too long',
    heard: (req) => ({ name: [req.get('To').startsWith('"I have a user name of extreme'), true] }),
  },
  'valid/dblreq': {
    section: '3.1.1.8', status: 200, by: 'application', why: 'what follows the body in a datagram is nothing', heard: (req) => ({ method: [req.method, 'REGISTER'] }),
    stream: { status: null, closes: true, why: 'on a stream it is the next message, and what follows that is none' },
  },
  'valid/semiuri': { section: '3.1.1.9', status: 200, by: 'application', why: 'a user part may hold a semicolon', heard: uri('sip:user;par=u%40example.net@example.com') },
  'valid/transports': { section: '3.1.1.10', status: 200, by: 'application', why: 'transports that nobody knows are in lower Vias only' },
  'valid/mpart01': {
    section: '3.1.1.11', status: 200, by: 'application', why: 'a body is bytes',
    heard: (req) => ({
      type: [req.get('Content-Type'), 'multipart/mixed;boundary=7a9cbec02ceef655'],
      body: [req.body.startsWith('--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n'), true],
    }),
  },
  'valid/unreason': { section: '3.1.1.12', status: null, by: 'nobody', why: 'a response to nothing; one to something is tried below' },
  'valid/noreason': { section: '3.1.1.13', status: null, by: 'nobody', why: 'the same' },
  'invalid/badinv01': { section: '3.1.2.1', status: 400, by: 'engine', why: 'separators without anything between them' },
  'invalid/clerr': {
    section: '3.1.2.2', status: 400, by: 'engine', why: 'a datagram that is shorter than it says',
    stream: { status: 200, by: 'application', why: 'on a stream the rest may come yet', completion: () => 'a=x\r\n'.repeat(1_969) },
  },
  'invalid/ncl': { section: '3.1.2.3', status: 400, by: 'engine', why: 'a length below 0', stream: { closes: true } },
  'invalid/scalar02': { section: '3.1.2.4', status: 400, by: 'engine', why: 'CSeq over 2^31' },
  'invalid/scalarlg': { section: '3.1.2.5', status: null, by: 'nobody', why: 'a response with such a CSeq belongs to nothing of ours' },
  'invalid/quotbal': { section: '3.1.2.6', status: 400, by: 'engine', why: 'a quoted string without its end' },
  'invalid/ltgtruri': { section: '3.1.2.7', status: 400, by: 'engine', why: '<> around a Request-URI' },
  'invalid/lwsruri': { section: '3.1.2.8', status: 400, by: 'engine', why: 'a space in a Request-URI' },
  'invalid/lwsstart': { section: '3.1.2.9', status: 400, by: 'engine', why: 'two spaces in a Request-Line' },
  'invalid/trws': { section: '3.1.2.10', status: 400, by: 'engine', why: 'spaces at the end of a Request-Line' },
  'invalid/escruri': { section: '3.1.2.11', status: 400, by: 'engine', why: 'headers in a Request-URI' },
  'invalid/baddate': { section: '3.1.2.12', status: 200, by: 'application', why: 'nobody here goes by the date', heard: header('Date', 'Fri, 01 Jan 2010 16:00:00 EST') },
  'invalid/regbadct': { section: '3.1.2.13', status: 400, by: 'engine', why: 'a ? outside of <> in a Contact' },
  'invalid/badaspec': { section: '3.1.2.14', status: 400, by: 'engine', why: 'spaces within <>' },
  'invalid/baddn': { section: '3.1.2.15', status: 400, by: 'engine', why: 'a comma in a name without quotes', stream: { completion: () => '\r\n' } },
  'invalid/badvers': { section: '3.1.2.16', status: 505, by: 'engine', why: 'SIP/7.0' },
  'invalid/mismatch01': { section: '3.1.2.17', status: 400, by: 'engine', why: 'OPTIONS in the start line, INVITE in CSeq' },
  'invalid/mismatch02': { section: '3.1.2.18', status: 400, by: 'engine', why: 'the same with a method that nobody knows: 501 would do as well' },
  'invalid/bigcode': { section: '3.1.2.19', status: null, by: 'nobody', why: 'a response whose status is no status' , stream: { closes: true } },
  'invalid/badbranch': { section: '3.2.1', status: 400, by: 'engine', why: 'the cookie alone names no transaction' },
  'invalid/insuf': { section: '3.3.1', status: 400, by: 'engine', why: 'no From, To, Call-ID' },
  'invalid/unkscm': { section: '3.3.2', status: 416, by: 'engine', why: 'a scheme that nobody knows' },
  'invalid/novelsc': { section: '3.3.3', status: 416, by: 'engine', why: 'a scheme that is no way to call' },
  'invalid/unksm2': { section: '3.3.4', status: 404, by: 'application', why: 'the registrar has no such address-of-record', heard: header('To', 'isbn:2983792873') },
  'invalid/bext01': { section: '3.3.5', status: 420, by: 'application', why: 'the application says which extensions there are', heard: header('Require', 'nothingSupportsThis, nothingSupportsThisEither') },
  'invalid/invut': { section: '3.3.6', status: 415, by: 'application', why: 'no session description', heard: header('Content-Type', 'application/unknownformat') },
  'invalid/regaut01': { section: '3.3.7', status: 401, by: 'application', why: 'credentials of a scheme that nobody knows are none', heard: header('Authorization', 'NoOneKnowsThisScheme opaque-data=here') },
  'invalid/multi01': { section: '3.3.8', status: 400, by: 'engine', why: 'two Call-IDs, CSeqs, Froms, Tos' },
  'invalid/mcl01': { section: '3.3.9', status: 400, by: 'engine', why: 'two lengths', stream: { closes: true } },
  'invalid/bcast': { section: '3.3.10', status: null, by: 'nobody', why: 'nothing goes to 255.255.255.255, which its second Via names' },
  'invalid/zeromf': { section: '3.3.11', status: 200, by: 'application', why: 'Max-Forwards is for proxies', heard: header('Max-Forwards', '0') },
  'invalid/cparam01': { section: '3.3.12', status: 200, by: 'application', why: 'without <> a parameter is the header field\'s', heard: header('Contact', 'sip:+19725552222@gw1.example.net;unknownparam') },
  'invalid/cparam02': { section: '3.3.13', status: 200, by: 'application', why: 'within <> it is the URI\'s', heard: header('Contact', '<sip:+19725552222@gw1.example.net;unknownparam>') },
  'invalid/regescrt': { section: '3.3.14', status: 200, by: 'application', why: 'a Contact may have headers', heard: header('Contact', '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>') },
  'invalid/sdp01': { section: '3.3.15', status: 406, by: 'application', why: 'an answer that the caller does not take', heard: header('Accept', 'text/nobodyKnowsThis') },
  'invalid/inv2543': {
    section: '3.4.1', status: 400, by: 'engine', why: 'departure: without a From tag the application could not name the call',
    stream: { closes: true, why: 'and on a stream Content-Length is mandatory' },
  },
}; // prettier-ignore

const address = uri('sip:[2001:db8::10]');

/** RFC 5118, section 4. */
export const RFC_5118: Readonly<Record<string, Expected>> = {
  'valid/ipv6-good': { section: '4.1', status: 200, by: 'application', why: 'an address in brackets', heard: address },
  'invalid/ipv6-bad': { section: '4.2', status: 400, by: 'engine', why: 'one without' },
  'valid/port-ambiguous': { section: '4.3', status: 200, by: 'application', why: 'what stands within brackets is no port', heard: uri('sip:[2001:db8::10:5070]') },
  'valid/port-unambiguous': { section: '4.4', status: 200, by: 'application', why: 'what stands behind them is', heard: uri('sip:[2001:db8::10]:5070') },
  'valid/via-received-param-with-delim': { section: '4.5', status: 481, by: 'engine', why: 'received in brackets; a BYE of no dialog' },
  'valid/via-received-param-no-delim': { section: '4.5', status: 200, by: 'application', why: 'received without them', heard: address },
  'valid/ipv6-in-sdp': {
    section: '4.6', status: 200, by: 'application', why: 'a description with IPv6 is not the engine\'s to read',
    heard: (req) => ({ body: [/^c=IN IP6 2001:db8::20\r$/m.test(req.body), true] }),
  },
  'valid/mult-ip-in-header': { section: '4.7', status: 481, by: 'engine', why: 'both families in the Vias; a BYE of no dialog' },
  'valid/mult-ip-in-sdp': {
    section: '4.8', status: 200, by: 'application', why: 'both families in a description',
    heard: (req) => ({ body: [/^c=IN IP4 192.0.2.1\r$[^]*^c=IN IP6 2001:db8::1\r$/m.test(req.body), true] }),
  },
  'valid/ipv4-mapped-ipv6': { section: '4.9', status: 200, by: 'application', why: 'IPv4 in IPv6', heard: header('Contact', '"T. desk phone" <sip:ted@[::ffff:192.0.2.2]>') },
  'valid/ipv6-bug-abnf-3-colons': { section: '4.10', status: 200, by: 'application', why: 'the third colon has to be tolerated', heard: uri('sip:user@[2001:db8:::192.0.2.1]') },
  'valid/ipv6-correct-abnf-2-colons': { section: '4.10', status: 200, by: 'application', why: 'two are right', heard: uri('sip:user@[2001:db8::192.0.2.1]') },
}; // prettier-ignore
