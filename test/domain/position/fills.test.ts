import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addQuantity, compareQuantity, formatPrice, formatQuantity, quantity, ZERO_QUANTITY } from '../../../src/domain/amounts.js';
import type { PositionCommand } from '../../../src/domain/position/commands.js';
import { positionDecider } from '../../../src/domain/position/decider.js';
import type { PositionState } from '../../../src/domain/position/state.js';
import { apply, at, attachOrder, cancelTarget, endTarget, given, openPosition, raw, recordFill, setTarget, target, when } from './given.js';
import type { FillInput } from './given.js';

const two = [openPosition(), setTarget({ targetKey: 'a', quantity: '4' }), setTarget({ targetKey: 'b', quantity: '6' })];
const fill = (exec: string, qty: string, more: Partial<FillInput> = {}) => recordFill({ order: 'order-1', exec, target: 'a', qty, ...more });
const shown = (state: PositionState) => ({ status: state.status, opened: formatQuantity(state.openedQty), closed: formatQuantity(state.closedQty), open: formatQuantity(state.openQty) });

describe('fills of a position', () => {
  it('fill a target partly, then wholly, and leave the other active', () => {
    const partly = given(...two, fill('e1', '1', { px: '1.2' }));
    expect(target(partly, 'a')).toMatchObject({ status: 'partially_filled', filledAt: undefined });
    const wholly = given(...two, fill('e1', '1', { px: '1.2' }), fill('e2', '3', { px: '1' }));
    expect(target(wholly, 'a')).toMatchObject({ status: 'filled', filledAt: at(4) });
    expect(formatPrice(target(wholly, 'a').avgFillPx)).toBe('1.05');
    expect(target(wholly, 'b')).toMatchObject({ status: 'active' });
    expect(shown(wholly)).toEqual({ status: 'open', opened: '10', closed: '4', open: '6' });
  });

  it('close the position when all is taken, and are recorded as over-closed beyond', () => {
    expect(shown(given(...two, fill('e1', '4'), fill('e2', '6', { target: 'b' })))).toEqual({ status: 'closed', opened: '10', closed: '10', open: '0' });
    expect(shown(given(...two, fill('e1', '14')))).toEqual({ status: 'over_closed', opened: '10', closed: '14', open: '-4' });
  });

  it('a bust re-opens the target and the position', () => {
    const state = given(...two, fill('e1', '4'), fill('e2', '6', { target: 'b' }), fill('e1', '4', { version: 2, change: 'reversed' }));
    expect(shown(state)).toEqual({ status: 'open', opened: '10', closed: '6', open: '4' });
    expect(target(state, 'a')).toMatchObject({ status: 'active', filledAt: undefined });
    expect(target(state, 'b')).toMatchObject({ status: 'filled' });
  });

  it('a correction counts in place of what it corrects', () => {
    const state = given(...two, fill('e1', '4', { px: '1' }), fill('e1', '3', { px: '2', version: 2, change: 'corrected' }));
    expect([formatQuantity(target(state, 'a').filledQty), formatPrice(target(state, 'a').avgFillPx), target(state, 'a').status]).toEqual(['3', '2', 'partially_filled']);
  });

  it('the same version again is no event, whoever sends it', () => {
    const state = given(...two, fill('e1', '4'));
    expect(when(state, { ...fill('e1', '4'), commandKey: 'another sender' })).toEqual({ kind: 'accepted', events: [] });
  });

  it('an older version that comes late is kept and does not count', () => {
    const late = fill('e1', '4');
    const state = given(...two, fill('e1', '2', { version: 2, change: 'corrected' }));
    expect(when(state, late)).toMatchObject({ kind: 'accepted', events: [{ type: 'FillRecorded' }] });
    expect(formatQuantity(target(apply(state, late), 'a').filledQty)).toBe('2');
    expect(when(apply(state, late), late)).toEqual({ kind: 'accepted', events: [] });
  });

  it('of one version with two payloads end in the same one, whichever came first', () => {
    const [first, second] = [fill('e1', '4'), fill('e1', '3', { px: '2' })];
    expect(shown(given(...two, first, second))).toEqual(shown(given(...two, second, first)));
    expect(target(given(...two, first, second), 'a').filledQty).toEqual(target(given(...two, second, first), 'a').filledQty);
  });

  it('opening fills add to a position that was opened with 0', () => {
    const state = given(openPosition({ quantity: raw('0') as never }), recordFill({ order: 'o', exec: 'e', effect: 'open', qty: '2.5' }));
    expect(shown(state)).toEqual({ status: 'open', opened: '2.5', closed: '0', open: '2.5' });
  });

  it('count also where they come before the position or the target', () => {
    const early = apply(positionDecider.initialState, fill('e1', '4'));
    const state = [...two].reduce((before, command) => apply(before, command), early);
    expect(shown(state)).toEqual({ status: 'open', opened: '10', closed: '4', open: '6' });
    expect(target(state, 'a')).toMatchObject({ status: 'filled' });
  });
});

// The life of one execution: its trade, then corrections, then perhaps a bust; each version with a market time of its own.
const amount = fc.integer({ min: 1, max: 500 }).map((cents) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`);
const life = fc.record({
  order: fc.constantFrom('order-1', 'order-2'),
  values: fc.array(fc.record({ qty: amount, px: amount }), { minLength: 1, maxLength: 3 }),
  busted: fc.boolean(),
});
const versionsOf = ({ order, values, busted }: { order: string; values: readonly { qty: string; px: string }[]; busted: boolean }, index: number) => {
  const name = order === 'order-1' ? 'a' : 'b';
  const all = busted ? [...values, values.at(-1) ?? { qty: '1', px: '1' }] : values;
  return all.map((each, version) => {
    const change = version === 0 ? 'recorded' : busted && version === values.length ? 'reversed' : 'corrected';
    return { command: recordFill({ order, exec: `e${index}`, version: version + 1, change, target: name, ...each }), occurredAt: at((index * 3 + version) % 60) };
  });
};
const facts = fc.array(life, { minLength: 1, maxLength: 8 }).map((lives) => lives.flatMap(versionsOf));
const shuffledTwice = facts.chain((all) =>
  fc.tuple(fc.shuffledSubarray([...all, ...all.slice(0, 3)], { minLength: all.length + Math.min(3, all.length) }), fc.shuffledSubarray(all, { minLength: all.length })),
);
// So much that no fills close it.
const many = [openPosition({ quantity: raw('1000') as never }), setTarget({ targetKey: 'a', quantity: '4' }), setTarget({ targetKey: 'b', quantity: '6' })];
const begun = given(...many);
const folded = (order: readonly { command: PositionCommand; occurredAt: string }[]) => order.reduce((state, { command, occurredAt }) => apply(state, command, occurredAt), begun);

const amounts = (state: PositionState) => ({ ...shown(state), targets: state.targets.map(({ filledQty, avgFillPx, filledAt }) => ({ filledQty, avgFillPx, filledAt })) });

describe('properties of fills', () => {
  it('two targets filling in any interleaving, versions in any order and doubled, end in one state', () => {
    fc.assert(
      fc.property(shuffledTwice, ([first, second]) => {
        expect(folded(first)).toEqual(folded(second));
      }),
    );
  });

  it("a target's filled quantity is the sum of its live fills, and the position's quantities are those of all", () => {
    fc.assert(
      fc.property(facts, (all) => {
        const state = folded(all);
        const sum = (name?: string) =>
          state.fills
            .filter((each) => each.live && (name === undefined || each.targetKey === name))
            .map((each) => quantity(each.execution.lastQty))
            .reduce(addQuantity, ZERO_QUANTITY);
        expect(formatQuantity(target(state, 'a').filledQty)).toBe(formatQuantity(sum('a')));
        expect(formatQuantity(target(state, 'b').filledQty)).toBe(formatQuantity(sum('b')));
        expect(formatQuantity(state.closedQty)).toBe(formatQuantity(sum()));
        expect(target(state, 'a').status === 'filled').toBe(compareQuantity(sum('a'), target(state, 'a').quantity) >= 0);
      }),
    );
  });

  it('a fill set after its target counts as one set before it', () => {
    fc.assert(
      fc.property(facts, (all) => {
        const fillsFirst = [...all.map(({ command, occurredAt }) => ({ command, occurredAt })), ...many.map((command, index) => ({ command, occurredAt: at(index) }))];
        const late = fillsFirst.reduce((state, { command, occurredAt }) => apply(state, command, occurredAt), positionDecider.initialState);
        // The quantity is large enough that no fills close the position, which would take no target any more.
        expect(amounts(late)).toEqual(amounts(folded(all)));
      }),
    );
  });

  it('never throws, and refuses no fact', () => {
    const text = fc.oneof(fc.constantFrom('a', 'b', 'put_spread_1_40', 'NONE', '0', ''), fc.string({ unit: 'binary' }), amount);
    const command: fc.Arbitrary<PositionCommand> = fc.oneof(
      fc.constant(openPosition()),
      fc.record({ quantity: text, sourceSymbol: text, strategyType: text }).map((terms) => openPosition(terms as never)),
      fc.record({ targetKey: text, percent: text, targetPrice: text, quantity: text, orderRef: text }).map((input) => setTarget(input)),
      fc.record({ targetKey: fc.constantFrom('a', 'b', 'c'), quantity: amount, orderRef: fc.constantFrom('r1', 'r2') }).map((input) => setTarget(input)),
      text.map((name) => cancelTarget(name, name)),
      fc.tuple(text, text).map(([name, ref]) => attachOrder(name, ref, 'order-1')),
      fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('r1', 'r2'), fc.constantFrom('o1', 'o2')).map(([name, ref, order]) => attachOrder(name, ref, order)),
      text.map((name) => endTarget(name, 'cancelled', name)),
      fc.tuple(text, amount, fc.integer({ min: 1, max: 3 })).map(([name, qty, version]) => recordFill({ order: 'order-1', exec: 'e', qty, version, target: name })),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        let state = positionDecider.initialState;
        for (const each of commands) {
          const decision = when(state, each);
          const isFact = each.kind === 'RecordFill' || each.kind === 'EndTarget';
          expect(['accepted', isFact ? 'accepted' : 'rejected']).toContain(decision.kind);
          state = apply(state, each);
          // What was accepted once is nothing new from then on.
          expect(when(state, each)).toEqual(decision.kind === 'accepted' ? { kind: 'accepted', events: [] } : decision);
        }
        expect(state.targets.filter(({ orderId }) => orderId !== undefined).length).toBe(new Set(state.targets.flatMap(({ orderId }) => orderId ?? [])).size);
      }),
    );
  });
});
