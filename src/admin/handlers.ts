import type { z } from 'zod';
import type { Caller } from '../cmdlet/index.ts';
import type { OperationName, OPERATIONS } from './contract.ts';
import type { Operation } from './contract/operation.ts';
import type { Identity } from './sign-in/sessions.ts';

/** What an operation of the contract gets and gives; the server checks permission and shapes before it is called. */

type In<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Out<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;
type Part<Op, Key extends keyof Operation> = Key extends keyof Op ? Op[Key] : undefined;

export interface Asked<Op extends Operation> {
  readonly params: In<Part<Op, 'params'>>;
  readonly query: In<Part<Op, 'query'>>;
  readonly body: In<Part<Op, 'body'>>;
  /** Without permissions where nobody is signed in. */
  readonly caller: Caller;
  readonly identity: Identity | null;
  /** The policy file's version that If-Match named; null: there was none (the server has refused it where one is needed). */
  readonly ifMatch: string | null;
  /** As the browser has it. */
  readonly url: URL;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

export interface Cookie {
  readonly name: string;
  /** Null: taken away. */
  readonly value: string | null;
  readonly sameSite: 'strict' | 'lax';
  /** Absent: until the browser is closed. */
  readonly maxAgeS?: number;
}

type BodyOf<Op extends Operation> = Op extends { readonly contentType: 'text/csv' }
  ? AsyncIterable<string>
  : Out<Op['response']>;

/** @throws Refusal */
export interface Answer<Op extends Operation> {
  /** Of `text/csv` the pieces. */
  readonly body: BodyOf<Op>;
  /** The policy file's version. */
  readonly etag?: string;
  readonly cookies?: readonly Cookie[];
  /** 303: the browser goes there instead. */
  readonly redirect?: string;
}

export type Handler<Op extends Operation> = (asked: Asked<Op>) => Promise<Answer<Op>>;

/** Handlers for some of the operations. */
export type Handlers<Names extends OperationName> = {
  readonly [Name in Names]: Handler<(typeof OPERATIONS)[Name]>;
};

/** All that are handled; the event stream has a way of its own. */
export type AllHandlers = Handlers<Exclude<OperationName, 'events'>>;

export interface FieldError {
  /** `extensions.0`, or a line of a file. */
  readonly path: string;
  readonly message: string;
  readonly remedy?: string;
}

/** Something that the client did wrong or cannot have; leaves as RFC 9457 problem+json. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 422 | 428 | 429 | 503;
  readonly errors: readonly FieldError[];
  /** After which to try again. */
  readonly retryAfterS: number | null;

  constructor(
    status: Refusal['status'],
    detail: string,
    errors: readonly FieldError[] = [],
    retryAfterS: number | null = null,
  ) {
    super(detail);
    this.name = 'Refusal';
    this.status = status;
    this.errors = errors;
    this.retryAfterS = retryAfterS;
  }
}
