/** What one message may cost. Beyond it the message is refused before it is looked at. */

/** A UDP datagram carries no more (RFC 768). */
export const MAX_DATAGRAM_BYTES = 65_535;
/** Start line and header fields of a message on a stream. */
export const MAX_HEAD_BYTES = 65_536;
/** Content-Length of a message on a stream. */
export const MAX_BODY_BYTES = 1_048_576;
export const MAX_HEADER_FIELDS = 256;
/** RFC 3261 8.1.1.5: the sequence number is less than 2^31. */
export const MAX_CSEQ = 2_147_483_647;
/** RFC 3261 20.22. */
export const MAX_MAX_FORWARDS = 255;
