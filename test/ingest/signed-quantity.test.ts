import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantityText } from '../../src/domain/amounts.js';
import type { Side } from '../../src/domain/order/events.js';
import { FieldError } from '../../src/ingest/adapter.js';
import { quantityOfSide, sideOfSign, unsignedQuantity } from '../../src/ingest/signed-quantity.js';

const SIDES: readonly Side[] = ['buy', 'sell', 'sell_short', 'sell_short_exempt', 'buy_minus', 'sell_plus'];

const complaint = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return [error.field, error.message];
  }
};

describe('a size that a broker signs', () => {
  it.each([
    ['-2', 'sell', '2'],
    ['2', 'buy', '2'],
    ['+2.50', 'buy', '2.5'],
    [' -0.10 ', 'sell', '0.1'],
    ['0', 'neither', '0'],
    ['-0.0', 'neither', '0'],
  ])('%j says %s and the size %s', (text, side, quantity) => {
    expect(unsignedQuantity('qty', text)).toBe(quantity);
    expect(quantityOfSide('qty', text, 'sell')).toBe(quantity);
    expect(complaint(() => sideOfSign('qty', text))).toEqual(side === 'neither' ? ['qty', 'qty is 0, which says neither buy nor sell'] : side);
  });

  it.each(['', '-', '--2', '- 2', '1e3', '(2)', 'NaN', '2,000'])('%j is no size: the field is named', (text) => {
    expect(complaint(() => unsignedQuantity('leg.quantity', text))).toEqual(['leg.quantity', `leg.quantity ${JSON.stringify(text)} is not a decimal`]);
  });

  it('of any digits and either sign is the same size (property)', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 40n }), fc.integer({ min: 0, max: 18 }), (units, scale) => {
        const digits = units.toString().padStart(scale + 1, '0');
        const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
        expect(unsignedQuantity('q', `-${text}`)).toBe(quantityText(text));
        expect(unsignedQuantity('q', text)).toBe(quantityText(text));
        expect(sideOfSign('q', `-${text}`)).toBe('sell');
      }),
    );
  });
});

describe('the sign beside a side', () => {
  it('of a sell may be written or left out', () => {
    for (const side of SIDES.filter((one) => one.startsWith('sell'))) {
      expect(quantityOfSide('size', '-3', side)).toBe('3');
      expect(quantityOfSide('size', '3', side)).toBe('3');
    }
  });

  it('that makes a buy negative contradicts it', () => {
    expect(quantityOfSide('size', '3', 'buy_minus')).toBe('3');
    expect(complaint(() => quantityOfSide('size', '-3', 'buy'))).toEqual(['size', 'size "-3" is negative, but the side is buy']);
    expect(complaint(() => quantityOfSide('size', '-3', 'buy_minus'))).toEqual(['size', 'size "-3" is negative, but the side is buy_minus']);
  });

  it('is the side where nothing else says it', () => {
    expect([sideOfSign('amount', '5'), sideOfSign('amount', '-5')]).toEqual(['buy', 'sell']);
    expect(complaint(() => sideOfSign('amount', '-0'))).toEqual(['amount', 'amount is 0, which says neither buy nor sell']);
  });
});

describe('a buy to close that a broker writes negative', () => {
  it('is its size', () => {
    expect(quantityOfSide('quantity', '-4', 'buy', 'close')).toBe('4');
    expect(quantityOfSide('quantity', '4', 'buy', 'close')).toBe('4');
    expect(quantityOfSide('quantity', '-4', 'buy_minus', 'close')).toBe('4');
  });

  it('is refused where it opens, or nothing says that it closes', () => {
    expect(complaint(() => quantityOfSide('quantity', '-4', 'buy', 'open'))).toEqual(['quantity', 'quantity "-4" is negative, but the side is buy']);
    expect(complaint(() => quantityOfSide('quantity', '-4', 'buy'))).toEqual(['quantity', 'quantity "-4" is negative, but the side is buy']);
  });
});
