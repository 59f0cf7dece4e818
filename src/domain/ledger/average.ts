import { addQuantity, compareQuantity, isZeroQuantity, subtractQuantity, ZERO_QUANTITY } from '../amounts.js';
import type { Price, Quantity } from '../amounts.js';
import { addAmount, negateAmount, negateQuantity, shareOf, signOf, smallerOf, worth, ZERO_AMOUNT } from './amount.js';
import type { Amount } from './amount.js';
import type { PostedInstrument } from './instrument.js';

/** What a book holds and what all of it cost; both negative where it is short. */
export interface AverageCost {
  readonly quantity: Quantity;
  readonly cost: Amount;
}

/** What a trade closed at the average cost. */
export interface AverageClosing {
  /** Signed as what was open. */
  readonly quantity: Quantity;
  readonly gain: Amount;
}

export const NOTHING_HELD: AverageCost = { quantity: ZERO_QUANTITY, cost: ZERO_AMOUNT };

/**
 * Average cost: a trade against what is held takes its share of the cost with it, all that is left of the cost where it closes
 * everything, so that nothing held has no cost. What is left of the trade opens at its own price.
 */
export function tradeAverage(before: AverageCost, quantity: Quantity, at: Price, { multiplier }: PostedInstrument): { readonly after: AverageCost; readonly closing: AverageClosing | undefined } {
  const opens = (of: Quantity, onto: AverageCost): AverageCost => ({ quantity: addQuantity(onto.quantity, of), cost: addAmount(onto.cost, worth(of, at, multiplier)) });
  if (isZeroQuantity(quantity)) return { after: before, closing: undefined };
  if (signOf(before.quantity) !== -signOf(quantity)) return { after: opens(quantity, before), closing: undefined };
  const closed = smallerOf(before.quantity, negateQuantity(quantity));
  const isAll = compareQuantity(closed, before.quantity) === 0;
  const cost = isAll ? before.cost : shareOf(before.cost, closed, before.quantity);
  const closing: AverageClosing = { quantity: closed, gain: addAmount(worth(closed, at, multiplier), negateAmount(cost)) };
  const rest: AverageCost = { quantity: subtractQuantity(before.quantity, closed), cost: addAmount(before.cost, negateAmount(cost)) };
  const left = addQuantity(quantity, closed);
  return { after: isZeroQuantity(left) ? rest : opens(left, rest), closing };
}
