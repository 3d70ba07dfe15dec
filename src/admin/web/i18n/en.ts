import { calls } from './en/calls.ts';
import { entrance } from './en/entrance.ts';
import { home } from './en/home.ts';
import { parts } from './en/parts.ts';
import { policies } from './en/policies.ts';
import { mine } from './en/mine.ts';
import { shell } from './en/shell.ts';

/** Everything that the pages say, by area; `t('shell.skip')`. A new area is one line here and one in fr.ts. */
export const en = { shell, parts, calls, entrance, home, policies, mine } as const;
