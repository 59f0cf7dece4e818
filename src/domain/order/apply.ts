import { addQuantity, averagePrice, compareQuantity, isZeroQuantity, ZERO_QUANTITY } from '../amounts.js';
import { compareInstrument, compareReport } from './discrepancies.js';
import type { BrokerReport, ExecutionRecorded, FactBase, OrderFactEvent, OrderRestated, TermsChange } from './events.js';
import { changeTrade, executedTotals, findRepeated, nameTrade, recordTrade } from './executions.js';
import type { ExecutionSet } from './executions.js';
import { compareTimes, isRequest } from './facts.js';
import { isHeardOf } from './progress.js';
import type { OrderProgress } from './progress.js';
import { answeredBy, askReplace, beginRequest, chainReplaces, markAnswered, rejectRequest, without } from './requests.js';
import type { OrderExecution, OrderFactEntry } from './state.js';
import { isEnding } from './status.js';
import type { Ending } from './status.js';
import { assumeTerms, changeTerms, learnTerms, quantityIn, splitOf, stateTerms } from './terms.js';

/*
 * How one fact moves an order on: FIX 4.4 volume 4, Appendix D, "Order State Change Matrices". Numbers come from
 * executions and terms; of a report, only words are read (is this the answer to a duplicate, did the order end with it).
 */

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
  const left = quantityIn(report?.leavesQty);
  return left !== undefined && compareQuantity(left, ZERO_QUANTITY) > 0;
}

/** Working again: a restatement the next morning, a reinstatement. Not where the report says it is over, or suspended still. */
function reopen(order: OrderProgress, fact: FactBase): OrderProgress {
  const status = fact.report?.ordStatus;
  const isOver = isEnding(status) || status === 'calculated';
  if (isOver) return order;
  return { ...order, isAccepted: true, ending: undefined, endedOn: undefined, restGoesOn: false, isCalculated: false, isSuspended: order.isSuspended && status === 'suspended' };
}

/** Before a message that states the whole order: all that others said of its state is past. */
function forgetState(order: OrderProgress): OrderProgress {
  return {
    ...order,
    isAccepted: false,
    ending: undefined,
    endedOn: undefined,
    restGoesOn: false,
    isCalculated: false,
    isStopped: false,
    isSuspended: false,
    cancelsPending: [],
    replacesPending: [],
    replacesAsked: [],
    chainedQty: undefined,
  };
}

/**
 * The first acceptance of an order whose cancel is pending already is reported as New, though pending cancel has
 * precedence (B.1.d, time 4); a broker that says pending cancel is taken at its word.
 */
function acceptOrder(order: OrderProgress, fact: FactBase): OrderProgress {
  // What is sent again was said before what came since: it is no reinstatement.
  const working = fact.possResend === true ? order : reopen(order, fact);
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
 * broker's CumQty leaves no room for. A trade that made another CumQty is another one: the one repeated here was lost.
 */
function repeatedSlot(order: OrderProgress, fact: ExecutionRecorded['data'], occurredAt: string): number {
  if (fact.possResend !== true || order.executions.slots.has(fact.execution.execId)) return -1;
  const said = quantityIn(fact.report?.cumQty);
  const isCounted = ({ execId }: OrderExecution): boolean => {
    const made = order.executions.saidCumQty.get(execId);
    return said !== undefined && compareQuantity(said, order.cumQty) <= 0 && (made === undefined || compareQuantity(said, made) === 0);
  };
  return findRepeated(order.executions, fact.execution, (known) => isCounted(known) || (said === undefined && compareTimes(known.occurredAt, occurredAt) === 0));
}

/** A trade that reports the order as canceled carries its cancel with it (bundled messages of exchanges). */
function recordExecution(order: OrderProgress, entry: OrderFactEntry, fact: ExecutionRecorded['data']): OrderProgress {
  const { tradingDay, place } = entry;
  const repeated = repeatedSlot(order, fact, place.occurredAt);
  if (repeated >= 0) return withExecutions(order, nameTrade(order.executions, fact.execution.execId, repeated));
  const compared = { ...order, disagreements: compareInstrument(order, fact.execution) };
  const traded = withExecutions(compared, recordTrade(order.executions, fact.execution, place.occurredAt, tradingDay, quantityIn(fact.report?.cumQty)));
  const status = fact.report?.ordStatus;
  if (traded.ending === undefined && (status === 'canceled' || status === 'expired')) return end({ ...traded, isAccepted: true }, status, tradingDay, fact);
  const isNextDay = traded.ending === 'done_for_day' && traded.restGoesOn && traded.endedOn !== undefined && tradingDay > traded.endedOn;
  return isNextDay ? reopen(traded, { refs: fact.refs }) : traded.isAccepted ? traded : { ...traded, isAccepted: true };
}

function restate(order: OrderProgress, fact: OrderRestated['data']): OrderProgress {
  const split = splitOf(order, fact);
  const working = reopen(split ? withExecutions(order, split) : order, fact);
  const reducedBy = quantityIn(fact.reducedBy);
  const changed = Object.keys(fact.change).length > 0 ? changeTerms(working, fact.change) : working;
  if (reducedBy === undefined) return changed;
  // What states the whole order states all that was cancelled of it.
  return { ...changed, canceledQty: fact.statesWholeOrder ? reducedBy : addQuantity(changed.canceledQty, reducedBy) };
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

/** A venue's own file names the order that was placed by the venue's id, and says that it is in the book (LOBSTER). */
function placeOrder(order: OrderProgress, { refs: { clOrdId, brokerOrderId }, report }: FactBase): OrderProgress {
  return {
    ...order,
    isPlaced: true,
    isAccepted: order.isAccepted || (report?.ordStatus !== undefined && report.ordStatus !== 'pending_new'),
    placedClOrdId: order.placedClOrdId ?? clOrdId,
    liveClOrdId: order.liveClOrdId ?? clOrdId,
    brokerOrderId: order.brokerOrderId ?? brokerOrderId,
  };
}

function applyByType(order: OrderProgress, entry: OrderFactEntry): OrderProgress {
  const { fact, tradingDay } = entry;
  const { occurredAt } = entry.place;
  switch (fact.type) {
    case 'OrderPlaced':
      return placeOrder(order, fact.data);
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
  const { clOrdId, brokerOrderId: said } = fact.data.refs;
  // A broker that knows no such order may say the same id of all of them.
  const isOfNothing = fact.type === 'CancelRejected' && fact.data.report?.ordStatus === 'rejected';
  const brokerOrderId = isOfNothing ? (order.brokerOrderId ?? said) : said;
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
  const { terms, report, statesWholeOrder } = fact.data;
  const before = statesWholeOrder ? forgetState(order) : order;
  const learn = statesWholeOrder ? stateTerms : fact.type === 'CancelRequested' ? assumeTerms : learnTerms;
  const known = terms ? learn(before, terms) : before;
  const applied = applyByType(known, entry);
  if (isRequest(fact) && !report) return applied;
  const named = readIds(applied, fact);
  // What is sent again says how the order was when it was sent first.
  return report && fact.data.possResend !== true ? { ...named, disagreements: compareReport(named, report) } : named;
}
