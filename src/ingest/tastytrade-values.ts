import type { OrdType, PositionEffect, Side, TimeInForce } from '../domain/order/events.js';
import type { Instrument, SecurityType } from '../domain/instrument.js';
import { FieldError } from './adapter.js';
import { futureRoot, multiplierOf, readOccSymbol } from './contracts.js';
import type { Multipliers } from './contracts.js';
import type { JsonFields } from './json-fields.js';
import type { Standing } from './stated-order.js';

/*
 * The words of tastytrade's orders (developer.tastytrade.com: order flow, order management).
 */

/** Order statuses, by phase: submission, working, terminal. */
export const STATUSES: ReadonlyMap<string, Standing> = new Map([
  ['Received', 'submitted'],
  ['Routed', 'submitted'],
  ['In Flight', 'submitted'],
  ['Contingent', 'submitted'],
  ['Live', 'working'],
  ['Cancel Requested', 'pending_cancel'],
  ['Replace Requested', 'pending_replace'],
  ['Filled', 'filled'],
  ['Cancelled', 'canceled'],
  ['Canceled', 'canceled'],
  ['Removed', 'canceled'],
  ['Partially Removed', 'canceled'],
  ['Rejected', 'rejected'],
  ['Expired', 'expired'],
]);

/** Of what was removed, the quantity that remains says nothing about what was executed. */
export const REMOVED: ReadonlySet<string> = new Set(['Removed', 'Partially Removed']);

const ACTIONS: ReadonlyMap<string, { readonly side: Side; readonly positionEffect?: PositionEffect }> = new Map([
  ['Buy to Open', { side: 'buy', positionEffect: 'open' }],
  ['Buy to Close', { side: 'buy', positionEffect: 'close' }],
  ['Sell to Open', { side: 'sell', positionEffect: 'open' }],
  ['Sell to Close', { side: 'sell', positionEffect: 'close' }],
  ['Buy', { side: 'buy' }],
  ['Sell', { side: 'sell' }],
]);

export const actionOf = (leg: JsonFields): { readonly side: Side; readonly positionEffect?: PositionEffect } => leg.required('action', leg.oneOf('action', ACTIONS));

const ORD_TYPES: ReadonlyMap<string, OrdType> = new Map([
  ['Limit', 'limit'],
  ['Marketable Limit', 'limit'],
  ['Market', 'market'],
  ['Notional Market', 'market'],
  ['Stop', 'stop'],
  ['Stop Limit', 'stop_limit'],
]);

export const ordTypeOf = (order: JsonFields): OrdType => ORD_TYPES.get(order.text('order-type') ?? '') ?? 'other';

const TIMES_IN_FORCE: ReadonlyMap<string, TimeInForce> = new Map([
  ['Day', 'day'],
  ['Ext', 'day'],
  ['Ext Overnight', 'day'],
  ['GTC', 'gtc'],
  ['GTC Ext', 'gtc'],
  ['GTC Ext Overnight', 'gtc'],
  ['GTD', 'gtd'],
  ['IOC', 'ioc'],
]);

export const timeInForceOf = (order: JsonFields): TimeInForce | undefined => TIMES_IN_FORCE.get(order.text('time-in-force') ?? '');

/** By instrument-type; the multiplier where all instruments of the type have the same one. */
const INSTRUMENT_TYPES: ReadonlyMap<string, { readonly securityType: SecurityType; readonly multiplier?: string }> = new Map([
  ['Equity', { securityType: 'equity', multiplier: '1' }],
  ['Equity Offering', { securityType: 'equity', multiplier: '1' }],
  ['Equity Option', { securityType: 'option', multiplier: '100' }],
  ['Future', { securityType: 'future' }],
  ['Future Option', { securityType: 'option' }],
  ['Cryptocurrency', { securityType: 'spot', multiplier: '1' }],
]);

/**
 * The instrument of a leg. An equity option has the multiplier 100, unless the flag gives its root another (adjusted options); a
 * future's is the flag's or the table's, and a future option's that of its future.
 */
export function instrumentOf(leg: JsonFields, currency: string, multipliers: Multipliers): Instrument {
  const sourceSymbol = leg.required('symbol', leg.text('symbol', 100));
  const type = leg.required('instrument-type', leg.text('instrument-type', 50));
  const { securityType, multiplier } = INSTRUMENT_TYPES.get(type) ?? { securityType: 'other' as const, multiplier: undefined };
  const occ = type === 'Equity Option' ? readOccSymbol(sourceSymbol) : undefined;
  if (type === 'Equity Option' && occ === undefined) throw new FieldError(leg.pathOf('symbol'), `${JSON.stringify(sourceSymbol)} is no option symbol, such as "AAPL  230818C00197500"`);
  return {
    symbol: occ?.name ?? sourceSymbol.trim().replaceAll(/\s+/gu, ' '),
    securityType,
    multiplier: multiplierOf(leg.pathOf('symbol'), sourceSymbol, occ?.root ?? futureRoot(sourceSymbol), multiplier, multipliers),
    quoteCurrency: currency,
    settlementCurrency: currency,
  };
}
