import { AVG_PX_SCALE, priceText, quantityText } from '../domain/amounts.js';
import type { MoneyJson, PriceString, QuantityString } from '../domain/amounts.js';
import { canonicalDecimal, divide, formatDecimal, parseDecimal } from '../domain/decimal.js';
import { execId } from '../domain/ids.js';
import type { Instrument } from '../domain/instrument.js';
import type { BrokerReport, Environment, FactBase, OrderFactEvent, OrderRefs, OrderTerms, OrdStatus, OrdType, PositionEffect, Side, TermsChange, TimeInForce } from '../domain/order/events.js';
import { FieldError, shown } from './adapter.js';
import { quoteAssetOf } from './binance-symbol.js';
import type { JsonFields } from './json-fields.js';

/*
 * What an `executionReport` (spot) or the `o` of an `ORDER_TRADE_UPDATE` (USD-M futures) says about its order. The letters that
 * are read here are all that can enter an event.
 */

export interface BinanceDefaults {
  readonly environment: Environment;
  /** The asset that all symbols are quoted in, where the flag says it. */
  readonly quote?: string | undefined;
}

export type BinanceMarket = 'spot' | 'usd-m';

const SIDES: ReadonlyMap<string, Side> = new Map([
  ['BUY', 'buy'],
  ['SELL', 'sell'],
]);
/** What opens a position of this side. */
const OPENING_SIDES: ReadonlyMap<string, Side> = new Map([
  ['LONG', 'buy'],
  ['SHORT', 'sell'],
]);
const STATUSES: ReadonlyMap<string, OrdStatus> = new Map([
  ['PENDING_NEW', 'pending_new'],
  ['NEW', 'new'],
  ['NEW_INSURANCE', 'new'],
  ['NEW_ADL', 'new'],
  ['PARTIALLY_FILLED', 'partially_filled'],
  ['FILLED', 'filled'],
  ['PENDING_CANCEL', 'pending_cancel'],
  ['CANCELED', 'canceled'],
  ['REJECTED', 'rejected'],
  ['EXPIRED', 'expired'],
  ['EXPIRED_IN_MATCH', 'expired'],
]);
const ORD_TYPES: ReadonlyMap<string, OrdType> = new Map([
  ['LIMIT', 'limit'],
  ['LIMIT_MAKER', 'limit'],
  ['MARKET', 'market'],
  ['STOP_LOSS', 'stop'],
  ['STOP_LOSS_LIMIT', 'stop_limit'],
  // Futures.
  ['STOP_MARKET', 'stop'],
  ['STOP', 'stop_limit'],
  ['TRAILING_STOP_MARKET', 'trailing_stop'],
]);
const TIMES_IN_FORCE: ReadonlyMap<string, TimeInForce> = new Map([
  ['GTC', 'gtc'],
  ['IOC', 'ioc'],
  ['FOK', 'fok'],
  ['GTX', 'gtx'],
  ['GTD', 'gtd'],
  ['GTE_GTC', 'gtc'],
]);

type Plain = 'OrderPendingNew' | 'OrderAccepted' | 'CancelPending' | 'OrderCanceled' | 'OrderRejected' | 'OrderExpired';

/** What an order of this status is; of one that is filled without a trade in the message, that it works. */
const EVENT_OF_STATUS: Readonly<Partial<Record<OrdStatus, Plain>>> = {
  pending_new: 'OrderPendingNew',
  new: 'OrderAccepted',
  partially_filled: 'OrderAccepted',
  filled: 'OrderAccepted',
  pending_cancel: 'CancelPending',
  canceled: 'OrderCanceled',
  rejected: 'OrderRejected',
  expired: 'OrderExpired',
};
/** Execution types (x) whose event is that of the status (X), or this one where the status is none that is known. */
const EXECUTION_TYPES: ReadonlyMap<string, Plain | 'OrderStatusReported'> = new Map([
  ['NEW', 'OrderAccepted'],
  ['CANCELED', 'OrderCanceled'],
  ['REJECTED', 'OrderRejected'],
  ['EXPIRED', 'OrderExpired'],
  ['TRADE_PREVENTION', 'OrderExpired'],
  ['TRADE', 'OrderStatusReported'],
  ['CALCULATED', 'OrderStatusReported'],
]);
const REPLACED: ReadonlySet<string> = new Set(['REPLACED', 'AMENDMENT']);
/** No trade, no list, no client id. */
const NO_ID = ['-1', 'null'];

const isLive = (status: OrdStatus | undefined): boolean => status === 'new' || status === 'partially_filled';
const isZero = (text: string | undefined): boolean => text === undefined || text === '0';

export const refsOf = (fields: JsonFields): OrderRefs => {
  const [clOrdId, origClOrdId] = [fields.id('c', NO_ID), fields.id('C', NO_ID)];
  return {
    brokerOrderId: fields.required('i', fields.id('i', NO_ID)),
    ...(clOrdId === undefined ? {} : { clOrdId }),
    ...(origClOrdId === undefined ? {} : { origClOrdId }),
  };
};

function instrumentOf(fields: JsonFields, market: BinanceMarket, { quote }: BinanceDefaults): Instrument {
  const symbol = fields.required('s', fields.text('s', 100));
  const quoteCurrency = quote ?? quoteAssetOf(symbol);
  if (quoteCurrency === undefined) throw new FieldError(fields.pathOf('s'), `${shown(symbol)} ends in no quote asset that is known here; name it: --option quote=…`);
  return {
    // A perpetual future has the symbol of its spot pair.
    symbol: market === 'usd-m' && !symbol.includes('_') ? `${symbol} PERP` : symbol,
    securityType: market === 'spot' ? 'spot' : 'future',
    multiplier: canonicalDecimal('1'),
    quoteCurrency,
    settlementCurrency: quoteCurrency,
  };
}

/** 0 is no price. */
function priceIn(fields: JsonFields, name: string): PriceString | undefined {
  const price = fields.price(name);
  return isZero(price) ? undefined : price;
}

const sideOf = (fields: JsonFields): Side => fields.required('S', fields.oneOf('S', SIDES));
const cumQtyOf = (fields: JsonFields): QuantityString => fields.quantity('z') ?? quantityText('0');

/** An order for an amount of the quote asset has no quantity of its own until it is filled: then it is what was filled. */
function orderQtyOf(fields: JsonFields): QuantityString {
  const orderQty = fields.required('q', fields.quantity('q'));
  return orderQty === '0' && fields.text('X') === 'FILLED' ? cumQtyOf(fields) : orderQty;
}

/** An order that only reduces (R) closes; in hedge mode the position side (ps) tells. */
function positionEffectOf(fields: JsonFields): PositionEffect | undefined {
  if (fields.flag('R') === true) return 'close';
  const opening = OPENING_SIDES.get(fields.text('ps') ?? '');
  return opening && (opening === sideOf(fields) ? 'open' : 'close');
}

function termsOf(fields: JsonFields, market: BinanceMarket, defaults: BinanceDefaults): OrderTerms {
  const [price, stopPx] = [priceIn(fields, 'p'), priceIn(fields, market === 'spot' ? 'P' : 'sp')];
  const timeInForce = TIMES_IN_FORCE.get(fields.text('f') ?? '');
  const [list, strategy] = [fields.id('g', NO_ID, 40), fields.id('j', NO_ID)];
  const positionEffect = market === 'usd-m' ? positionEffectOf(fields) : undefined;
  const sourceSymbol = fields.required('s', fields.text('s', 100));
  return {
    environment: defaults.environment,
    instrument: instrumentOf(fields, market, defaults),
    sourceSymbol,
    side: sideOf(fields),
    orderQty: orderQtyOf(fields),
    ordType: ORD_TYPES.get(fields.text('o') ?? '') ?? 'other',
    ...(price === undefined ? {} : { price }),
    ...(stopPx === undefined ? {} : { stopPx }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
    ...(positionEffect === undefined ? {} : { positionEffect }),
    ...(strategy === undefined ? {} : { strategy }),
    // An order list (OCO, OTO) has a number within its symbol.
    ...(market === 'usd-m' || list === undefined ? {} : { group: `${sourceSymbol}:${list}` }),
  };
}

/** AvgPx is Z ÷ z on spot, and said as ap on futures. */
function avgPxOf(fields: JsonFields, market: BinanceMarket): PriceString | undefined {
  if (market === 'usd-m') return priceIn(fields, 'ap');
  const [notional, cumQty] = [fields.decimal('Z') ?? '0', cumQtyOf(fields)];
  return notional === '0' || cumQty === '0' ? undefined : priceText(formatDecimal(divide(parseDecimal(notional), parseDecimal(cumQty), AVG_PX_SCALE)));
}

function reportOf(fields: JsonFields, market: BinanceMarket): BrokerReport {
  const ordStatus = STATUSES.get(fields.text('X') ?? '');
  const [orderQty, cumQty, avgPx] = [orderQtyOf(fields), fields.quantity('z'), avgPxOf(fields, market)];
  const reason = fields.id('r');
  return {
    ...(ordStatus === undefined ? {} : { ordStatus }),
    ...(orderQty === '0' ? {} : { orderQty }),
    ...(cumQty === undefined ? {} : { cumQty }),
    ...(avgPx === undefined ? {} : { avgPx }),
    ...(reason === undefined || market === 'usd-m' ? {} : { reason }),
  };
}

function feesOf(fields: JsonFields): MoneyJson[] {
  const amount = fields.decimal('n');
  if (amount === undefined || amount === '0') return [];
  return [{ amount, currency: fields.required('N', fields.text('N', 20)) }];
}

/** A trade has an id, a quantity and a price; without one of them the message says how the order is, and what is missing shows. */
const isTrade = (fields: JsonFields): boolean => {
  const x = fields.text('x');
  return (x === 'TRADE' || x === 'CALCULATED') && fields.id('t', NO_ID) !== undefined && !isZero(fields.quantity('l')) && !isZero(fields.price('L'));
};

function changeOf(fields: JsonFields): TermsChange {
  const [orderQty, price] = [orderQtyOf(fields), priceIn(fields, 'p')];
  return { ...(orderQty === '0' ? {} : { orderQty }), ...(price === undefined ? {} : { price }) };
}

/** What the message says about its order. Throws a FieldError where a field is at fault. */
export function binanceEvent(fields: JsonFields, market: BinanceMarket, defaults: BinanceDefaults): OrderFactEvent {
  const terms = termsOf(fields, market, defaults);
  const report = reportOf(fields, market);
  const base: FactBase = { refs: refsOf(fields), report, terms };
  const whole: FactBase = { ...base, statesWholeOrder: true };
  const x = fields.required('x', fields.text('x'));
  if (isTrade(fields)) {
    const { instrument, sourceSymbol, side, positionEffect } = terms;
    const [lastQty, lastPx] = [fields.required('l', fields.quantity('l')), fields.required('L', fields.price('L'))];
    const id = execId(fields.required('t', fields.id('t', NO_ID)));
    const execution = { execId: id, side, lastQty, lastPx, instrument, sourceSymbol, fees: feesOf(fields), ...(positionEffect === undefined ? {} : { positionEffect }) };
    return { type: 'ExecutionRecorded', data: { ...whole, execution } };
  }
  if (REPLACED.has(x)) return { type: 'OrderReplaced', data: { ...whole, change: changeOf(fields) } };
  // Of a match with the account's own order, both orders lose what would have traded (A, so far); one that has some left goes on.
  const prevented = x === 'TRADE_PREVENTION' && market === 'spot' && isLive(report.ordStatus) ? fields.quantity('A') : undefined;
  if (prevented !== undefined && prevented !== '0') return { type: 'OrderRestated', data: { ...whole, change: {}, reducedBy: prevented } };
  const unknownStatus = EXECUTION_TYPES.get(x);
  if (unknownStatus === undefined && report.ordStatus === undefined) throw new FieldError(fields.pathOf('x'), `${shown(x)} is not an execution type that is known here, and X is no known status`);
  if (unknownStatus === undefined) return { type: 'OrderStatusReported', data: base };
  const type = (report.ordStatus && EVENT_OF_STATUS[report.ordStatus]) ?? unknownStatus;
  return type === 'OrderStatusReported' ? { type, data: base } : { type, data: whole };
}

