import { STATUS_CODES } from 'node:http';
import type { FieldError } from './handlers.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
/** Mistakes that one answer names. */
export const MAX_ERRORS = 100;

/** An error as RFC 9457 has it. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

export function problem(status: number, detail: string, errors: readonly FieldError[] = []): Problem {
  const told = errors.length === 0 ? {} : { errors: errors.slice(0, MAX_ERRORS) };
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...told };
}
