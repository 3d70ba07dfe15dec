import { basename } from 'node:path';
import type { DialPlan, Mailbox, MailboxPolicy, Policy } from '../../policy/index.ts';
import { CmdletError } from '../errors.ts';
import { fitsInAnyCase, hasWildcard } from '../language/wildcard.ts';
import { isObject } from '../objects.ts';
import { didYouMean } from '../suggest.ts';
import type { Call } from '../types.ts';

/** Things by their names. A name that names nothing is an error, never all. */

export function notFound(what: string, { context: { policyPath } }: Pick<Call, 'context'>, hint = ''): CmdletError {
  return new CmdletError(
    `The operation couldn't be performed because object '${what}' couldn't be found on '${basename(policyPath)}'.${hint}`,
  );
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** In any case. @throws CmdletError */
function named<Thing extends { readonly name: string }>(
  things: ReadonlyMap<string, Thing>,
  name: string,
  call: Call,
): Thing {
  const found = things.get(name) ?? [...things.values()].find((thing) => sameName(thing.name, name));
  if (found !== undefined) return found;
  throw notFound(name, call, didYouMean(name, things.keys()));
}

export const dialPlanNamed = (name: string, call: Call): DialPlan => named(call.policy().dialPlans, name, call);
export const policyNamed = (name: string, call: Call): MailboxPolicy =>
  named(call.policy().mailboxPolicies, name, call);

/** One by its name, or those that fit a pattern. */
export function namedOrFitting<Thing extends { readonly name: string }>(
  things: ReadonlyMap<string, Thing>,
  name: string,
  call: Call,
): Thing[] {
  if (!hasWildcard(name)) return [named(things, name, call)];
  return [...things.values()].filter((thing) => fitsInAnyCase(thing.name, name));
}

/** The user part of `contoso\alice`. */
const withoutDomain = (name: string): string => name.slice(name.lastIndexOf('\\') + 1);

function goesBy({ identity, displayName, emailAddress, sipAddresses }: Mailbox, name: string): boolean {
  return (
    sameName(identity, withoutDomain(name)) ||
    sameName(displayName, name) ||
    (emailAddress !== null && sameName(emailAddress, name)) ||
    sipAddresses.some((address) => sameName(address, name) || sameName(address.replace(/^sips?:/, ''), name))
  );
}

/** By identity, `domain\identity`, display name, e-mail or SIP address; null: there is none. @throws CmdletError where several go by it */
export async function findMailbox(name: string, call: Call): Promise<Mailbox | null> {
  const policy = call.policy();
  const exact = policy.mailbox(name);
  if (exact !== undefined) return exact;
  const found: Mailbox[] = [];
  for (const mailbox of policy.mailboxes()) {
    await call.breathe();
    if (goesBy(mailbox, name)) found.push(mailbox);
  }
  if (found.length < 2) return found[0] ?? null;
  const names = found.slice(0, 10).map(({ identity }) => `'${identity}'`);
  throw new CmdletError(
    `'${name}' is not one mailbox: ${found.length} go by it (${names.join(', ')}${found.length > 10 ? ', …' : ''}). Name one of them.`,
  );
}

/**
 * The caller's own, for those who reach no other: whether another one exists is not told.
 * @throws CmdletError
 */
export function ownMailbox(name: string | null, call: Call): Mailbox {
  const own = call.context.caller.mailbox;
  const mailbox = own === null ? undefined : call.policy().mailbox(own);
  if (mailbox === undefined) throw new CmdletError('You have no mailbox here.');
  if (name === null || goesBy(mailbox, name)) return mailbox;
  throw new CmdletError(`You may see and switch your own mailbox, '${mailbox.identity}', and no other.`);
}

/** One mailbox, as far as the caller may go. @throws CmdletError */
export async function mailboxNamed(name: string, call: Call): Promise<Mailbox> {
  if (call.scope === 'own') return ownMailbox(name, call);
  const found = await findMailbox(name, call);
  if (found !== null) return found;
  // Suggestions of 100,000 names would take longer than the command.
  const hint = call.policy().mailboxCount > 10_000 ? '' : didYouMean(name, identitiesOf(call.policy()));
  throw notFound(name, call, hint);
}

function* identitiesOf(policy: Policy): Generator<string> {
  for (const { identity } of policy.mailboxes()) yield identity;
}

/**
 * What a cmdlet is to work on: its -Identity, or what came through the pipe, each once.
 * @param type of the objects that it takes
 * @throws CmdletError
 */
export function targets(call: Call, type: string): readonly string[] {
  const { bound, cmdlet, input } = call;
  if (input === null) {
    const name = bound.text('Identity') ?? '';
    if (hasWildcard(name)) {
      const finder = cmdlet.name.replace(/^\w+/, 'Get');
      throw new CmdletError(
        `Wildcards aren't taken by ${cmdlet.name}: give one name, or use ${finder} '${name}' | ${cmdlet.name}.`,
      );
    }
    return [name];
  }
  const names = new Map<string, string>();
  for (const item of input) {
    const name = isObject(item) ? (item.type === type ? item.identity : null) : typeof item === 'string' ? item : null;
    if (name === null || name.trim() === '' || hasWildcard(name)) {
      const what = isObject(item) ? `a ${item.type}` : 'this';
      throw new CmdletError(
        `The input object cannot be bound to any parameters of ${cmdlet.name}: it takes ${type} objects or their names, and ${what} is none.`,
      );
    }
    names.set(name.toLowerCase(), name.trim());
  }
  return [...names.values()];
}
