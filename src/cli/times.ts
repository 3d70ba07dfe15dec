/** ISO 8601 in UTC, as `--json` prints times. */
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
