import * as client from 'openid-client';
import { type Role, ROLES } from '../../cmdlet/index.ts';
import { hashOf, newSecret } from '../ids.ts';

/** A provider of OpenID Connect, as gateway.yaml names it. */
export interface OidcProvider {
  /** Part of the way back: `/api/v1/session/oidc/ID/callback`. */
  readonly id: string;
  /** On the button. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly scope: string;
  /** The claim that holds groups or roles; nothing else gives a role. */
  /** Its `email` counts without `email_verified`. */
  readonly trustEmail: boolean;
  readonly rolesClaim: string;
  /** Its values, and the role that each comes with. */
  readonly roles: Readonly<Record<string, Role>>;
}

/** Sign-ins on their way at once; the oldest are forgotten. */
export const MAX_UNDER_WAY = 1_000;
/** How long somebody may take at the provider. */
export const UNDER_WAY_MS = 10 * 60_000;
/** An answer of the provider's. */
export const PROVIDER_TIMEOUT_S = 10;

/** Who the provider says it is. */
export interface OidcUser {
  /** Never changes, within the provider. */
  readonly subject: string;
  readonly name: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly roles: readonly Role[];
}

export interface OidcSignIn {
  readonly providers: readonly OidcProvider[];
  /** Where the browser is sent, and what it is to show when it is back (a cookie). */
  begin(id: string, callback: string): Promise<{ readonly url: string; readonly proof: string } | null>;
  /**
   * @param url the address that the provider sent the browser to
   * @throws Error with a reason for the log
   */
  finish(id: string, url: URL, proof: string): Promise<OidcUser>;
}

interface UnderWay {
  readonly provider: OidcProvider;
  readonly verifier: string;
  readonly nonce: string;
  readonly proofHash: string;
  readonly until: number;
}

/** OpenID Connect Core 1.0 3.1 (code flow) with PKCE (RFC 7636). */
export function createOidc(providers: readonly OidcProvider[], now: () => number): OidcSignIn {
  const underWay = new Map<string, UnderWay>();
  const configurations = new Map<string, Promise<client.Configuration>>();
  const configuration = (provider: OidcProvider): Promise<client.Configuration> => {
    const known = configurations.get(provider.id);
    if (known !== undefined) return known;
    const found = discover(provider);
    configurations.set(provider.id, found);
    // A provider that was down is asked again by the next.
    found.catch(() => configurations.delete(provider.id));
    return found;
  };
  return {
    providers,
    async begin(id, callback) {
      const provider = providers.find((one) => one.id === id);
      if (provider === undefined) return null;
      const config = await configuration(provider);
      const verifier = client.randomPKCECodeVerifier();
      const [state, nonce, proof] = [client.randomState(), client.randomNonce(), newSecret()];
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: callback,
        scope: provider.scope,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      underWay.set(state, { provider, verifier, nonce, proofHash: hashOf(proof), until: now() + UNDER_WAY_MS });
      const [oldest] = underWay.keys();
      if (underWay.size > MAX_UNDER_WAY && oldest !== undefined) underWay.delete(oldest);
      return { url: url.href, proof };
    },
    async finish(id, url, proof) {
      const state = url.searchParams.get('state') ?? '';
      const begun = underWay.get(state);
      underWay.delete(state);
      if (begun === undefined || begun.until <= now() || begun.provider.id !== id)
        throw new Error('no such sign-in is under way');
      // Whoever began it in another browser cannot have it finished in this one.
      if (hashOf(proof) !== begun.proofHash) throw new Error('the sign-in was begun in another browser');
      const config = await configuration(begun.provider);
      const tokens = await client.authorizationCodeGrant(config, url, {
        pkceCodeVerifier: begun.verifier,
        expectedState: state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('the provider sent no ID token');
      // Some providers put groups, or the address, there alone.
      const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub).catch(() => ({}));
      return userOf({ ...info, ...claims }, begun.provider);
    },
  };
}

async function discover({ issuer, clientId, clientSecret }: OidcProvider): Promise<client.Configuration> {
  const insecure = new URL(issuer).protocol === 'http:';
  return client.discovery(
    new URL(issuer),
    clientId,
    clientSecret ?? undefined,
    clientSecret === null ? client.None() : undefined,
    // Plain http is taken on loopback only (the configuration sees to it).
    { timeout: PROVIDER_TIMEOUT_S, execute: insecure ? [client.allowInsecureRequests] : [] },
  );
}

function userOf(claims: Readonly<Record<string, unknown>>, provider: OidcProvider): OidcUser {
  const text = (name: string): string | null => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const subject = text('sub') ?? '';
  // What anybody may have typed at the provider is nobody's mailbox.
  const isVerified = claims['email_verified'] === true || provider.trustEmail;
  const email = isVerified ? text('email') : null;
  const name = text('preferred_username') ?? email ?? subject;
  const held = claims[provider.rolesClaim];
  const values = (Array.isArray(held) ? held : [held]).filter((value): value is string => typeof value === 'string');
  const roles = ROLES.filter((role) =>
    values.some((value) => Object.hasOwn(provider.roles, value) && provider.roles[value] === role),
  );
  return { subject, name, displayName: text('name') ?? name, email, roles };
}
