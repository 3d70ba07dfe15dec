/** Header names as RFC 3261 20 and its successors spell them, where that is not a capital after each hyphen. */
const SPELLED: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'mime-version': 'MIME-Version',
  'min-se': 'Min-SE',
  'p-dcs-billing-info': 'P-DCS-Billing-Info',
  rack: 'RAck',
  rseq: 'RSeq',
  'session-id': 'Session-ID',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
  'www-authenticate': 'WWW-Authenticate',
};

/** Names srf sends on every call; a look-up is cheaper than spelling them out each time. */
const spelled = new Map<string, string>(Object.entries(SPELLED));
for (const name of ['contact', 'content-type', 'user-agent', 'server', 'allow', 'supported', 'reason', 'diversion']) {
  spelled.set(name, capitalised(name));
}

function capitalised(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** How a header of the application goes on the wire (drachtio-protocol 3.2): canonical, but `X-…` as given. */
export function wireName(name: string): string {
  const lower = name.toLowerCase();
  if (lower.startsWith('x-')) {
    return name;
  }
  return spelled.get(lower) ?? capitalised(lower);
}
