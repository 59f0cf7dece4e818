import { quantityText } from '../domain/amounts.js';
import type { QuantityString } from '../domain/amounts.js';
import { canonicalDecimal } from '../domain/decimal.js';
import type { Instrument } from '../domain/instrument.js';
import type { BrokerReport, Environment, OrderRefs, OrderTerms, OrdStatus, OrdType, PositionEffect, Side, TimeInForce } from '../domain/order/events.js';
import { readOccSymbol } from './contracts.js';
import type { JsonFields } from './json-fields.js';

/*
 * Alpaca's order object, as it stands in trade updates and in answers of the REST API. What is read here is all of it that can
 * enter an event. https://docs.alpaca.markets/docs/orders-at-alpaca
 */

export interface AlpacaDefaults {
  readonly environment: Environment;
  readonly currency: string;
  /** Which messages count trades, where both kinds are imported and name them by different ids. */
  readonly fills: 'both' | 'updates' | 'activities';
}

const SIDES: ReadonlyMap<string, Side> = new Map([
  ['buy', 'buy'],
  ['sell', 'sell'],
  ['sell_short', 'sell_short'],
  ['sell_short_exempt', 'sell_short_exempt'],
  ['buy_minus', 'buy_minus'],
  ['sell_plus', 'sell_plus'],
]);
const STATUSES: ReadonlyMap<string, OrdStatus> = new Map([
  // Received by Alpaca and not yet taken by a venue; `held` waits for another order of its group.
  ['accepted', 'pending_new'],
  ['pending_new', 'pending_new'],
  ['pending_review', 'pending_new'],
  ['held', 'pending_new'],
  ['new', 'new'],
  ['accepted_for_bidding', 'new'],
  ['partially_filled', 'partially_filled'],
  ['filled', 'filled'],
  ['done_for_day', 'done_for_day'],
  ['canceled', 'canceled'],
  // Its place was taken by an order of its own: nothing of this one is left.
  ['replaced', 'canceled'],
  ['expired', 'expired'],
  ['pending_cancel', 'pending_cancel'],
  ['pending_replace', 'pending_replace'],
  ['stopped', 'stopped'],
  ['rejected', 'rejected'],
  ['suspended', 'suspended'],
  ['calculated', 'calculated'],
]);
const ORD_TYPES: ReadonlyMap<string, OrdType> = new Map([
  ['market', 'market'],
  ['limit', 'limit'],
  ['stop', 'stop'],
  ['stop_limit', 'stop_limit'],
  ['trailing_stop', 'trailing_stop'],
]);
const TIMES_IN_FORCE: ReadonlyMap<string, TimeInForce> = new Map([
  ['day', 'day'],
  ['gtc', 'gtc'],
  ['gtd', 'gtd'],
  ['opg', 'opg'],
  ['cls', 'at_the_close'],
  ['ioc', 'ioc'],
  ['fok', 'fok'],
]);
const POSITION_EFFECTS: ReadonlyMap<string, PositionEffect> = new Map([
  ['buy_to_open', 'open'],
  ['sell_to_open', 'open'],
  ['buy_to_close', 'close'],
  ['sell_to_close', 'close'],
]);

/** Ids of orders are UUIDs: those that stand in a text of ours leave room for it. */
const MAX_NAMED_ID = 100;
const OPTION_MULTIPLIER = '100';
/** A pair is written `BTC/USD`, and `BTCUSD` in older messages; a US stock has at most five letters. */
const PAIR = /^(?<base>[A-Z0-9]{1,20})\/(?<quote>[A-Z]{2,20})$/u;
const JOINED_PAIR = /^(?=.{6,})(?<base>[A-Z0-9]{2,10}?)(?<quote>USD|USDT|USDC|BTC)$/u;

export const sideOf = (fields: JsonFields): Side => fields.required('side', fields.oneOf('side', SIDES));

/** What an instrument is follows from its symbol, so that activities, which have no asset class, name the same one as orders. */
export function instrumentOf(fields: JsonFields, { currency }: AlpacaDefaults): Instrument {
  const symbol = fields.required('symbol', fields.text('symbol', 100));
  const option = readOccSymbol(symbol);
  if (option) return { symbol: option.name, securityType: 'option', multiplier: canonicalDecimal(OPTION_MULTIPLIER), quoteCurrency: currency, settlementCurrency: currency };
  const { base, quote } = (PAIR.exec(symbol) ?? JOINED_PAIR.exec(symbol))?.groups ?? {};
  const one = canonicalDecimal('1');
  if (base === undefined || quote === undefined) return { symbol, securityType: 'equity', multiplier: one, quoteCurrency: currency, settlementCurrency: currency };
  return { symbol: `${base}/${quote}`, securityType: 'spot', multiplier: one, quoteCurrency: quote, settlementCurrency: quote };
}

export const orderIdOf = (order: JsonFields): string => order.required('id', order.id('id'));

export function refsOf(order: JsonFields): OrderRefs {
  const clOrdId = order.id('client_order_id');
  return { brokerOrderId: orderIdOf(order), ...(clOrdId === undefined ? {} : { clOrdId }) };
}

/** A status that is not known here is none: the event says what happened. */
export const ordStatusOf = (order: JsonFields): OrdStatus | undefined => STATUSES.get(order.text('status') ?? '');

/** An order for an amount of money (`notional`) has no quantity until it is filled: then it is what was filled. */
function orderQtyOf(order: JsonFields): QuantityString {
  const filled = order.text('status') === 'filled' ? order.quantity('filled_qty') : undefined;
  return order.quantity('qty') ?? filled ?? quantityText('0');
}

/** Of what is common to orders: `sell` where the side is one that shorts. */
export const plainSide = (side: Side): 'buy' | 'sell' => (side === 'buy' || side === 'buy_minus' ? 'buy' : 'sell');

/** The order's terms. `group`: the id of the order that it is a leg of, or of this one where it has legs. */
export function termsOf(order: JsonFields, defaults: AlpacaDefaults, group: string | undefined): OrderTerms {
  const [price, stopPx] = [order.price('limit_price'), order.price('stop_price')];
  const timeInForce = TIMES_IN_FORCE.get(order.text('time_in_force') ?? '');
  const positionEffect = POSITION_EFFECTS.get(order.text('position_intent') ?? '');
  const replaces = order.id('replaces', [], MAX_NAMED_ID);
  return {
    environment: defaults.environment,
    instrument: instrumentOf(order, defaults),
    sourceSymbol: order.required('symbol', order.text('symbol', 100)),
    side: sideOf(order),
    orderQty: orderQtyOf(order),
    ordType: ORD_TYPES.get(order.text('type') ?? order.text('order_type') ?? '') ?? 'other',
    ...(price === undefined ? {} : { price }),
    ...(stopPx === undefined ? {} : { stopPx }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
    ...(positionEffect === undefined ? {} : { positionEffect }),
    ...(replaces === undefined ? {} : { signal: `replaces order ${replaces}` }),
    ...(group === undefined ? {} : { group }),
  };
}

/** What Alpaca says the order looks like. It does not say LeavesQty. */
export function reportOf(order: JsonFields): BrokerReport {
  const [ordStatus, orderQty, cumQty] = [ordStatusOf(order), order.quantity('qty'), order.quantity('filled_qty')];
  const [avgPx, replacedBy] = [order.price('filled_avg_price'), order.id('replaced_by', [], MAX_NAMED_ID)];
  return {
    ...(ordStatus === undefined ? {} : { ordStatus }),
    ...(orderQty === undefined ? {} : { orderQty }),
    ...(cumQty === undefined ? {} : { cumQty }),
    ...(avgPx === undefined || avgPx === '0' ? {} : { avgPx }),
    ...(replacedBy === undefined ? {} : { reason: `replaced by order ${replacedBy}` }),
  };
}

const TEXTS = ['id', 'client_order_id', 'symbol', 'status', 'side', 'type', 'order_type', 'time_in_force', 'position_intent', 'replaced_by', 'replaces'] as const;
const DECIMALS = ['qty', 'filled_qty', 'filled_avg_price', 'limit_price', 'stop_price'] as const;

/** All that is read of an order: what copies of a message have in common. */
export function saidBy(order: JsonFields): Readonly<Record<string, string>> {
  const texts = TEXTS.map((name) => [name, order.text(name)] as const);
  const decimals = DECIMALS.map((name) => [name, order.decimal(name)] as const);
  return Object.fromEntries([...texts, ...decimals].flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
