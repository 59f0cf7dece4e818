import type { Branded } from './brand.js';
import { add, canonicalDecimal, compare, divide, formatDecimal, isZero, max, multiply, parseDecimal, subtract, tryParseDecimal } from './decimal.js';
import type { Decimal, DecimalString } from './decimal.js';

/** How many of an instrument, in its own unit (shares, contracts, coins). */
export type Quantity = Branded<Decimal, 'Quantity'>;
/** Quote currency per unit of an instrument; may be negative (spreads, energy). */
export type Price = Branded<Decimal, 'Price'>;
/** Price × quantity × multiplier, in the quote currency: what an AvgPx is computed from. */
export type Notional = Branded<Decimal, 'Notional'>;

/** As they stand in events: canonical text. */
export type QuantityString = Branded<DecimalString, 'QuantityString'>;
export type PriceString = Branded<DecimalString, 'PriceString'>;
/** An amount of money in an event: canonical text and an ISO 4217 code or a coin's symbol. */
export interface MoneyJson {
  readonly amount: DecimalString;
  readonly currency: string;
}

/** Decimal places of an average price, rounded half to even: enough for any tick, the same on every machine. */
export const AVG_PX_SCALE = 10;

export const quantityText = (text: string): QuantityString => canonicalDecimal(text) as QuantityString;
export const priceText = (text: string): PriceString => canonicalDecimal(text) as PriceString;
export const quantity = (text: QuantityString): Quantity => parseDecimal(text) as Quantity;
export const price = (text: PriceString): Price => parseDecimal(text) as Price;
export const formatQuantity = (value: Quantity): QuantityString => formatDecimal(value) as QuantityString;
export const formatPrice = (value: Price): PriceString => formatDecimal(value) as PriceString;


/** As `quantity` and `price`, for text that may be no decimal: `undefined` where it is none. */
export const tryQuantity = (text: string): Quantity | undefined => tryParseDecimal(text) as Quantity | undefined;
export const tryPrice = (text: string): Price | undefined => tryParseDecimal(text) as Price | undefined;

export const ZERO_QUANTITY: Quantity = parseDecimal('0') as Quantity;
export const ZERO_PRICE: Price = parseDecimal('0') as Price;
export const ZERO_NOTIONAL: Notional = parseDecimal('0') as Notional;

export const addQuantity = (a: Quantity, b: Quantity): Quantity => add(a, b) as Quantity;
export const subtractQuantity = (a: Quantity, b: Quantity): Quantity => subtract(a, b) as Quantity;
export const compareQuantity = (a: Quantity, b: Quantity): -1 | 0 | 1 => compare(a, b);
export const isZeroQuantity = (a: Quantity): boolean => isZero(a);
export const maxQuantity = (a: Quantity, b: Quantity): Quantity => max(a, b) as Quantity;
/** `of × numerator ÷ denominator` to `scale` places, half to even (a split of the instrument). */
export const scaleQuantity = (of: Quantity, numerator: Quantity, denominator: Quantity, scale: number): Quantity =>
  divide(multiply(of, numerator), denominator, scale, 'half-even') as Quantity;
/** Whether `a ÷ b` is `c ÷ d`, exactly. */
export const isSameRatio = (a: Quantity, b: Quantity, c: Quantity, d: Quantity): boolean => compare(multiply(a, d), multiply(b, c)) === 0;
export const addNotional = (a: Notional, b: Notional): Notional => add(a, b) as Notional;
export const subtractNotional = (a: Notional, b: Notional): Notional => subtract(a, b) as Notional;

/** Price × quantity, without the multiplier: the sum of these over CumQty is FIX's AvgPx (tag 6). */
export const priceTimesQuantity = (at: Price, of: Quantity): Notional => multiply(at, of) as Notional;

/** AvgPx: `AVG_PX_SCALE` places, half to even; zero where nothing was filled (FIX 4.4, tag 6). */
export const averagePrice = (total: Notional, over: Quantity): Price =>
  (isZero(over) ? parseDecimal('0') : divide(total, over, AVG_PX_SCALE, 'half-even')) as Price;
