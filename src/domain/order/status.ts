import type { OrdStatus } from './events.js';

/** FIX 4.4 names of OrdStatus (tag 39), as reports print them. */
export const ORD_STATUS_LABELS: Readonly<Record<OrdStatus, string>> = {
  pending_new: 'Pending New',
  new: 'New',
  partially_filled: 'Partially Filled',
  filled: 'Filled',
  done_for_day: 'Done for Day',
  canceled: 'Canceled',
  pending_cancel: 'Pending Cancel',
  stopped: 'Stopped',
  rejected: 'Rejected',
  suspended: 'Suspended',
  calculated: 'Calculated',
  expired: 'Expired',
  accepted_for_bidding: 'Accepted for Bidding',
  pending_replace: 'Pending Replace',
};

/** FIX 4.4 volume 4, Appendix D: of the states that an order is in at once, the one with the highest value is reported. */
const PRECEDENCE: Readonly<Record<OrdStatus, number>> = {
  pending_cancel: 12,
  pending_replace: 11,
  done_for_day: 10,
  calculated: 9,
  filled: 8,
  stopped: 7,
  suspended: 6,
  canceled: 5,
  expired: 5,
  partially_filled: 4,
  accepted_for_bidding: 3,
  new: 2,
  rejected: 2,
  pending_new: 2,
};

/** The status that is reported; of equals the one that is named first. Never empty: an order is at least pending new. */
export function highestStatus(states: readonly OrdStatus[]): OrdStatus {
  let highest: OrdStatus = states[0] ?? 'pending_new';
  for (const state of states) if (PRECEDENCE[state] > PRECEDENCE[highest]) highest = state;
  return highest;
}

/** How an order can end; `done_for_day` ends it for the day. */
export type Ending = 'canceled' | 'expired' | 'rejected' | 'done_for_day';

const ENDINGS: ReadonlySet<OrdStatus> = new Set<OrdStatus>(['canceled', 'expired', 'rejected', 'done_for_day']);
export const isEnding = (status: OrdStatus | undefined): status is Ending => status !== undefined && ENDINGS.has(status);
