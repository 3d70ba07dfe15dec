import { QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call, type Reply } from './call.ts';
import type { Asked, Body, ChangeName, ReadName } from './contract.ts';
import { ApiProblem } from './problem.ts';

/** What is shown is asked again after this long when a page is opened. */
const FRESH_MS = 5_000;
const RETRIES = 2;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        // What the server refused, it refuses again; only what did not get through is tried again.
        retry: (failures, error) => failures < RETRIES && error instanceof ApiProblem && isPassing(error.status),
      },
    },
  });
}

function isPassing(status: number): boolean {
  return status === 0 || status === 502 || status === 503 || status === 504;
}

export interface ReadOptions {
  /** Asked again at this interval while the page is seen. */
  readonly everyMs?: number;
  readonly enabled?: boolean;
}

/** What an operation answers, kept up to date: `const { data, error, isPending } = useRead('dialPlan', { params: { name } })`. */
export function useRead<Name extends ReadName>(name: Name, asked: Asked<Name>, options: ReadOptions = {}) {
  return useQuery<Reply<Name>>({
    queryKey: [name, asked],
    queryFn: ({ signal }) => call(name, asked, signal),
    refetchInterval: options.everyMs ?? false,
    enabled: options.enabled ?? true,
    placeholderData: (before) => before,
  });
}

/** Operations that answer in pages. */
export type PagedName = {
  [Name in ReadName]: Body<Name> extends { readonly items: readonly unknown[]; readonly next: string | null }
    ? Name
    : never;
}[ReadName];
export type Item<Name extends PagedName> = Body<Name> extends { readonly items: readonly (infer Row)[] } ? Row : never;

/** A list, page after page. `items` are those of all pages fetched so far; `etag` is the first page's. */
export function usePages<Name extends PagedName>(name: Name, asked: Asked<Name>, options: ReadOptions = {}) {
  const query = useInfiniteQuery({
    queryKey: [name, asked, 'pages'],
    queryFn: ({ pageParam, signal }) => call(name, pageParam === null ? asked : after(asked, pageParam), signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ body }) => (body as unknown as { next: string | null }).next,
    refetchInterval: options.everyMs ?? false,
    enabled: options.enabled ?? true,
    placeholderData: (before) => before,
  });
  const pages = query.data?.pages ?? [];
  const items = pages.flatMap(({ body }) => (body as unknown as { items: Item<Name>[] }).items);
  return { ...query, items, etag: pages[0]?.etag ?? null, first: pages[0]?.body };
}

function after<Name extends PagedName>(asked: Asked<Name>, cursor: string): Asked<Name> {
  const { query } = asked as { readonly query?: object };
  return { ...asked, query: { ...query, after: cursor } } as Asked<Name>;
}

/**
 * Something that changes the gateway: `const save = useChange('changeDialPlan'); save.mutate({ params, body, ifMatch })`.
 * Everything that pages show is asked again after it.
 */
export function useChange<Name extends ChangeName>(name: Name) {
  const client = useQueryClient();
  return useMutation<Reply<Name>, Error, Asked<Name>>({
    mutationFn: (asked) => call(name, asked),
    onSettled: () => client.invalidateQueries(),
  });
}
