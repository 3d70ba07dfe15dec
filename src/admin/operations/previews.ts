import { newSecret } from '../ids.ts';

/** Mails that are being looked at; the oldest are forgotten. */
export const MAX_PREVIEWS = 100;

/** A mail's page, for the frame that shows it: it has an address of its own, because the pages' own rules let no inline style through. */
export interface Previews {
  /** Answers the address. */
  keep(html: string): string;
  of(id: string): string | null;
}

export function createPreviews(): Previews {
  const kept = new Map<string, string>();
  return {
    keep(html) {
      const id = newSecret();
      kept.set(id, html);
      const [oldest] = kept.keys();
      if (kept.size > MAX_PREVIEWS && oldest !== undefined) kept.delete(oldest);
      return `/api/v1/previews/${id}`;
    },
    of: (id) => kept.get(id) ?? null,
  };
}
