import { compareQuantity, formatQuantity, isSameRatio, isZeroQuantity, maxQuantity, tryQuantity, ZERO_QUANTITY } from '../amounts.js';
import type { Quantity } from '../amounts.js';
import type { OrderRestated, OrderTerms, TermsChange } from './events.js';
import { splitExecutions } from './executions.js';
import type { ExecutionSet } from './executions.js';
import type { OrderProgress } from './progress.js';

/** The quantity in a field of a message, where it has one: a stored fact is never refused, so text that is none is none. */
export const quantityIn = (text: string | undefined): Quantity | undefined => (text === undefined ? undefined : tryQuantity(text));

/** The first terms that are known, and the first quantity: an order for cash has none before the broker converts it (L.1.b). */
export function learnTerms(order: OrderProgress, terms: OrderTerms): OrderProgress {
  if (order.termsAreAssumed) return learnTerms({ ...order, terms: undefined, termsAreAssumed: false, orderQty: ZERO_QUANTITY }, terms);
  const orderQty = isZeroQuantity(order.orderQty) ? (quantityIn(terms.orderQty) ?? order.orderQty) : order.orderQty;
  if (!order.terms) return { ...order, terms, orderQty };
  if (orderQty === order.orderQty) return order;
  return { ...order, orderQty, terms: { ...order.terms, orderQty: formatQuantity(orderQty) } };
}

/** Terms that a request to cancel carries: what its sender takes the order to be, for as long as nobody else says (B.1.f). */
export const assumeTerms = (order: OrderProgress, terms: OrderTerms): OrderProgress =>
  order.terms ? order : { ...order, terms, termsAreAssumed: true, orderQty: quantityIn(terms.orderQty) ?? order.orderQty };

/** Terms that a broker states as all that it knows of the order: what only its owner knows of it stays. */
export function stateTerms(order: OrderProgress, terms: OrderTerms): OrderProgress {
  const known = learnTerms(order, terms);
  if (!order.terms) return known;
  const { price: _price, stopPx: _stopPx, timeInForce: _timeInForce, ...kept } = order.terms;
  const stated = quantityIn(terms.orderQty);
  const orderQty = stated === undefined || isZeroQuantity(stated) ? known.orderQty : stated;
  // The same OrderQty says nothing new of what a venue cancelled of it before.
  const canceledQty = compareQuantity(orderQty, order.orderQty) === 0 ? order.canceledQty : ZERO_QUANTITY;
  return { ...known, orderQty, canceledQty, terms: { ...kept, ...terms, orderQty: formatQuantity(orderQty) } };
}

/** New terms. A quantity below what was executed means that the rest is cancelled: OrderQty becomes CumQty (C.3.c). */
export function changeTerms(order: OrderProgress, change: TermsChange): OrderProgress {
  const asked = quantityIn(change.orderQty);
  const orderQty = asked === undefined ? order.orderQty : maxQuantity(asked, order.cumQty);
  const terms = order.terms && { ...order.terms, ...change, orderQty: formatQuantity(orderQty) };
  // A new OrderQty is what is left after all that was cancelled before.
  const canceledQty = asked === undefined ? order.canceledQty : ZERO_QUANTITY;
  return { ...order, terms, orderQty, canceledQty, chainedQty: undefined };
}

/** A reason is the broker's code or its words, or both: `1`, `1: renewal`, `ExecRestatementReason 1: renewal`. */
const REASON_CODE = /^(?:ExecRestatementReason )?(\d+)(?::|$)/;
const GT_CORPORATE_ACTION = '0';

/** ExecRestatementReason (tag 378) with a code that says that it was something else than a corporate action. */
function isOtherReason(reason: string | undefined): boolean {
  const code = REASON_CODE.exec(reason ?? '')?.[1];
  return code !== undefined && code !== GT_CORPORATE_ACTION;
}

/**
 * A split of the instrument restates OrderQty and CumQty in one ratio (H.1.b): what was executed counts in that ratio
 * too, at the same notional. The broker's CumQty is used only where it is exactly ours in that ratio.
 */
export function splitOf(order: OrderProgress, { change, report }: OrderRestated['data']): ExecutionSet | undefined {
  const [nextQty, nextCum] = [quantityIn(change.orderQty), quantityIn(report?.cumQty)];
  if (nextQty === undefined || nextCum === undefined || isOtherReason(report?.reason)) return undefined;
  const isChanged = compareQuantity(nextCum, order.cumQty) !== 0 && !isZeroQuantity(nextCum) && !isZeroQuantity(order.cumQty) && !isZeroQuantity(order.orderQty);
  const isSplit = isChanged && isSameRatio(nextQty, order.orderQty, nextCum, order.cumQty);
  return isSplit ? splitExecutions(order.executions, nextQty, order.orderQty) : undefined;
}
