export const CALLS = '/calls';
export const LIVE_CALLS = '/calls/live';

export function callPath(id: string): string {
  return `${CALLS}/log/${encodeURIComponent(id)}`;
}
