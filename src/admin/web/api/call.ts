import type { Asked, Body, OperationName } from './contract.ts';
import { ApiProblem, problemOf } from './problem.ts';
import { ROUTES } from './routes.ts';

/** An answer's body, and the version of the policy file that it was made from, where the operation tells it. */
export interface Reply<Name extends OperationName> {
  readonly body: Body<Name>;
  readonly etag: string | null;
}

type Values = Readonly<Record<string, string | number | boolean | null | undefined>>;

interface Loose {
  readonly params?: Values;
  readonly query?: Values;
  readonly body?: unknown;
  readonly ifMatch?: string | null;
}

/** Of these, 401 is an answer like any other. */
const ASKS_WHO: ReadonlySet<OperationName> = new Set(['session', 'signIn', 'firstAccount']);

let csrfToken: string | null = null;
const onSignedOut = new Set<() => void>();

/** The session's token, sent with whatever changes something. */
export function keepCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Called where the server says that nobody is signed in any more. Returns how to stop. */
export function whenSignedOut(listener: () => void): () => void {
  onSignedOut.add(listener);
  return () => onSignedOut.delete(listener);
}

/**
 * Asks the API: `await call('mailboxPolicy', { params: { name } })`.
 * @throws ApiProblem where the answer is not a 2xx, or there is none (status 0)
 */
export async function call<Name extends OperationName>(
  name: Name,
  asked: Asked<Name>,
  signal?: AbortSignal,
): Promise<Reply<Name>> {
  const loose = asked as Loose;
  const { method, url } = locate(name, loose);
  const headers = new Headers({ accept: 'application/json, application/problem+json' });
  if (loose.body !== undefined) headers.set('content-type', 'application/json');
  if (method !== 'GET' && csrfToken !== null) headers.set('x-csrf-token', csrfToken);
  if (loose.ifMatch !== undefined && loose.ifMatch !== null) headers.set('if-match', loose.ifMatch);
  const body = loose.body === undefined ? null : JSON.stringify(loose.body);
  const response = await send(url, { method, headers, body, signal: signal ?? null, credentials: 'same-origin' });
  if (!response.ok) {
    if (response.status === 401 && !ASKS_WHO.has(name)) for (const listener of onSignedOut) listener();
    throw await problemOf(response);
  }
  const answer: unknown = response.status === 204 ? null : await response.json();
  return { body: answer as Body<Name>, etag: response.headers.get('etag') };
}

/** An operation's address, for a link: a download, a way to a provider. */
export function address<Name extends OperationName>(name: Name, asked: Asked<Name>): string {
  return locate(name, asked as Loose).url;
}

function locate(name: OperationName, { params, query }: Loose): { readonly method: string; readonly url: string } {
  const [method = 'GET', path = ''] = ROUTES[name].split(' ');
  const filled = path.replaceAll(/:(\w+)/g, (_, key: string) => encodeURIComponent(String(params?.[key] ?? '')));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  return { method, url: search.size === 0 ? filled : `${filled}?${search}` };
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiProblem({ status: 0, title: error instanceof Error ? error.message : String(error) });
  }
}
