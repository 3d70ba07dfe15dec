export { runCmdlet } from './run.ts';
export type { CmdletContext, CmdletResult } from './types.ts';
