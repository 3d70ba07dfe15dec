import type { Problem } from './contract.ts';

/** An answer that is not a 2xx: what the server said of it, as RFC 9457 has it. `status` 0: there was no answer. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly title: string;
  readonly errors: NonNullable<Problem['errors']>;

  constructor({ status, title, detail, errors }: Pick<Problem, 'status' | 'title' | 'detail' | 'errors'>) {
    super(detail ?? title);
    this.name = 'ApiProblem';
    this.status = status;
    this.title = title;
    this.errors = errors ?? [];
  }
}

/** The policy file is another one than the page has seen (RFC 9110 15.5.13). */
export function isConflict(error: unknown): error is ApiProblem {
  return error instanceof ApiProblem && error.status === 412;
}

export async function problemOf(response: Response): Promise<ApiProblem> {
  const plain = { status: response.status, title: response.statusText };
  if (response.headers.get('content-type')?.includes('json') !== true) return new ApiProblem(plain);
  try {
    const said = (await response.json()) as Partial<Problem>;
    return new ApiProblem({ ...plain, ...said, status: response.status });
  } catch {
    return new ApiProblem(plain);
  }
}
