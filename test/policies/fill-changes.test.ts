import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addQuantity, formatQuantity, quantity, quantityText, ZERO_QUANTITY } from '../../src/domain/amounts.js';
import { commandKey, targetKey } from '../../src/domain/ids.js';
import { orderDecider } from '../../src/domain/order/decider.js';
import type { OrderFactEvent } from '../../src/domain/order/events.js';
import type { OrderState, OrderView } from '../../src/domain/order/state.js';
import { positionDecider } from '../../src/domain/position/decider.js';
import type { PositionState } from '../../src/domain/position/state.js';
import { digestOf } from '../../src/eventstore/digest.js';
import { endingOf, newFills, settledFills } from '../../src/policies/fill-changes.js';
import type { FillDraft, FillLink } from '../../src/policies/fill-changes.js';
import { metadataOf } from '../support/events.js';
import { busted, canceled, corrected, orderOf, placed, rejected, traded } from './desk.js';

const link: FillLink = { orderId: orderOf('o'), targetKey: targetKey('a'), direction: 'short' };
const now = { occurredAt: '2026-11-20T16:00:00Z', tradingDay: '2026-11-20' };

interface Fact {
  readonly fact: OrderFactEvent;
  readonly second: number;
}

// The life of one trade: recorded, corrected along a chain or each time by its first ExecID, perhaps busted.
const life = fc
  .record({ quantities: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }), isChained: fc.boolean(), isBusted: fc.boolean() })
  .map(({ quantities, isChained, isBusted }) => (index: number): readonly Fact[] => {
    const name = (version: number): string => `e${index}-${version}`;
    const refTo = (version: number): string => name(isChained ? version - 1 : 0);
    const facts = quantities.map((qty, version) => (version === 0 ? traded('o', name(0), String(qty)) : corrected('o', refTo(version), name(version), String(qty), `1.${version}`)));
    const last = isBusted ? [busted('o', refTo(quantities.length))] : [];
    return facts.concat(last).map((fact, version) => ({ fact, second: index * 7 + version }));
  });
const arrivals = fc
  .array(life, { minLength: 1, maxLength: 4 })
  .map((lives) => lives.flatMap((facts, index) => facts(index)))
  .chain((facts) => fc.record({ facts: fc.shuffledSubarray(facts, { minLength: facts.length }), told: fc.array(fc.boolean(), { minLength: facts.length, maxLength: facts.length }) }));

function orderAfter(state: OrderState, { fact, second }: Fact): OrderState {
  const metadata = metadataOf({ commandKey: commandKey(digestOf(fact)), commandDigest: digestOf(fact), occurredAt: `2026-11-20T15:00:${String(second).padStart(2, '0')}Z` });
  return orderDecider.evolve(state, { ...fact, metadata });
}

function positionAfter(state: PositionState, { command, time }: FillDraft): PositionState {
  const keyed = { ...command, commandKey: `fill ${command.fill.execId}/${command.fill.version}`, commandDigest: digestOf(command) };
  const decision = positionDecider.decide(state, keyed);
  if (decision.kind === 'rejected') throw new Error(decision.rejection.message);
  const metadata = metadataOf({ commandKey: commandKey(keyed.commandKey), commandDigest: keyed.commandDigest, ...time });
  return decision.events.reduce((before, event) => positionDecider.evolve(before, { ...event, metadata }), state);
}

/** As the policy tells it: by the order as it stood, and where the position is ahead of that, by its newest state. */
function tell(position: PositionState, then: Pick<OrderView, 'executions'>, newest: Pick<OrderView, 'executions'>): PositionState {
  const { drafts, isAhead } = newFills(then, position.fills, link);
  return (isAhead ? settledFills(newest, position.fills, link, now) : drafts).reduce(positionAfter, position);
}

const sumOf = (quantities: readonly string[]): string => formatQuantity(quantities.map((text) => quantity(text as never)).reduce(addQuantity, ZERO_QUANTITY));
const liveInOrder = (order: OrderState): string => sumOf(order.view.executions.filter(({ status }) => status !== 'busted').map(({ execution }) => execution.lastQty));
const liveInPosition = (position: PositionState): string => sumOf(position.fills.filter(({ live }) => live).map(({ execution }) => execution.lastQty));

const ending = (...said: readonly OrderFactEvent[]) =>
  endingOf([placed('o'), ...said].reduce((state, fact, second) => orderAfter(state, { fact, second }), orderDecider.initialState).view);
const calculated: OrderFactEvent = { type: 'OrderCalculated', data: { refs: {} } };
const doneForDay = (leaves: string): OrderFactEvent => ({ type: 'OrderDoneForDay', data: { refs: {}, report: { leavesQty: quantityText(leaves) } } });

describe('what a position is told of an order', () => {
  it('ends as what the order says, whatever order its facts came in, and however late it was told of them', () => {
    fc.assert(
      fc.property(arrivals, ({ facts, told }) => {
        const states: OrderState[] = [];
        let newest = orderAfter(orderDecider.initialState, { fact: placed('o'), second: 0 });
        for (const fact of facts) states.push((newest = orderAfter(newest, fact)));
        // Told of some of the facts when they came, and then, as after a crash, of all of them again with the rest.
        const soon = states.reduce((position, state, index) => (told[index] === true ? tell(position, state.view, state.view) : position), positionDecider.initialState);
        const late = states.reduce((position, state) => tell(position, state.view, newest.view), soon);
        expect(liveInPosition(late)).toBe(liveInOrder(newest));
        expect(newFills(newest.view, late.fills, link)).toEqual({ drafts: [], isAhead: false });
      }),
      { numRuns: 300 },
    );
  });

  it('is nothing more once it has been told', () => {
    const order = orderAfter(orderAfter(orderDecider.initialState, { fact: placed('o'), second: 0 }), { fact: traded('o', 'e1'), second: 1 });
    const position = tell(positionDecider.initialState, order.view, order.view);
    expect(newFills(order.view, position.fills, link)).toEqual({ drafts: [], isAhead: false });
    expect(settledFills(order.view, position.fills, link, now)).toEqual([]);
  });

  it("is reversed as a whole where the order is another position's", () => {
    const order = orderAfter(orderAfter(orderDecider.initialState, { fact: placed('o'), second: 0 }), { fact: traded('o', 'e1'), second: 1 });
    const position = tell(positionDecider.initialState, order.view, order.view);
    const [draft, ...others] = settledFills({ executions: [] }, position.fills, link, now);
    expect(others).toEqual([]);
    expect(draft?.command).toMatchObject({ change: 'reversed', fill: { execId: 'e1', version: 2 } });
  });

  it.each([
    ['short', 'buy', 'close'],
    ['short', 'sell', 'open'],
    ['short', 'sell_short', 'open'],
    ['long', 'buy', 'open'],
    ['long', 'sell', 'close'],
  ] as const)('of an order that says nothing of it, a %s position takes a %s as %s', (direction, side, effect) => {
    const order = orderAfter(orderAfter(orderDecider.initialState, { fact: placed('o'), second: 0 }), { fact: traded('o', 'e1', '1', '1', side), second: 1 });
    const { drafts } = newFills(order.view, [], { orderId: link.orderId, targetKey: undefined, direction });
    expect(drafts.map(({ command }) => command.effect)).toEqual([effect]);
  });

  it('an order that has ended without being filled ends its target, whatever its status says in the end', () => {
    expect(ending(canceled('o'))).toBe('cancelled');
    expect(ending(canceled('o'), calculated)).toBe('cancelled');
    expect(ending({ type: 'OrderExpired', data: { refs: {} } })).toBe('cancelled');
    expect(ending(rejected('o', 'no'))).toBe('rejected');
    expect(ending(traded('o', 'e1', '1'), doneForDay('0'))).toBe('cancelled');
    expect(ending(traded('o', 'e1', '1'), doneForDay('0'), calculated)).toBe('cancelled');
  });

  it('an order that is filled, or may still be, does not', () => {
    expect(ending()).toBeUndefined();
    expect(ending(traded('o', 'e1', '4'))).toBeUndefined();
    expect(ending(traded('o', 'e1', '4'), calculated)).toBeUndefined();
    expect(ending(traded('o', 'e1', '1'), doneForDay('3'))).toBeUndefined();
    expect(ending({ type: 'CancelPending', data: { refs: {} } })).toBeUndefined();
  });
});
