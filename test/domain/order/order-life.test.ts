import { describe, expect, test } from 'vitest';
import { formatPrice, formatQuantity, priceText, quantityText } from '../../../src/domain/amounts.js';
import { execId } from '../../../src/domain/ids.js';
import type { BrokerReport, OrderFactEvent, OrderTerms, OrdStatus } from '../../../src/domain/order/events.js';
import type { OrderState } from '../../../src/domain/order/state.js';
import { asEvents, execution, foldEvents, given, metadata, terms } from './given.js';

const refs = { clOrdId: 'X', brokerOrderId: 'O-X' };
const report = (ordStatus: OrdStatus, cumQty?: string): BrokerReport => ({ ordStatus, ...(cumQty !== undefined && { cumQty: quantityText(cumQty) }) });

const placed = (orderQty = '1000', more: Partial<OrderTerms> = {}): OrderFactEvent => ({
  type: 'OrderPlaced',
  data: { origin: 'fact', refs: { clOrdId: 'X' }, terms: terms(orderQty, more) },
});
const accepted: OrderFactEvent = { type: 'OrderAccepted', data: { refs } };
const traded = (id: string, lastQty: string, lastPx = '100', more: { report?: BrokerReport; possResend?: boolean } = {}): OrderFactEvent => ({
  type: 'ExecutionRecorded',
  data: { refs, execution: execution(id, lastQty, lastPx), ...more },
});
const corrected = (id: string, of: string, lastQty: string, lastPx = '100'): OrderFactEvent => ({
  type: 'ExecutionCorrected',
  data: { refs, execution: execution(id, lastQty, lastPx), execRefId: execId(of) },
});
const busted = (id: string, of: string): OrderFactEvent => ({ type: 'ExecutionBusted', data: { refs, execId: execId(id), execRefId: execId(of) } });
const canceled: OrderFactEvent = { type: 'OrderCanceled', data: { refs } };
const restated = (change: string | undefined, more: { reducedBy?: string; report?: BrokerReport } = {}): OrderFactEvent => ({
  type: 'OrderRestated',
  data: {
    refs,
    change: change === undefined ? {} : { orderQty: quantityText(change) },
    ...(more.reducedBy !== undefined && { reducedBy: quantityText(more.reducedBy) }),
    ...(more.report && { report: more.report }),
  },
});

function figures({ view }: OrderState): string {
  return `${view.ordStatus} ${formatQuantity(view.orderQty)}/${formatQuantity(view.cumQty)}/${formatQuantity(view.leavesQty)} @ ${formatPrice(view.avgPx)}`;
}

const kinds = ({ view }: OrderState): readonly string[] => view.discrepancies.map(({ kind }) => kind);

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

describe('the executions of an order', () => {
  test('given a bust before and after it is filled, then what it was worth is gone', () => {
    expect(figures(given(placed(), traded('E1', '400'), busted('B', 'E1'), traded('E2', '1000')))).toBe('filled 1000/1000/0 @ 100');
    expect(figures(given(placed(), traded('E1', '400'), traded('E2', '600', '90'), busted('B', 'E1')))).toBe('partially_filled 1000/600/400 @ 90');
  });

  test('given all of its trades busted, then it is new, and AvgPx is 0', () => {
    expect(figures(given(placed(), accepted, traded('E1', '1000'), busted('B', 'E1')))).toBe('new 1000/0/1000 @ 0');
  });

  test('given a chain of corrections whose trade comes last, then the newest values count, and nothing is missing', () => {
    const state = given(placed(), corrected('E3', 'E2', '300', '120'), corrected('E2', 'E1', '350'), traded('E1', '400'));
    expect(figures(state)).toBe('partially_filled 1000/300/700 @ 120');
    expect(state.view.executions).toMatchObject([{ execId: 'E1', version: 3, status: 'corrected', execution: { execId: 'E3', lastQty: '300' } }]);
    expect(kinds(state)).toEqual([]);
  });

  test('given a correction of a trade that no message brought, then it counts, and the trade is missed by name', () => {
    const state = given(placed(), corrected('E2', 'E1', '350'));
    expect(figures(state)).toBe('partially_filled 1000/350/650 @ 100');
    expect(state.view.executions).toMatchObject([{ execId: 'E1', version: 2, status: 'corrected' }]);
    expect(state.view.discrepancies).toMatchObject([{ kind: 'missing_execution', execId: 'E1' }]);
  });

  test('given a bust of a trade that comes later, then the trade never counts', () => {
    const state = given(placed(), accepted, busted('B', 'E1'), traded('E1', '400'));
    expect(figures(state)).toBe('new 1000/0/1000 @ 0');
    expect(state.view.executions).toMatchObject([{ execId: 'E1', status: 'busted' }]);
    expect(kinds(state)).toEqual([]);
  });

  test('given a correction of a bust trade, then it stays busted', () => {
    expect(figures(given(placed(), accepted, traded('E1', '400'), busted('B', 'E1'), corrected('E2', 'E1', '300')))).toBe('new 1000/0/1000 @ 0');
  });

  test('given corrections that name each other, then the fold ends', () => {
    expect(kinds(given(placed(), corrected('A', 'B', '1'), corrected('B', 'A', '2')))).toEqual([]);
  });

  test('given one ExecID again, then the same trade counts once and another one is a conflict', () => {
    expect(figures(given(placed(), traded('E1', '400'), traded('E1', '400')))).toBe('partially_filled 1000/400/600 @ 100');
    const state = given(placed(), traded('E1', '400'), traded('E1', '500'));
    expect(figures(state)).toBe('partially_filled 1000/400/600 @ 100');
    expect(state.view.discrepancies).toMatchObject([{ kind: 'conflicting_fact', execId: 'E1', brokers: '500 @ 100', ours: '400 @ 100' }]);
  });

  test('given a possible resend under another ExecID, then CumQty tells whether it is another trade', () => {
    const first = traded('E1', '400', '100', { report: report('partially_filled', '400') });
    const again = traded('E2', '400', '100', { report: report('partially_filled', '400'), possResend: true });
    const another = traded('E2', '400', '100', { report: report('partially_filled', '800'), possResend: true });
    expect(figures(given(placed(), first, again))).toBe('partially_filled 1000/400/600 @ 100');
    expect(figures(given(placed(), first, again, busted('B', 'E2')))).toBe('new 1000/0/1000 @ 0');
    expect(figures(given(placed(), first, another))).toBe('partially_filled 1000/800/200 @ 100');
  });

  test('given a split with a ratio that does not divide, then a bust takes away what the trade had become', () => {
    const split = restated('333', { report: { ordStatus: 'partially_filled', orderQty: quantityText('333'), cumQty: quantityText('111'), reason: '0' } });
    const state = given(placed('999'), traded('E1', '333', '3'), split);
    expect(figures(state)).toBe('partially_filled 333/111/222 @ 9');
    expect(kinds(state)).toEqual([]);
    expect(figures(given(placed('999'), traded('E1', '333', '3'), split, traded('E2', '222', '9'), busted('B', 'E1')))).toBe('partially_filled 333/222/111 @ 9');
  });
});

describe('discrepancies', () => {
  test('given a CumQty that our sum does not have, then it is open with both numbers until the missing trade is in', () => {
    const facts = [placed(), traded('E1', '400', '100', { report: report('partially_filled', '400') }), traded('E2', '100'), traded('E3', '200', '100', { report: report('partially_filled', '700') })];
    const events = asEvents(facts);
    const missing = foldEvents(events.filter((_event, index) => index !== 2));
    expect(missing.view.discrepancies).toEqual([{ kind: 'cum_qty', field: 'cumQty', brokers: '700', ours: '600' }]);
    expect(kinds(foldEvents(events.slice(2, 3), missing))).toEqual([]);
  });

  test('given an overfill, then it is counted, shown, and closed by a bust', () => {
    const state = given(placed(), traded('E1', '700'), traded('E2', '400'));
    expect(figures(state)).toBe('filled 1000/1100/0 @ 100');
    expect(state.view.discrepancies).toEqual([{ kind: 'overfill', field: 'cumQty', brokers: '1000', ours: '1100' }]);
    expect(kinds(given(placed(), traded('E1', '700'), traded('E2', '400'), busted('B', 'E2')))).toEqual([]);
  });

  test('given a status that is not ours, then it is open until a report agrees', () => {
    const state = given(placed(), { type: 'OrderAccepted', data: { refs, report: report('partially_filled') } });
    expect(state.view.discrepancies).toEqual([{ kind: 'status', field: 'ordStatus', brokers: 'partially_filled', ours: 'new' }]);
    expect(kinds(given(placed(), { type: 'OrderAccepted', data: { refs, report: report('partially_filled') } }, traded('E1', '1', '100', { report: report('partially_filled') })))).toEqual([]);
  });

  test('given no terms, then what is executed is known and the terms are missed', () => {
    const state = given(traded('E1', '400'));
    expect(figures(state)).toBe('partially_filled 0/400/0 @ 100');
    expect(kinds(state)).toEqual(['terms_missing']);
  });
});

const version = (digest: string, sequence: number, lastQty: string): Parameters<typeof foldEvents>[0][number] => ({
  ...traded('E1', lastQty),
  metadata: metadata(sequence, { key: 'k', digest }),
});
const asConflict = (event: ReturnType<typeof version>): ReturnType<typeof version> => {
  const { metadata: envelope, ...fact } = event;
  if (fact.type !== 'ExecutionRecorded') throw new Error('not a trade');
  return { type: 'FactConflicted', data: { firstDigest: metadata(1).commandDigest, fact }, metadata: envelope };
};

describe('conflicting messages under one key', () => {
  const [first, second, third] = [version('d1', 2, '100'), version('d2', 3, '200'), version('d3', 4, '300')];
  const rest = asEvents([placed()]);

  test.each([
    ['in order', [first, asConflict(second), asConflict(third)]],
    ['the last one first', [third, asConflict(second), asConflict(first)]],
    ['the second one first', [second, asConflict(third), asConflict(first)]],
  ])('given them %s, then the first of the source counts and the others are shown', (_name, events) => {
    for (const state of [foldEvents([...rest, ...events]), foldEvents([...events, ...rest])]) {
      expect(figures(state)).toBe('partially_filled 1000/100/900 @ 100');
      expect(state.view.discrepancies).toEqual([
        { kind: 'conflicting_fact', field: 'k', brokers: 'd2', ours: 'd1', execId: 'E1' },
        { kind: 'conflicting_fact', field: 'k', brokers: 'd3', ours: 'd1', execId: 'E1' },
      ]);
      expect(state.conflicts).toBe(2);
    }
  });
});

describe('the view of an order', () => {
  test('given a fact that leaves the executions as they are, then they are the same list', () => {
    const before = given(placed(), traded('E1', '400'));
    expect(before.view.executions).toHaveLength(1);
    const after = foldEvents([{ ...accepted, metadata: metadata(3) }], before);
    expect(after.view.executions).toBe(before.view.executions);
  });
});
