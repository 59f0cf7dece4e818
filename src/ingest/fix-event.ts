import { addQuantity, formatQuantity, quantity, quantityText } from '../domain/amounts.js';
import type { MoneyJson, QuantityString } from '../domain/amounts.js';
import { canonicalDecimal, tryParseDecimal } from '../domain/decimal.js';
import { execId } from '../domain/ids.js';
import type { ExecId } from '../domain/ids.js';
import type {
  BrokerReport,
  Environment,
  ExecutionData,
  FactBase,
  OrderFactEvent,
  OrderRefs,
  OrderTerms,
  OrdType,
  TermsChange,
} from '../domain/order/events.js';
import { FieldError, shown } from './adapter.js';
import {
  TAG,
  fieldName,
  flagOf,
  idOf,
  ordStatusOf,
  ordTypeOf,
  positionEffectOf,
  priceOf,
  reportedQuantity,
  required,
  shortText,
  sideOf,
  sizeOf,
  textOf,
  timeInForceOf,
} from './fix-fields.js';
import type { TagName } from './fix-fields.js';
import { instrumentOf, sourceSymbolOf } from './fix-instrument.js';
import type { InstrumentDefaults } from './fix-instrument.js';
import type { FixMessage } from './fix-parse.js';

export interface FixDefaults extends InstrumentDefaults {
  readonly environment: Environment;
}

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

/** ExecType (150) of reports that have no more to say than that they came, FIX 4.2 and 4.4. */
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
]);

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

/** What the message says of OrdType, or what its prices tell where it says nothing (40 is optional in reports). */
function ordTypeOrImplied(message: FixMessage): OrdType {
  const stated = ordTypeOf(message);
  if (stated !== undefined) return stated;
  const [price, stopPx] = [priceOf(message, 'Price'), priceOf(message, 'StopPx')];
  if (stopPx !== undefined) return price === undefined ? 'stop' : 'stop_limit';
  return price === undefined ? 'other' : 'limit';
}

/** OrdStatus of orders whose LeavesQty says nothing of their OrderQty: nothing is left of them, whatever it was. */
const NOTHING_LEFT: ReadonlySet<string> = new Set(['canceled', 'done_for_day', 'expired', 'calculated', 'rejected']);
const UNKNOWN_QTY = quantityText('0');

/**
 * OrderQty (38), or CumQty + LeavesQty where the report leaves it out, as it may. Undefined where neither is said: an order
 * for an amount of cash (152) has no quantity before the broker gives it one.
 */
function orderQtyOf(message: FixMessage): QuantityString | undefined {
  const stated = sizeOf(message, 'OrderQty');
  if (stated !== undefined) return stated;
  const [cumQty, leavesQty] = [sizeOf(message, 'CumQty'), sizeOf(message, 'LeavesQty')];
  if (cumQty === undefined || leavesQty === undefined || NOTHING_LEFT.has(ordStatusOf(message) ?? 'rejected')) return undefined;
  return formatQuantity(addQuantity(quantity(cumQty), quantity(leavesQty)));
}

/** The order's terms where the message carries them: instrument and side at least. An OrderQty of 0 is not known yet. */
function termsOf(message: FixMessage, defaults: FixDefaults): OrderTerms | undefined {
  const [instrument, sourceSymbol, side] = [instrumentOf(message, defaults), sourceSymbolOf(message), sideOf(message)];
  if (instrument === undefined || sourceSymbol === undefined || side === undefined) return undefined;
  const orderQty = orderQtyOf(message) ?? UNKNOWN_QTY;
  const [price, stopPx] = [priceOf(message, 'Price'), priceOf(message, 'StopPx')];
  const [timeInForce, positionEffect] = [timeInForceOf(message), positionEffectOf(message)];
  return {
    environment: defaults.environment,
    instrument,
    sourceSymbol,
    side,
    orderQty,
    ordType: ordTypeOrImplied(message),
    ...(price === undefined ? {} : { price }),
    ...(stopPx === undefined ? {} : { stopPx }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
    ...(positionEffect === undefined ? {} : { positionEffect }),
  };
}

function requiredSide(message: FixMessage): NonNullable<ReturnType<typeof sideOf>> {
  const code = required(textOf(message, 'Side'), 'Side');
  const side = sideOf(message);
  if (side === undefined) throw new FieldError(fieldName('Side'), `${shown(code)} is not one of 1 to 6`);
  return side;
}

function newOrderTerms(message: FixMessage, defaults: FixDefaults): OrderTerms {
  required(sourceSymbolOf(message), 'Symbol');
  requiredSide(message);
  required(ordTypeOf(message), 'OrdType');
  return required(termsOf(message, defaults), 'Symbol');
}

function changeOf(message: FixMessage): TermsChange {
  const [orderQty, price, stopPx] = [orderQtyOf(message), priceOf(message, 'Price'), priceOf(message, 'StopPx')];
  const [ordType, timeInForce] = [ordTypeOf(message), timeInForceOf(message)];
  return {
    ...(orderQty === undefined ? {} : { orderQty }),
    ...(price === undefined ? {} : { price }),
    ...(stopPx === undefined ? {} : { stopPx }),
    ...(ordType === undefined ? {} : { ordType }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
  };
}

/** Commission (12) where it is an amount (13=3), and the amounts of the NoMiscFees group. */
function feesOf(message: FixMessage, currency: string): MoneyJson[] {
  const fees: { amount: MoneyJson['amount']; currency: string }[] = [];
  const commission = priceOf(message, 'Commission');
  if (commission !== undefined && commission !== '0' && textOf(message, 'CommType') === '3') {
    fees.push({ amount: commission, currency: textOf(message, 'CommCurrency') ?? currency });
  }
  for (const { tag, value } of message.fields) {
    if (tag === TAG.MiscFeeAmt) {
      if (!tryParseDecimal(value)) throw new FieldError(fieldName('MiscFeeAmt'), `${shown(value)} is not a decimal`);
      fees.push({ amount: canonicalDecimal(value), currency });
    }
    const last = fees.at(-1);
    if (tag === TAG.MiscFeeCurr && last && /^[\w.]{1,20}$/u.test(value)) last.currency = value;
  }
  if (fees.length > 20) throw new FieldError(fieldName('NoMiscFees'), 'is more than 19 fees');
  return fees.filter(({ amount }) => amount !== '0');
}

function executionOf(message: FixMessage, defaults: FixDefaults): ExecutionData {
  const instrument = required(instrumentOf(message, defaults), 'Symbol');
  const positionEffect = positionEffectOf(message);
  const venue = textOf(message, 'LastMkt');
  return {
    execId: requiredExecId(message, 'ExecID'),
    side: requiredSide(message),
    lastQty: required(sizeOf(message, 'LastQty'), 'LastQty'),
    lastPx: required(priceOf(message, 'LastPx'), 'LastPx'),
    instrument,
    sourceSymbol: required(sourceSymbolOf(message), 'Symbol'),
    fees: feesOf(message, instrument.quoteCurrency),
    ...(positionEffect === undefined ? {} : { positionEffect }),
    ...(venue === undefined ? {} : { venue }),
  };
}

const requiredExecId = (message: FixMessage, name: 'ExecID' | 'ExecRefID'): ExecId => execId(required(idOf(message, name), name));

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
      return reportEvent(message, { ...base, report: reportOf(message), ...withTerms() }, defaults);
    case '9':
      return cancelReject(message, { ...base, report: reportOf(message) });
  }
}
