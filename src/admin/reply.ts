import type { FastifyReply } from 'fastify';
import type { FieldError } from './handlers.ts';
import { PROBLEM_TYPE, problem } from './problem.ts';

/** Answers with an error as RFC 9457 has it. */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  errors: readonly FieldError[] = [],
): FastifyReply {
  setSecurityHeaders(reply);
  // As it is: what an operation's answers look like says nothing of its problems.
  return reply
    .code(status)
    .type(PROBLEM_TYPE)
    .serializer(JSON.stringify)
    .send(problem(status, detail, errors));
}

/** What an answer has not said of itself: pages have their own policy, and their parts may be kept. */
export function setSecurityHeaders(reply: FastifyReply): void {
  const own = reply.getHeaders();
  reply.headers({
    'cache-control': own['cache-control'] ?? 'no-store',
    'content-security-policy': own['content-security-policy'] ?? "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': own['x-frame-options'] ?? 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
}
