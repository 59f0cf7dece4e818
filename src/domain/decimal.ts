import type { Branded } from './brand.js';

/** An exact decimal: `units × 10^-scale`, with the smallest scale that holds it (10.00 is 10). */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** A decimal in its one canonical text: `-?digits[.digits]`, no exponent, no leading or trailing zeros, no `-0`. */
export type DecimalString = Branded<string, 'DecimalString'>;

/** Where a quotient or a shorter scale cannot hold the exact value. Half-even is IEEE 754's default. */
export type Rounding = 'half-even' | 'down' | 'up';

/** The longest text that is read and the longest fraction that is kept: more is refused, not cut. */
export const MAX_DECIMAL_DIGITS = 60;
export const MAX_DECIMAL_SCALE = 30;

const DECIMAL_TEXT = /^([+-]?)(\d+)(?:\.(\d*))?$/;

export const ZERO: Decimal = { units: 0n, scale: 0 };
export const ONE: Decimal = { units: 1n, scale: 0 };

function normalise(units: bigint, scale: number): Decimal {
  if (units === 0n) return ZERO;
  let [shorter, length] = [units, scale];
  while (length > 0 && shorter % 10n === 0n) {
    shorter /= 10n;
    length -= 1;
  }
  return { units: shorter, scale: length };
}

/** Reads decimal text (`10`, `-0.50`, `+3.`); `undefined` if it is no plain decimal or is over the limits. */
export function tryParseDecimal(text: string): Decimal | undefined {
  if (text.length > MAX_DECIMAL_DIGITS + 2) return undefined;
  const match = DECIMAL_TEXT.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (whole.length + fraction.length > MAX_DECIMAL_DIGITS || fraction.length > MAX_DECIMAL_SCALE) return undefined;
  const units = BigInt(whole + fraction);
  return normalise(sign === '-' ? -units : units, fraction.length);
}

/** As `tryParseDecimal`, for text that is known to be a decimal. Throws a RangeError where it is not: that is a bug. */
export function parseDecimal(text: string): Decimal {
  const parsed = tryParseDecimal(text);
  if (!parsed) throw new RangeError(`not a decimal: ${JSON.stringify(text.slice(0, 80))}`);
  return parsed;
}

/** Reads the text of a decimal that a computation made: exact products and sums are longer than what anybody may send. */
export function readDecimal(text: string): Decimal {
  const [, sign = '', whole = '', fraction = ''] = DECIMAL_TEXT.exec(text) ?? [];
  if (whole === '') throw new RangeError(`not a decimal: ${JSON.stringify(text.slice(0, 80))}`);
  const units = BigInt(whole + fraction);
  return normalise(sign === '-' ? -units : units, fraction.length);
}

/** The canonical text of a decimal. */
export function formatDecimal({ units, scale }: Decimal): DecimalString {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return (units < 0n ? `-${text}` : text) as DecimalString;
}

/** The canonical form of decimal text; throws a RangeError where it is none. */
export const canonicalDecimal = (text: string): DecimalString => formatDecimal(parseDecimal(text));

const unitsAt = (value: Decimal, scale: number): bigint => value.units * 10n ** BigInt(scale - value.scale);

/** The exact sum. */
export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return normalise(unitsAt(a, scale) + unitsAt(b, scale), scale);
}

export const negate = (a: Decimal): Decimal => (a.units === 0n ? ZERO : { units: -a.units, scale: a.scale });
export const subtract = (a: Decimal, b: Decimal): Decimal => add(a, negate(b));
export const multiply = (a: Decimal, b: Decimal): Decimal => normalise(a.units * b.units, a.scale + b.scale);
export const abs = (a: Decimal): Decimal => (a.units < 0n ? negate(a) : a);
export const isZero = (a: Decimal): boolean => a.units === 0n;

/** -1, 0 or 1 as `a` is less than, equal to or greater than `b`. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [unitsAt(a, scale), unitsAt(b, scale)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

export const min = (a: Decimal, b: Decimal): Decimal => (compare(a, b) <= 0 ? a : b);
export const max = (a: Decimal, b: Decimal): Decimal => (compare(a, b) >= 0 ? a : b);

function roundedQuotient(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  if (remainder === 0n || rounding === 'down') return quotient;
  const away = numerator < 0n === denominator < 0n ? 1n : -1n;
  if (rounding === 'up') return quotient + away;
  const twice = (remainder < 0n ? -remainder : remainder) * 2n;
  const size = denominator < 0n ? -denominator : denominator;
  const roundsAway = twice > size || (twice === size && quotient % 2n !== 0n);
  return roundsAway ? quotient + away : quotient;
}

/** `a ÷ b` rounded to `scale` places. Throws a RangeError on division by zero. */
export function divide(a: Decimal, b: Decimal, scale: number, rounding: Rounding = 'half-even'): Decimal {
  if (b.units === 0n) throw new RangeError('division by zero');
  const shift = scale + b.scale - a.scale;
  const numerator = shift >= 0 ? a.units * 10n ** BigInt(shift) : a.units;
  const denominator = shift >= 0 ? b.units : b.units * 10n ** BigInt(-shift);
  return normalise(roundedQuotient(numerator, denominator, rounding), scale);
}

/** `a` rounded to at most `scale` places. */
export const round = (a: Decimal, scale: number, rounding: Rounding = 'half-even'): Decimal =>
  a.scale <= scale ? a : divide(a, ONE, scale, rounding);
