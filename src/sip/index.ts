export { formatCSeq, parseCSeq } from './message/cseq.ts';
export { SipHeaders } from './message/headers.ts';
export { formatHostPort, parseHostPort, type HostPort } from './message/host.ts';
export type * from './message/message.ts';
export { formatNameAddress, parseNameAddress, tagOf } from './message/name-address.ts';
export { parseFragment, parseMessage } from './message/parse.ts';
export { makeResponse, type ResponseParts } from './message/response.ts';
export { serialize } from './message/serialize.ts';
export { decodeText, encodeText } from './message/text.ts';
export { formatUri, parseUri, schemeOf } from './message/uri.ts';
export { formatVia, parseVia, stampTopVia, topVia } from './message/via.ts';
export type * from './stack.types.ts';
export type { BoundAddress, Destination, Flow, ListenAddress, TransportProtocol } from './transport/transport.ts';
export { createTransportLayer, type TransportLayerOptions } from './transport/layer.ts';
export { DEFAULT_TRANSPORT_LIMITS, type TransportLimits } from './transport/limits.ts';
export { Shares } from './transaction/shares.ts';
export { sourceOf } from './transport/local-address.ts';
export { systemNames, type NameService, type SrvRecord } from './transport/names.ts';
export { createResolver, type ResolverOptions } from './transport/resolver.ts';
export type { Tap } from './transport/tapped.ts';
export { checkTls, type TlsCredentials, type TlsSettings } from './transport/tls.ts';
export { TransportError, type Resolver, type TransportHandlers, type TransportLayer } from './transport/transport.ts';
export { destinationOfVia } from './transport/via-destination.ts';
export { systemClock } from './clock.ts';
export { Defects } from './defects.ts';
export { LineBudget } from './line-budget.ts';
export {
  confirmAsUac,
  confirmAsUas,
  dialogAsUac,
  dialogAsUas,
  dialogKey,
  dialogKeyOfRequest,
  receiveRequest,
  refreshTarget,
  type Dialog,
} from './dialog/dialog.ts';
export {
  ackInDialog,
  nextHopOf,
  requestInDialog,
  type DialogRequest,
  type DialogRequestParts,
} from './dialog/request.ts';
export {
  MIN_SESSION_EXPIRES_S,
  nextSession,
  parseSessionExpires,
  SESSION_OFF,
  type Refresher,
  type SessionExpires,
  type SessionTimerInput,
  type SessionTimerRules,
  type SessionTimerState,
} from './dialog/session-timer.ts';
export { newBranch, newCallId, newRSeq, newTag, randomFraction } from './ids.ts';
export { createSipStack } from './stack.ts';
export { DEFAULT_TIMERS } from './stack.types.ts';
export {
  beginReliable,
  nextReliable,
  orderOfReliable,
  parseRAck,
  parseRSeq,
  type RAck,
  type ReliableAction,
  type ReliableInput,
  type ReliableState,
  type ReliableTimer,
} from './transaction/reliable-provisional.ts';
export { DIALOG_RESERVE, MAX_TRANSACTIONS, RETRY_AFTER_S } from './transaction/layer.ts';
