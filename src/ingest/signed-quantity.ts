import { quantityText } from '../domain/amounts.js';
import type { QuantityString } from '../domain/amounts.js';
import { abs, formatDecimal, isZero, tryParseDecimal } from '../domain/decimal.js';
import type { Decimal } from '../domain/decimal.js';
import type { PositionEffect, Side } from '../domain/order/events.js';
import { FieldError, shown } from './adapter.js';

/*
 * Sizes of brokers that write a sign. Events hold a quantity that is never negative, and a side beside it. What the sign means
 * differs: some brokers make every sell negative, some every close (a buy to close too). A sign that says another thing than
 * the side beside it is an error, never a guess.
 */

/** `+` for above zero, `-` for below, `0`. The sign of a zero (`-0`) says nothing. */
type Sign = '+' | '-' | '0';

interface SignedQuantity {
  readonly sign: Sign;
  readonly quantity: QuantityString;
}

const BUYS: ReadonlySet<Side> = new Set<Side>(['buy', 'buy_minus']);

const signOf = (value: Decimal): Sign => {
  if (isZero(value)) return '0';
  return value.units < 0n ? '-' : '+';
};

/** A size and its sign, apart. Throws a FieldError that names the field where the text is no plain decimal. */
function signedQuantity(field: string, text: string): SignedQuantity {
  const value = tryParseDecimal(text.trim());
  if (!value) throw new FieldError(field, `${shown(text)} is not a decimal`);
  return { sign: signOf(value), quantity: quantityText(formatDecimal(abs(value))) };
}

/** The size without its sign: for a field whose sign says nothing that is not said elsewhere. Throws as `signedQuantity` does. */
export const unsignedQuantity = (field: string, text: string): QuantityString => signedQuantity(field, text).quantity;

/**
 * The size beside a side, of a broker that makes sells negative, or what closes (a buy to close too), and may leave the sign out:
 * a negative size beside a buy that does not close contradicts it.
 */
export function quantityOfSide(field: string, text: string, side: Side, effect?: PositionEffect): QuantityString {
  const { sign, quantity } = signedQuantity(field, text);
  if (sign === '-' && BUYS.has(side) && effect !== 'close') throw new FieldError(field, `${shown(text)} is negative, but the side is ${side}`);
  return quantity;
}

/** The side that the sign alone says, of a broker that writes no side. Throws a FieldError for 0, which says none. */
export function sideOfSign(field: string, text: string): 'buy' | 'sell' {
  const { sign } = signedQuantity(field, text);
  if (sign === '0') throw new FieldError(field, 'is 0, which says neither buy nor sell');
  return sign === '+' ? 'buy' : 'sell';
}
