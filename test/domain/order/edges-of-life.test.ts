import { describe, expect, test } from 'vitest';
import { priceText, quantityText } from '../../../src/domain/amounts.js';
import { orderDecider } from '../../../src/domain/order/decider.js';
import type { BrokerReport, OrderFactEvent, TermsChange } from '../../../src/domain/order/events.js';
import { compareFacts, compareTimes, factEntry } from '../../../src/domain/order/facts.js';
import { accepted, busted, canceled, corrected, figures, kinds, placed, refs, report, traded } from './facts.js';
import { asEvents, execution, foldEvents, given, metadata, terms } from './given.js';

/* Rules that no matrix shows. Each test fails where its rule is left out of the fold. */

type Plain = 'OrderStopped' | 'OrderSuspended' | 'OrderExpired' | 'OrderDoneForDay' | 'OrderCalculated' | 'OrderAccepted' | 'OrderRejected' | 'OrderStatusReported';
const said = (type: Plain, more: BrokerReport = {}): OrderFactEvent => ({ type, data: { refs, report: more } });
const pending = (type: 'CancelPending' | 'ReplacePending', clOrdId: string, more: BrokerReport = {}): OrderFactEvent => ({ type, data: { refs: { ...refs, clOrdId }, report: more } });
const askedToReplace = (clOrdId: string, orderQty: string): OrderFactEvent => ({ type: 'ReplaceRequested', data: { origin: 'fact', refs: { clOrdId }, change: { orderQty: quantityText(orderQty) } } });
const replaced = (change: TermsChange, more: BrokerReport = {}, clOrdId = 'Y', possResend = false): OrderFactEvent => ({ type: 'OrderReplaced', data: { refs: { ...refs, clOrdId }, change, report: more, possResend } });
const refused = (clOrdId: string | undefined, more: BrokerReport = {}): OrderFactEvent => ({ type: 'CancelRejected', data: { refs: clOrdId === undefined ? {} : { ...refs, clOrdId }, report: more, responseTo: 'cancel' } });
const statusOf = (...facts: readonly OrderFactEvent[]): string => given(...facts).view.ordStatus;

describe('the end of an order', () => {
  test('ends that it was stopped or suspended', () => {
    expect(statusOf(placed(), said('OrderStopped'), canceled)).toBe('canceled');
    expect(statusOf(placed(), said('OrderSuspended'), said('OrderExpired'))).toBe('expired');
  });

  test('for the day leaves the rest of an order that is good till a date or cancelled, and nothing of a day order', () => {
    for (const end of ['OrderDoneForDay', 'OrderCalculated'] as const) {
      const ended = (['gtd', 'gtc', 'day'] as const).map((timeInForce) => figures(given(placed('1000', { timeInForce }), accepted, traded('E1', '400'), said(end))).split(' ')[1]);
      expect(ended).toEqual(['1000/400/600', '1000/400/600', '1000/400/0']);
    }
  });

  test('for the day has less precedence than a request in progress', () => {
    expect(statusOf(placed(), accepted, pending('CancelPending', 'Y'), said('OrderDoneForDay'))).toBe('pending_cancel');
  });

  test('is over where the order is replaced and works again', () => {
    expect(statusOf(placed(), accepted, said('OrderDoneForDay'), replaced({ price: priceText('11') }, { ordStatus: 'new' }))).toBe('new');
  });

  test('of a suspension comes with a replace, unless its report says that it goes on', () => {
    expect(statusOf(placed(), accepted, said('OrderSuspended'), replaced({ price: priceText('11') }, { ordStatus: 'new' }))).toBe('new');
    expect(statusOf(placed(), accepted, said('OrderSuspended'), replaced({ price: priceText('11') }, { ordStatus: 'suspended' }))).toBe('suspended');
    expect(statusOf(placed(), accepted, replaced({ price: priceText('11') }, { ordStatus: 'suspended' }))).toBe('new');
  });

  test('stays what it was where a late trade is reported as cancelled', () => {
    expect(statusOf(placed(), said('OrderExpired'), traded('E1', '400', '100', { report: report('canceled') }))).toBe('expired');
  });

  test('for the day stays where nothing of a day order goes on, though it trades on another day', () => {
    const late = { ...traded('E2', '400'), metadata: metadata(4, { tradingDay: '2012-06-22' }) };
    expect(figures(foldEvents([...asEvents([placed('1000', { timeInForce: 'day' }), said('OrderDoneForDay')]), late]))).toBe('done_for_day 1000/400/0 @ 100');
  });

  test('is not taken from a status report of an order that was accepted, and its disagreement is listed', () => {
    const state = given(accepted, said('OrderStatusReported', { ordStatus: 'canceled' }));
    expect(state.view.ordStatus).toBe('new');
    expect(kinds(state)).toEqual(['status', 'terms_missing']);
  });
});

describe('the beginning of an order', () => {
  test('that is acknowledged as pending replace leaves the replace pending', () => {
    expect(statusOf(placed(), pending('ReplacePending', 'Y'), said('OrderAccepted', { ordStatus: 'pending_replace' }))).toBe('pending_replace');
  });

  test('that was stopped or suspended is an acceptance: a late acknowledgement leaves what is pending', () => {
    for (const type of ['OrderStopped', 'OrderSuspended'] as const) expect(statusOf(placed(), said(type), pending('CancelPending', 'Y'), said('OrderAccepted'))).toBe('pending_cancel');
  });

  test('that is known from a status report alone is pending where the report says so', () => {
    expect(statusOf(said('OrderStatusReported', { ordStatus: 'pending_new' }))).toBe('pending_new');
    expect(statusOf(said('OrderStatusReported', { ordStatus: 'new' }))).toBe('new');
  });

  test('is not undone by a reject without an OrdStatus once it has traded', () => {
    expect(figures(given(placed(), traded('E1', '400'), said('OrderRejected')))).toBe('partially_filled 1000/400/600 @ 100');
    expect(statusOf(placed(), said('OrderRejected'))).toBe('rejected');
  });

  test('is compared with what a placing itself reports', () => {
    const venue = placed();
    if (venue.type !== 'OrderPlaced') throw new Error('not placed');
    const state = given({ ...venue, data: { ...venue.data, report: { orderQty: quantityText('900') } } });
    expect(kinds(state)).toEqual(['order_qty']);
  });

  test('without any fact has no discrepancy', () => {
    expect(orderDecider.initialState.view.discrepancies).toEqual([]);
  });
});

describe('the terms that a cancel request takes an order to have', () => {
  const cancel: OrderFactEvent = { type: 'CancelRequested', data: { origin: 'fact', refs: { clOrdId: 'Y', origClOrdId: 'X' }, terms: terms('700', { ordType: 'other' }) } };
  const stated: OrderFactEvent = { type: 'OrderAccepted', data: { refs, terms: terms('1000', { ordType: 'limit', price: priceText('10') }) } };

  test('count while nobody else says any', () => {
    const state = given(cancel, refused('Y', { ordStatus: 'rejected' }));
    expect(figures(state)).toBe('rejected 700/0/0 @ 0');
    expect(kinds(state)).toEqual([]);
  });

  test('give way to those of a report, a second request’s to the first’s', () => {
    const second: OrderFactEvent = { ...cancel, data: { ...cancel.data, terms: terms('5') } };
    expect(figures(given(cancel, second))).toBe('pending_new 700/0/700 @ 0');
    const state = given(cancel, second, stated);
    expect(figures(state)).toBe('new 1000/0/1000 @ 0');
    expect(state.view.terms).toMatchObject({ ordType: 'limit', price: '10' });
  });

  test('change nothing where the order’s own are known', () => {
    expect(given(stated, cancel).view.terms).toEqual(given(stated).view.terms);
    expect(figures(given(placed('0'), cancel))).toBe('pending_new 0/0/0 @ 0');
  });
});

describe('requests in progress', () => {
  test('are answered by a reject that names none, the oldest of its kind', () => {
    expect(statusOf(placed(), accepted, pending('CancelPending', 'Y'), refused(undefined))).toBe('new');
    expect(statusOf(placed(), accepted, pending('ReplacePending', 'Y'), refused(undefined))).toBe('pending_replace');
  });

  test('that were reported by the order’s own ClOrdID are answered by a reject that names it as the original', () => {
    const named: OrderFactEvent = { type: 'CancelRejected', data: { refs: { clOrdId: 'Y', origClOrdId: 'X' }, responseTo: 'cancel' } };
    expect(statusOf(placed(), accepted, pending('CancelPending', 'X'), named)).toBe('new');
    expect(statusOf(placed(), accepted, pending('CancelPending', 'X'), pending('CancelPending', 'Y'), named)).toBe('pending_cancel');
    // A request on top of another one, which is not answered with it (D.2.d).
    const onTop: OrderFactEvent = { type: 'CancelRejected', data: { refs: { clOrdId: 'Z', origClOrdId: 'Y' }, responseTo: 'replace' } };
    expect(statusOf(placed(), accepted, pending('ReplacePending', 'Y'), onTop)).toBe('pending_replace');
  });

  test('that were answered are not answered again by a repetition', () => {
    const [first, second] = [{ orderQty: quantityText('800') }, { orderQty: quantityText('900') }];
    expect(figures(given(placed(), accepted, replaced(first), replaced(second, {}, 'Z'), replaced(first, {}, 'Y', true)))).toBe('new 900/0/900 @ 0');
  });

  test('change OrderQty only where the quantity that is reported was asked for, by a request before', () => {
    const chained = ['800', '750', '600'].map((second) =>
      figures(given(placed(), accepted, askedToReplace('Y', '800'), askedToReplace('Z', '600'), pending('ReplacePending', 'Y'), pending('ReplacePending', 'Z', { orderQty: quantityText(second) }))),
    );
    const withoutQty = { cumQty: quantityText('0'), leavesQty: quantityText('800') };
    expect(figures(given(placed(), accepted, askedToReplace('Y', '800'), askedToReplace('Z', '600'), pending('ReplacePending', 'Y'), pending('ReplacePending', 'Z', withoutQty)))).toBe('pending_replace 800/0/800 @ 0');
    expect(chained).toEqual(['pending_replace 800/0/800 @ 0', 'pending_replace 1000/0/1000 @ 0', 'pending_replace 1000/0/1000 @ 0']);
  });
});

describe('the executions of an order, where messages are missing or come again', () => {
  test('a chain of corrections whose trade is missing counts once, with its newest values', () => {
    const state = given(placed(), corrected('K1', 'E1', '350'), corrected('K2', 'K1', '300'));
    expect(figures(state)).toBe('partially_filled 1000/300/700 @ 100');
    expect(kinds(state)).toEqual(['missing_execution']);
  });

  test('a correction under the ExecID of its trade changes it', () => {
    expect(figures(given(placed(), traded('E1', '400'), corrected('E1', 'E1', '350')))).toBe('partially_filled 1000/350/650 @ 100');
  });

  test('a trade that comes again on the other side is a conflict', () => {
    const other: OrderFactEvent = { type: 'ExecutionRecorded', data: { refs, execution: { ...execution('E1', '400', '100'), side: 'sell' } } };
    expect(kinds(given(placed(), traded('E1', '400'), other))).toEqual(['conflicting_fact']);
  });

  test('a trade that may be a repetition does not repeat one that was busted', () => {
    const at = '2012-06-21T09:00:01Z';
    const facts = asEvents([placed(), traded('E1', '400'), busted('B', 'E1'), traded('E2', '400', '100', { possResend: true })]);
    const state = foldEvents(facts.map((fact) => Object.assign(fact, { metadata: { ...fact.metadata, occurredAt: at } })));
    expect(figures(state)).toBe('partially_filled 1000/400/600 @ 100');
  });

  test('a report that agrees in one field leaves the disagreement in another', () => {
    const state = given(placed(), traded('E1', '400', '100', { report: report('filled', '500') }), said('OrderStatusReported', { ordStatus: 'partially_filled' }));
    expect(kinds(state)).toEqual(['cum_qty']);
  });
});

const entry = (source: { readonly name: string; readonly session: string; readonly sequence?: string }) =>
  factEntry(accepted, { ...metadata(1, { key: 'k', digest: 'd' }), source });

describe('the place of a fact', () => {
  test('is before those with a number where it has none', () => {
    const [none, one] = [entry({ name: 'fix', session: 'S' }), entry({ name: 'fix', session: 'S', sequence: '1' })];
    expect([compareFacts(none, one), compareFacts(one, none)]).toEqual([-1, 1]);
  });

  test('tells the sessions of two sources apart', () => {
    expect(compareFacts(entry({ name: 'a', session: 'S', sequence: '9' }), entry({ name: 'b', session: 'S', sequence: '1' }))).toBeLessThan(0);
  });

  test('is after every time where its own is none, whatever its text', () => {
    for (const text of ['', '0', '1999', 'later']) {
      expect([compareTimes(text, '2012-06-21T13:30:00Z'), compareTimes('2012-06-21T13:30:00Z', text)]).toEqual([1, -1]);
    }
  });
});
