import type { z } from 'zod';
import type { OperationName, OPERATIONS } from '../../contract.ts';

/** The contract as the pages see it: types alone, so that neither zod nor the server comes into the bundle. */
export type * from '../../contract.ts';

type Operations = typeof OPERATIONS;
type Part<Name extends OperationName, Key extends string> = Key extends keyof Operations[Name]
  ? Operations[Name][Key]
  : never;
type In<Schema> = Schema extends z.ZodType ? z.input<Schema> : never;
/** A part that an operation does not have may not be given; one of which nothing is required may be left out. */
type Asking<Name extends OperationName, Key extends 'params' | 'query' | 'body'> = [Part<Name, Key>] extends [never]
  ? { readonly [Absent in Key]?: never }
  : Partial<In<Part<Name, Key>>> extends In<Part<Name, Key>>
    ? { readonly [Present in Key]?: In<Part<Name, Key>> }
    : { readonly [Present in Key]: In<Part<Name, Key>> };

/** What an operation wants; `ifMatch` is the policy file's version that was seen (contract: `versioned`). */
export type Asked<Name extends OperationName> = Asking<Name, 'params'> &
  Asking<Name, 'query'> &
  Asking<Name, 'body'> & { readonly ifMatch?: string | null };

/** The body that an operation answers with; null where it answers with nothing. */
export type Body<Name extends OperationName> = Operations[Name]['response'] extends z.ZodType
  ? z.output<Operations[Name]['response']>
  : null;

/** `METHOD path`, as routes.ts must have it. */
export type Route<Name extends OperationName> = `${Operations[Name]['method']} ${Operations[Name]['path']}`;

/** Operations that answer with JSON and are asked by GET: what a page can show. */
export type ReadName = {
  [Name in OperationName]: Operations[Name] extends { readonly method: 'GET' }
    ? Operations[Name] extends { readonly contentType: string }
      ? never
      : Name
    : never;
}[OperationName];
export type ChangeName = Exclude<
  { [Name in OperationName]: Operations[Name]['method'] extends 'GET' ? never : Name }[OperationName],
  never
>;
