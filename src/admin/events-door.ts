import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendProblem } from './reply.ts';
import type { AdminLog, VoicemailEventDoor, VoicemailEventReport } from './types.ts';

/** `POST` here is how voicemail systems tell what became of a call. */
export const EVENTS_PATH = '/api/v1/voicemail-events';
/** Wrong or missing tokens from one address within the window; beyond, more of them are told to wait until it is over. */
export const MAX_FAILURES = 10;
export const FAILURE_WINDOW_MS = 60_000;
/** Addresses whose failures are remembered; beyond, the oldest are forgotten. */
export const MAX_FAILING_SOURCES = 1_000;
/** An event whose call is not known by then is answered all the same: the journal may be slow, the event is taken. */
export const ANSWER_WITHIN_MS = 5_000;
/** Mistakes that one answer names. */
export const MAX_MISTAKES = 5;
/** Of what stands in a body. */
export const MAX_TEXT = 256;
export const MAX_DURATION_S = 86_400;
export const MAX_MESSAGES = 1_000_000;

const text = z.string().min(1).max(MAX_TEXT);
const count = z.int().min(0).max(MAX_MESSAGES);

const REPORT = z
  .strictObject({
    mailbox: text.optional(),
    number: text.optional(),
    event: z.enum(['left', 'blank', 'none', 'answered']).optional(),
    call: text.optional(),
    caller: text.optional(),
    durationSeconds: z.number().min(0).max(MAX_DURATION_S).optional(),
    messages: z.strictObject({ new: count, old: count }).optional(),
  })
  .check((context) => {
    const { mailbox, number, event, messages } = context.value;
    const mistake = (path: string, message: string): void => {
      context.issues.push({ code: 'custom', input: context.value, path: [path], message });
    };
    if ((mailbox === undefined) === (number === undefined)) mistake('mailbox', 'Give either mailbox or number.');
    if (event === undefined && messages === undefined) mistake('event', 'Give event, messages, or both.');
  });

/**
 * `POST /api/v1/voicemail-events` with `Authorization: Bearer TOKEN` and a JSON body (RFC 6750 2.1): 202 with
 * `{ "call": id | null }`, 400 with the path of each mistake, 401, 404 for an unknown mailbox, 429, 503 while the gateway
 * starts. Loopback is not trusted: on a PBX's machine many programs run.
 */
export function addEventsDoor(app: FastifyInstance, door: VoicemailEventDoor, log: AdminLog): void {
  const guard = createGuard(door);
  app.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: EVENTS_PATH,
    onRequest(request, reply) {
      reply.header('allow', 'POST');
      sendProblem(reply, 405, `${request.method} is not for ${EVENTS_PATH}: events are posted.`);
    },
    handler: (_request, reply) => reply.send(),
  });
  app.post(EVENTS_PATH, {
    // Before the body is read.
    onRequest(request, reply, done) {
      const refused = guard.refuses(request, reply);
      if (refused === 0) done();
      // The first, the second, the fourth, …: whoever guesses does not fill the log.
      else if (Number.isInteger(Math.log2(refused))) {
        const fields = { source: request.ip, refused };
        log.warn(fields, 'a voicemail event was refused: its token is wrong or missing');
      }
    },
    async handler(request, reply) {
      const parsed = REPORT.safeParse(request.body);
      if (!parsed.success) return sendProblem(reply, 400, mistakesOf(parsed.error.issues));
      const answer = await soon(door.receive(parsed.data as VoicemailEventReport), door.answerWithinMs);
      if (answer === 'unknown-mailbox') {
        const { mailbox, number } = parsed.data;
        const what = mailbox === undefined ? `The number ${number} has no mailbox` : `There is no mailbox ${mailbox}`;
        return sendProblem(reply, 404, `${what} in the policy file.`);
      }
      if (answer === 'starting') {
        reply.header('retry-after', '1');
        return sendProblem(reply, 503, 'The gateway is starting: send the event again in a moment.');
      }
      return reply
        .code(202)
        .type('application/json; charset=utf-8')
        .send(`${JSON.stringify(answer)}\n`);
    },
  });
}

interface Guard {
  /** 0: it may pass. Else the answer has been given, and this is how often its address has been refused within a minute. */
  refuses(request: FastifyRequest, reply: FastifyReply): number;
}

function createGuard({ token, now }: VoicemailEventDoor): Guard {
  const expected = digest(token);
  const failures = createFailures(now);
  return {
    refuses(request, reply) {
      const [, shown = ''] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
      // Of digests, so that neither length nor content shows in the time it takes. Before anything else: whoever shares an address
      // with a guesser is not to suffer for it, and a token of this length is not guessed however many try.
      if (shown !== '' && timingSafeEqual(digest(shown), expected)) return 0;
      const { count, waitMs } = failures.count(request.ip);
      if (waitMs > 0) {
        reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
        sendProblem(reply, 429, 'Too many wrong tokens came from this address: wait, and check the token.');
        return count;
      }
      reply.header(
        'www-authenticate',
        `Bearer realm="missed-call-gateway"${shown === '' ? '' : ', error="invalid_token"'}`,
      );
      sendProblem(reply, 401, 'Show the token of voicemail.eventTokenFile: `Authorization: Bearer TOKEN`.');
      return count;
    },
  };
}

interface Failures {
  /** One more of this address. Answers how many there are within the window, and how long it has to wait: 0 where they are not too many yet. */
  count(source: string): { readonly count: number; readonly waitMs: number };
}

export function createFailures(now: () => number): Failures {
  const failures = new Map<string, { count: number; readonly until: number }>();
  return {
    count(source) {
      const at = now();
      const known = failures.get(source);
      if (known !== undefined && known.until > at) {
        known.count++;
        return { count: known.count, waitMs: known.count > MAX_FAILURES ? known.until - at : 0 };
      }
      failures.delete(source);
      failures.set(source, { count: 1, until: at + FAILURE_WINDOW_MS });
      const [oldest] = failures.keys();
      if (failures.size > MAX_FAILING_SOURCES && oldest !== undefined) failures.delete(oldest);
      return { count: 1, waitMs: 0 };
    },
  };
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

async function soon<T>(answer: Promise<T>, withinMs = ANSWER_WITHIN_MS): Promise<T | { readonly call: null }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ readonly call: null }>((resolve) => {
    timer = setTimeout(() => resolve({ call: null }), withinMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function mistakesOf(issues: readonly z.core.$ZodIssue[]): string {
  const lines = issues.slice(0, MAX_MISTAKES).map(({ path, message }) => {
    const where = path.length === 0 ? 'the body' : path.map(String).join('.');
    return `${where}: ${message}`;
  });
  return `The event cannot be used: ${lines.join('; ')}`.slice(0, 1_000);
}
