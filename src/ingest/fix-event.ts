import type { BrokerReport, FactBase, OrderFactEvent, OrderRefs } from '../domain/order/events.js';
import { FieldError, shown } from './adapter.js';
import { executionOf, legOf, requiredExecId } from './fix-execution.js';
import { ordStatusOf } from './fix-codes.js';
import { fieldName, flagOf, idOf, priceOf, reportedQuantity, required, shortText, textOf } from './fix-fields.js';
import type { TagName } from './fix-fields.js';
import type { FixMessage } from './fix-parse.js';
import { changeOf, newOrderTerms, termsOf } from './fix-terms.js';
import type { FixDefaults } from './fix-terms.js';

type PlainReport =
  | 'OrderAccepted'
  | 'OrderDoneForDay'
  | 'OrderCanceled'
  | 'CancelPending'
  | 'OrderStopped'
  | 'OrderRejected'
  | 'OrderSuspended'
  | 'OrderPendingNew'
  | 'OrderCalculated'
  | 'OrderExpired'
  | 'ReplacePending'
  | 'OrderStatusReported';

/** ExecType (150) of reports that have no more to say than that they came: FIX 4.2 and 4.4, and what later versions added. */
const PLAIN_REPORTS: ReadonlyMap<string, PlainReport> = new Map([
  ['0', 'OrderAccepted'],
  ['3', 'OrderDoneForDay'],
  ['4', 'OrderCanceled'],
  ['6', 'CancelPending'],
  ['7', 'OrderStopped'],
  ['8', 'OrderRejected'],
  ['9', 'OrderSuspended'],
  ['A', 'OrderPendingNew'],
  ['B', 'OrderCalculated'],
  ['C', 'OrderExpired'],
  ['E', 'ReplacePending'],
  ['I', 'OrderStatusReported'],
  // Clearing holds and locks change nothing of the order; one that was activated works from then on.
  ['J', 'OrderStatusReported'],
  ['K', 'OrderStatusReported'],
  ['L', 'OrderAccepted'],
  ['M', 'OrderStatusReported'],
  ['N', 'OrderStatusReported'],
]);

/** MultiLegReportingType (442) of a report of one leg. */
const INDIVIDUAL_LEG = '2';

/** The ids a message uses for its order. */
function refsOf(message: FixMessage): OrderRefs {
  const [brokerOrderId, clOrdId, origClOrdId] = [idOf(message, 'OrderID'), idOf(message, 'ClOrdID'), idOf(message, 'OrigClOrdID')];
  return {
    ...(brokerOrderId === undefined ? {} : { brokerOrderId }),
    ...(clOrdId === undefined ? {} : { clOrdId }),
    ...(origClOrdId === undefined ? {} : { origClOrdId }),
  };
}

/** Code and words of a reject or a restatement, `6: duplicate order`. What the code means follows from the event's type. */
function reasonOf(message: FixMessage): string | undefined {
  const names: readonly TagName[] = ['OrdRejReason', 'CxlRejReason', 'ExecRestatementReason', 'Text'];
  const reason = names.flatMap((name) => textOf(message, name) ?? []).join(': ');
  return reason === '' ? undefined : shortText(reason);
}

function reportOf(message: FixMessage): BrokerReport {
  const [ordStatus, reason] = [ordStatusOf(message), reasonOf(message)];
  const [orderQty, cumQty] = [reportedQuantity(message, 'OrderQty'), reportedQuantity(message, 'CumQty')];
  const [leavesQty, avgPx] = [reportedQuantity(message, 'LeavesQty'), priceOf(message, 'AvgPx')];
  return {
    ...(ordStatus === undefined ? {} : { ordStatus }),
    ...(orderQty === undefined ? {} : { orderQty }),
    ...(cumQty === undefined ? {} : { cumQty }),
    ...(leavesQty === undefined ? {} : { leavesQty }),
    ...(avgPx === undefined ? {} : { avgPx }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function executionReport(message: FixMessage, base: FactBase, defaults: FixDefaults): OrderFactEvent {
  const execType = required(textOf(message, 'ExecType'), 'ExecType');
  const plain = PLAIN_REPORTS.get(execType);
  if (plain !== undefined) return { type: plain, data: base };
  switch (execType) {
    case '5':
      return { type: 'OrderReplaced', data: { ...base, change: changeOf(message) } };
    case 'D':
      return { type: 'OrderRestated', data: { ...base, change: changeOf(message) } };
    case '1':
    case '2':
    case 'F':
      return { type: 'ExecutionRecorded', data: { ...base, execution: executionOf(message, defaults) } };
    case 'G':
      return correction(message, base, defaults);
    case 'H':
      return bust(message, base);
    default:
      throw new FieldError(fieldName('ExecType'), `${shown(execType)} is none of FIX 4.2 or 4.4`);
  }
}

const correction = (message: FixMessage, base: FactBase, defaults: FixDefaults): OrderFactEvent => ({
  type: 'ExecutionCorrected',
  data: { ...base, execRefId: requiredExecId(message, 'ExecRefID'), execution: executionOf(message, defaults) },
});

const bust = (message: FixMessage, base: FactBase): OrderFactEvent => ({
  type: 'ExecutionBusted',
  data: { ...base, execId: requiredExecId(message, 'ExecID'), execRefId: requiredExecId(message, 'ExecRefID') },
});

/**
 * A report of one leg of a multileg order (442=2): kept as a message that came, with its words. The order's own executions are
 * those of the whole (442=3): a leg's would count the same trade twice, and its numbers are not the order's.
 */
function legReport(message: FixMessage, { refs }: FactBase): OrderFactEvent {
  return { type: 'OrderStatusReported', data: { refs, report: { reason: shortText(legOf(message)) } } };
}

/** An execution report by its ExecTransType (20, FIX 4.2 only), where that decides, and by its ExecType otherwise. */
function reportEvent(message: FixMessage, base: FactBase, defaults: FixDefaults): OrderFactEvent {
  const execTransType = textOf(message, 'ExecTransType') ?? '0';
  switch (execTransType) {
    case '0':
      return executionReport(message, base, defaults);
    case '1':
      return bust(message, base);
    case '2':
      return correction(message, base, defaults);
    case '3':
      return { type: 'OrderStatusReported', data: base };
    default:
      throw new FieldError(fieldName('ExecTransType'), `${shown(execTransType)} is not one of 0 to 3`);
  }
}

function cancelReject(message: FixMessage, base: FactBase): OrderFactEvent {
  const to = required(textOf(message, 'CxlRejResponseTo'), 'CxlRejResponseTo');
  if (to !== '1' && to !== '2') throw new FieldError(fieldName('CxlRejResponseTo'), `${shown(to)} is neither 1 (cancel) nor 2 (replace)`);
  return { type: 'CancelRejected', data: { ...base, responseTo: to === '1' ? 'cancel' : 'replace' } };
}

/** What a message of one of the types D, F, G, 8 and 9 says about its order. Throws a FieldError where a field is at fault. */
export function fixEvent(msgType: 'D' | 'F' | 'G' | '8' | '9', message: FixMessage, defaults: FixDefaults): OrderFactEvent {
  const base = { refs: refsOf(message), ...(flagOf(message, 'PossResend') ? { possResend: true } : {}) };
  const withTerms = (): Pick<FactBase, 'terms'> => {
    const terms = termsOf(message, defaults);
    return terms === undefined ? {} : { terms };
  };
  switch (msgType) {
    case 'D':
      return { type: 'OrderPlaced', data: { ...base, origin: 'fact', terms: newOrderTerms(message, defaults) } };
    case 'F':
      return { type: 'CancelRequested', data: { ...base, origin: 'fact', ...withTerms() } };
    case 'G':
      return { type: 'ReplaceRequested', data: { ...base, origin: 'fact', change: changeOf(message) } };
    case '8':
      if (textOf(message, 'MultiLegReportingType') === INDIVIDUAL_LEG) return legReport(message, base);
      return reportEvent(message, { ...base, report: reportOf(message), ...withTerms() }, defaults);
    case '9':
      return cancelReject(message, { ...base, report: reportOf(message) });
  }
}
