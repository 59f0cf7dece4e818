import { isZeroQuantity, subtractQuantity } from '../amounts.js';
import type { Price, Quantity } from '../amounts.js';
import { addAmount, negateAmount, negateQuantity, signOf, smallerOf, worth } from './amount.js';
import type { Amount } from './amount.js';
import type { PostedInstrument } from './instrument.js';
import type { Lot, LotQueue } from './lots.js';
import type { TradeKey } from './trade.js';

/** What a trade closed of one lot. */
export interface LotMatch {
  readonly opened: TradeKey;
  /** Signed as the lot. */
  readonly quantity: Quantity;
  /** The lot's. */
  readonly price: Price;
}

export interface LotsAfter {
  readonly lots: LotQueue;
  /** The lots that it closed, the first one first. */
  readonly matches: readonly LotMatch[];
  /** What it opened: all of it, or what was left after it closed everything. */
  readonly opened: Lot | undefined;
}

/** First in, first out: a trade against the open lots closes those that were opened first; what is left of it opens one. */
export function tradeLots(before: LotQueue, key: TradeKey, quantity: Quantity, at: Price): LotsAfter {
  const matches: LotMatch[] = [];
  let [lots, left] = [before, quantity];
  for (let first = lots.first; first && signOf(first.quantity) === -signOf(left); first = lots.first) {
    const closed = smallerOf(first.quantity, negateQuantity(left));
    matches.push({ opened: first.opened, quantity: closed, price: first.price });
    const open = subtractQuantity(first.quantity, closed);
    lots = isZeroQuantity(open) ? lots.withoutFirst() : lots.withFirst({ ...first, quantity: open });
    left = subtractQuantity(left, negateQuantity(closed));
  }
  if (isZeroQuantity(left)) return { lots, matches, opened: undefined };
  const opened: Lot = { opened: key, quantity: left, price: at };
  return { lots: lots.with(opened), matches, opened };
}

/** The gain of a match: what it was closed at less what it cost; for a short lot the other way around, by its sign. */
export const matchGain = ({ quantity, price }: LotMatch, closedAt: Price, { multiplier }: PostedInstrument): Amount =>
  addAmount(worth(quantity, closedAt, multiplier), negateAmount(worth(quantity, price, multiplier)));
