import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ZERO_NOTIONAL, ZERO_QUANTITY, addNotional, addQuantity, averagePrice, price, priceTimesQuantity, quantity, quantityText } from '../../../src/domain/amounts.js';
import type { QuantityString } from '../../../src/domain/amounts.js';
import { compare, ZERO } from '../../../src/domain/decimal.js';
import { execId } from '../../../src/domain/ids.js';
import type { BrokerReport, FactBase, OrderEvent, OrderFactEvent, OrdStatus } from '../../../src/domain/order/events.js';
import { GrowingList } from '../../../src/domain/order/growing-list.js';
import { InsertOnlyMap } from '../../../src/domain/order/insert-only-map.js';
import { execution, foldEvents, metadata, recordEvents, terms } from './given.js';

/*
 * Facts that no broker would send in this order, or at all: whatever is stored, the fold ends, and its numbers agree with
 * one another.
 */

const STATUSES: readonly OrdStatus[] = ['new', 'partially_filled', 'filled', 'canceled', 'rejected', 'pending_cancel', 'pending_replace', 'done_for_day', 'expired'];
const someQuantity = fc.constantFrom('0', '1', '10', '25', '100', '0.5').map(quantityText);
const clOrdId = fc.constantFrom('X', 'Y', 'Z');
const someExecId = fc.constantFrom('A', 'B', 'C', 'D', 'E');

const report: fc.Arbitrary<BrokerReport> = fc.record(
  { ordStatus: fc.constantFrom(...STATUSES), cumQty: someQuantity, leavesQty: someQuantity, orderQty: someQuantity, reason: fc.constantFrom('0', '1', 'ExecRestatementReason 2: verbal', 'words') },
  { requiredKeys: [] },
);
const base: fc.Arbitrary<FactBase> = fc.record(
  {
    refs: fc.record({ clOrdId, brokerOrderId: fc.constant('O') }, { requiredKeys: [] }),
    report,
    possResend: fc.boolean(),
    statesWholeOrder: fc.constant(true),
    terms: someQuantity.map((orderQty) => terms(orderQty)),
  },
  { requiredKeys: ['refs'] },
);
const trade = fc
  .record({ id: someExecId, other: fc.option(someExecId, { nil: undefined, freq: 2 }), lastQty: someQuantity, lastPx: fc.constantFrom('10', '10.5', '-2', '0') })
  .map(({ id, other, lastQty, lastPx }) => Object.assign(execution(id, lastQty, lastPx), other === undefined ? {} : { secondaryExecId: execId(other) }));
const change = fc.record({ orderQty: someQuantity }, { requiredKeys: [] });

const PLAIN = ['OrderPendingNew', 'OrderAccepted', 'OrderRejected', 'CancelPending', 'ReplacePending', 'OrderCanceled', 'OrderDoneForDay', 'OrderExpired', 'OrderStopped', 'OrderSuspended', 'OrderCalculated', 'OrderStatusReported'] as const;

const fact: fc.Arbitrary<OrderFactEvent> = fc.oneof(
  fc.tuple(base, fc.constantFrom(...PLAIN)).map(([data, type]): OrderFactEvent => ({ type, data })),
  fc.tuple(base, someQuantity).map(([data, orderQty]): OrderFactEvent => ({ type: 'OrderPlaced', data: { ...data, origin: 'fact', terms: terms(orderQty) } })),
  base.map((data): OrderFactEvent => ({ type: 'CancelRequested', data: { ...data, origin: 'fact' } })),
  fc.tuple(base, change).map(([data, asked]): OrderFactEvent => ({ type: 'ReplaceRequested', data: { ...data, origin: 'fact', change: asked } })),
  fc.tuple(base, change).map(([data, made]): OrderFactEvent => ({ type: 'OrderReplaced', data: { ...data, change: made } })),
  fc.tuple(base, change, fc.option(someQuantity, { nil: undefined })).map(
    ([data, made, reducedBy]): OrderFactEvent => ({ type: 'OrderRestated', data: { ...data, change: made, ...(reducedBy !== undefined && { reducedBy }) } }),
  ),
  fc.tuple(base, fc.constantFrom('cancel' as const, 'replace' as const)).map(([data, responseTo]): OrderFactEvent => ({ type: 'CancelRejected', data: { ...data, responseTo } })),
  fc.tuple(base, trade).map(([data, executed]): OrderFactEvent => ({ type: 'ExecutionRecorded', data: { ...data, execution: executed } })),
  fc.tuple(base, trade, someExecId).map(([data, executed, of]): OrderFactEvent => ({ type: 'ExecutionCorrected', data: { ...data, execution: executed, execRefId: execId(of) } })),
  fc.tuple(base, fc.constantFrom('V', 'W'), someExecId).map(([data, id, of]): OrderFactEvent => ({ type: 'ExecutionBusted', data: { ...data, execId: execId(id), execRefId: execId(of) } })),
);

/** Facts with places that often tie: few moments, few sessions, few numbers. */
const events: fc.Arbitrary<readonly OrderEvent[]> = fc
  .array(fc.tuple(fact, fc.nat(5), fc.constantFrom('S1', 'S2'), fc.constantFrom('', '1', '2', '30'), fc.constantFrom('2012-06-21', '2012-06-22')), { minLength: 1, maxLength: 14 })
  .map((list) =>
    list.map(([said, second, session, sequence, tradingDay], index) => {
      const envelope = metadata(index, { session, tradingDay, occurredAt: `2012-06-21T09:00:0${second}Z` });
      return Object.assign(structuredClone(said), { metadata: Object.assign(envelope, { source: { name: 'fix', session, sequence } }) });
    }),
  );

const CLOSED: ReadonlySet<OrdStatus> = new Set<OrdStatus>(['canceled', 'rejected', 'expired', 'filled']);

describe('any facts at all', () => {
  test('given them in any order of arrival, then the state is the same', () => {
    fc.assert(
      fc.property(
        events.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length }))),
        ([list, arrived]) => {
          expect(foldEvents(arrived).view).toEqual(foldEvents(list).view);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('given copies of them, at other places, marked as sent again or not, and other payloads under their keys, in any order of arrival, then the state is the same', () => {
    const copies = events.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.array(fc.tuple(fc.nat(list.length - 1), fc.nat(list.length - 1), fc.boolean(), fc.boolean()), { maxLength: 8 }).map((made) =>
          made.map(([index, at, possResend, isOther]) => {
            const [of, place] = [list[index], list[at]];
            if (!of || !place) throw new Error('there is one');
            const { metadata: envelope, ...said } = of;
            const other = isOther ? place.metadata.commandDigest : envelope.commandDigest;
            const copy = Object.assign(structuredClone(said), { metadata: Object.assign(structuredClone(place.metadata), { commandKey: envelope.commandKey, commandDigest: other }) });
            Object.assign(copy.data, { possResend });
            return copy;
          }),
        ),
      ),
    );
    fc.assert(
      fc.property(
        copies.chain(([list, made]) => fc.tuple(fc.shuffledSubarray([...list, ...made], { minLength: list.length + made.length }), fc.shuffledSubarray([...list, ...made], { minLength: list.length + made.length }))),
        ([one, other]) => {
          expect(recordEvents(one).view).toEqual(recordEvents(other).view);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('given them, then the numbers agree with the executions that are shown and with the status', () => {
    fc.assert(
      fc.property(events, (list) => {
        const { view } = foldEvents(list);
        const isSplit = list.some(({ type }) => type === 'OrderRestated');
        const counted = view.executions.filter(({ status }) => status !== 'busted').map(({ execution: { lastQty, lastPx } }) => ({ lastQty: quantity(lastQty), lastPx: price(lastPx) }));
        let [cumQty, notional] = [ZERO_QUANTITY, ZERO_NOTIONAL];
        for (const { lastQty, lastPx } of counted) {
          cumQty = addQuantity(cumQty, lastQty);
          notional = addNotional(notional, priceTimesQuantity(lastPx, lastQty));
        }
        expect(view.notional).toEqual(notional);
        expect(isSplit ? cumQty : view.cumQty).toEqual(cumQty);
        expect(view.avgPx).toEqual(averagePrice(notional, view.cumQty));
        expect(compare(view.leavesQty, ZERO)).toBeGreaterThanOrEqual(0);
        expect(CLOSED.has(view.ordStatus) ? view.leavesQty : ZERO).toEqual(ZERO);
        expect(new Set(view.executions.map((shown) => shown.execId)).size).toBe(view.executions.length);
      }),
      { numRuns: 2000 },
    );
  });

  test('given stored text that is no decimal, then it counts as nothing and the fold goes on', () => {
    const broken = { ...execution('E', '1', '1'), lastQty: 'x' as QuantityString };
    const state = foldEvents([
      { type: 'OrderPlaced', data: { origin: 'fact', refs: {}, terms: { ...terms('1'), orderQty: '' as QuantityString } }, metadata: metadata(1) },
      { type: 'ExecutionRecorded', data: { refs: {}, execution: broken, report: { cumQty: '?' as QuantityString } }, metadata: metadata(2) },
      { type: 'OrderRestated', data: { refs: {}, change: {}, reducedBy: 'y' as QuantityString }, metadata: metadata(3) },
    ]);
    expect(state.view.cumQty).toEqual(ZERO);
    expect(state.view.discrepancies).toMatchObject([{ kind: 'cum_qty', brokers: '?', ours: '0' }]);
  });
});

describe('lists and maps that grow', () => {
  // Each step goes on from any version there is: the versions before it must stay what they were.
  const steps = fc.array(fc.tuple(fc.nat(), fc.constantFrom('with', 'inserted', 'replaced', 'removed'), fc.nat()), { maxLength: 30 });

  test('a list is what an array would be, in every version', () => {
    fc.assert(
      fc.property(steps, (path) => {
        const versions: { list: GrowingList<number>; items: readonly number[] }[] = [{ list: GrowingList.empty(), items: [] }];
        for (const [from, kind, at] of path) {
          const { list, items } = versions[from % versions.length] ?? { list: GrowingList.empty<number>(), items: [] };
          const index = items.length === 0 ? 0 : at % items.length;
          const item = versions.length;
          if (kind === 'inserted') versions.push({ list: list.inserted(index, item), items: items.toSpliced(index, 0, item) });
          else if (kind === 'replaced' && items.length > 0) versions.push({ list: list.replaced(index, item), items: items.with(index, item) });
          else if (kind === 'removed' && items.length > 0) versions.push({ list: list.removed(index), items: items.toSpliced(index, 1) });
          else versions.push({ list: list.with(item), items: [...items, item] });
        }
        for (const { list, items } of versions) {
          expect(list.toArray()).toEqual(items);
          expect(list.get(items.length)).toBeUndefined();
          expect(list.findIndex((item) => item === versions.length - 1)).toBe(items.indexOf(versions.length - 1));
        }
      }),
    );
  });

  test('a map is what a Map would be, in every version', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(8)), { maxLength: 30 }), (path) => {
        const versions: { map: InsertOnlyMap<number, number>; entries: ReadonlyMap<number, number> }[] = [{ map: InsertOnlyMap.empty(), entries: new Map() }];
        for (const [index, [from, key]] of path.entries()) {
          const { map, entries } = versions[from % versions.length] ?? { map: InsertOnlyMap.empty<number, number>(), entries: new Map<number, number>() };
          versions.push({ map: map.with(key, index), entries: entries.has(key) ? entries : new Map(entries).set(key, index) });
        }
        for (const { map, entries } of versions) {
          expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map((key) => map.get(key))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((key) => entries.get(key)));
          expect(map.size).toBe(entries.size);
        }
      }),
    );
  });
});
