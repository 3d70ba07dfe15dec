/**
 * How many of something that is bounded each source holds. A source may take `SHARE` times what is free, and no more: one alone gets
 * four fifths of all, and however many there are, each that comes later still finds room for as many calls of its own.
 */
export class Shares {
  readonly #bySource = new Map<string, number>();

  add(source: string): void {
    this.#bySource.set(source, this.of(source) + 1);
  }

  remove(source: string): void {
    const left = this.of(source) - 1;
    if (left > 0) {
      this.#bySource.set(source, left);
    } else {
      this.#bySource.delete(source);
    }
  }

  of(source: string): number {
    return this.#bySource.get(source) ?? 0;
  }

  /** `free`: how many more there may be in all. */
  hasRoom(source: string, free: number): boolean {
    return this.of(source) < SHARE * free;
  }
}

const SHARE = 4;
