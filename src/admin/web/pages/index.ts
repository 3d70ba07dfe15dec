import { dialPlanPages } from './dial-plans/index.ts';
import { entrancePages } from './entrance/index.ts';
import type { PageEntry } from './entry.ts';
import { homePages } from './home/index.ts';
import { minePages } from './mine/index.ts';

export { entrancePages };

/** Every page behind the sign-in; within a section the navigation has them in this order. */
export const pages: readonly PageEntry[] = [...homePages, ...minePages, ...dialPlanPages];
