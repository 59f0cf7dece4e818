import { describe, expect, test } from 'vitest';
import { figures, kinds, placed, report, traded } from './facts.js';
import { given } from './given.js';

/* Brokers that book a trade later than the one that completed the order: the report that counts it comes before it. */

describe('a report that counts a trade whose time is after it', () => {
  test('is a disagreement while the trade is missing', () => {
    const order = given(placed(), traded('E2', '400', '100', { report: report('filled', '1000') }));
    expect(figures(order)).toBe('partially_filled 1000/400/600 @ 100');
    expect(kinds(order)).toEqual(['cum_qty', 'status']);
  });

  test('is none once the trade is there, though that reports nothing', () => {
    const order = given(placed(), traded('E2', '400', '100', { report: report('filled', '1000') }), traded('E1', '600'));
    expect(figures(order)).toBe('filled 1000/1000/0 @ 100');
    expect(kinds(order)).toEqual([]);
  });

  test('stays one where the trade explains another number', () => {
    const order = given(placed(), traded('E2', '400', '100', { report: report('filled', '1000') }), traded('E1', '500'));
    expect(kinds(order)).toEqual(['cum_qty', 'status']);
  });
});
