/**
 * SIP messages as plain data. Header text is held as one character per byte (latin1), so that whatever came in, UTF-8 or
 * not, goes out unchanged; bodies are bytes. Header names keep the spelling they came with; look-ups take the long name in
 * any case and find compact forms too (RFC 3261 7.3.3).
 */

export interface HeaderField {
  /** As written. */
  readonly name: string;
  /** Without the white space around it; line folding (RFC 3261 7.3.1) is kept as received. */
  readonly value: string;
}

/** The header fields of one message, in order. Implemented in headers.ts. */
export interface Headers {
  readonly fields: readonly HeaderField[];
  /** The first field of this name, unfolded. */
  get(name: string): string | undefined;
  /** Every field of this name, unfolded, not split at commas. */
  all(name: string): string[];
  /** Every element of a list header (Via, Route, Contact, …): the fields split at commas outside quotes and <>. */
  elements(name: string): string[];
  has(name: string): boolean;
  /** Replaces the first field of this name and drops the others; appends where there is none. */
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  /** Puts the field first, above others of its name. */
  prepend(name: string, value: string): void;
  /** Replaces the first *element* of a list header, leaving the others (the top Via). */
  setFirstElement(name: string, value: string): void;
  /** Removes the first element of a list header and returns it (our own Via, a Route). */
  shiftElement(name: string): string | undefined;
  delete(name: string): void;
  clone(): Headers;
}

export interface SipRequest {
  readonly kind: 'request';
  method: string;
  uri: string;
  headers: Headers;
  body: Buffer;
}

export interface SipResponse {
  readonly kind: 'response';
  status: number;
  reason: string;
  headers: Headers;
  body: Buffer;
}

export type SipMessage = SipRequest | SipResponse;

/** Why a message cannot be taken, and what to answer. */
export interface ParseFailure {
  readonly ok: false;
  /** Plain words with the offending part, e.g. `CSeq method OPTIONS does not match INVITE`. */
  readonly problem: string;
  /** 400, 416, 505, … for a request that can be answered; null where RFC 3261 18.1.2/18.3 orders silence. */
  readonly status: number | null;
  /** Reason phrase for that answer. */
  readonly reason: string;
  /** As much of a request as could be read: Via, From, To, Call-ID and CSeq of the answer come from it. */
  readonly message: SipMessage | null;
}

export type ParseOutcome = { readonly ok: true; readonly message: SipMessage } | ParseFailure;

/** `sip:user:password@host:port;params?headers`; text as written, nothing unescaped but where said. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** Unescaped user part, null where there is none. */
  readonly user: string | null;
  readonly password: string | null;
  /** Host as written; an IPv6 reference without its brackets. */
  readonly host: string;
  readonly port: number | null;
  /** Names in lower case; a parameter without value has ''. */
  readonly params: ReadonlyMap<string, string>;
  /** What follows `?`, or ''. */
  readonly headers: string;
}

/** `"Display" <uri>;param=value` or `uri;param=value` (From, To, Contact, Route, Diversion, P-Asserted-Identity, …). */
export interface NameAddress {
  /** Unquoted and unescaped; null where there is none. */
  readonly displayName: string | null;
  readonly uri: string;
  /** Names in lower case; a parameter without value has ''. */
  readonly params: ReadonlyMap<string, string>;
}

export interface Via {
  /** `UDP`, `TCP`, … upper case. */
  readonly transport: string;
  readonly host: string;
  readonly port: number | null;
  readonly params: ReadonlyMap<string, string>;
}

export interface CSeq {
  readonly sequence: number;
  readonly method: string;
}
