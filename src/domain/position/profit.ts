import { addNotional, compareQuantity, isZeroQuantity, price, priceTimesQuantity, quantity, subtractNotional, ZERO_NOTIONAL } from '../amounts.js';
import type { Notional, Quantity } from '../amounts.js';
import { compare, divide, MAX_DECIMAL_SCALE, min, multiply } from '../decimal.js';
import { addMoney, negateNotional, notional, soleCurrency, timesMultiplier } from './cash.js';
import type { PositionOpened } from './events.js';
import type { MoneyByCurrency, PositionState, TargetState } from './state.js';

/*
 * Realised profit and loss. A target's is by its own original credit or debit: what opening its quantity brought in, and what
 * closing it cost. A position's is by the average of its whole episode: opened at one average, closed at another. Neither knows
 * lots or a cost method: those are the ledger's, and both figures are reconciled.
 */

/** Decimal places of a credit's part where the proportion does not divide; rounded half to even. */
const PART_SCALE = 10;

/**
 * What the opening side was taken from:
 * - `own_credit`: the target's own original credit or debit
 * - `position_credit`: the original credit that the position was opened with
 * - `position_price`: its open price × quantity × multiplier
 * - `opening_fills`: the fills that opened it, where it was opened with nothing else
 */
export type ProfitBasis = 'own_credit' | 'position_credit' | 'position_price' | 'opening_fills';

export interface RealisedProfit {
  readonly basis: ProfitBasis;
  /** The quote currency: everything here is in it. */
  readonly currency: string;
  /** What of the opening credit (positive) or debit (negative) belongs to what was closed. */
  readonly credit: Notional;
  /** What closing brought in (positive) or cost (negative). */
  readonly closingCash: Notional;
  /** credit + closingCash. */
  readonly gross: Notional;
  /** Less the fees in this currency; fees in others are not converted. */
  readonly net: Notional;
}

interface Opening {
  readonly basis: ProfitBasis;
  readonly currency: string;
  readonly cash: Notional;
}

/** `amount × part ÷ whole`: exact where it divides, and the amount itself where the part is the whole. */
function partOf(amount: Notional, part: Quantity, whole: Quantity): Notional {
  if (isZeroQuantity(part)) return ZERO_NOTIONAL;
  if (compareQuantity(part, whole) === 0) return amount;
  const product = multiply(amount, part);
  const fine = divide(product, whole, MAX_DECIMAL_SCALE);
  const isExact = compare(multiply(fine, whole), product) === 0;
  return (isExact ? fine : divide(product, whole, PART_SCALE, 'half-even')) as Notional;
}

const lesser = (a: Quantity, b: Quantity): Quantity => min(a, b) as Quantity;

/** What the position was opened with, its fills aside; undefined where that was not said. */
function statedOpening({ quantity: text, originalCredit, openPrice, direction, instrument }: PositionOpened['data']): Opening | undefined {
  const currency = instrument.quoteCurrency;
  // Opening orders fill it: an original credit is then what they are expected to bring in, and would count twice.
  if (isZeroQuantity(quantity(text))) return { basis: 'opening_fills', currency, cash: ZERO_NOTIONAL };
  if (originalCredit?.currency === currency) return { basis: 'position_credit', currency, cash: notional(originalCredit.amount) };
  if (openPrice === undefined) return undefined;
  const paid = timesMultiplier(priceTimesQuantity(price(openPrice), quantity(text)), instrument.multiplier);
  return { basis: 'position_price', currency, cash: direction === 'short' ? paid : negateNotional(paid) };
}

/** What opening the whole position brought in or cost; undefined where that is not known, or is in several currencies. */
function openingOf({ opened, opening }: PositionState): Opening | undefined {
  const stated = opened && statedOpening(opened);
  const fills = stated && soleCurrency(opening.cash, stated.currency);
  return fills && { ...stated, cash: addNotional(stated.cash, fills) };
}

function profit({ basis, currency, cash: credit }: Opening, closingCash: Notional, fees: MoneyByCurrency): RealisedProfit {
  const gross = addNotional(credit, closingCash);
  return { basis, currency, credit, closingCash, gross, net: subtractNotional(gross, fees.get(currency) ?? ZERO_NOTIONAL) };
}

/**
 * A position's: what was closed of it, at the average of its opening, against the average of its closing. What was closed beyond
 * what was open is not in it. `net` is less the fees of all its fills, the opening ones too. Undefined where the opening is
 * not known or not in the one currency.
 */
export function positionProfit(state: PositionState): RealisedProfit | undefined {
  const opening = openingOf(state);
  const closing = opening && soleCurrency(state.closing.cash, opening.currency);
  if (!closing) return undefined;
  const closed = lesser(state.closedQty, state.openedQty);
  const credit = partOf(opening.cash, closed, state.openedQty);
  return profit({ ...opening, cash: credit }, partOf(closing, closed, state.closedQty), addMoney(state.opening.fees, state.closing.fees));
}

/**
 * A target's: its own original credit or debit in the part that was filled (at most the whole), and the cash of all its fills.
 * Where it has none of its own, the position's in proportion; undefined where that is not known either, or the fills are
 * in another currency.
 */
export function targetProfit(state: PositionState, target: TargetState): RealisedProfit | undefined {
  const opening = ownPart(target) ?? positionsPart(state, target);
  const closing = opening && soleCurrency(target.closing.cash, opening.currency);
  return closing && profit(opening, closing, target.closing.fees);
}

function ownPart({ originalCredit, filledQty, quantity: whole }: TargetState): Opening | undefined {
  if (!originalCredit) return undefined;
  const cash = partOf(notional(originalCredit.amount), lesser(filledQty, whole), whole);
  return { basis: 'own_credit', currency: originalCredit.currency, cash };
}

function positionsPart(state: PositionState, { filledQty, quantity: whole }: TargetState): Opening | undefined {
  const opening = openingOf(state);
  if (!opening || isZeroQuantity(state.openedQty)) return undefined;
  const part = lesser(lesser(filledQty, whole), state.openedQty);
  return { ...opening, cash: partOf(opening.cash, part, state.openedQty) };
}
