import { z } from 'zod';
import type { PriceString, QuantityString } from '../../domain/amounts.js';
import type { DecimalString } from '../../domain/decimal.js';
import type { Digest, ExecId, OrderId, PositionId } from '../../domain/ids.js';
import type { OrderEventBody, OrderEventType, OrderFactEvent } from '../../domain/order/events.js';
import { decimal, digestText, text, unsignedDecimal, uuid } from './values.js';

const quantity = () => unsignedDecimal<QuantityString>();
const price = () => decimal<PriceString>();

export const money = z.strictObject({ amount: decimal<DecimalString>(), currency: text(20) });

export const instrument = z.strictObject({
  symbol: text(),
  securityType: z.enum(['equity', 'option', 'future', 'spot', 'forex', 'multileg', 'other']),
  multiplier: decimal<DecimalString>(),
  quoteCurrency: text(20),
  settlementCurrency: text(20),
});

export const environment = z.enum(['live', 'paper']);
const side = z.enum(['buy', 'sell', 'sell_short', 'sell_short_exempt', 'buy_minus', 'sell_plus']);
export const ordType = z.enum(['market', 'limit', 'stop', 'stop_limit', 'market_on_close', 'limit_on_close', 'pegged', 'trailing_stop', 'other']);
export const timeInForce = z.enum(['day', 'gtc', 'opg', 'ioc', 'fok', 'gtx', 'gtd', 'at_the_close']);
const positionEffect = z.enum(['open', 'close']);
const ordStatus = z.enum([
  'pending_new',
  'new',
  'partially_filled',
  'filled',
  'done_for_day',
  'canceled',
  'pending_cancel',
  'stopped',
  'rejected',
  'suspended',
  'calculated',
  'expired',
  'accepted_for_bidding',
  'pending_replace',
]);

const terms = z.strictObject({
  environment,
  instrument,
  sourceSymbol: text(),
  side,
  orderQty: quantity(),
  ordType,
  price: price().exactOptional(),
  stopPx: price().exactOptional(),
  timeInForce: timeInForce.exactOptional(),
  positionEffect: positionEffect.exactOptional(),
  positionId: uuid<PositionId>().exactOptional(),
  strategy: text().exactOptional(),
  signal: text().exactOptional(),
  group: text().exactOptional(),
  portfolio: text().exactOptional(),
});

const refs = z.strictObject({
  brokerOrderId: text().exactOptional(),
  clOrdId: text().exactOptional(),
  origClOrdId: text().exactOptional(),
});

const report = z.strictObject({
  ordStatus: ordStatus.exactOptional(),
  // A broker's own numbers are kept as they are said, also where they make no sense (a negative LeavesQty).
  orderQty: decimal<QuantityString>().exactOptional(),
  cumQty: decimal<QuantityString>().exactOptional(),
  leavesQty: decimal<QuantityString>().exactOptional(),
  avgPx: price().exactOptional(),
  reason: text().exactOptional(),
});

export const execution = z.strictObject({
  execId: text<ExecId>(),
  secondaryExecId: text<ExecId>().exactOptional(),
  side,
  lastQty: quantity(),
  lastPx: price(),
  instrument,
  sourceSymbol: text(),
  fees: z.array(money).max(20),
  positionEffect: positionEffect.exactOptional(),
  positionId: uuid<PositionId>().exactOptional(),
  venue: text().exactOptional(),
});

const change = z.strictObject({
  orderQty: quantity().exactOptional(),
  price: price().exactOptional(),
  stopPx: price().exactOptional(),
  ordType: ordType.exactOptional(),
  timeInForce: timeInForce.exactOptional(),
});

const factShape = {
  refs,
  report: report.exactOptional(),
  terms: terms.exactOptional(),
  possResend: z.boolean().exactOptional(),
  statesWholeOrder: z.literal(true).exactOptional(),
};
const plainFact = z.strictObject(factShape);
const origin = z.enum(['intent', 'fact']);

type DataOf<Type extends OrderEventType> = Extract<OrderEventBody, { type: Type }>['data'];

/** The data of each fact about an order, schemaVersion 1. */
const ORDER_FACT_SCHEMAS = {
  OrderPlaced: z.strictObject({ ...factShape, origin, terms }),
  CancelRequested: z.strictObject({ ...factShape, origin }),
  ReplaceRequested: z.strictObject({ ...factShape, origin, change }),
  OrderPendingNew: plainFact,
  OrderAccepted: plainFact,
  OrderRejected: plainFact,
  CancelPending: plainFact,
  ReplacePending: plainFact,
  OrderReplaced: z.strictObject({ ...factShape, change }),
  OrderCanceled: plainFact,
  CancelRejected: z.strictObject({ ...factShape, responseTo: z.enum(['cancel', 'replace']) }),
  OrderDoneForDay: plainFact,
  OrderExpired: plainFact,
  OrderRestated: z.strictObject({ ...factShape, change, reducedBy: quantity().exactOptional() }),
  OrderStopped: plainFact,
  OrderSuspended: plainFact,
  OrderCalculated: plainFact,
  OrderStatusReported: plainFact,
  ExecutionRecorded: z.strictObject({ ...factShape, execution }),
  ExecutionCorrected: z.strictObject({ ...factShape, execRefId: text<ExecId>(), execution }),
  ExecutionBusted: z.strictObject({ ...factShape, execId: text<ExecId>(), execRefId: text<ExecId>() }),
} satisfies { [Type in OrderFactEvent['type']]: z.ZodType<DataOf<Type>> };

const S = ORDER_FACT_SCHEMAS;
const factEvent = <Type extends string, Schema extends z.ZodType>(type: Type, data: Schema) => z.strictObject({ type: z.literal(type), data });

/** A fact within another event. */
export const orderFact = z.discriminatedUnion('type', [
  factEvent('OrderPlaced', S.OrderPlaced),
  factEvent('CancelRequested', S.CancelRequested),
  factEvent('ReplaceRequested', S.ReplaceRequested),
  factEvent('OrderPendingNew', S.OrderPendingNew),
  factEvent('OrderAccepted', S.OrderAccepted),
  factEvent('OrderRejected', S.OrderRejected),
  factEvent('CancelPending', S.CancelPending),
  factEvent('ReplacePending', S.ReplacePending),
  factEvent('OrderReplaced', S.OrderReplaced),
  factEvent('OrderCanceled', S.OrderCanceled),
  factEvent('CancelRejected', S.CancelRejected),
  factEvent('OrderDoneForDay', S.OrderDoneForDay),
  factEvent('OrderExpired', S.OrderExpired),
  factEvent('OrderRestated', S.OrderRestated),
  factEvent('OrderStopped', S.OrderStopped),
  factEvent('OrderSuspended', S.OrderSuspended),
  factEvent('OrderCalculated', S.OrderCalculated),
  factEvent('OrderStatusReported', S.OrderStatusReported),
  factEvent('ExecutionRecorded', S.ExecutionRecorded),
  factEvent('ExecutionCorrected', S.ExecutionCorrected),
  factEvent('ExecutionBusted', S.ExecutionBusted),
]);

/** The data of each event of an order's stream, schemaVersion 1. */
export const ORDER_SCHEMAS = {
  ...ORDER_FACT_SCHEMAS,
  FactConflicted: z.strictObject({ firstDigest: digestText<Digest>(), fact: orderFact }),
  FactRepeated: z.strictObject({ fact: orderFact }),
  OrderLinked: z.strictObject({ intoOrderId: uuid<OrderId>() }),
  AliasClaimed: z.strictObject({ orderId: uuid<OrderId>(), aliasKey: text(4_096) }),
} satisfies { [Type in OrderEventType]: z.ZodType<DataOf<Type>> };
