import { addQuantity, formatQuantity, quantity } from '../domain/amounts.js';
import type { QuantityString } from '../domain/amounts.js';
import { execId } from '../domain/ids.js';
import type { ExecId } from '../domain/ids.js';
import type { BrokerReport, ExecutionData, FactBase, OrderFactEvent, OrdStatus, OrderTerms } from '../domain/order/events.js';
import { instrumentOf, ordStatusOf, refsOf, reportOf, sideOf, termsOf } from './alpaca-order.js';
import type { AlpacaDefaults } from './alpaca-order.js';
import type { JsonFields } from './json-fields.js';

const MAX_REASON_LENGTH = 200;

/*
 * What a trade update, an order of the REST API or a FILL activity says about an order.
 * https://docs.alpaca.markets/docs/websocket-streaming, https://docs.alpaca.markets/docs/sse-events
 */

type Plain =
  | 'OrderPendingNew'
  | 'OrderAccepted'
  | 'CancelPending'
  | 'ReplacePending'
  | 'OrderCanceled'
  | 'OrderRejected'
  | 'OrderExpired'
  | 'OrderDoneForDay'
  | 'OrderStopped'
  | 'OrderSuspended'
  | 'OrderCalculated';

/** What an order of this status is; of one that has trades, that it works: they come in messages of their own. */
const EVENT_OF_STATUS: Readonly<Record<OrdStatus, Plain>> = {
  pending_new: 'OrderPendingNew',
  new: 'OrderAccepted',
  accepted_for_bidding: 'OrderAccepted',
  partially_filled: 'OrderAccepted',
  filled: 'OrderAccepted',
  pending_cancel: 'CancelPending',
  pending_replace: 'ReplacePending',
  canceled: 'OrderCanceled',
  rejected: 'OrderRejected',
  expired: 'OrderExpired',
  done_for_day: 'OrderDoneForDay',
  stopped: 'OrderStopped',
  suspended: 'OrderSuspended',
  calculated: 'OrderCalculated',
};
/** Events of trade updates that say no more than how the order is now. */
const PLAIN_EVENTS: ReadonlyMap<string, Plain> = new Map([
  ['new', 'OrderAccepted'],
  ['accepted', 'OrderPendingNew'],
  ['pending_new', 'OrderPendingNew'],
  ['held', 'OrderPendingNew'],
  ['canceled', 'OrderCanceled'],
  ['replaced', 'OrderCanceled'],
  ['expired', 'OrderExpired'],
  ['done_for_day', 'OrderDoneForDay'],
  ['rejected', 'OrderRejected'],
  ['stopped', 'OrderStopped'],
  ['pending_cancel', 'CancelPending'],
  ['pending_replace', 'ReplacePending'],
  ['calculated', 'OrderCalculated'],
  ['suspended', 'OrderSuspended'],
]);

interface Order {
  readonly fields: JsonFields;
  readonly group: string | undefined;
}

const baseOf = ({ fields, group }: Order, defaults: AlpacaDefaults): FactBase => ({ refs: refsOf(fields), report: reportOf(fields), terms: termsOf(fields, defaults, group) });

/** How an order is that is told whole: of the REST API, or a leg within another order. */
export function statedOrder(order: Order, defaults: AlpacaDefaults): OrderFactEvent {
  const base = baseOf(order, defaults);
  const status = ordStatusOf(order.fields);
  if (status === undefined) return { type: 'OrderStatusReported', data: base };
  return { type: EVENT_OF_STATUS[status], data: { ...base, statesWholeOrder: true } };
}

/** Where a message gives a trade no id: how much was filled with it, which no two trades of an order share. */
const execIdOf = (update: JsonFields, filledQty: QuantityString | undefined): ExecId => execId(update.id('execution_id') ?? `filled ${update.required('execution_id', filledQty)}`);

function executionOf(update: JsonFields, { fields }: Order, defaults: AlpacaDefaults): ExecutionData {
  const { positionEffect } = termsOf(fields, defaults, undefined);
  return {
    execId: execIdOf(update, fields.quantity('filled_qty')),
    side: sideOf(fields),
    lastQty: update.required('qty', update.quantity('qty')),
    lastPx: update.required('price', update.price('price')),
    instrument: instrumentOf(fields, defaults),
    sourceSymbol: fields.required('symbol', fields.text('symbol', 100)),
    fees: [],
    ...(positionEffect === undefined ? {} : { positionEffect }),
  };
}

/** The trade, or, where messages of another kind count trades, what this one says of its order. */
const trade = (base: FactBase, execution: ExecutionData, isCounted: boolean): OrderFactEvent =>
  isCounted ? { type: 'ExecutionRecorded', data: { ...base, execution } } : { type: 'OrderStatusReported', data: base };

/**
 * A partial fill without what it says of its order. Alpaca books the part of a share at a time of its own, and activities have
 * other times than updates: how much was filled is then not as of the trade's time. What the last fill says is the order's all
 * the same, and so is what any other message says.
 */
function withoutReport({ report: _report, ...base }: FactBase): FactBase {
  return base;
}

const previousExecution = (update: JsonFields): ExecId => execId(update.required('previous_execution_id', update.id('previous_execution_id')));

/** What a trade update says about its order. */
export function updatedOrder(update: JsonFields, order: Order, defaults: AlpacaDefaults): OrderFactEvent {
  const event = update.required('event', update.text('event'));
  const base = baseOf(order, defaults);
  const plain = PLAIN_EVENTS.get(event);
  if (plain !== undefined) return { type: plain, data: { ...base, statesWholeOrder: true } };
  switch (event) {
    case 'fill':
      return trade(base, executionOf(update, order, defaults), defaults.fills !== 'activities');
    case 'partial_fill':
      return trade(withoutReport(base), executionOf(update, order, defaults), defaults.fills !== 'activities');
    case 'trade_correct':
      return { type: 'ExecutionCorrected', data: { ...base, execRefId: previousExecution(update), execution: executionOf(update, order, defaults) } };
    case 'trade_bust':
      return { type: 'ExecutionBusted', data: { ...base, execId: execIdOf(update, undefined), execRefId: previousExecution(update) } };
    case 'order_cancel_rejected':
      return { type: 'CancelRejected', data: { ...base, responseTo: 'cancel' } };
    case 'order_replace_rejected':
      return { type: 'CancelRejected', data: { ...base, responseTo: 'replace' } };
    case 'restated':
      return { type: 'OrderRestated', data: { ...base, change: {}, statesWholeOrder: true } };
    default:
      // An event that is not known here: what its order says counts, and the word stands in the ledger.
      return { type: 'OrderStatusReported', data: base.report?.ordStatus === undefined ? { ...base, report: { ...base.report, reason: `event ${event}`.slice(0, MAX_REASON_LENGTH) } } : base };
  }
}

/** The id of an activity is `20220304095318500::092cd749-…`: its time in New York, and the id of what happened. */
const ACTIVITY_ID = /^\d{14,20}::(?<id>.+)$/u;

/** An activity says in how far its order is filled, by the word of its status. */
const ACTIVITY_STATUSES: ReadonlyMap<string, OrdStatus> = new Map([
  ['partially_filled', 'partially_filled'],
  ['filled', 'filled'],
]);

function activityReport(activity: JsonFields): BrokerReport {
  const [cumQty, leavesQty] = [activity.quantity('cum_qty'), activity.quantity('leaves_qty')];
  const ordStatus = ACTIVITY_STATUSES.get(activity.text('order_status') ?? '');
  return { ...(ordStatus === undefined ? {} : { ordStatus }), ...(cumQty === undefined ? {} : { cumQty }), ...(leavesQty === undefined ? {} : { leavesQty }) };
}

/** The trade of a FILL activity. It tells as much of its order as is needed where nothing else is known of it. */
export function activityTrade(activity: JsonFields, defaults: AlpacaDefaults): OrderFactEvent {
  const { environment } = defaults;
  const id = activity.required('id', activity.id('id'));
  const brokerOrderId = activity.required('order_id', activity.id('order_id'));
  const report = activityReport(activity);
  const [side, instrument] = [sideOf(activity), instrumentOf(activity, defaults)];
  const sourceSymbol = activity.required('symbol', activity.text('symbol', 100));
  const orderQty = report.cumQty && report.leavesQty && formatQuantity(addQuantity(quantity(report.cumQty), quantity(report.leavesQty)));
  const terms: OrderTerms | undefined = orderQty && { environment, instrument, sourceSymbol, side, orderQty, ordType: 'other' };
  const execution: ExecutionData = {
    execId: execId(ACTIVITY_ID.exec(id)?.groups?.['id'] ?? id),
    side,
    lastQty: activity.required('qty', activity.quantity('qty')),
    lastPx: activity.required('price', activity.price('price')),
    instrument,
    sourceSymbol,
    fees: [],
  };
  const base: FactBase = { refs: { brokerOrderId }, report, ...(terms ? { terms } : {}) };
  return trade(activity.text('type') === 'partial_fill' ? withoutReport(base) : base, execution, defaults.fills !== 'updates');
}
