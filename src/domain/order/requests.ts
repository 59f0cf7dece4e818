import { addQuantity, compareQuantity } from '../amounts.js';
import type { Quantity } from '../amounts.js';
import type { BrokerReport, FactBase, TermsChange } from './events.js';
import type { OrderProgress, PendingRequest } from './progress.js';
import { quantityIn } from './terms.js';

/*
 * Requests to cancel or replace an order, from the asking to the answer. Each is named by its ClOrdID.
 */

/** Those that are not named so. */
export const without = (requests: readonly PendingRequest[], clOrdId: string): readonly PendingRequest[] =>
  requests.length === 0 ? requests : requests.filter((request) => request.clOrdId !== clOrdId);

/** An answer names the request; one that names none answers the oldest. */
export const answeredBy = (requests: readonly PendingRequest[], clOrdId: string | undefined): readonly PendingRequest[] =>
  clOrdId === undefined ? requests.slice(1) : without(requests, clOrdId);

/** As `answeredBy`, of a broker that may have said by the order's own ClOrdID alone that the request was pending. */
function refusedBy(requests: readonly PendingRequest[], { clOrdId, origClOrdId }: FactBase['refs'], liveClOrdId: string | undefined): readonly PendingRequest[] {
  const left = answeredBy(requests, clOrdId);
  // By any other name the original is a request of its own, which is not answered.
  const isOrders = origClOrdId !== undefined && origClOrdId === liveClOrdId;
  return left.length === requests.length && isOrders ? without(requests, origClOrdId) : left;
}

/** Notes that a request was answered: asked once more, it is a copy. */
export const markAnswered = (order: OrderProgress, clOrdId: string | undefined): OrderProgress['answered'] =>
  clOrdId === undefined ? order.answered : order.answered.with(clOrdId, true);

/** A request in progress, once; not where it was answered or where the order is over and so nothing can be pending. */
export function beginRequest(order: OrderProgress, fact: FactBase, kind: 'cancelsPending' | 'replacesPending'): OrderProgress {
  const clOrdId = fact.refs.clOrdId ?? '';
  const isOver = order.ending !== undefined && order.ending !== 'done_for_day';
  if (isOver || order.answered.has(clOrdId) || order[kind].some((request) => request.clOrdId === clOrdId)) return order;
  const asked = order.replacesAsked.find((request) => request.clOrdId === clOrdId);
  return { ...order, [kind]: [...order[kind], { clOrdId, orderQty: asked?.orderQty }] };
}

/** OrderQty is CumQty and LeavesQty of an order that works (FIX 4.4, tag 151). */
const sumOf = (cumQty: Quantity | undefined, leavesQty: Quantity | undefined): Quantity | undefined => cumQty && leavesQty && addQuantity(cumQty, leavesQty);

/**
 * A broker that acknowledges a replace on top of another pending one may report the quantity that the other one asked for
 * (D.2.b, time 7). It counts only where that is what we know was asked.
 */
export function chainReplaces(order: OrderProgress, report: BrokerReport | undefined): OrderProgress {
  const said = quantityIn(report?.orderQty) ?? sumOf(quantityIn(report?.cumQty), quantityIn(report?.leavesQty));
  if (said === undefined || compareQuantity(said, order.orderQty) === 0) return order;
  const earlier = order.replacesPending.slice(0, -1);
  const isAsked = earlier.some(({ orderQty }) => orderQty !== undefined && compareQuantity(orderQty, said) === 0);
  return isAsked ? { ...order, chainedQty: said } : order;
}

/** The broker refused to cancel or replace (35=9): the request that is named is pending no more; the order is as it was. */
export function rejectRequest(order: OrderProgress, fact: FactBase, responseTo: 'cancel' | 'replace'): OrderProgress {
  const { clOrdId } = fact.refs;
  const isNamed = clOrdId !== undefined;
  return {
    ...order,
    cancelsPending: isNamed || responseTo === 'cancel' ? refusedBy(order.cancelsPending, fact.refs, order.liveClOrdId) : order.cancelsPending,
    replacesPending: isNamed || responseTo === 'replace' ? refusedBy(order.replacesPending, fact.refs, order.liveClOrdId) : order.replacesPending,
    replacesAsked: isNamed ? without(order.replacesAsked, clOrdId) : order.replacesAsked,
    chainedQty: undefined,
    answered: markAnswered(order, clOrdId),
  };
}

/** The client asks for other terms (35=G): noted until it is answered, for brokers that do not say the quantity they acknowledge. */
export function askReplace(order: OrderProgress, fact: FactBase & { readonly change: TermsChange }): OrderProgress {
  const clOrdId = fact.refs.clOrdId ?? '';
  if (order.answered.has(clOrdId) || order.replacesAsked.some((request) => request.clOrdId === clOrdId)) return order;
  return { ...order, replacesAsked: [...order.replacesAsked, { clOrdId, orderQty: quantityIn(fact.change.orderQty) }] };
}
