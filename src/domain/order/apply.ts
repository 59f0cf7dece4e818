import { averagePrice, compareQuantity, formatQuantity, isSameRatio, isZeroQuantity, maxQuantity, subtractQuantity, tryQuantity, ZERO_QUANTITY } from '../amounts.js';
import type { Quantity } from '../amounts.js';
import { compareReport } from './discrepancies.js';
import type { BrokerReport, ExecutionRecorded, FactBase, OrderFactEvent, OrderRestated, OrderTerms, TermsChange } from './events.js';
import { changeTrade, executedTotals, findRepeated, nameTrade, recordTrade, splitExecutions } from './executions.js';
import type { ExecutionSet } from './executions.js';
import { compareTimes, isRequest } from './facts.js';
import { isHeardOf } from './progress.js';
import type { OrderProgress, PendingRequest } from './progress.js';
import type { OrderFactEntry } from './state.js';
import { isEnding } from './status.js';
import type { Ending } from './status.js';

/*
 * How one fact moves an order on: FIX 4.4 volume 4, Appendix D, "Order State Change Matrices". Numbers come from
 * executions and terms; of a report, only words are read (is this the answer to a duplicate, did the order end with it).
 */

const quantityOf = (text: string | undefined): Quantity | undefined => (text === undefined ? undefined : tryQuantity(text));

// Terms

/** The first terms that are known, and the first quantity: an order for cash has none before the broker converts it (L.1.b). */
function learnTerms(order: OrderProgress, terms: OrderTerms): OrderProgress {
  const orderQty = isZeroQuantity(order.orderQty) ? (quantityOf(terms.orderQty) ?? order.orderQty) : order.orderQty;
  if (!order.terms) return { ...order, terms, orderQty };
  if (orderQty === order.orderQty) return order;
  return { ...order, orderQty, terms: { ...order.terms, orderQty: formatQuantity(orderQty) } };
}

/** New terms. A quantity below what was executed means that the rest is cancelled: OrderQty becomes CumQty (C.3.c). */
function changeTerms(order: OrderProgress, change: TermsChange): OrderProgress {
  const asked = quantityOf(change.orderQty);
  const orderQty = asked === undefined ? order.orderQty : maxQuantity(asked, order.cumQty);
  const terms = order.terms && { ...order.terms, ...change, orderQty: formatQuantity(orderQty) };
  return { ...order, terms, orderQty, chainedQty: undefined };
}

// Requests

const without = (requests: readonly PendingRequest[], clOrdId: string): readonly PendingRequest[] =>
  requests.length === 0 ? requests : requests.filter((request) => request.clOrdId !== clOrdId);

/** An answer names the request; one that names none answers the oldest. */
const answeredBy = (requests: readonly PendingRequest[], clOrdId: string | undefined): readonly PendingRequest[] =>
  clOrdId === undefined ? requests.slice(1) : without(requests, clOrdId);

const markAnswered = (order: OrderProgress, clOrdId: string | undefined): OrderProgress['answered'] =>
  clOrdId === undefined ? order.answered : order.answered.with(clOrdId, true);

/** A request in progress, once; not where it was answered or where the order is over and so nothing can be pending. */
function beginRequest(order: OrderProgress, fact: FactBase, kind: 'cancelsPending' | 'replacesPending'): OrderProgress {
  const clOrdId = fact.refs.clOrdId ?? '';
  const isOver = order.ending !== undefined && order.ending !== 'done_for_day';
  if (isOver || order.answered.has(clOrdId) || order[kind].some((request) => request.clOrdId === clOrdId)) return order;
  const asked = order.replacesAsked.find((request) => request.clOrdId === clOrdId);
  return { ...order, [kind]: [...order[kind], { clOrdId, orderQty: asked?.orderQty }] };
}

/**
 * A broker that acknowledges a replace on top of another pending one may report the quantity that the other one asked for
 * (D.2.b, time 7). It counts only where that is what we know was asked.
 */
function chainReplaces(order: OrderProgress, report: BrokerReport | undefined): OrderProgress {
  const said = quantityOf(report?.orderQty);
  if (said === undefined || compareQuantity(said, order.orderQty) === 0) return order;
  const earlier = order.replacesPending.slice(0, -1);
  const isAsked = earlier.some(({ orderQty }) => orderQty !== undefined && compareQuantity(orderQty, said) === 0);
  return isAsked ? { ...order, chainedQty: said } : order;
}

function rejectRequest(order: OrderProgress, fact: FactBase, responseTo: 'cancel' | 'replace'): OrderProgress {
  const { clOrdId } = fact.refs;
  const isNamed = clOrdId !== undefined;
  return {
    ...order,
    cancelsPending: isNamed || responseTo === 'cancel' ? answeredBy(order.cancelsPending, clOrdId) : order.cancelsPending,
    replacesPending: isNamed || responseTo === 'replace' ? answeredBy(order.replacesPending, clOrdId) : order.replacesPending,
    replacesAsked: isNamed ? without(order.replacesAsked, clOrdId) : order.replacesAsked,
    chainedQty: undefined,
    answered: markAnswered(order, clOrdId),
  };
}

// Life

/** Canceled, expired or rejected: nothing is pending, stopped or suspended any more. Done for the day: requests go on. */
function end(order: OrderProgress, ending: Ending, tradingDay: string, fact: FactBase): OrderProgress {
  if (ending === 'done_for_day') {
    return { ...order, isAccepted: true, ending, endedOn: tradingDay, restGoesOn: goesOnAnotherDay(order, fact.report) };
  }
  return {
    ...order,
    ending,
    endedOn: tradingDay,
    restGoesOn: false,
    isCalculated: false,
    isStopped: false,
    isSuspended: false,
    cancelsPending: [],
    replacesPending: [],
    replacesAsked: [],
    chainedQty: undefined,
    answered: markAnswered(order, fact.refs.clOrdId),
  };
}

/**
 * Whether the rest of an order that is done for the day stays open: it does where it is good till cancelled or till a
 * date. Messages often leave TimeInForce out, so a report that something is left says so too (H.1.a against A.1.b).
 */
function goesOnAnotherDay(order: OrderProgress, report: BrokerReport | undefined): boolean {
  const timeInForce = order.terms?.timeInForce;
  if (timeInForce === 'gtc' || timeInForce === 'gtd') return true;
  const left = quantityOf(report?.leavesQty);
  return left !== undefined && compareQuantity(left, ZERO_QUANTITY) > 0;
}

/** Working again: a restatement the next morning, a reinstatement. Not by a repetition, nor where the report says it is over. */
function reopen(order: OrderProgress, fact: FactBase): OrderProgress {
  const isOver = isEnding(fact.report?.ordStatus) || fact.report?.ordStatus === 'calculated';
  if (fact.possResend === true || isOver) return order;
  return { ...order, isAccepted: true, ending: undefined, endedOn: undefined, restGoesOn: false, isCalculated: false, isSuspended: false };
}

/**
 * The first acceptance of an order whose cancel is pending already is reported as New, though pending cancel has
 * precedence (B.1.d, time 4); a broker that says pending cancel is taken at its word.
 */
function acceptOrder(order: OrderProgress, fact: FactBase): OrderProgress {
  const working = reopen(order, fact);
  if (order.isAccepted || fact.report?.ordStatus === 'pending_cancel' || fact.report?.ordStatus === 'pending_replace') return working;
  return { ...working, isAccepted: true, cancelsPending: [], replacesPending: [], chainedQty: undefined };
}

/**
 * ExecType Rejected with another OrdStatus refuses a duplicate and reports on the order that has the ClOrdID (F.1.a,
 * F.1.b). Without an OrdStatus, an order that has traded was not rejected.
 */
function rejectOrder(order: OrderProgress, fact: FactBase, tradingDay: string): OrderProgress {
  const status = fact.report?.ordStatus;
  const isDuplicate = status === undefined ? !isZeroQuantity(order.cumQty) : status !== 'rejected';
  return isDuplicate ? order : end(order, 'rejected', tradingDay, fact);
}

/** A report about an order of which nothing is known: all there is to go by (unknown orders, B.1.f and G.1.a). */
function firstHeard(order: OrderProgress, fact: FactBase, tradingDay: string): OrderProgress {
  const status = fact.report?.ordStatus;
  if (isHeardOf(order) || status === undefined || status === 'pending_new') return order;
  return isEnding(status) ? end(order, status, tradingDay, fact) : { ...order, isAccepted: true };
}

// Executions

function withExecutions(order: OrderProgress, executions: ExecutionSet): OrderProgress {
  if (executions === order.executions) return order;
  const { cumQty, notional } = executedTotals(executions);
  return { ...order, executions, cumQty, notional, avgPx: averagePrice(notional, cumQty) };
}

/**
 * The slot of the trade that a PossResend repeats under another ExecID: the same trade at the same time, or one that the
 * broker's CumQty leaves no room for.
 */
function repeatedSlot(order: OrderProgress, fact: ExecutionRecorded['data'], occurredAt: string): number {
  if (fact.possResend !== true || order.executions.slots.has(fact.execution.execId)) return -1;
  const said = quantityOf(fact.report?.cumQty);
  const isCounted = said !== undefined && compareQuantity(said, order.cumQty) <= 0;
  return findRepeated(order.executions, fact.execution, (known) => isCounted || (said === undefined && compareTimes(known.occurredAt, occurredAt) === 0));
}

/** A trade that reports the order as canceled carries its cancel with it (bundled messages of exchanges). */
function recordExecution(order: OrderProgress, entry: OrderFactEntry, fact: ExecutionRecorded['data']): OrderProgress {
  const { tradingDay, place } = entry;
  const repeated = repeatedSlot(order, fact, place.occurredAt);
  if (repeated >= 0) return { ...order, executions: nameTrade(order.executions, fact.execution.execId, repeated) };
  const traded = withExecutions(order, recordTrade(order.executions, fact.execution, place.occurredAt, tradingDay));
  const status = fact.report?.ordStatus;
  if (traded.ending === undefined && (status === 'canceled' || status === 'expired')) return end({ ...traded, isAccepted: true }, status, tradingDay, fact);
  const isNextDay = traded.ending === 'done_for_day' && traded.restGoesOn && traded.endedOn !== undefined && tradingDay > traded.endedOn;
  return isNextDay ? reopen(traded, { refs: fact.refs }) : traded.isAccepted ? traded : { ...traded, isAccepted: true };
}

/** FIX ExecRestatementReason (tag 378) codes that say that it was no corporate action. */
const OTHER_REASONS: ReadonlySet<string> = new Set(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11']);

/**
 * A split of the instrument restates OrderQty and CumQty in one ratio (H.1.b): what was executed counts in that ratio
 * too, at the same notional. The broker's CumQty is used only where it is exactly ours in that ratio.
 */
function splitOf(order: OrderProgress, { change, report }: OrderRestated['data']): ExecutionSet | undefined {
  const [nextQty, nextCum] = [quantityOf(change.orderQty), quantityOf(report?.cumQty)];
  if (nextQty === undefined || nextCum === undefined || OTHER_REASONS.has(report?.reason ?? '')) return undefined;
  const isChanged = compareQuantity(nextCum, order.cumQty) !== 0 && !isZeroQuantity(nextCum) && !isZeroQuantity(order.cumQty) && !isZeroQuantity(order.orderQty);
  const isSplit = isChanged && isSameRatio(nextQty, order.orderQty, nextCum, order.cumQty);
  return isSplit ? splitExecutions(order.executions, nextQty, order.orderQty) : undefined;
}

function restate(order: OrderProgress, fact: OrderRestated['data']): OrderProgress {
  const split = splitOf(order, fact);
  const working = reopen(split ? withExecutions(order, split) : order, fact);
  const reducedBy = quantityOf(fact.reducedBy);
  const changed = Object.keys(fact.change).length > 0 ? changeTerms(working, fact.change) : working;
  if (reducedBy === undefined) return changed;
  return changeTerms(changed, { orderQty: formatQuantity(subtractQuantity(changed.orderQty, reducedBy)) });
}

function replaceOrder(order: OrderProgress, fact: FactBase & { readonly change: TermsChange }): OrderProgress {
  const { clOrdId } = fact.refs;
  if (fact.possResend === true && clOrdId !== undefined && order.answered.has(clOrdId)) return order;
  return {
    ...changeTerms(reopen(order, fact), fact.change),
    replacesPending: answeredBy(order.replacesPending, clOrdId),
    replacesAsked: clOrdId === undefined ? order.replacesAsked : without(order.replacesAsked, clOrdId),
    answered: markAnswered(order, clOrdId),
    liveClOrdId: clOrdId ?? order.liveClOrdId,
  };
}

function askReplace(order: OrderProgress, fact: FactBase & { readonly change: TermsChange }): OrderProgress {
  const clOrdId = fact.refs.clOrdId ?? '';
  if (order.answered.has(clOrdId) || order.replacesAsked.some((request) => request.clOrdId === clOrdId)) return order;
  return { ...order, replacesAsked: [...order.replacesAsked, { clOrdId, orderQty: quantityOf(fact.change.orderQty) }] };
}

function placeOrder(order: OrderProgress, { clOrdId }: FactBase['refs']): OrderProgress {
  return { ...order, isPlaced: true, placedClOrdId: order.placedClOrdId ?? clOrdId, liveClOrdId: order.liveClOrdId ?? clOrdId };
}

function applyByType(order: OrderProgress, entry: OrderFactEntry): OrderProgress {
  const { fact, tradingDay } = entry;
  const { occurredAt } = entry.place;
  switch (fact.type) {
    case 'OrderPlaced':
      return placeOrder(order, fact.data.refs);
    case 'CancelRequested':
      return order;
    case 'ReplaceRequested':
      return askReplace(order, fact.data);
    case 'OrderPendingNew':
      return { ...order, isPlaced: true };
    case 'OrderAccepted':
      return acceptOrder(order, fact.data);
    case 'OrderRejected':
      return rejectOrder(order, fact.data, tradingDay);
    case 'CancelPending':
      return beginRequest(order, fact.data, 'cancelsPending');
    case 'ReplacePending':
      return chainReplaces(beginRequest(order, fact.data, 'replacesPending'), fact.data.report);
    case 'OrderReplaced':
      return replaceOrder(order, fact.data);
    case 'OrderCanceled':
      return end(order, 'canceled', tradingDay, fact.data);
    case 'CancelRejected':
      return firstHeard(rejectRequest(order, fact.data, fact.data.responseTo), fact.data, tradingDay);
    case 'OrderDoneForDay':
      return end(order, 'done_for_day', tradingDay, fact.data);
    case 'OrderExpired':
      return end(order, 'expired', tradingDay, fact.data);
    case 'OrderRestated':
      return restate(order, fact.data);
    case 'OrderStopped':
      return { ...order, isAccepted: true, isStopped: true };
    case 'OrderSuspended':
      return { ...order, isAccepted: true, isSuspended: true };
    case 'OrderCalculated':
      return { ...order, isAccepted: true, isCalculated: true, restGoesOn: goesOnAnotherDay(order, fact.data.report) };
    case 'OrderStatusReported':
      return firstHeard(order, fact.data, tradingDay);
    case 'ExecutionRecorded':
      return recordExecution(order, entry, fact.data);
    case 'ExecutionCorrected': {
      const { execution, execRefId } = fact.data;
      return withExecutions(order, changeTrade(order.executions, { execId: execution.execId, execRefId, execution, occurredAt, tradingDay }));
    }
    case 'ExecutionBusted':
      return withExecutions(order, changeTrade(order.executions, { execId: fact.data.execId, execRefId: fact.data.execRefId, execution: undefined, occurredAt, tradingDay }));
  }
}

function readIds(order: OrderProgress, fact: OrderFactEvent): OrderProgress {
  const { clOrdId, brokerOrderId } = fact.data.refs;
  const isUnchanged = (clOrdId === undefined || clOrdId === order.reportedClOrdId) && (brokerOrderId === undefined || brokerOrderId === order.brokerOrderId);
  if (isUnchanged) return order;
  return {
    ...order,
    reportedClOrdId: clOrdId ?? order.reportedClOrdId,
    liveClOrdId: order.liveClOrdId ?? clOrdId,
    brokerOrderId: brokerOrderId ?? order.brokerOrderId,
  };
}

/** The order after one more fact, which comes after all those before it. Never throws on a stored fact. */
export function applyFact(order: OrderProgress, entry: OrderFactEntry): OrderProgress {
  const { fact } = entry;
  const { terms, report } = fact.data;
  const known = terms ? learnTerms(order, terms) : order;
  const applied = applyByType(known, entry);
  if (isRequest(fact)) return applied;
  const named = readIds(applied, fact);
  return report ? { ...named, disagreements: compareReport(named, report) } : named;
}
