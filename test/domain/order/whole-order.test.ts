import { describe, expect, test } from 'vitest';
import { priceText } from '../../../src/domain/amounts.js';
import type { BrokerReport, OrderFactEvent, OrderTerms } from '../../../src/domain/order/events.js';
import { figures, kinds, placed, refs, report, traded } from './facts.js';
import { given, terms } from './given.js';

/* Brokers that send the whole order each time: a message says how the order is, not what changed. */

type Stated = 'OrderAccepted' | 'CancelPending' | 'ReplacePending' | 'OrderCanceled' | 'OrderSuspended' | 'OrderPendingNew' | 'OrderStatusReported';
const stated = (type: Stated, said: BrokerReport, is: OrderTerms = terms('1000')): OrderFactEvent => ({ type, data: { refs, report: said, terms: is, statesWholeOrder: true } });

describe('a message that states the whole order', () => {
  test.each<[string, readonly OrderFactEvent[], string]>([
    ['a cancel that was pending, by a working order', [stated('CancelPending', report('pending_cancel', '0')), stated('OrderAccepted', report('new', '0'))], 'new 1000/0/1000 @ 0'],
    ['a replace that was pending', [stated('ReplacePending', report('pending_replace', '0')), stated('OrderAccepted', report('new', '0'))], 'new 1000/0/1000 @ 0'],
    ['a suspension', [stated('OrderSuspended', report('suspended', '0')), stated('OrderAccepted', report('new', '0'))], 'new 1000/0/1000 @ 0'],
    ['an acceptance that was none', [stated('OrderAccepted', report('new', '0')), stated('OrderPendingNew', report('pending_new', '0'))], 'pending_new 1000/0/1000 @ 0'],
    ['an end that was none', [stated('OrderCanceled', report('canceled', '0')), stated('OrderAccepted', report('new', '0'))], 'new 1000/0/1000 @ 0'],
  ])('ends %s', (_name, facts, expected) => {
    const order = given(placed(), ...facts);
    expect(figures(order)).toBe(expected);
    expect(kinds(order)).toEqual([]);
  });

  test('keeps what was executed', () => {
    const order = given(placed(), traded('E1', '400'), stated('CancelPending', report('pending_cancel', '400')), stated('OrderAccepted', report('partially_filled', '400')));
    expect(figures(order)).toBe('partially_filled 1000/400/600 @ 100');
    expect(kinds(order)).toEqual([]);
  });

  test('has the terms that it says, and those that only the owner knows stay', () => {
    const order = given(placed('1000', { ordType: 'limit', price: priceText('9'), strategy: 'wheel' }), stated('OrderAccepted', report('new', '0'), terms('700', { ordType: 'market' })));
    expect(order.view.terms).toEqual({ ...terms('700', { ordType: 'market' }), strategy: 'wheel' });
    expect(figures(order)).toBe('new 700/0/700 @ 0');
  });

  test('without a quantity leaves the one that is known', () => {
    expect(figures(given(placed('1000'), stated('OrderAccepted', report('new', '0'), terms('0'))))).toBe('new 1000/0/1000 @ 0');
  });
});
