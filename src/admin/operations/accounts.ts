import type { AccountChanges, AccountRecord } from '../../journal/index.ts';
import { type Caller, permissionsOf, permits, type Role } from '../../cmdlet/index.ts';
import { type Handlers, Refusal } from '../handlers.ts';
import { hashPassword, TooBusy } from '../sign-in/passwords.ts';
import { rolesOf } from '../sign-in/sessions.ts';
import { auditWriter } from './audited.ts';
import { accountOf, blankAccount, MAX_ACCOUNTS, type SessionContext } from './session.ts';

type Names = 'accounts' | 'newAccount' | 'changeAccount' | 'removeAccount';

/** The accounts of the admin centre. Somebody who may do this always stays. */
export function createAccountHandlers(context: SessionContext): Handlers<Names> {
  const { journal, throttle, now } = context;
  const audit = auditWriter(context);
  /** One change at a time: of two that each take away one of the last two administrators, the second is refused. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(action: () => Promise<Result>): Promise<Result> => {
    const result = last.then(action, action);
    last = result.catch(() => undefined);
    return result;
  };
  const shown = (account: AccountRecord) => accountOf(account, throttle.lockedUntil(account.name));
  const found = async (name: string): Promise<AccountRecord> => {
    const account = await journal.account(name);
    if (account === null) throw new Refusal(404, `There is no account ${name}.`);
    return account;
  };

  return {
    async accounts({ query }) {
      const { items, next } = await journal.accounts(pageOf(query));
      return { body: { items: items.map(shown), next } };
    },

    newAccount: ({ body, caller }) =>
      inTurn(async () => {
        const { name, displayName, password, roles, mailbox } = body;
        requireMailbox(context, mailbox);
        requireNoMore(caller, { roles });
        if ((await journal.accountCount()) >= MAX_ACCOUNTS)
          throw new Refusal(409, `There are ${MAX_ACCOUNTS} accounts already.`);
        const passwordHash = password === undefined ? null : await hashed(password);
        const account = { ...blankAccount(name, displayName, now()), roles, mailbox, passwordHash };
        if (!(await journal.addAccount(account))) throw new Refusal(409, `There is an account ${name} already.`);
        await audit.told(caller, 'make account', name, { after: { displayName, roles, mailbox } });
        return { body: shown(account) };
      }),

    changeAccount: ({ params, body, caller }) =>
      inTurn(async () => {
        const before = await found(params.name);
        requireNoMore(caller, before);
        const { displayName, password, roles, mailbox, enabled } = body;
        if (mailbox !== undefined) requireMailbox(context, mailbox);
        if (roles !== undefined) requireNoMore(caller, { roles });
        const changes: AccountChanges = {
          ...(displayName === undefined ? {} : { displayName }),
          ...(roles === undefined ? {} : { roles }),
          ...(mailbox === undefined ? {} : { mailbox }),
          ...(enabled === undefined ? {} : { enabled }),
          ...(password === undefined ? {} : { passwordHash: await hashed(password) }),
        };
        const after: AccountRecord = { ...before, ...changes };
        if (mayManage(before) && !mayManage(after)) await requireAnother(context, before.name);
        await journal.changeAccount(before.name, changes);
        // Whoever has the old password, or less to say now, signs in again; a stranger who had the password may have made tokens.
        if (password !== undefined || !after.enabled) await journal.removeSessions(before.name);
        if (password !== undefined) await journal.removeTokens(before.name);
        await audit.told(
          caller,
          password === undefined ? 'change account' : 'change account and its password',
          before.name,
          {
            before: told(before),
            after: told(after),
          },
        );
        return { body: shown(after) };
      }),

    removeAccount: ({ params, caller }) =>
      inTurn(async () => {
        const before = await found(params.name);
        requireNoMore(caller, before);
        if (mayManage(before)) await requireAnother(context, before.name);
        await journal.removeAccount(before.name);
        await audit.told(caller, 'remove account', before.name, { before: told(before) });
        return { body: null as never };
      }),
  };
}

function told({ displayName, roles, mailbox, enabled }: AccountRecord): object {
  return { displayName, roles, mailbox, enabled };
}

/** Whether it can sign in with a password and manage accounts: a provider may be gone. */
function mayManage(account: AccountRecord): boolean {
  return account.enabled && account.passwordHash !== null && permits(rolesOf(account), 'accounts.write');
}

/** Nobody makes, changes or removes an account that may do more than he may: a token of few scopes would otherwise have them all. */
function requireNoMore({ permissions }: Caller, { roles }: Pick<AccountRecord, 'roles'>): void {
  const own = permissionsOf(['self']);
  const more = permissionsOf(rolesOf({ roles })).filter((one) => !permissions.has(one) && !own.includes(one));
  if (more.length > 0) throw new Refusal(403, `The account may do what you may not: ${more.join(', ')}.`);
}

async function requireAnother({ journal }: SessionContext, name: string): Promise<void> {
  for (let after: string | null = ''; after !== null;) {
    const page: Awaited<ReturnType<typeof journal.accounts>> = await journal.accounts({ after, limit: 100 });
    if (page.items.some((one) => one.name.toLowerCase() !== name.toLowerCase() && mayManage(one))) return;
    after = page.next;
  }
  const role: Role = 'Organization Management';
  throw new Refusal(409, `${name} is the last account with a password and the role ${role}: make another one first.`);
}

function requireMailbox({ hasMailbox }: SessionContext, mailbox: string | null): void {
  if (mailbox === null || hasMailbox(mailbox)) return;
  const message = `There is no mailbox ${mailbox} in the policy file.`;
  throw new Refusal(422, message, [{ path: 'mailbox', message }]);
}

async function hashed(password: string): Promise<string> {
  try {
    return await hashPassword(password);
  } catch (error) {
    throw error instanceof TooBusy ? new Refusal(503, error.message, [], 1) : error;
  }
}

export function pageOf({ after, limit }: { readonly after?: string | undefined; readonly limit: number }) {
  return { limit, ...(after === undefined ? {} : { after }) };
}
