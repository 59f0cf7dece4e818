import { describe, expect, test } from 'vitest';
import { priceText, quantityText } from '../../../src/domain/amounts.js';
import type { OrderFactEvent } from '../../../src/domain/order/events.js';
import type { OrderState } from '../../../src/domain/order/state.js';
import { accepted, busted, canceled, figures, kinds, placed, refs, report, restated, traded } from './facts.js';
import { asEvents, foldEvents, given, metadata, terms } from './given.js';

describe('the life of an order', () => {
  test('given only its placing, it is pending new and open for all of it', () => {
    const state = given(placed());
    expect(figures(state)).toBe('pending_new 1000/0/1000 @ 0');
    expect(state.view.clOrdId).toBe('X');
    expect(state.view.brokerOrderId).toBeUndefined();
  });

  test('given a trade before the acceptance, it is not new again', () => {
    expect(figures(given(placed(), traded('E1', '400'), accepted))).toBe('partially_filled 1000/400/600 @ 100');
  });

  test('given a partial cancel that says by how much, then LeavesQty falls by that', () => {
    const reduced = restated(undefined, { reducedBy: '300' });
    expect(figures(given(placed(), accepted, reduced))).toBe('new 1000/0/700 @ 0');
    expect(figures(given(placed(), accepted, reduced, traded('E1', '400')))).toBe('partially_filled 1000/400/300 @ 100');
    expect(figures(given(placed(), accepted, reduced, restated('700')))).toBe('new 700/0/700 @ 0');
  });

  test('given partial cancels and trades that leave nothing, then it is canceled with executions, until a trade is busted', () => {
    const reduced = restated(undefined, { reducedBy: '300' });
    expect(figures(given(placed(), accepted, traded('E1', '700'), reduced))).toBe('canceled 1000/700/0 @ 100');
    expect(figures(given(placed(), accepted, reduced, traded('E1', '700'), busted('E2', 'E1')))).toBe('new 1000/0/700 @ 0');
  });

  test('given a placing that says the venue’s id and that the order is in the book, then it is new', () => {
    const inBook = given({ type: 'OrderPlaced', data: { refs: { brokerOrderId: 'V1' }, origin: 'fact', terms: terms('1000'), report: { ordStatus: 'new' } } });
    expect(figures(inBook)).toBe('new 1000/0/1000 @ 0');
    expect(inBook.view.brokerOrderId).toBe('V1');
  });

  test('given a reduction below what was executed, then OrderQty is CumQty', () => {
    expect(figures(given(placed(), traded('E1', '700'), restated('500')))).toBe('filled 700/700/0 @ 100');
  });

  test('given two prices, then AvgPx is rounded half to even at ten places', () => {
    expect(figures(given(placed('3'), traded('E1', '1', '10'), traded('E2', '2', '10.1')))).toBe('filled 3/3/0 @ 10.0666666667');
  });

  test('given a cancel, then a restatement opens it again unless it says that it is cancelled', () => {
    expect(figures(given(placed(), accepted, canceled, restated('1000', { report: report('new') })))).toBe('new 1000/0/1000 @ 0');
    expect(figures(given(placed(), accepted, canceled, restated('1000', { report: report('canceled') })))).toBe('canceled 1000/0/0 @ 0');
  });

  test('given a restatement that is marked as sent again, of which no other copy came, then it counts', () => {
    const resent: OrderFactEvent = { type: 'OrderRestated', data: { refs, change: {}, report: report('new'), possResend: true } };
    expect(figures(given(placed(), accepted, { type: 'OrderSuspended', data: { refs } }, resent))).toBe('new 1000/0/1000 @ 0');
    expect(figures(given(placed(), accepted, { type: 'OrderExpired', data: { refs } }, resent))).toBe('new 1000/0/1000 @ 0');
  });

  test('given a repetition of the acceptance after the cancel, then it stays cancelled', () => {
    expect(figures(given(placed(), accepted, canceled, { type: 'OrderAccepted', data: { refs, possResend: true } }))).toBe('canceled 1000/0/0 @ 0');
  });

  test('given an expiry, then late trades leave it expired, and a full one fills it', () => {
    const expired: OrderFactEvent = { type: 'OrderExpired', data: { refs } };
    expect(figures(given(placed(), expired, traded('E1', '400')))).toBe('expired 1000/400/0 @ 100');
    expect(figures(given(placed(), expired, traded('E1', '1000')))).toBe('filled 1000/1000/0 @ 100');
  });

  test('given a suspension, then it is suspended until it is restated', () => {
    const suspended: OrderFactEvent = { type: 'OrderSuspended', data: { refs } };
    expect(figures(given(placed(), accepted, traded('E1', '400'), suspended))).toBe('suspended 1000/400/600 @ 100');
    expect(figures(given(placed(), accepted, traded('E1', '400'), suspended, restated('1000')))).toBe('partially_filled 1000/400/600 @ 100');
  });

  test('given that it was calculated, then done for day has precedence and filled has not', () => {
    const calculated: OrderFactEvent = { type: 'OrderCalculated', data: { refs } };
    expect(given(placed(), traded('E1', '1000'), calculated).view.ordStatus).toBe('calculated');
    expect(given(placed(), { type: 'OrderDoneForDay', data: { refs } }, calculated).view.ordStatus).toBe('done_for_day');
  });

  test('given a GTC order that is done for the day, then a trade of the next day works on it without a restatement', () => {
    const facts = [placed('1000', { timeInForce: 'gtc' }), accepted, traded('E1', '400'), { type: 'OrderDoneForDay', data: { refs } } as const, traded('E2', '100')];
    const sameDay = foldEvents(asEvents(facts));
    const nextDay = foldEvents([{ ...traded('E2', '100'), metadata: metadata(5, { tradingDay: '2012-06-22' }) }], foldEvents(asEvents(facts.slice(0, 4))));
    expect(figures(sameDay)).toBe('done_for_day 1000/500/500 @ 100');
    expect(figures(nextDay)).toBe('partially_filled 1000/500/500 @ 100');
  });

  test('given a pending request after the end, or after its own answer, then nothing is pending', () => {
    const pending: OrderFactEvent = { type: 'CancelPending', data: { refs: { clOrdId: 'Y', origClOrdId: 'X' } } };
    const refused: OrderFactEvent = { type: 'CancelRejected', data: { refs: { clOrdId: 'Y', origClOrdId: 'X' }, responseTo: 'cancel' } };
    expect(given(placed(), accepted, canceled, pending).view.ordStatus).toBe('canceled');
    expect(given(placed(), accepted, refused, pending).view.ordStatus).toBe('new');
    expect(given(placed(), accepted, pending).view.ordStatus).toBe('pending_cancel');
  });

  test('given both requests pending, then pending cancel has precedence, and each ends with its own answer', () => {
    const cancelPending: OrderFactEvent = { type: 'CancelPending', data: { refs: { clOrdId: 'Y' } } };
    const replacePending: OrderFactEvent = { type: 'ReplacePending', data: { refs: { clOrdId: 'Z' } } };
    const refused: OrderFactEvent = { type: 'CancelRejected', data: { refs: { clOrdId: 'Y' }, responseTo: 'cancel' } };
    expect(given(placed(), accepted, cancelPending, replacePending).view.ordStatus).toBe('pending_cancel');
    expect(given(placed(), accepted, cancelPending, replacePending, refused).view.ordStatus).toBe('pending_replace');
  });

  test('given a replace of the price alone, then the quantity stays and the terms have the new price', () => {
    const state = given(placed('1000', { ordType: 'limit', price: priceText('10') }), accepted, {
      type: 'OrderReplaced',
      data: { refs: { clOrdId: 'Y', origClOrdId: 'X' }, change: { price: priceText('11') } },
    });
    expect(state.view.terms).toMatchObject({ orderQty: '1000', price: '11' });
    expect([state.view.clOrdId, state.view.liveClOrdId]).toEqual(['Y', 'Y']);
  });
});

const replacePending = (clOrdId: string): OrderFactEvent => ({ type: 'ReplacePending', data: { refs: { clOrdId, origClOrdId: 'X' } } });
const doneForDay = (leavesQty: string): OrderFactEvent => ({ type: 'OrderDoneForDay', data: { refs, report: { leavesQty: quantityText(leavesQty) } } });

describe('answers, reports and repetitions', () => {
  test('given an answer that names no request, then it answers the oldest one', () => {
    const refused: OrderFactEvent = { type: 'CancelRejected', data: { refs: {}, responseTo: 'replace' } };
    expect(given(placed(), accepted, replacePending('Y'), refused).view.ordStatus).toBe('new');
    expect(given(placed(), accepted, replacePending('Y'), replacePending('Z'), refused).view.ordStatus).toBe('pending_replace');
    expect(given(placed(), accepted, { type: 'CancelPending', data: { refs: { clOrdId: 'Y' } } }, refused).view.ordStatus).toBe('pending_cancel');
    const second: OrderFactEvent = { type: 'CancelRejected', data: { refs: { clOrdId: 'Z' }, responseTo: 'replace' } };
    expect(given(placed(), accepted, replacePending('Y'), replacePending('Z'), refused, second).view.ordStatus).toBe('new');
  });

  test('given a trade that says that the rest is gone, then it ends the order with it', () => {
    for (const ending of ['canceled', 'expired'] as const) {
      expect(figures(given(placed(), accepted, traded('E1', '400', '100', { report: report(ending, '400') })))).toBe(`${ending} 1000/400/0 @ 100`);
    }
  });

  test('given no TimeInForce, then a report that something is left keeps the rest of an order that is done for the day', () => {
    expect(figures(given(placed(), traded('E1', '400'), doneForDay('600')))).toBe('done_for_day 1000/400/600 @ 100');
    expect(figures(given(placed(), traded('E1', '400'), doneForDay('0')))).toBe('done_for_day 1000/400/0 @ 100');
  });

  test('given a status report about a known order, then its status is compared and not taken over', () => {
    const state = given(placed(), accepted, { type: 'OrderStatusReported', data: { refs, report: report('canceled') } });
    expect(figures(state)).toBe('new 1000/0/1000 @ 0');
    expect(kinds(state)).toEqual(['status']);
  });

  test('given a restatement in one ratio that says that it is no corporate action, then it is no split', () => {
    const doubled = restated('2000', { report: { ordStatus: 'partially_filled', cumQty: quantityText('800'), reason: 'ExecRestatementReason 2: verbal' } });
    const state = given(placed(), traded('E1', '400'), doubled);
    expect(figures(state)).toBe('partially_filled 2000/400/1600 @ 100');
    expect(kinds(state)).toEqual(['cum_qty']);
  });

  test('given a disagreement, then a report without that field leaves it open, and the next one that has it replaces it', () => {
    const first = traded('E1', '400', '100', { report: report('partially_filled', '500') });
    const silent: OrderFactEvent = { type: 'OrderStatusReported', data: { refs, report: report('partially_filled') } };
    const other: OrderFactEvent = { type: 'OrderStatusReported', data: { refs, report: report('partially_filled', '600') } };
    expect(given(placed(), first, silent).view.discrepancies).toMatchObject([{ field: 'cumQty', brokers: '500' }]);
    expect(given(placed(), first, other).view.discrepancies).toMatchObject([{ field: 'cumQty', brokers: '600' }]);
  });

  test('given a possible resend without a CumQty, then the same trade at the same time is one', () => {
    const events = asEvents([placed(), traded('E1', '400')]);
    const resent = { ...traded('E2', '400', '100', { possResend: true }) };
    const at = (occurredAt: string): OrderState => foldEvents([{ ...resent, metadata: metadata(9, { occurredAt }) }], foldEvents(events));
    const first = events[1]?.metadata.occurredAt ?? '';
    expect(figures(at(first))).toBe('partially_filled 1000/400/600 @ 100');
    expect(figures(at(`${first.slice(0, -1)}1Z`))).toBe('partially_filled 1000/800/200 @ 100');
    const counted = { ...traded('E2', '400', '100', { possResend: true, report: report('partially_filled', '800') }), metadata: metadata(9, { occurredAt: first }) };
    expect(figures(foldEvents([counted], foldEvents(events)))).toBe('partially_filled 1000/800/200 @ 100');
  });
});
