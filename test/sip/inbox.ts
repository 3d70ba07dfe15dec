/** What has arrived and was not looked at yet; `next` waits for it. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: { fits: (item: T) => boolean; take: (item: T) => void }[] = [];

  push(item: T): void {
    const index = this.#waiting.findIndex(({ fits }) => fits(item));
    if (index < 0) this.#items.push(item);
    else this.#waiting.splice(index, 1)[0]!.take(item);
  }

  /** The first that fits, taken out; those before it stay. */
  next(fits: (item: T) => boolean = () => true): Promise<T> {
    const index = this.#items.findIndex(fits);
    if (index >= 0) return Promise.resolve(this.#items.splice(index, 1)[0]!);
    return new Promise((take) => this.#waiting.push({ fits, take }));
  }

  /** Those that nobody took. */
  get left(): readonly T[] {
    return this.#items;
  }
}
