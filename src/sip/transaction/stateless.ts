import type { HeaderField, SipRequest } from '../message/message.ts';
import { makeResponse } from '../message/response.ts';
import { serialize } from '../message/serialize.ts';
import type { Flow, TransportLayer } from '../transport/transport.ts';
import { newTag } from '../ids.ts';

/**
 * Answers without a transaction (RFC 3261 8.2.7): nothing is kept, every copy of the request is answered anew. All of them carry
 * one To tag, by which the ACK to such an answer is known and dropped.
 */
export class StatelessAnswers {
  readonly #transport: TransportLayer;
  readonly #toTag = newTag();

  constructor(transport: TransportLayer) {
    this.#transport = transport;
  }

  /** Whether this To tag is ours: the ACK that bears it acknowledges a stateless answer. */
  owns(toTag: string | null): boolean {
    return toTag === this.#toTag;
  }

  send(
    request: SipRequest,
    flow: Flow,
    status: number,
    reason: string,
    { headers, toTag = this.#toTag }: { readonly headers?: readonly HeaderField[]; readonly toTag?: string } = {},
  ): void {
    // 17.1.1.3 and 8.1.1: an ACK is never answered.
    if (request.method === 'ACK') return;
    const parts = headers === undefined ? { toTag } : { toTag, headers };
    const bytes = serialize(makeResponse(request, status, reason, parts));
    // A refusal that does not arrive is asked for again.
    this.#transport.send(bytes, flow, () => undefined);
  }
}
