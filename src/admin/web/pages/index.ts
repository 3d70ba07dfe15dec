import { systemPages } from './system/index.ts';
import { reportPages } from './reports/index.ts';
import { mailboxPages } from './mailboxes/index.ts';
import { mailPages } from './mail/index.ts';
import { callPages } from './calls/index.ts';
import { accountPages } from './accounts/index.ts';
import { dialPlanPages } from './dial-plans/index.ts';
import { entrancePages } from './entrance/index.ts';
import type { PageEntry } from './entry.ts';
import { homePages } from './home/index.ts';
import { minePages } from './mine/index.ts';

export { entrancePages };

/** Every page behind the sign-in; within a section the navigation has them in this order. */
export const pages: readonly PageEntry[] = [
  ...homePages,
  ...minePages,
  ...dialPlanPages,
  ...mailboxPages,
  ...callPages,
  ...reportPages,
  ...mailPages,
  ...accountPages,
  ...systemPages,
];
