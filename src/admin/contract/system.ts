import { z } from 'zod';
import { mailPreview } from './calls.ts';
import { type Operation, page, pageQuery, time } from './operation.ts';
import { policyStatus } from './policy.ts';

export const audit = z.object({
  id: z.string(),
  at: time,
  actor: z.string(),
  /** How the actor came in. */
  by: z.enum(['password', 'oidc', 'token', 'command-line', 'phone', 'file', 'anyone']),
  /** An IP address, `local`, or a phone's number. */
  source: z.string(),
  /** `Set-UMMailboxPolicy`, `sign-in`, `retry notification`, … */
  operation: z.string(),
  target: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  why: z.string().nullable(),
  /** `intended`: what became of it was never recorded. */
  result: z.enum(['intended', 'done', 'failed']),
  error: z.string().nullable(),
});
export type AuditRecord = z.output<typeof audit>;

export const health = z.object({
  ready: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      detail: z.string(),
      /** All goes on, but somebody should look at it. */
      attention: z.boolean().optional(),
      /** The same as `detail`, for who says it in another language. */
      code: z.string().optional(),
      values: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    }),
  ),
  node: z.string(),
  version: z.string(),
  startedAt: time,
  liveCalls: z.number().int(),
  policy: policyStatus,
});
export type Health = z.output<typeof health>;

export const peer = z.object({
  name: z.string(),
  profile: z.string(),
  allow: z.array(z.string()),
  voicemail: z.string().nullable(),
  liveCalls: z.number().int(),
  /** Its next hops that are watched. */
  hops: z.array(z.object({ uri: z.string(), up: z.boolean(), since: time.nullable() })),
});
export type Peer = z.output<typeof peer>;

export const registration = z.object({
  aor: z.string(),
  contact: z.string(),
  source: z.string(),
  userAgent: z.string(),
  expiresAt: time,
});
export type Registration = z.output<typeof registration>;

export const template = z.object({
  language: z.string(),
  part: z.enum(['subject', 'text', 'html']),
  /** What is used now. */
  source: z.string(),
  /** False: the one that comes with the program. */
  overridden: z.boolean(),
  /** Why the override is not used. */
  error: z.string().nullable(),
});
export type Template = z.output<typeof template>;

const P = '/api/v1';
const text = z.string().max(256);
const templateParams = z.object({ language: text, part: template.shape.part });
const source = z.string().max(64 * 1024);
const status = { tag: 'System', permission: 'status.read', method: 'GET' } as const;

export const systemOperations = {
  health: { ...status, path: `${P}/health`, summary: 'How the gateway is', response: health },
  peers: {
    ...status,
    path: `${P}/peers`,
    summary: 'Peers, and whether calls reach their hops',
    response: z.object({ items: z.array(peer), hops: z.array(peer.shape.hops.element) }),
  },
  registrations: {
    ...status,
    path: `${P}/registrations`,
    summary: 'Registered phones',
    query: z.object({ ...pageQuery, search: text.optional() }),
    response: page(registration),
  },
  audit: {
    tag: 'Audit',
    permission: 'audit.read',
    method: 'GET',
    path: `${P}/audit`,
    summary: 'Who changed what, newest first',
    query: z.object({
      ...pageQuery,
      from: time.optional(),
      to: time.optional(),
      actor: text.optional(),
      operation: text.optional(),
      target: text.optional(),
    }),
    response: page(audit),
  },
  templates: {
    tag: 'Templates',
    permission: 'templates.read',
    method: 'GET',
    path: `${P}/templates`,
    summary: 'The texts of the mails',
    response: z.object({
      items: z.array(template),
      variables: z.array(z.object({ name: z.string(), example: z.string() })),
    }),
  },
  previewTemplate: {
    tag: 'Templates',
    permission: 'templates.read',
    method: 'POST',
    path: `${P}/templates/preview`,
    summary: 'A mail by templates that are not saved yet',
    body: z.strictObject({
      language: text,
      subject: source.optional(),
      text: source.optional(),
      html: source.optional(),
    }),
    response: mailPreview,
  },
  previewPage: {
    tag: 'Templates',
    permission: 'notifications.read',
    method: 'GET',
    path: `${P}/previews/:id`,
    summary: 'The HTML of a mail that was previewed, for a frame',
    params: z.object({ id: text }),
    contentType: 'text/html',
    response: z.string(),
  },
  saveTemplate: {
    tag: 'Templates',
    permission: 'templates.write',
    method: 'PUT',
    path: `${P}/templates/:language/:part`,
    summary: 'Takes the place of a text',
    params: templateParams,
    body: z.strictObject({ source }),
    response: template,
  },
  resetTemplate: {
    tag: 'Templates',
    permission: 'templates.write',
    method: 'DELETE',
    path: `${P}/templates/:language/:part`,
    summary: 'Back to the text that comes with the program',
    params: templateParams,
    response: template,
  },
  cmdlet: {
    tag: 'System',
    permission: 'signed-in',
    method: 'POST',
    path: `${P}/cmdlets`,
    summary: 'Runs a line of the command language; each cmdlet asks for its own permission',
    body: z.strictObject({ line: z.string().max(16 * 1024) }),
    response: z.object({ exitCode: z.number().int(), output: z.string(), errors: z.string() }),
  },
} as const satisfies Record<string, Operation>;
