import type { OrdStatus, OrdType, PositionEffect, Side, TimeInForce } from '../domain/order/events.js';
import { reportedQuantity, textOf } from './fix-fields.js';
import type { TagName } from './fix-fields.js';
import type { FixMessage } from './fix-parse.js';

/* What the codes of FIX fields mean. */

function codeOf<Value>(message: FixMessage, name: TagName, meanings: ReadonlyMap<string, Value>): Value | undefined {
  const code = textOf(message, name);
  return code === undefined ? undefined : meanings.get(code);
}

const SIDES: ReadonlyMap<string, Side> = new Map([
  ['1', 'buy'],
  ['2', 'sell'],
  ['3', 'buy_minus'],
  ['4', 'sell_plus'],
  ['5', 'sell_short'],
  ['6', 'sell_short_exempt'],
]);

/** Side (54); undefined for those that a ledger cannot post (cross, undisclosed). */
export const sideOf = (message: FixMessage): Side | undefined => codeOf(message, 'Side', SIDES);

const ORD_TYPES: ReadonlyMap<string, OrdType> = new Map([
  ['1', 'market'],
  ['2', 'limit'],
  ['3', 'stop'],
  ['4', 'stop_limit'],
  ['5', 'market_on_close'],
  ['A', 'market_on_close'],
  ['B', 'limit_on_close'],
  ['P', 'pegged'],
]);

/** OrdType (40); `other` for those that make no difference to a ledger. */
export function ordTypeOf(message: FixMessage): OrdType | undefined {
  return textOf(message, 'OrdType') === undefined ? undefined : (codeOf(message, 'OrdType', ORD_TYPES) ?? 'other');
}

const TIMES_IN_FORCE: ReadonlyMap<string, TimeInForce> = new Map([
  ['0', 'day'],
  ['1', 'gtc'],
  ['2', 'opg'],
  ['3', 'ioc'],
  ['4', 'fok'],
  ['5', 'gtx'],
  ['6', 'gtd'],
  ['7', 'at_the_close'],
]);

export const timeInForceOf = (message: FixMessage): TimeInForce | undefined => codeOf(message, 'TimeInForce', TIMES_IN_FORCE);

const POSITION_EFFECTS: ReadonlyMap<string, PositionEffect> = new Map([
  ['O', 'open'],
  ['C', 'close'],
]);

export const positionEffectOf = (message: FixMessage): PositionEffect | undefined => codeOf(message, 'PositionEffect', POSITION_EFFECTS);

const ORD_STATUSES: ReadonlyMap<string, OrdStatus> = new Map([
  ['0', 'new'],
  ['1', 'partially_filled'],
  ['2', 'filled'],
  ['3', 'done_for_day'],
  ['4', 'canceled'],
  ['6', 'pending_cancel'],
  ['7', 'stopped'],
  ['8', 'rejected'],
  ['9', 'suspended'],
  ['A', 'pending_new'],
  ['B', 'calculated'],
  ['C', 'expired'],
  ['D', 'accepted_for_bidding'],
  ['E', 'pending_replace'],
]);

/** What prices of a PriceType are: money a unit, percent of the face value, or nothing that money follows from (a yield, a spread). */
type PriceKind = 'per_unit' | 'percent_of_par' | 'indirect';

const PRICE_KINDS: ReadonlyMap<string, PriceKind> = new Map([
  ['1', 'percent_of_par'],
  ['2', 'per_unit'],
  ['3', 'per_unit'],
  // Units of the second currency for one of the first: what a pair's price is anyway.
  ['20', 'per_unit'],
]);

/** PriceType (423); per unit where a message has none. */
export function priceKindOf(message: FixMessage): PriceKind {
  return textOf(message, 'PriceType') === undefined ? 'per_unit' : (codeOf(message, 'PriceType', PRICE_KINDS) ?? 'indirect');
}

/** OrdStatus (39). FIX 4.2's `5` (replaced) is said by 4.4 as what the order is then: working, in part or wholly filled. */
export function ordStatusOf(message: FixMessage): OrdStatus | undefined {
  if (textOf(message, 'OrdStatus') !== '5') return codeOf(message, 'OrdStatus', ORD_STATUSES);
  const [cumQty = '0', leavesQty]: readonly (string | undefined)[] = [reportedQuantity(message, 'CumQty'), reportedQuantity(message, 'LeavesQty')];
  if (cumQty === '0') return 'new';
  return leavesQty === '0' ? 'filled' : 'partially_filled';
}
