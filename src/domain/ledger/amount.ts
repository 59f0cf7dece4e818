import type { Price, Quantity } from '../amounts.js';
import type { Branded } from '../brand.js';
import { add, compare, divide, formatDecimal, multiply, negate, parseDecimal, readDecimal, ZERO } from '../decimal.js';
import type { Decimal, DecimalString } from '../decimal.js';

/** What an amount counts: a currency or an instrument. Amounts of two units are never added. */
export type Unit = Branded<string, 'Unit'>;
/** How much of a unit a posting moves: debits are positive, credits negative. */
export type Amount = Branded<Decimal, 'Amount'>;
/** Money per point of price and unit of quantity. */
export type Multiplier = Branded<Decimal, 'Multiplier'>;

export const unit = (text: string): Unit => text as Unit;
/** Of any length: an exact product is longer than what it was made of. */
export const amount = (text: string): Amount => readDecimal(text) as Amount;
export const multiplier = (text: DecimalString): Multiplier => parseDecimal(text) as Multiplier;
export const formatAmount = (value: Amount): DecimalString => formatDecimal(value);

export const ZERO_AMOUNT: Amount = ZERO as Amount;

export const addAmount = (a: Amount, b: Amount): Amount => add(a, b) as Amount;
export const negateAmount = (a: Amount): Amount => negate(a) as Amount;
export const isSameAmount = (a: Amount, b: Amount): boolean => compare(a, b) === 0;
export const isSamePrice = (a: Price, b: Price): boolean => compare(a, b) === 0;
export const isZeroAmount = (a: Amount): boolean => a.units === 0n;

/** So many of an instrument as an amount of the instrument's own unit. */
export const amountOf = (of: Quantity): Amount => of as Decimal as Amount;

/** Signed quantity × price × multiplier: what it is worth in the quote currency. */
export const worth = (of: Quantity, at: Price, times: Multiplier): Amount => multiply(multiply(of, at), times) as Amount;

/** Decimal places of a cost that does not divide evenly, rounded half to even. What is cut stays in the cost that is left. */
const COST_SCALE = 10;

/** `of × part ÷ whole`, exact where it has at most `COST_SCALE` places. */
export const shareOf = (of: Amount, part: Quantity, whole: Quantity): Amount => divide(multiply(of, part), whole, COST_SCALE, 'half-even') as Amount;

// Signed quantities: bought is positive, sold negative.

/** As `amount`: sums too may be longer than what anybody may send. */
export const exactQuantity = (text: string): Quantity => readDecimal(text) as Quantity;
export const negateQuantity = (of: Quantity): Quantity => negate(of) as Quantity;
export const signOf = (of: Quantity): -1 | 0 | 1 => (of.units === 0n ? 0 : of.units < 0n ? -1 : 1);
/** Of two quantities of one sign the one that is nearer to zero. */
export const smallerOf = (a: Quantity, b: Quantity): Quantity => (compare(a, b) === signOf(a) ? b : a);
