import type { TFunction } from 'i18next';

export const OUTCOMES = ['answered', 'voicemail', 'missed', 'elsewhere', 'rejected', 'failed', 'pending'] as const;
export type OutcomeWord = (typeof OUTCOMES)[number];

const REASONS = [
  'missed',
  'answered',
  'answered-elsewhere',
  'voicemail-left',
  'voicemail-access',
  'rejected',
  'not-rung',
  'policy-disabled',
  'mailbox-disabled',
  'no-mailbox',
  'no-email-address',
  'condition',
  'duplicate',
  'collapsed',
  'called-back',
] as const;

/** A verdict; one that has no words here stands as the gateway names it. */
export function outcomeText(t: TFunction, outcome: string | null): string {
  const known = OUTCOMES.find((one) => one === (outcome ?? 'pending'));
  return known === undefined ? (outcome ?? '') : t(`callLog.outcomes.${known}`);
}

/** Why a mail was or was not sent. */
export function reasonText(t: TFunction, reason: string | null): string {
  const known = REASONS.find((one) => one === reason);
  return known === undefined ? (reason ?? '') : t(`callLog.reasons.${known}`);
}
