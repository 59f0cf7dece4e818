import { z } from 'zod';
import type { PriceString, QuantityString } from '../../domain/amounts.js';
import type { DecimalString } from '../../domain/decimal.js';
import type { ExecId, OrderId, TargetKey } from '../../domain/ids.js';
import type { PositionEventBody, PositionEventType } from '../../domain/position/events.js';
import { environment, execution, instrument, money, ordType, timeInForce } from './order-schemas.js';
import { decimal, text, unsignedDecimal, uuid } from './values.js';

const quantity = () => unsignedDecimal<QuantityString>();
const price = () => decimal<PriceString>();
const targetKey = () => text<TargetKey>(100);

const fillOf = z.strictObject({
  fill: z.strictObject({ orderId: uuid<OrderId>(), execId: text<ExecId>(), version: z.int().min(1).max(1_000_000) }),
  effect: z.enum(['open', 'close']),
  targetKey: targetKey().exactOptional(),
  execution,
});
const targetEnd = z.strictObject({ targetKey: targetKey(), reason: text().exactOptional() });

/** The data of each event of a position's stream, schemaVersion 1. */
export const POSITION_SCHEMAS = {
  PositionOpened: z.strictObject({
    environment,
    instrument,
    sourceSymbol: text(),
    direction: z.enum(['long', 'short']),
    quantity: quantity(),
    openPrice: price().exactOptional(),
    originalCredit: money.exactOptional(),
    strategyType: text(),
    strategy: text().exactOptional(),
    signal: text().exactOptional(),
    group: text().exactOptional(),
    portfolio: text().exactOptional(),
  }),
  TargetSet: z.strictObject({
    targetKey: targetKey(),
    kind: z.enum(['profit', 'stop_loss']),
    percent: unsignedDecimal<DecimalString>(),
    targetPrice: price(),
    quantity: quantity(),
    originalCredit: money.exactOptional(),
    orderRef: text(200).exactOptional(),
  }),
  TargetOrderAttached: z.strictObject({ targetKey: targetKey(), orderRef: text(200), orderId: uuid<OrderId>() }),
  FillRecorded: fillOf,
  FillCorrected: fillOf,
  FillReversed: fillOf,
  TargetCancelled: targetEnd,
  TargetRejected: targetEnd,
  PositionCloseRequested: z.strictObject({
    reason: z.enum(['expiry', 'manual', 'risk', 'strategy']),
    quantity: quantity(),
    side: z.enum(['buy', 'sell']),
    order: z.strictObject({
      clOrdId: text(),
      ordType,
      price: price().exactOptional(),
      stopPx: price().exactOptional(),
      timeInForce: timeInForce.exactOptional(),
    }),
    immediately: z.boolean(),
  }),
  ClosingOrderSized: z.strictObject({ clOrdId: text(), quantity: quantity() }),
  PositionCloseEnded: z.strictObject({ clOrdId: text(), outcome: z.enum(['filled', 'cancelled', 'rejected', 'nothing_left']), reason: text().exactOptional() }),
} satisfies { [Type in PositionEventType]: z.ZodType<Extract<PositionEventBody, { type: Type }>['data']> };
