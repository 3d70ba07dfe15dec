import type { Cause } from '../../call/index.ts';

/** Everything that is said in a mail, in one language. Nothing here is escaped. */
export interface Catalogue {
  /** For the mail's `lang` attribute. */
  readonly language: string;
  /** Stands for a caller who asked not to be shown. */
  readonly hiddenCaller: string;
  /** Stands for a caller who sent neither name nor number. */
  readonly unknownCaller: string;
  /** A template. */
  readonly subject: string;
  /** The first sentence, a template. */
  readonly sentence: string;
  /** Between a label and its value, in text. */
  readonly colon: string;
  readonly labels: {
    readonly caller: string;
    readonly arrived: string;
    readonly rang: string;
    readonly dialled: string;
    readonly reason: string;
    readonly callBack: string;
  };
  /** `12 seconds`, `1 minute 5 seconds`; null: it never rang. */
  rang(durationMs: number | null): string;
  /** Why the call counts as missed. */
  readonly causes: Readonly<Record<Cause, string>>;
  /** Where there is no cause. */
  readonly notAnswered: string;
  readonly footer: string;
}
