import { MESSAGES_PER_CONNECTION, MESSAGES_PER_TURN } from './limits.ts';

/**
 * Shares the turns of the event loop among the streams. One read gives hundreds of messages at once, and everybody may have
 * filled their connections: were all taken off them before the loop goes on, datagrams would wait for seconds.
 */
export class Turns {
  #left = MESSAGES_PER_TURN;
  /** Those who have more, in the order in which they go on. */
  #waiting: (() => void)[] = [];
  #turning = false;

  /** How many messages may be taken off one stream at this moment; those taken are to be told to `spend`. */
  get share(): number {
    return Math.min(MESSAGES_PER_CONNECTION, this.#left);
  }

  spend(messages: number): void {
    if (messages === 0) return;
    this.#left -= messages;
    this.#turnLater();
  }

  /** Goes on when it is its turn: after those who wait already, and after the loop has looked at its sockets. */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn);
    this.#turnLater();
  }

  #turnLater(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#turning = false;
    this.#left = MESSAGES_PER_TURN;
    const waiting = this.#waiting;
    this.#waiting = [];
    let next = 0;
    while (next < waiting.length && this.#left > 0) waiting[next++]?.();
    if (next === waiting.length) return;
    this.#waiting = [...waiting.slice(next), ...this.#waiting];
    this.#turnLater();
  };
}
