/** UTC, as people read it in a table whose head names the zone. */
export function utc(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** ISO 8601 in UTC, as `--json` prints times. */
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
