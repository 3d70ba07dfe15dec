import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { loadPolicy, type MailboxPolicy, type Policy, setMailboxPolicy } from '../policy/index.ts';
import { type Argument, type Bound, type Cmdlet, type CmdletContext, CmdletError, type PipedObject } from './types.ts';

/** How many of a broken policy file's problems an error lists. */
const MAX_LISTED_PROBLEMS = 10;

const shownBoolean = (value: boolean): string => (value ? 'True' : 'False');

async function policyOf({ policyPath }: CmdletContext): Promise<Policy> {
  let text: string;
  try {
    text = await readFile(policyPath, 'utf8');
  } catch (error) {
    throw new CmdletError(`The policy file cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const loaded = loadPolicy(text);
  if (loaded.ok) return loaded.policy;
  throw new CmdletError(withProblems('The policy file has mistakes: correct them first.', policyPath, loaded.problems));
}

type Problems = Extract<ReturnType<typeof loadPolicy>, { ok: false }>['problems'];

function withProblems(message: string, path: string, problems: Problems): string {
  const listed = problems
    .slice(0, MAX_LISTED_PROBLEMS)
    .map(({ line, column, message: what, remedy }) => `  ${basename(path)}:${line}:${column} ${what} ${remedy}`);
  return [message, ...listed].join('\n');
}

function notFound(what: string, { policyPath }: CmdletContext): CmdletError {
  return new CmdletError(
    `The operation couldn't be performed because object '${what}' couldn't be found on '${basename(policyPath)}'.`,
  );
}

/**
 * A name that was given for an object: never nothing. In Exchange `$null` and names that do not exist may stand for all
 * objects; here they are errors.
 */
function named(parameter: string, value: Argument): string {
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  const what = value === null ? 'null' : 'an empty string';
  throw new CmdletError(`Cannot bind argument to parameter '${parameter}' because it is ${what}.`);
}

/** `*` and `?` in a name, which names cannot have: Get takes them, Set does not. */
const hasWildcard = (name: string): boolean => /[*?]/.test(name);

function matcher(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 'i');
}

function policiesNamed(policy: Policy, name: string, context: CmdletContext): MailboxPolicy[] {
  const all = [...policy.mailboxPolicies.values()];
  if (hasWildcard(name)) {
    const matches = matcher(name);
    return all.filter((candidate) => matches.test(candidate.name));
  }
  const found = all.filter((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (found.length === 0) throw notFound(name, context);
  return found;
}

function inDialPlan(
  policies: readonly MailboxPolicy[],
  name: string,
  policy: Policy,
  context: CmdletContext,
): MailboxPolicy[] {
  const plan = [...policy.dialPlans.keys()].find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  if (plan === undefined) throw notFound(name, context);
  return policies.filter(({ dialPlan }) => dialPlan === plan);
}

const shown = ({ name, dialPlan, allowMissedCallNotifications }: MailboxPolicy): PipedObject => ({
  identity: name,
  columns: {
    Name: name,
    UMDialPlan: dialPlan,
    AllowMissedCallNotifications: shownBoolean(allowMissedCallNotifications),
  },
});

export const getMailboxPolicy: Cmdlet = {
  name: 'Get-UMMailboxPolicy',
  parameters: [
    { name: 'Identity', type: 'text', position: 1, fromPipeline: true },
    { name: 'UMDialPlan', type: 'text' },
  ],
  async run(bound: Bound, { context }) {
    const policy = await policyOf(context);
    const { Identity: identity, UMDialPlan: dialPlan } = bound;
    let policies = [...policy.mailboxPolicies.values()];
    if (identity !== undefined) policies = policiesNamed(policy, named('Identity', identity), context);
    if (dialPlan !== undefined) policies = inDialPlan(policies, named('UMDialPlan', dialPlan), policy, context);
    return policies.map(shown);
  },
};

async function whatIf(
  name: string,
  before: MailboxPolicy,
  after: MailboxPolicy,
  context: CmdletContext,
): Promise<string> {
  const policy = await policyOf(context);
  let users = 0;
  for (const mailbox of policy.mailboxes()) if (mailbox.mailboxPolicy === before.name) users += 1;
  const from = shownBoolean(before.allowMissedCallNotifications);
  const to = shownBoolean(after.allowMissedCallNotifications);
  return `What if: Setting UM mailbox policy "${name}": AllowMissedCallNotifications from ${from} to ${to}, for ${users} ${users === 1 ? 'user' : 'users'}.`;
}

export const changeMailboxPolicy: Cmdlet = {
  name: 'Set-UMMailboxPolicy',
  parameters: [
    { name: 'Identity', type: 'text', position: 1, mandatory: true, fromPipeline: true },
    { name: 'AllowMissedCallNotifications', type: 'boolean' },
    { name: 'Confirm', aliases: ['cf'], type: 'switch' },
    { name: 'WhatIf', aliases: ['wi'], type: 'switch' },
  ],
  async run(bound: Bound, { context, say, warn }) {
    const name = named('Identity', bound['Identity'] ?? null);
    if (hasWildcard(name))
      throw new CmdletError(
        `Wildcards aren't taken by Set-UMMailboxPolicy: name one policy, or use Get-UMMailboxPolicy '${name}' | Set-UMMailboxPolicy.`,
      );
    if (bound['Confirm'] === true)
      throw new CmdletError('There is nobody to confirm here: leave -Confirm out, or look first with -WhatIf.');
    const { AllowMissedCallNotifications: allow } = bound;
    const dryRun = bound['WhatIf'] === true;
    const changes = typeof allow === 'boolean' ? { allowMissedCallNotifications: allow } : {};
    const result = await setMailboxPolicy(context.policyPath, name, changes, { dryRun });
    if (!result.ok) {
      if (result.reason === 'not-found') throw notFound(name, context);
      throw new CmdletError(withProblems(result.message, context.policyPath, result.problems));
    }
    const { before, after, changed } = result;
    if (!changed) warn(`The command completed successfully but no settings of '${before.name}' have been modified.`);
    else if (dryRun) say(await whatIf(before.name, before, after, context));
    return [];
  },
};
