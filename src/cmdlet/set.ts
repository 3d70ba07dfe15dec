import type { EditResult } from '../policy/index.ts';
import { editFailed, hasWildcard, named } from './objects.ts';
import { type Bound, type Cmdlet, type CmdletContext, CmdletError } from './types.ts';

/** A switch in the policy file, of one kind of object. */
export interface Setting<Edited> {
  /** `Set-UMMailbox`. */
  readonly command: string;
  /** The cmdlet that finds several of them: `Get-UMMailbox`. */
  readonly finder: string;
  /** What one of them is called in errors: `mailbox`. */
  readonly what: string;
  /** The switch: `MissedCallNotificationEnabled`. */
  readonly parameter: string;
  /** @param value undefined: as it is */
  edit(
    policyPath: string,
    name: string,
    value: boolean | undefined,
    options: { readonly dryRun: boolean },
  ): Promise<EditResult<Edited>>;
  nameOf(edited: Edited): string;
  /** What `-WhatIf` says. */
  whatIf(before: Edited, after: Edited, context: CmdletContext): string | Promise<string>;
}

/** The Set cmdlet of one switch. */
export function setCmdlet<Edited>(setting: Setting<Edited>): Cmdlet {
  const { command, finder, what, parameter } = setting;
  return {
    name: command,
    parameters: [
      { name: 'Identity', type: 'text', position: 1, mandatory: true, fromPipeline: true },
      { name: parameter, type: 'boolean' },
      { name: 'Confirm', aliases: ['cf'], type: 'switch' },
      { name: 'WhatIf', aliases: ['wi'], type: 'switch' },
    ],
    async run(bound: Bound, { context, say, warn }) {
      const name = named('Identity', bound['Identity'] ?? null);
      if (hasWildcard(name))
        throw new CmdletError(
          `Wildcards aren't taken by ${command}: name one ${what}, or use ${finder} '${name}' | ${command}.`,
        );
      if (bound['Confirm'] === true)
        throw new CmdletError('There is nobody to confirm here: leave -Confirm out, or look first with -WhatIf.');
      const value = bound[parameter];
      const dryRun = bound['WhatIf'] === true;
      const wanted = typeof value === 'boolean' ? value : undefined;
      const result = await setting.edit(context.policyPath, name, wanted, { dryRun });
      if (!result.ok) throw editFailed(result, name, context);
      const { before, after, changed } = result;
      if (!changed)
        warn(`The command completed successfully but no settings of '${setting.nameOf(before)}' have been modified.`);
      else if (dryRun) say(await setting.whatIf(before, after, context));
      return [];
    },
  };
}
