import type { OrdType, PositionEffect, Side, TimeInForce } from '../domain/order/events.js';
import type { Instrument, SecurityType } from '../domain/instrument.js';
import { futureRoot, multiplierOf, optionName } from './contracts.js';
import type { Multipliers } from './contracts.js';
import type { JsonFields } from './json-fields.js';
import type { Standing } from './stated-order.js';

/*
 * The codes of TradeStation's orders (brokerage API, v3).
 */

/** What a status says. */
export interface StatusMeaning {
  /** Undefined where it says nothing about the order's state. */
  readonly standing: Standing | undefined;
  /** Of frames with one executed quantity and no time of their own, the one with the higher rank is taken for the later. */
  readonly rank: number;
  /** A request was refused. */
  readonly refused?: 'cancel' | 'replace';
  /** The word, where it is none that is known here. */
  readonly unknown?: string;
  /** What was executed is said anew, be it more or less. */
  readonly changes?: 'broken' | 'corrected';
}

const said = (standing: Standing | undefined, rank: number, more: Omit<StatusMeaning, 'standing' | 'rank'> = {}): StatusMeaning => ({ standing, rank, ...more });
const [UNKNOWN, SUBMITTED, WORKING, HELD, REPLACING, REPLACED, CANCELING, CANCEL_REFUSED, OVER] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

const STATUSES: ReadonlyMap<string, StatusMeaning> = new Map([
  ['PLA', said('submitted', SUBMITTED)],
  ['DIS', said('submitted', SUBMITTED)],
  ['OSO', said('submitted', SUBMITTED)],
  // Queued: taken, and waiting for its session. Its ClosedDateTime is the end of the last one.
  ['DON', said('working', WORKING)],
  ['OPN', said('working', WORKING)],
  ['ACK', said('working', WORKING)],
  ['CND', said('working', WORKING)],
  ['STP', said('working', WORKING)],
  ['FPR', said('working', WORKING)],
  ['SUS', said('suspended', HELD)],
  ['RSN', said('pending_replace', REPLACING)],
  ['RPD', said('pending_replace', REPLACING)],
  ['UCH', said('working', REPLACED)],
  ['CHG', said('working', REPLACED)],
  ['RJR', said('working', REPLACED, { refused: 'replace' })],
  ['UCN', said('pending_cancel', CANCELING)],
  ['ECN', said('pending_cancel', CANCELING)],
  ['REC', said('pending_cancel', CANCELING)],
  ['RJC', said('working', CANCEL_REFUSED, { refused: 'cancel' })],
  ['LAT', said('working', CANCEL_REFUSED, { refused: 'cancel' })],
  ['FLL', said('filled', OVER)],
  ['BRF', said('filled', OVER)],
  ['FLP', said('canceled', OVER)],
  ['CAN', said('canceled', OVER)],
  ['OUT', said('canceled', OVER)],
  ['TSC', said('canceled', OVER)],
  ['SCN', said('canceled', OVER)],
  ['BRC', said('canceled', OVER)],
  ['DOA', said('canceled', OVER)],
  ['REJ', said('rejected', OVER)],
  ['EXP', said('expired', OVER)],
  ['BRO', said('canceled', OVER, { changes: 'broken' })],
  ['COR', said(undefined, UNKNOWN, { changes: 'corrected' })],
  ['STT', said(undefined, UNKNOWN)],
  ['OTHER', said(undefined, UNKNOWN)],
]);

/** What was executed counts whatever the status: a word that is not known here says nothing more. */
export const meaningOf = (status: string): StatusMeaning => STATUSES.get(status) ?? said(undefined, UNKNOWN, { unknown: status });

/** Option assignments and exercises: they are no orders that were sent. */
export const NO_ORDERS: ReadonlySet<string> = new Set(['ASS', 'EXE']);

const SIDES: ReadonlyMap<string, { readonly side: Side; readonly positionEffect?: PositionEffect }> = new Map([
  ['buy', { side: 'buy' }],
  ['sell', { side: 'sell' }],
  ['sellshort', { side: 'sell_short', positionEffect: 'open' }],
  ['buytocover', { side: 'buy', positionEffect: 'close' }],
  ['buytoopen', { side: 'buy', positionEffect: 'open' }],
  ['buytoclose', { side: 'buy', positionEffect: 'close' }],
  ['selltoopen', { side: 'sell', positionEffect: 'open' }],
  ['selltoclose', { side: 'sell', positionEffect: 'close' }],
]);

const EFFECTS: ReadonlyMap<string, PositionEffect> = new Map([
  ['open', 'open'],
  ['close', 'close'],
]);

const codeOf = (text: string | undefined): string => (text ?? '').replaceAll(/[\s_]/gu, '').toLowerCase();

/** Side and effect of a leg; undefined for a side that is none of those known. */
export function actionOf(leg: JsonFields): { readonly side: Side; readonly positionEffect?: PositionEffect } | undefined {
  const action = SIDES.get(codeOf(leg.text('BuyOrSell')));
  const positionEffect = action?.positionEffect ?? EFFECTS.get(codeOf(leg.text('OpenOrClose')));
  return action && { side: action.side, ...(positionEffect === undefined ? {} : { positionEffect }) };
}

const ORD_TYPES: ReadonlyMap<string, OrdType> = new Map([
  ['market', 'market'],
  ['limit', 'limit'],
  ['stopmarket', 'stop'],
  ['stoplimit', 'stop_limit'],
]);

export const ordTypeOf = (order: JsonFields): OrdType => (order.has('TrailingStop') ? 'trailing_stop' : (ORD_TYPES.get(codeOf(order.text('OrderType'))) ?? 'other'));

const DURATIONS: ReadonlyMap<string, TimeInForce> = new Map([
  ['DAY', 'day'],
  ['DYP', 'day'],
  ['GTC', 'gtc'],
  ['GCP', 'gtc'],
  ['GTD', 'gtd'],
  ['GDP', 'gtd'],
  ['OPG', 'opg'],
  ['CLO', 'at_the_close'],
  ['IOC', 'ioc'],
  ['FOK', 'fok'],
]);

export const timeInForceOf = (order: JsonFields): TimeInForce | undefined => DURATIONS.get(order.text('Duration') ?? '');

/** By AssetType; the multiplier where all instruments of the type have the same one. */
const ASSET_TYPES: ReadonlyMap<string, { readonly securityType: SecurityType; readonly multiplier?: string }> = new Map([
  ['STOCK', { securityType: 'equity', multiplier: '1' }],
  ['STOCKOPTION', { securityType: 'option', multiplier: '100' }],
  ['INDEXOPTION', { securityType: 'option', multiplier: '100' }],
  ['FUTURE', { securityType: 'future' }],
  ['FUTUREOPTION', { securityType: 'option' }],
  ['FOREX', { securityType: 'forex', multiplier: '1' }],
  ['CRYPTO', { securityType: 'spot', multiplier: '1' }],
]);

const RIGHTS: ReadonlyMap<string, string> = new Map([
  ['call', 'C'],
  ['put', 'P'],
]);

/** `AMD 20250829 C 170` where the leg says the series, else the symbol as it stands. */
function symbolOf(leg: JsonFields, sourceSymbol: string): string {
  const [underlying, expiry] = [leg.text('Underlying', 50), leg.time('ExpirationDate')];
  const [right, strike] = [RIGHTS.get(codeOf(leg.text('OptionType'))), leg.price('StrikePrice')];
  const isSeries = underlying !== undefined && expiry !== undefined && right !== undefined && strike !== undefined;
  return isSeries ? optionName(underlying, expiry.slice(0, 10).replaceAll('-', ''), right, strike) : sourceSymbol;
}

/**
 * The instrument of a leg. A stock or index option has the multiplier 100, unless the flag gives its underlying another; a
 * future's is the flag's or the table's, and a future option's that of its future.
 */
export function instrumentOf(leg: JsonFields, currency: string, multipliers: Multipliers): Instrument {
  const sourceSymbol = leg.required('Symbol', leg.text('Symbol', 100));
  const { securityType, multiplier } = ASSET_TYPES.get(leg.text('AssetType') ?? 'STOCK') ?? { securityType: 'other' as const, multiplier: undefined };
  const underlying = leg.text('Underlying', 50);
  const root = multiplier === undefined ? futureRoot(underlying ?? sourceSymbol) : underlying;
  return {
    symbol: symbolOf(leg, sourceSymbol),
    securityType,
    multiplier: multiplierOf(leg.pathOf('Symbol'), sourceSymbol, root, multiplier, multipliers),
    quoteCurrency: currency,
    settlementCurrency: currency,
  };
}
