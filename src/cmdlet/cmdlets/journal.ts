import { CmdletError } from '../errors.ts';
import type { Call, CmdletJournal } from '../types.ts';

/** @throws CmdletError where there is none */
export function journalOf({ context: { journal }, cmdlet }: Call): CmdletJournal {
  if (journal !== null) return journal;
  throw new CmdletError(
    `There is no journal yet, which ${cmdlet.name} reads: a gateway makes it when it first starts.`,
  );
}
