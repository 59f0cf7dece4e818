import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AVG_PX_SCALE,
  ZERO_NOTIONAL,
  ZERO_QUANTITY,
  addNotional,
  addQuantity,
  averagePrice,
  formatPrice,
  formatQuantity,
  isSameRatio,
  price,
  priceText,
  priceTimesQuantity,
  quantity,
  quantityText,
  scaleQuantity,
} from '../../src/domain/amounts.js';
import {
  MAX_DECIMAL_DIGITS,
  MAX_DECIMAL_SCALE,
  ONE,
  ZERO,
  abs,
  add,
  canonicalDecimal,
  compare,
  divide,
  formatDecimal,
  isZero,
  max,
  min,
  multiply,
  negate,
  parseDecimal,
  round,
  subtract,
  tryParseDecimal,
} from '../../src/domain/decimal.js';
import type { Decimal, Rounding } from '../../src/domain/decimal.js';

/** A number as a fraction of whole numbers: another representation, to compute the expected results with. */
interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

const fractionOf = (value: Decimal): Fraction => ({ over: value.units, under: 10n ** BigInt(value.scale) });
const areEqual = (a: Fraction, b: Fraction): boolean => a.over * b.under === b.over * a.under;
const floorOf = ({ over, under }: Fraction): bigint => {
  const [top, bottom] = under < 0n ? [-over, -under] : [over, under];
  const quotient = top / bottom;
  return top % bottom < 0n ? quotient - 1n : quotient;
};

/** The whole number that a fraction rounds to, found from its floor: by comparing distances, not by remainders. */
function roundedByDistance(value: Fraction, rounding: Rounding): bigint {
  const below = floorOf(value);
  if (areEqual(value, { over: below, under: 1n })) return below;
  const above = below + 1n;
  const isNegative = above <= 0n;
  if (rounding === 'down') return isNegative ? above : below;
  if (rounding === 'up') return isNegative ? below : above;
  const toBelow = { over: value.over - below * value.under, under: value.under };
  const twiceIsLess = floorOf({ over: toBelow.over * 2n, under: toBelow.under }) < 1n;
  if (twiceIsLess) return below;
  if (areEqual(toBelow, { over: 1n, under: 2n })) return below % 2n === 0n ? below : above;
  return above;
}

const CANONICAL = /^(?:0|-?(?:[1-9]\d*)(?:\.\d*[1-9])?|-?0\.\d*[1-9])$/;

const digits = (most: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: most }).map((list) => list.join(''));
const decimalText = fc
  .tuple(fc.constantFrom('', '-', '+'), digits(20), fc.option(digits(20), { nil: undefined }))
  .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}`);
const decimal = decimalText.map(parseDecimal);
const rounding = fc.constantFrom<Rounding>('half-even', 'down', 'up');

describe('the text of a decimal', () => {
  test('is canonical, and reads back as the same number', () => {
    fc.assert(
      fc.property(decimalText, (text) => {
        const value = parseDecimal(text);
        const canonical = formatDecimal(value);
        expect(canonical).toMatch(CANONICAL);
        expect(parseDecimal(canonical)).toEqual(value);
        expect(canonicalDecimal(canonical)).toBe(canonical);
      }),
      { numRuns: 1000 },
    );
  });

  test('is one text for one number, whatever zeros it came with', () => {
    fc.assert(
      fc.property(decimalText, fc.nat(5), fc.nat(5), (text, before, after) => {
        const [, sign = '', rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
        const padded = `${sign}${'0'.repeat(before)}${rest.includes('.') ? rest : `${rest}.`}${'0'.repeat(after)}`;
        expect(canonicalDecimal(padded)).toBe(canonicalDecimal(text));
      }),
    );
  });

  test.each([
    ['10.00', '10'],
    ['-0.50', '-0.5'],
    ['+3.', '3'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['000', '0'],
    ['0.10', '0.1'],
    ['9007199254740993', '9007199254740993'],
  ])('%s is %s', (text, canonical) => expect(canonicalDecimal(text)).toBe(canonical));

  test.each(['', '.', '.5', '1e3', '1,000', ' 1', '1 ', '0x10', '--1', 'NaN', 'Infinity', '١', '1.2.3'])('%j is no decimal', (text) => {
    expect(tryParseDecimal(text)).toBeUndefined();
    expect(() => parseDecimal(text)).toThrow(RangeError);
  });

  test('is refused over its limits, and never cut', () => {
    expect(tryParseDecimal('9'.repeat(MAX_DECIMAL_DIGITS))).toBeDefined();
    expect(tryParseDecimal('9'.repeat(MAX_DECIMAL_DIGITS + 1))).toBeUndefined();
    expect(tryParseDecimal(`0.${'9'.repeat(MAX_DECIMAL_SCALE)}`)).toBeDefined();
    expect(tryParseDecimal(`0.${'9'.repeat(MAX_DECIMAL_SCALE + 1)}`)).toBeUndefined();
  });
});

describe('exact arithmetic', () => {
  test('sums, differences and products are those of fractions', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const [x, y] = [fractionOf(a), fractionOf(b)];
        expect(areEqual(fractionOf(add(a, b)), { over: x.over * y.under + y.over * x.under, under: x.under * y.under })).toBe(true);
        expect(areEqual(fractionOf(subtract(a, b)), { over: x.over * y.under - y.over * x.under, under: x.under * y.under })).toBe(true);
        expect(areEqual(fractionOf(multiply(a, b)), { over: x.over * y.over, under: x.under * y.under })).toBe(true);
        expect(compare(a, b)).toBe(Number(x.over * y.under > y.over * x.under) - Number(x.over * y.under < y.over * x.under));
      }),
      { numRuns: 1000 },
    );
  });

  test('obeys the laws of algebra, in canonical form', () => {
    fc.assert(
      fc.property(decimal, decimal, decimal, (a, b, c) => {
        expect(add(a, b)).toEqual(add(b, a));
        expect(multiply(a, b)).toEqual(multiply(b, a));
        expect(add(add(a, b), c)).toEqual(add(a, add(b, c)));
        expect(multiply(multiply(a, b), c)).toEqual(multiply(a, multiply(b, c)));
        expect(multiply(a, add(b, c))).toEqual(add(multiply(a, b), multiply(a, c)));
        expect(add(a, ZERO)).toEqual(a);
        expect(multiply(a, ONE)).toEqual(a);
        expect(add(a, negate(a))).toEqual(ZERO);
        expect(subtract(add(a, b), b)).toEqual(a);
        expect([min(a, b), max(a, b)].toSorted(compare)).toEqual([a, b].toSorted(compare));
        expect(compare(abs(a), ZERO)).toBe(isZero(a) ? 0 : 1);
        expect(compare(a, b)).toBe(0 - compare(b, a));
      }),
      { numRuns: 500 },
    );
  });
});

describe('rounding', () => {
  test('a quotient is the fraction, rounded to its nearest place by distance', () => {
    const scale = fc.nat(12);
    const divisor = decimal.filter((value) => !isZero(value));
    fc.assert(
      fc.property(decimal, divisor, scale, rounding, (a, b, places, mode) => {
        const [x, y] = [fractionOf(a), fractionOf(b)];
        const shifted = { over: x.over * y.under * 10n ** BigInt(places), under: x.under * y.over };
        const positive = shifted.under < 0n ? { over: -shifted.over, under: -shifted.under } : shifted;
        const expected = { over: roundedByDistance(positive, mode), under: 10n ** BigInt(places) };
        const quotient = divide(a, b, places, mode);
        expect(areEqual(fractionOf(quotient), expected)).toBe(true);
        expect(quotient.scale).toBeLessThanOrEqual(places);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['0.5', '0'],
    ['1.5', '2'],
    ['2.5', '2'],
    ['-0.5', '0'],
    ['-1.5', '-2'],
    ['-2.5', '-2'],
    ['2.50000001', '3'],
    ['2.49999999', '2'],
  ])('%s rounds half to even to %s', (text, expected) => expect(formatDecimal(round(parseDecimal(text), 0))).toBe(expected));

  test('down is towards zero and up away from it', () => {
    expect(['1.1', '-1.1'].map((text) => formatDecimal(round(parseDecimal(text), 0, 'down')))).toEqual(['1', '-1']);
    expect(['1.1', '-1.1'].map((text) => formatDecimal(round(parseDecimal(text), 0, 'up')))).toEqual(['2', '-2']);
  });

  test('division by zero is a bug', () => expect(() => divide(ONE, ZERO, 2)).toThrow(RangeError));
});

/** Prices in cents. */
interface Trade {
  readonly px: number;
  readonly qty: number;
}

const centsText = (cents: number): string => `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;

function average(trades: readonly Trade[]): string {
  let [notional, filled] = [ZERO_NOTIONAL, ZERO_QUANTITY];
  for (const { px, qty } of trades) {
    const lastQty = quantity(quantityText(String(qty)));
    notional = addNotional(notional, priceTimesQuantity(price(priceText(centsText(px))), lastQty));
    filled = addQuantity(filled, lastQty);
  }
  return formatPrice(averagePrice(notional, filled));
}

describe('amounts', () => {
  const trade = fc.record({ px: fc.integer({ min: -5000, max: 500_000 }), qty: fc.integer({ min: 1, max: 100_000 }) });

  test('AvgPx is within half of its last place of the exact average, whatever order the trades came in', () => {
    fc.assert(
      fc.property(fc.array(trade, { minLength: 1, maxLength: 20 }), (trades) => {
        const avgPx = fractionOf(parseDecimal(average(trades)));
        const exact = {
          over: trades.reduce((sum, { px, qty }) => sum + BigInt(px) * BigInt(qty), 0n),
          under: 100n * trades.reduce((sum, { qty }) => sum + BigInt(qty), 0n),
        };
        const error = avgPx.over * exact.under - exact.over * avgPx.under;
        const half = exact.under * avgPx.under;
        expect((error < 0n ? -error : error) * 2n * 10n ** BigInt(AVG_PX_SCALE) <= half).toBe(true);
        expect(average(trades.toReversed())).toBe(average(trades));
      }),
    );
  });

  test('AvgPx of nothing is 0', () => expect(formatPrice(averagePrice(ZERO_NOTIONAL, ZERO_QUANTITY))).toBe('0'));

  test('a split keeps the ratio, to its scale', () => {
    const [three, two, ten] = [quantity(quantityText('3')), quantity(quantityText('2')), quantity(quantityText('10'))];
    expect(formatQuantity(scaleQuantity(ten, three, two, 30))).toBe('15');
    expect(formatQuantity(scaleQuantity(ten, two, three, 4))).toBe('6.6667');
    expect(isSameRatio(three, two, scaleQuantity(ten, three, two, 30), ten)).toBe(true);
    expect(isSameRatio(three, two, ten, ten)).toBe(false);
  });
});
