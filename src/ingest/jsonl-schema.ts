import { z } from 'zod';
import { priceText, quantityText } from '../domain/amounts.js';
import type { PriceString, QuantityString } from '../domain/amounts.js';
import { canonicalDecimal, tryParseDecimal } from '../domain/decimal.js';
import type { DecimalString } from '../domain/decimal.js';
import { execId, positionId } from '../domain/ids.js';
import type { Environment } from '../domain/order/events.js';
import { isId } from './aliases.js';
import { dayMs } from './zoned-time.js';

/*
 * The schema of plain JSON lines, documented in docs/jsonl.md: an order's facts as they stand in the ledger, with what
 * most sources leave out filled in.
 */

const CONTROL_OR_HALF = /[\p{Cc}\p{Surrogate}]/u;
const UTC_TIME = /^(?<date>\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,12})?Z$/u;
const MAX_FEES = 20;

const text = (maxLength = 200) =>
  z
    .string('must be a text')
    .min(1, 'must not be empty')
    .max(maxLength, `must be at most ${maxLength} characters`)
    .refine((value) => !CONTROL_OR_HALF.test(value), 'must not hold control characters');

const decimalText = () =>
  z
    .string('must be a decimal in quotes, such as "12.50"')
    .refine((value) => tryParseDecimal(value) !== undefined, 'must be a plain decimal in quotes, such as "12.50"');
const positive = () => decimalText().refine((value) => !value.startsWith('-'), 'must not be negative');

const aboveZero = () => positive().refine((value) => /[1-9]/u.test(value), 'must be above 0');

const quantity = () => positive().transform((value): QuantityString => quantityText(value));
const reported = () => decimalText().transform((value): QuantityString => quantityText(value));
const price = () => decimalText().transform((value): PriceString => priceText(value));
const amount = () => decimalText().transform((value): DecimalString => canonicalDecimal(value));
const orderName = () => text().refine((value) => isId(value), 'must name an order: NONE and 0 do not');
const executionId = () => orderName().transform((value) => execId(value));
const currency = () => text(20);

const instrument = z
  .strictObject({
    symbol: text(),
    securityType: z.enum(['equity', 'option', 'future', 'spot', 'forex', 'multileg', 'other']).default('equity'),
    multiplier: aboveZero().default('1').transform((value): DecimalString => canonicalDecimal(value)),
    quoteCurrency: currency().default('USD'),
    settlementCurrency: currency().optional(),
  })
  .transform(({ settlementCurrency, ...rest }) => ({ ...rest, settlementCurrency: settlementCurrency ?? rest.quoteCurrency }));

const side = z.enum(['buy', 'sell', 'sell_short', 'sell_short_exempt', 'buy_minus', 'sell_plus']);
const ordType = z.enum(['market', 'limit', 'stop', 'stop_limit', 'market_on_close', 'limit_on_close', 'pegged', 'trailing_stop', 'other']);
const timeInForce = z.enum(['day', 'gtc', 'opg', 'ioc', 'fok', 'gtx', 'gtd', 'at_the_close']);
const positionEffect = z.enum(['open', 'close']);
const position = z.uuid('must be a UUID').transform((value) => positionId(value.toLowerCase()));
const ordStatus = z.enum([
  'pending_new', 'new', 'partially_filled', 'filled', 'done_for_day', 'canceled', 'pending_cancel', 'stopped', 'rejected', 'suspended', 'calculated', 'expired',
  'accepted_for_bidding', 'pending_replace',
]);

const termsIn = (environment: Environment) =>
  z
    .strictObject({
      environment: z.enum(['live', 'paper']).default(environment),
      instrument,
      sourceSymbol: text().exactOptional(),
      side,
      orderQty: quantity(),
      ordType,
      price: price().exactOptional(),
      stopPx: price().exactOptional(),
      timeInForce: timeInForce.exactOptional(),
      positionEffect: positionEffect.exactOptional(),
      positionId: position.exactOptional(),
      strategy: text().exactOptional(),
      signal: text().exactOptional(),
      group: text().exactOptional(),
      portfolio: text().exactOptional(),
    })
    .transform(({ sourceSymbol, ...rest }) => ({ ...rest, sourceSymbol: sourceSymbol ?? rest.instrument.symbol }));

const execution = z
  .strictObject({
    execId: executionId(),
    side,
    lastQty: quantity(),
    lastPx: price(),
    instrument,
    sourceSymbol: text().exactOptional(),
    fees: z.array(z.strictObject({ amount: amount(), currency: currency() })).max(MAX_FEES, `must be at most ${MAX_FEES} fees`).default([]),
    positionEffect: positionEffect.exactOptional(),
    positionId: position.exactOptional(),
    venue: text().exactOptional(),
  })
  .transform(({ sourceSymbol, ...rest }) => ({ ...rest, sourceSymbol: sourceSymbol ?? rest.instrument.symbol }));

const change = z.strictObject({
  orderQty: quantity().exactOptional(),
  price: price().exactOptional(),
  stopPx: price().exactOptional(),
  ordType: ordType.exactOptional(),
  timeInForce: timeInForce.exactOptional(),
});

/** The fields of a line that say where, when and by whom, not what happened. */
export const jsonContext = z.strictObject({
  occurredAt: text(40).refine((value) => dayMs(UTC_TIME.exec(value)?.groups?.['date'] ?? '') !== undefined, 'must be a UTC time, such as 2026-11-20T14:30:00.123456Z'),
  tradingDay: text(10)
    .refine((value) => dayMs(value) !== undefined, 'must be a day, YYYY-MM-DD')
    .exactOptional(),
  source: text(100).exactOptional(),
  session: text().exactOptional(),
  sequence: text(40)
    .regex(/^(?:0|[1-9]\d*)$/u, 'must be a whole number in quotes')
    .exactOptional(),
  sourceEventId: text().exactOptional(),
  account: text().exactOptional(),
  idScope: z.array(text(100)).max(4, 'must be at most 4 texts').default([]),
});
export type JsonContext = z.infer<typeof jsonContext>;
export const JSON_CONTEXT_FIELDS: ReadonlySet<string> = new Set(Object.keys(jsonContext.shape));

const factShape = {
  refs: z
    .strictObject({ brokerOrderId: orderName().exactOptional(), clOrdId: orderName().exactOptional(), origClOrdId: orderName().exactOptional() })
    .refine((refs) => Object.keys(refs).length > 0, 'must name the order by at least one id'),
  report: z
    .strictObject({
      ordStatus: ordStatus.exactOptional(),
      orderQty: reported().exactOptional(),
      cumQty: reported().exactOptional(),
      leavesQty: reported().exactOptional(),
      avgPx: price().exactOptional(),
      reason: text().exactOptional(),
    })
    .exactOptional(),
  possResend: z.boolean().exactOptional(),
};
const origin = z.literal('fact').default('fact');

/** The facts, as `{ type, data }`; orders without an environment are of the given one. Unknown fields are refused by name. */
export function jsonFact(environment: Environment) {
  const terms = termsIn(environment);
  const shape = { ...factShape, terms: terms.exactOptional() };
  const fact = <Type extends string, Shape extends z.ZodRawShape>(type: Type, own: Shape) =>
    z.strictObject({ type: z.literal(type), data: z.strictObject({ ...shape, ...own }) });
  return z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('OrderPlaced'), data: z.strictObject({ ...factShape, origin, terms }) }),
    fact('CancelRequested', { origin }),
    fact('ReplaceRequested', { origin, change }),
    fact('OrderPendingNew', {}),
    fact('OrderAccepted', {}),
    fact('OrderRejected', {}),
    fact('CancelPending', {}),
    fact('ReplacePending', {}),
    fact('OrderReplaced', { change }),
    fact('OrderCanceled', {}),
    fact('CancelRejected', { responseTo: z.enum(['cancel', 'replace']) }),
    fact('OrderDoneForDay', {}),
    fact('OrderExpired', {}),
    fact('OrderRestated', { change: change.prefault({}), reducedBy: quantity().exactOptional() }),
    fact('OrderStopped', {}),
    fact('OrderSuspended', {}),
    fact('OrderCalculated', {}),
    fact('OrderStatusReported', {}),
    fact('ExecutionRecorded', { execution }),
    fact('ExecutionCorrected', { execRefId: executionId(), execution }),
    fact('ExecutionBusted', { execId: executionId(), execRefId: executionId() }),
  ]);
}
