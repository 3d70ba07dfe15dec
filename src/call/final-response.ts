import type { Reason } from './events.ts';
import { hasReason } from './reason.ts';

/** What the other side said last, as far as its meaning goes. */
export interface FinalResponse {
  readonly status: number;
  readonly reasons: readonly Reason[];
}

/** What a final response means (design.md 4.1); one may mean several things: who asks, asks in the order of the table. */
export const means = {
  busy: ({ status, reasons }: FinalResponse): boolean => [486, 600].includes(status) || hasReason(reasons, 'Q.850', 17),
  declined: ({ status, reasons }: FinalResponse): boolean =>
    status === 603 || ([403, 480].includes(status) && hasReason(reasons, 'Q.850', 21)),
  unwanted: ({ status }: FinalResponse): boolean => [607, 608, 428, 433, 436, 437, 438].includes(status),
  rejected: ({ status, reasons }: FinalResponse): boolean =>
    [416, 482, 483, 484, 485, 604].includes(status) || hasReason(reasons, 'Q.850', 28),
  /** ITU-T Q.850: 3 no route, 18 no user responding, 20 subscriber absent, 27 destination out of order, 38 network out of order. */
  unreachable: ({ status, reasons }: FinalResponse): boolean =>
    [404, 408, 410, 430, 480, 502, 503, 504].includes(status) || hasReason(reasons, 'Q.850', 3, 18, 20, 27, 38),
} as const;
