import { createRequire } from 'node:module';

/** drachtio-srf's own list of statuses with their phrases: it throws at any other. */
const statuses = createRequire(createRequire(import.meta.url).resolve('drachtio-srf'))('sip-status') as Record<
  number,
  string | undefined
>;

/**
 * Lets drachtio-srf send this status: one that it lacks (428, 607, 608 and more) would reach the caller as another. The list
 * grows by what a SIP status can be at most.
 */
export function learnStatus(status: number): void {
  if (Number.isInteger(status) && status > 100 && status < 700) statuses[status] ??= '';
}
