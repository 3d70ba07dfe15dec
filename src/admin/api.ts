import type { Api } from './served.ts';
import { createAccountHandlers } from './operations/accounts.ts';
import { createCallHandlers } from './operations/calls.ts';
import type { OperationContext } from './operations/context.ts';
import { createNotificationHandlers } from './operations/notifications.ts';
import { createPolicyHandlers } from './operations/policy-file/index.ts';
import { createPreviews } from './operations/previews.ts';
import { createSessionHandlers } from './operations/session.ts';
import { createSystemHandlers } from './operations/system.ts';
import { createFirstAccount } from './sign-in/first-account.ts';
import { createOidc, type OidcProvider } from './sign-in/oidc.ts';
import { createSessions } from './sign-in/sessions.ts';
import { createAllowance, createThrottle } from './sign-in/throttle.ts';

export interface ApiOptions extends Omit<OperationContext, 'previews'> {
  readonly oidc: readonly OidcProvider[];
  /** As browsers reach it: `https://admin.example.com`. */
  readonly origin: () => string;
}

export interface MadeApi extends Api {
  /** The path, with its secret, by which the first account is made; null: there are accounts. Each call makes the one before useless. */
  firstAccountPath(): Promise<string | null>;
}

/** Every operation of the contract, on what the gateway has. */
export function createApi(options: ApiOptions): MadeApi {
  const { journal, now, store, live, oidc, origin, log } = options;
  const context: OperationContext = { ...options, previews: createPreviews() };
  const first = createFirstAccount(now);
  const sessions = createSessions(journal, now);
  const signIn = {
    ...context,
    sessions,
    throttle: createThrottle(now),
    first,
    oidc: createOidc(oidc, now),
    log,
    origin,
    defaultLanguage: () => [...store.current().dialPlans.values()][0]?.defaultLanguage ?? 'en-US',
    mailboxOf(email: string) {
      const wanted = email.toLowerCase();
      // At a sign-in only.
      for (const { identity, emailAddress } of store.current().mailboxes()) {
        if (emailAddress?.toLowerCase() === wanted) return identity;
      }
      return null;
    },
    hasMailbox: (identity: string) => store.current().mailbox(identity) !== undefined,
  };
  return {
    sessions,
    ownChanges: createAllowance(now),
    live,
    handlers: {
      ...createSessionHandlers(signIn),
      ...createAccountHandlers(signIn),
      ...createPolicyHandlers(context),
      ...createCallHandlers(context),
      ...createNotificationHandlers(context),
      ...createSystemHandlers(context),
    },
    async firstAccountPath() {
      return (await journal.accountCount()) === 0 ? `/first-account#${first.offer()}` : null;
    },
  };
}
