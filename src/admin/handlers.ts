import type { z } from 'zod';
import type { Caller } from '../cmdlet/index.ts';
import type { OperationName, OPERATIONS } from './contract.ts';
import type { Operation } from './contract/operation.ts';

/** What an operation of the contract gets and gives; the server checks permission and shapes before it is called. */

type In<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Out<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;
type Part<Op, Key extends keyof Operation> = Key extends keyof Op ? Op[Key] : undefined;

export interface Asked<Op extends Operation> {
  readonly params: In<Part<Op, 'params'>>;
  readonly query: In<Part<Op, 'query'>>;
  readonly body: In<Part<Op, 'body'>>;
  readonly caller: Caller;
  /** The policy file's version that If-Match named; null: there was none (the server has refused it where one is needed). */
  readonly ifMatch: string | null;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/**
 * The answer's body; of `text/csv` an iterable of its pieces. `etag` is the policy file's version.
 * @throws Refusal
 */
export interface Answer<Op extends Operation> {
  readonly body: Op extends { readonly contentType: 'text/csv' } ? AsyncIterable<string> : Out<Op['response']>;
  readonly etag?: string;
}

export type Handler<Op extends Operation> = (asked: Asked<Op>) => Promise<Answer<Op>>;

/** Handlers for some of the operations; those of all rooms together are `Handlers<OperationName>`. */
export type Handlers<Names extends OperationName> = {
  readonly [Name in Names]: Handler<(typeof OPERATIONS)[Name]>;
};

/** Something that the client did wrong or cannot have; leaves as RFC 9457 problem+json. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 422 | 428 | 429 | 503;
  readonly errors: readonly { readonly path: string; readonly message: string; readonly remedy?: string }[];

  constructor(
    status: Refusal['status'],
    detail: string,
    errors: readonly { readonly path: string; readonly message: string; readonly remedy?: string }[] = [],
  ) {
    super(detail);
    this.name = 'Refusal';
    this.status = status;
    this.errors = errors;
  }
}
