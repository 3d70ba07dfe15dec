import type { FastifyReply } from 'fastify';
import { PROBLEM_TYPE, problem } from './problem.ts';

/** Answers with an error as RFC 9457 has it. */
export function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  setSecurityHeaders(reply);
  return reply.code(status).type(PROBLEM_TYPE).send(problem(status, detail));
}

export function setSecurityHeaders(reply: FastifyReply): void {
  reply.headers({
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
}
