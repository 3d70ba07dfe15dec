/** Most values one label may take; later ones are counted as `other`. */
export const MAX_LABEL_VALUES = 64;

/** Longest label value. */
export const MAX_LABEL_LENGTH = 40;

export const OTHER = 'other';

/** Keeps a label's values few and plain, whatever is reported: each one is a time series that somebody stores. */
export class BoundedLabel {
  readonly #known = new Set<string>();

  value(text: string | null): string {
    if (text === null) return 'none';
    if (this.#known.has(text)) return text;
    if (this.#known.size >= MAX_LABEL_VALUES || text.length > MAX_LABEL_LENGTH || !/^[\w.-]+$/.test(text)) return OTHER;
    this.#known.add(text);
    return text;
  }
}
