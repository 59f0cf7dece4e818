import { ZERO_PRICE, ZERO_QUANTITY, ZERO_NOTIONAL, addQuantity, compareQuantity, isZeroQuantity, subtractQuantity } from '../amounts.js';
import type { Notional, Price, Quantity } from '../amounts.js';
import type { OrderTerms, OrdStatus } from './events.js';
import { NO_EXECUTIONS } from './executions.js';
import type { ExecutionSet } from './executions.js';
import { InsertOnlyMap } from './insert-only-map.js';
import type { OrderDiscrepancy } from './state.js';
import { highestStatus } from './status.js';
import type { Ending } from './status.js';

/** A request that the broker is dealing with, named by its ClOrdID (`''` where it has none). */
export interface PendingRequest {
  readonly clOrdId: string;
  readonly orderQty: Quantity | undefined;
}

/** How far the life of an order has come after some of its facts, in the order of their places. */
export interface OrderProgress {
  readonly terms: OrderTerms | undefined;
  /** The terms are those of a request to cancel: whatever else states them knows better. */
  readonly termsAreAssumed: boolean;
  /** 0 while it is not known. */
  readonly orderQty: Quantity;
  /** Cancelled in part, without new terms: a venue's partial cancels, which say by how much and not to what. */
  readonly canceledQty: Quantity;
  readonly executions: ExecutionSet;
  readonly cumQty: Quantity;
  readonly notional: Notional;
  readonly avgPx: Price;
  readonly isPlaced: boolean;
  /** The broker has taken it. */
  readonly isAccepted: boolean;
  readonly ending: Ending | undefined;
  /** Done for the day with a rest that goes on another day. */
  readonly restGoesOn: boolean;
  readonly endedOn: string | undefined;
  readonly isCalculated: boolean;
  readonly isStopped: boolean;
  readonly isSuspended: boolean;
  readonly cancelsPending: readonly PendingRequest[];
  readonly replacesPending: readonly PendingRequest[];
  /** Replaces that were asked for and are not answered. */
  readonly replacesAsked: readonly PendingRequest[];
  /** OrderQty as the broker reports it while it deals with a chain of replaces (Appendix D, D.2.b). */
  readonly chainedQty: Quantity | undefined;
  /** ClOrdIDs of requests that were answered: what comes again about them changes nothing. */
  readonly answered: InsertOnlyMap<string, true>;
  readonly placedClOrdId: string | undefined;
  readonly liveClOrdId: string | undefined;
  readonly reportedClOrdId: string | undefined;
  readonly brokerOrderId: string | undefined;
  /** Where the latest report and our own numbers disagreed. */
  readonly disagreements: readonly OrderDiscrepancy[];
}

export const NOTHING_KNOWN: OrderProgress = {
  terms: undefined,
  termsAreAssumed: false,
  orderQty: ZERO_QUANTITY,
  canceledQty: ZERO_QUANTITY,
  executions: NO_EXECUTIONS,
  cumQty: ZERO_QUANTITY,
  notional: ZERO_NOTIONAL,
  avgPx: ZERO_PRICE,
  isPlaced: false,
  isAccepted: false,
  ending: undefined,
  restGoesOn: false,
  endedOn: undefined,
  isCalculated: false,
  isStopped: false,
  isSuspended: false,
  cancelsPending: [],
  replacesPending: [],
  replacesAsked: [],
  chainedQty: undefined,
  answered: InsertOnlyMap.empty(),
  placedClOrdId: undefined,
  liveClOrdId: undefined,
  reportedClOrdId: undefined,
  brokerOrderId: undefined,
  disagreements: [],
};

/** Anything but requests and reports about them is known of the order. */
export const isHeardOf = (order: OrderProgress): boolean =>
  order.isPlaced || order.isAccepted || order.ending !== undefined || order.executions.list.length > 0;

const isFilled = (order: OrderProgress): boolean => !isZeroQuantity(order.orderQty) && compareQuantity(order.cumQty, order.orderQty) >= 0;

/** Whether all that was not executed was cancelled part by part: such an order is canceled, with executions. */
const isCanceledInParts = (order: OrderProgress): boolean =>
  !isZeroQuantity(order.canceledQty) && !isZeroQuantity(order.orderQty) && compareQuantity(addQuantity(order.cumQty, order.canceledQty), order.orderQty) >= 0;

/** OrdStatus: every state that the order is in, by the standard's precedence. */
export function ordStatusOf(order: OrderProgress): OrdStatus {
  const states: OrdStatus[] = [];
  if (order.ending) states.push(order.ending);
  if (order.cancelsPending.length > 0) states.push('pending_cancel');
  if (order.replacesPending.length > 0) states.push('pending_replace');
  if (order.isCalculated) states.push('calculated');
  if (order.isStopped) states.push('stopped');
  if (order.isSuspended) states.push('suspended');
  if (isFilled(order)) states.push('filled');
  else if (isCanceledInParts(order)) states.push('canceled');
  else if (!isZeroQuantity(order.cumQty)) states.push('partially_filled');
  states.push(order.isAccepted ? 'new' : 'pending_new');
  return highestStatus(states);
}

export const orderQtyOf = (order: OrderProgress): Quantity => order.chainedQty ?? order.orderQty;

const hasEnded = (order: OrderProgress): boolean => (order.ending !== undefined || order.isCalculated) && !order.restGoesOn;

/** Whether nothing more can be executed. An order whose OrderQty is not known may always have something left. */
export const isOver = (order: OrderProgress): boolean => hasEnded(order) || (!isZeroQuantity(orderQtyOf(order)) && isZeroQuantity(leavesQtyOf(order)));

/** LeavesQty: what is still open for execution; nothing where the order ended, but the rest of an order that goes on another day. */
export function leavesQtyOf(order: OrderProgress): Quantity {
  if (hasEnded(order)) return ZERO_QUANTITY;
  const leaves = subtractQuantity(subtractQuantity(orderQtyOf(order), order.canceledQty), order.cumQty);
  return compareQuantity(leaves, ZERO_QUANTITY) > 0 ? leaves : ZERO_QUANTITY;
}
