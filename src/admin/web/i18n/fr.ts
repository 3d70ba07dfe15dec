import type { en } from './en.ts';
import { calls } from './fr/calls.ts';
import { entrance } from './fr/entrance.ts';
import { home } from './fr/home.ts';
import { mine } from './fr/mine.ts';
import { parts } from './fr/parts.ts';
import { policies } from './fr/policies.ts';
import { shell } from './fr/shell.ts';
import type { Same } from './shape.ts';

export const fr: Same<typeof en> = { shell, parts, calls, entrance, home, policies, mine };
