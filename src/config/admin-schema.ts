import { z } from 'zod';
import { list, parsed, says, text } from './schema-values.ts';
import { adminListen, isLoopback, webOrigin } from './values.ts';

const MAX_PROVIDERS = 10;
/** As src/cmdlet/permissions.ts has them. */
export const ADMIN_ROLES = [
  'Organization Management',
  'UM Management',
  'View-Only Organization Management',
  'Help Desk',
  'self',
] as const;

/** An issuer is reached over https, or on this machine. */
function isIssuer(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, hostname } = new URL(written);
  return protocol === 'https:' || (protocol === 'http:' && (hostname === 'localhost' || isLoopback(hostname)));
}

const oidc = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,15}$/, says('is not a short name'))
    .describe('A short name of yours, part of the redirect URI: up to 16 small letters, digits, dashes.'),
  name: text('What the button says: Company sign-in.'),
  issuer: z
    .string()
    .refine(isIssuer, says('is no https address'))
    .describe('The provider: https://login.example.com/realm.'),
  clientId: text('What the provider calls this gateway.'),
  clientSecretFile: text('The secret that goes with it, a file; left out for a public client.').optional(),
  clientSecret: text('The same, in place; rather name a file.').optional(),
  scope: text('What is asked for: openid profile email groups.').prefault('openid profile email'),
  trustEmail: z
    .boolean()
    .default(false)
    .describe('Whether its e-mail address is believed without email_verified: only where nobody chooses his own.'),
  rolesClaim: text('The claim that holds groups or roles.').prefault('groups'),
  roles: z
    .record(z.string().max(256), z.enum(ADMIN_ROLES))
    .default({})
    .describe('Which of its values comes with which role: { telephony-admins: UM Management }.'),
});

export const admin = z
  .strictObject({
    listen: parsed(adminListen, 'an address to listen on', 'The admin listener: http://127.0.0.1:8080.').prefault(
      'http://127.0.0.1:8080',
    ),
    certificate: text('The certificate for https, a PEM file.').optional(),
    keyFile: text('Its private key, a PEM file.').optional(),
    publicUrl: parsed(
      webOrigin,
      'a web address without a path',
      'How browsers reach the admin centre, where that is not the address it listens on: https://telephony.example.com.',
    ).optional(),
    oidc: list(
      oidc,
      MAX_PROVIDERS,
      'Sign-in by other systems: [{ id, name, issuer, clientId, clientSecretFile, roles }].',
    ).default([]),
  })
  .prefault({})
  .describe('The admin listener: admin centre, HTTP API, health, metrics.');
