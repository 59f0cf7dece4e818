import type { EventMetadata } from '../metadata.js';
import type { OrderFactEvent } from './events.js';
import type { GrowingList } from './growing-list.js';
import type { OrderFactEntry } from './state.js';

/*
 * The place of a fact among its order's facts follows from the fact alone, so that any order of arrival folds to one
 * state. It is lexicographic over (time, request or report, session, sequence, part or whole, kind, digest, key): total and transitive.
 */

const SECONDS_LENGTH = 'YYYY-MM-DDTHH:MM:SS'.length;
const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

const compareText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** Digits of the second's fraction without its trailing zeros: `.500Z` and `.5Z` are one moment. */
function fractionOf(time: string): string {
  let end = time.length - 1;
  while (end > SECONDS_LENGTH + 1 && time.charCodeAt(end - 1) === 48) end -= 1;
  return time.slice(SECONDS_LENGTH + 1, end);
}

/**
 * Compares two moments in ISO-8601 text in UTC, whatever their precision; without a Date, which knows milliseconds only.
 * Text that is no such time sorts as text, after all times: a stored fact is never refused.
 */
export function compareTimes(a: string, b: string): number {
  if (a === b) return 0;
  const [aIsTime, bIsTime] = [UTC_TIME.test(a), UTC_TIME.test(b)];
  if (aIsTime !== bIsTime) return aIsTime ? -1 : 1;
  if (!aIsTime || a.length === b.length) return compareText(a, b);
  return compareText(a.slice(0, SECONDS_LENGTH), b.slice(0, SECONDS_LENGTH)) || compareText(fractionOf(a), fractionOf(b));
}

const WHOLE_NUMBER = /^\d+$/;

/** Compares numbers within a session, which may be larger than 2^53; a fact without one comes first. */
function compareSequences(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '' || b === '') return a === '' ? -1 : 1;
  const [aIsNumber, bIsNumber] = [WHOLE_NUMBER.test(a), WHOLE_NUMBER.test(b)];
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  if (!aIsNumber) return compareText(a, b);
  const [left, right] = [BigInt(a), BigInt(b)];
  return left === right ? compareText(a, b) : left < right ? -1 : 1;
}

/**
 * The order of an order's life, for facts of one moment and one session without numbers: a trade comes before the
 * cancel of what it left. It decides only where the source itself gave no order.
 */
const KIND_RANK: Readonly<Record<OrderFactEvent['type'], number>> = {
  OrderPlaced: 0,
  OrderPendingNew: 1,
  OrderAccepted: 2,
  ReplaceRequested: 3,
  CancelRequested: 4,
  OrderStopped: 5,
  ReplacePending: 6,
  CancelPending: 7,
  ExecutionRecorded: 8,
  ExecutionCorrected: 9,
  ExecutionBusted: 10,
  OrderReplaced: 11,
  OrderRestated: 12,
  CancelRejected: 13,
  OrderSuspended: 14,
  OrderDoneForDay: 15,
  OrderCalculated: 16,
  OrderCanceled: 17,
  OrderExpired: 18,
  OrderRejected: 19,
  OrderStatusReported: 20,
};

/** What the order's owner sent; all else is what the broker answered. */
export const isRequest = (fact: OrderFactEvent): boolean =>
  fact.type === 'OrderPlaced' || fact.type === 'CancelRequested' || fact.type === 'ReplaceRequested';

/** A request comes before a report of the same moment: they are numbered in different sessions. */
const requestsFirst = (fact: OrderFactEvent): number => (isRequest(fact) ? 0 : 1);

/** What states the whole order knows of all the rest of its moment. */
const wholeLast = ({ data }: OrderFactEvent): number => (data.statesWholeOrder ? 1 : 0);

/** Negative, 0 or positive as `a` comes before, is, or comes after `b`. */
export function compareFacts(a: OrderFactEntry, b: OrderFactEntry): number {
  return (
    compareTimes(a.place.occurredAt, b.place.occurredAt) ||
    requestsFirst(a.fact) - requestsFirst(b.fact) ||
    compareText(a.place.session, b.place.session) ||
    compareSequences(a.place.sequence, b.place.sequence) ||
    wholeLast(a.fact) - wholeLast(b.fact) ||
    KIND_RANK[a.fact.type] - KIND_RANK[b.fact.type] ||
    compareText(a.place.digest, b.place.digest) ||
    compareText(a.key, b.key)
  );
}

type Envelope = Pick<EventMetadata, 'source' | 'occurredAt' | 'tradingDay' | 'commandDigest'>;

/** Where a message stands among its order's. */
export function saidIn({ source, occurredAt, tradingDay, commandDigest }: Envelope): Pick<OrderFactEntry, 'place' | 'tradingDay'> {
  const { name, session = '', sequence = '' } = source;
  return { place: { occurredAt, session: `${name}/${session}`, sequence, digest: commandDigest }, tradingDay };
}

export const factEntry = (fact: OrderFactEvent, metadata: EventMetadata): OrderFactEntry => ({ ...saidIn(metadata), key: metadata.commandKey, fact });

const isSentAgain = ({ fact }: OrderFactEntry): boolean => fact.data.possResend === true;

const compareCopies = (a: OrderFactEntry, b: OrderFactEntry): number => compareFacts(a, b) || compareText(a.tradingDay, b.tradingDay);

/** Whether a copy of a fact stands before the one that is known, or is not marked as sent again, as that one is. */
export const isBetterCopy = (known: OrderFactEntry, copy: OrderFactEntry): boolean => compareCopies(copy, known) < 0 || (isSentAgain(known) && !isSentAgain(copy));

/** A fact of which there are two copies. */
export const mergeCopies = (a: OrderFactEntry, b: OrderFactEntry): OrderFactEntry => ({ ...(compareCopies(b, a) < 0 ? b : a), fact: isSentAgain(a) ? b.fact : a.fact });

/** Where `entry` belongs among sorted facts: after those that are before it or equal. */
export function placeAmong(facts: GrowingList<OrderFactEntry>, entry: OrderFactEntry): number {
  const last = facts.get(facts.length - 1);
  if (!last || compareFacts(last, entry) <= 0) return facts.length;
  let [low, high] = [0, facts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = facts.get(middle);
    if (at && compareFacts(at, entry) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
