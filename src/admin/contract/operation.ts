import { z } from 'zod';
import type { Permission } from '../../cmdlet/index.ts';

export type { Permission };

/** What an operation of the HTTP API is: its route, who may, what goes in and comes out. The OpenAPI document is made from these. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` for each of `params`. */
  readonly path: string;
  /** A line for the documentation. */
  readonly summary: string;
  /** The group that it stands under in the documentation. */
  readonly tag: string;
  /** `anyone`: without a sign-in; `signed-in`: whoever is; else the permission that one of the account's roles must give. */
  readonly permission: Permission | 'anyone' | 'signed-in';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Of a 2xx; null: 204, nothing. */
  readonly response: z.ZodType | null;
  /** Something else than JSON: a CSV, an event stream, a page. */
  readonly contentType?: 'text/csv' | 'text/event-stream' | 'text/html';
  /** The answer has the policy file's version as ETag, and a change wants it in If-Match (412 where it is another one, 428 without). */
  readonly versioned?: true;
  /** Longer than the server's usual limit. */
  readonly maxBodyBytes?: number;
}

/** ISO 8601, UTC. */
export const time = z.iso.datetime();

/** A list in pages: `next` is given back as `after`; null at the end. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

export const PAGE_LIMIT = 100;
export const pageQuery = {
  after: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT).default(50),
};

/** RFC 9457. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  /** Mistakes in what was sent, by its path. */
  errors: z.array(z.object({ path: z.string(), message: z.string(), remedy: z.string().optional() })).optional(),
});
export type Problem = z.output<typeof problem>;
