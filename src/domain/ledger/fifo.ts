import { isZeroQuantity, subtractQuantity } from '../amounts.js';
import type { Price } from '../amounts.js';
import { addAmount, negateAmount, negateQuantity, signOf, smallerOf, worth } from './amount.js';
import type { Amount } from './amount.js';
import type { PostedInstrument } from './instrument.js';
import type { Lot, LotQueue } from './lots.js';

export interface LotsAfter {
  readonly lots: LotQueue;
  /** The lots or parts of them that it closed, the first one first. */
  readonly matches: readonly Lot[];
  /** What it opened: all of it, or what was left after it closed everything. */
  readonly opened: Lot | undefined;
}

/** First in, first out: a trade (as the lot that it opens where nothing is open) against the open lots closes those that were opened first; what is left of it opens one. */
export function tradeLots(before: LotQueue, trade: Lot): LotsAfter {
  const matches: Lot[] = [];
  let [lots, left] = [before, trade.quantity];
  for (let first = lots.first; first && signOf(first.quantity) === -signOf(left); first = lots.first) {
    const closed = smallerOf(first.quantity, negateQuantity(left));
    matches.push({ ...first, quantity: closed });
    const open = subtractQuantity(first.quantity, closed);
    lots = isZeroQuantity(open) ? lots.withoutFirst() : lots.withFirst({ ...first, quantity: open });
    left = subtractQuantity(left, negateQuantity(closed));
  }
  if (isZeroQuantity(left)) return { lots, matches, opened: undefined };
  const opened: Lot = { ...trade, quantity: left };
  return { lots: lots.with(opened), matches, opened };
}

/** The gain of a match: what it was closed at less what it cost; for a short lot the other way around, by its sign. */
export const matchGain = ({ quantity, price }: Lot, closedAt: Price, { multiplier }: PostedInstrument): Amount =>
  addAmount(worth(quantity, closedAt, multiplier), negateAmount(worth(quantity, price, multiplier)));
