import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NotificationRecord } from '../journal/index.ts';
import { retryDelayMs } from './backoff.ts';
import { Patience } from './patience.ts';
import { renderMail } from './render.ts';
import type {
  Clock,
  DeliveryLimits,
  DeliveryResult,
  NotificationWorker,
  NotificationWorkerOptions,
  RenderedMail,
} from './types.ts';
import { Bell, Sleeper } from './waiting.ts';
import { warmUp } from './warm-up.ts';

export const DELIVERY_LIMITS: DeliveryLimits = {
  concurrency: 128,
  maxAgeMs: 3 * 24 * 60 * 60 * 1000,
  leaseMs: 30_000,
  renewMs: 10_000,
  pollMs: 1_000,
};

/** Mails begun in one turn of the loop: to write one takes half a millisecond, and calls must not wait for a whole batch. */
export const MAILS_PER_TURN = 2;

const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** A worker at rest: `start` sets it going. */
export function createNotificationWorker(options: NotificationWorkerOptions): NotificationWorker {
  return new Worker(options);
}

/**
 * Delivers what the journal owes: claim, send, complete.
 *
 * A notification is in hand from its claim until the journal knows its result. At most `concurrency` are, so a journal that
 * fails or a mail server that hangs stops the claims, and memory stays bounded. A mail that was sent while the journal
 * could not be written stays in hand and is completed later: it is not sent again while this process lives.
 */
class Worker implements NotificationWorker {
  onResult: NotificationWorker['onResult'] = null;
  readonly #options: NotificationWorkerOptions;
  readonly #limits: DeliveryLimits;
  readonly #clock: Clock;
  readonly #patience: Patience;
  /** Rings when something may be due, and when a slot is free that was waited for. */
  readonly #bell: Bell;
  /** Ends when claiming ends. */
  readonly #claiming: Sleeper;
  /** Ends when results are no longer noted. */
  readonly #noting: Sleeper;
  readonly #inHand = new Map<string, Promise<void>>();
  #slotWanted = false;
  #claimed: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  constructor(options: NotificationWorkerOptions) {
    this.#options = options;
    this.#limits = { ...DELIVERY_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#patience = new Patience(options.log);
    this.#bell = new Bell(this.#clock);
    this.#claiming = new Sleeper(this.#clock);
    this.#noting = new Sleeper(this.#clock);
  }

  get active(): number {
    return this.#inHand.size;
  }

  start(): Promise<void> {
    if (this.#claimed === null) {
      warmUp(this.#options.mail);
      this.#claimed = this.#claimLoop();
      void this.#renewLoop();
    }
    return Promise.resolve();
  }

  wake(): void {
    this.#bell.ring();
  }

  stop(timeoutMs: number): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#claiming.end();
    this.#bell.ring();
    await Promise.race([this.#settled(), this.#noting.sleep(timeoutMs)]);
    if (this.#inHand.size > 0) {
      this.#options.log.warn({ left: this.#inHand.size }, 'stopped before all sends ended; they are due again later');
    }
    this.#noting.end();
  }

  async #settled(): Promise<void> {
    await this.#claimed;
    while (this.#inHand.size > 0) await Promise.all(this.#inHand.values());
  }

  async #claimLoop(): Promise<void> {
    const { journal } = this.#options;
    await this.#patience.until('free earlier claims', () => journal.releaseClaims(this.#clock.now()), this.#claiming);
    while (!this.#claiming.ended) {
      const free = this.#limits.concurrency - this.#inHand.size;
      this.#slotWanted = free <= 0;
      if (this.#slotWanted) await this.#bell.wait(this.#limits.pollMs);
      else if ((await this.#claim(free)) < free) await this.#untilDue();
    }
  }

  /** Begins to send up to `limit` due notifications; answers how many there were. */
  async #claim(limit: number): Promise<number> {
    const { journal, owner } = this.#options;
    const claim = (): Promise<NotificationRecord[]> =>
      journal.claim(owner, this.#clock.now(), this.#limits.leaseMs, limit);
    const batch = (await this.#patience.until('claim notifications', claim, this.#claiming)) ?? [];
    let begun = 0;
    for (const notification of batch) {
      if (begun > 0 && begun % MAILS_PER_TURN === 0) await nextTurn();
      begun += 1;
      // In hand still, but its lease ran out while the journal could not be written: now the claim is ours again.
      if (!this.#inHand.has(notification.id)) this.#take(notification);
    }
    return batch.length;
  }

  /** Waits for a hint; without one, asks now and then whether something is due. A hint is not checked: the claim shows. */
  async #untilDue(): Promise<void> {
    const { pollMs } = this.#limits;
    let waitMs = pollMs;
    while (!(await this.#bell.wait(waitMs)) && !this.#claiming.ended) {
      const dueAt = await this.#patience.once('say what is due', () => this.#options.journal.nextDueAt());
      waitMs = dueAt === null ? pollMs : Math.min(dueAt - this.#clock.now(), pollMs);
      if (waitMs <= 0) return;
    }
  }

  #take(notification: NotificationRecord): void {
    const delivered = this.#deliver(notification).finally(() => {
      this.#inHand.delete(notification.id);
      if (this.#slotWanted) this.#bell.ring();
    });
    this.#inHand.set(notification.id, delivered);
  }

  async #deliver(notification: NotificationRecord): Promise<void> {
    const { journal, owner, log } = this.#options;
    const { id } = notification;
    const result = this.#judgeAge(notification, await this.#send(notification));
    this.#tell(notification, result);
    const note = (): Promise<boolean> => {
      if (result.kind === 'sent') return journal.complete(owner, id, this.#clock.now());
      const next = result.kind === 'dead' ? 'dead' : { dueAt: this.#dueAgainAt(notification) };
      return journal.fail(owner, id, result.error, next);
    };
    if ((await this.#patience.until('note a delivery', note, this.#noting)) === false) {
      log.warn({ notification: id, result: result.kind }, 'the claim was lost before its result was noted');
    }
  }

  async #send(notification: NotificationRecord): Promise<DeliveryResult> {
    try {
      return await this.#options.transport.send(this.#render(notification));
    } catch (error) {
      return {
        kind: 'retry',
        error: `not rendered or sent: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }

  #render(notification: NotificationRecord): RenderedMail {
    const { mail, templates } = this.#options;
    if (templates === undefined) return renderMail(notification, mail);
    const { language } = notification.content.recipient;
    return renderMail(notification, mail, templates.overridesFor(language), (part, problem) =>
      templates.failed(language, part, problem),
    );
  }

  #judgeAge({ createdAt, attempts }: NotificationRecord, result: DeliveryResult): DeliveryResult {
    if (result.kind !== 'retry' || this.#clock.now() < createdAt + this.#limits.maxAgeMs) return result;
    return { kind: 'dead', error: `given up after ${attempts} attempts: ${result.error}` };
  }

  /** The last attempt is made when the notification reaches its greatest age. */
  #dueAgainAt({ attempts, createdAt }: NotificationRecord): number {
    const delayMs = retryDelayMs(attempts, this.#options.random());
    return Math.min(this.#clock.now() + delayMs, createdAt + this.#limits.maxAgeMs);
  }

  #tell(notification: NotificationRecord, result: DeliveryResult): void {
    const { log } = this.#options;
    const { id, callId, mailbox, attempts } = notification;
    const fields = { notification: id, call: callId, mailbox, attempts };
    if (result.kind === 'sent') log.info(fields, 'notification sent');
    else if (result.kind === 'dead') log.error({ ...fields, error: result.error }, 'notification is dead');
    else log.warn({ ...fields, error: result.error }, 'notification not sent; it will be tried again');
    try {
      this.onResult?.(notification, result);
    } catch (error) {
      log.error({ ...fields, err: error }, 'a listener to delivery results failed');
    }
  }

  /** Leases are short so that another gateway can take over soon; a send that lasts renews its own. */
  async #renewLoop(): Promise<void> {
    const { journal, owner } = this.#options;
    while (!this.#noting.ended) {
      await this.#noting.sleep(this.#limits.renewMs);
      const ids = [...this.#inHand.keys()];
      if (ids.length === 0 || this.#noting.ended) continue;
      // A claim that is lost shows when its result is noted.
      await this.#patience.once('renew leases', () =>
        journal.renew(owner, ids, this.#clock.now() + this.#limits.leaseMs),
      );
    }
  }
}
