import type { Mailbox } from '../../policy/index.ts';
import { readCondition } from '../language/expression-reader.ts';
import { compared, evaluate, isTrue } from '../language/evaluate.ts';
import { fitsInAnyCase, hasWildcard } from '../language/wildcard.ts';
import { mapped, sorted } from '../many.ts';
import { propertyOf, type ShellObject, shown } from '../objects.ts';
import type { Call, Cmdlet } from '../types.ts';
import { mailboxNamed, ownMailbox, targets } from './names.ts';
import { DOMAIN_CONTROLLER, identity, unusedSwitches, unusedTexts } from './parameters.ts';
import { mailboxShape } from './shapes.ts';

export const MAILBOX = 'UMMailbox';
const IDENTITY_SAYS = 'Name, display name, e-mail or SIP address, or domain\\name';

export function shapeOf(mailbox: Mailbox, call: Call): ShellObject {
  return mailboxShape(mailbox, call.policy().mailboxPolicies.get(mailbox.mailboxPolicy)?.dialPlan ?? null);
}

/** Exchange's ambiguous name resolution: how the name, the address, or a word of the display name begins. */
function begins({ identity: name, displayName, emailAddress }: Mailbox, wanted: string): boolean {
  return [name, displayName, emailAddress ?? '', ...displayName.split(/\s+/)].some((text) =>
    text.toLowerCase().startsWith(wanted),
  );
}

async function chosen(call: Call): Promise<Mailbox[]> {
  const { bound, input, scope } = call;
  const wanted = bound.text('Identity');
  if (input !== null) {
    const found: Mailbox[] = [];
    for (const name of targets(call, MAILBOX)) found.push(await mailboxNamed(name, call));
    return found;
  }
  if (scope === 'own') return [ownMailbox(wanted ?? null, call)];
  if (wanted !== undefined && !hasWildcard(wanted)) return [await mailboxNamed(wanted, call)];
  const found: Mailbox[] = [];
  for (const mailbox of call.policy().mailboxes()) {
    await call.breathe();
    if (wanted === undefined || fitsInAnyCase(mailbox.identity, wanted)) found.push(mailbox);
  }
  return found;
}

/** `UMMailboxPolicy -eq 'Staff' -and Name -like 'a*'`. */
async function filtered(objects: readonly ShellObject[], filter: string, call: Call): Promise<ShellObject[]> {
  const expression = readCondition(filter);
  const found: ShellObject[] = [];
  for (const object of objects) {
    await call.breathe();
    if (isTrue(evaluate(expression, object, call.matcher))) found.push(object);
  }
  return found;
}

/** Exchange shows 1,000 where nothing is said; here a pipe to a Set- cmdlet or a file gets all. */
function limited(objects: readonly ShellObject[], { bound, warn }: Call): readonly ShellObject[] {
  const most = bound.number('ResultSize');
  if (most === undefined || objects.length <= most) return objects;
  warn(`There are ${objects.length} mailboxes; -ResultSize ${most} gives the first ${most}.`);
  return objects.slice(0, most);
}

export const getMailbox: Cmdlet = {
  name: 'Get-UMMailbox',
  synopsis: 'Shows mailboxes: the users who can be told of missed calls.',
  permission: 'mailboxes.read',
  self: true,
  parameters: [
    identity('mailbox', `${IDENTITY_SAYS}; * and ? stand for any letters of a name. Without it: all.`, false),
    { name: 'Anr', type: { kind: 'text' }, says: 'How a name, a word of a display name, or an address begins.' },
    {
      name: 'Filter',
      type: { kind: 'text' },
      says: "A condition on properties, in quotes: \"UMMailboxPolicy -eq 'Staff' -and Name -like 'a*'\".",
    },
    {
      name: 'ResultSize',
      type: { kind: 'integer', min: 1, max: 2_147_483_647, unlimited: true },
      byDefault: 'Unlimited',
      says: 'How many at most, or Unlimited.',
    },
    { name: 'SortBy', type: { kind: 'text' }, says: 'A property that they are sorted by.' },
    DOMAIN_CONTROLLER,
    ...unusedSwitches('IgnoreDefaultScope', 'ReadFromDomainController'),
    ...unusedTexts('Credential'),
  ],
  without: {
    OrganizationalUnit:
      'There are no organizational units here: choose by Where-Object, as in Get-UMMailbox | Where-Object UMMailboxPolicy -eq Staff.',
  },
  examples: [
    { line: 'Get-UMMailbox -Identity tonysmith@contoso.com | Format-List', says: 'All of one mailbox.' },
    {
      line: 'Get-UMMailbox | Where-Object MissedCallNotificationEnabled -eq $false',
      says: 'Who has switched notifications off.',
    },
    { line: 'Get-UMMailbox -Anr smi', says: 'Everybody of whom a name begins so.' },
  ],
  async run(call) {
    const { bound } = call;
    let mailboxes = await chosen(call);
    const anr = bound.text('Anr')?.toLowerCase();
    if (anr !== undefined) mailboxes = mailboxes.filter((mailbox) => begins(mailbox, anr));
    let objects = await mapped(mailboxes, (mailbox) => shapeOf(mailbox, call), call);
    const filter = bound.text('Filter');
    if (filter !== undefined) objects = await filtered(objects, filter, call);
    const sortBy = bound.text('SortBy');
    if (sortBy !== undefined) {
      const [first] = objects;
      if (first !== undefined) propertyOf(first, sortBy);
      const order = (a: ShellObject, b: ShellObject): number => {
        const [left, right] = [propertyOf(a, sortBy), propertyOf(b, sortBy)];
        return compared(left, right, false) ?? shown(left).localeCompare(shown(right));
      };
      objects = await sorted(objects, order, call);
    }
    return limited(objects, call);
  },
};
