import { addNotional, addQuantity, averagePrice, compareQuantity, isZeroQuantity, price, priceTimesQuantity, quantity, subtractNotional, subtractQuantity, ZERO_NOTIONAL, ZERO_QUANTITY } from '../amounts.js';
import type { Notional, Quantity } from '../amounts.js';
import type { OrderId, TargetKey } from '../ids.js';
import { compareTimes } from '../order/facts.js';
import { NO_CASH_FLOW, withFlow } from './cash.js';
import type { TargetSet } from './events.js';
import type { FillChange, FillEvent } from './fills.js';
import type { PositionFill, PositionState, TargetEnding, TargetState, TargetStatus } from './state.js';

/*
 * One target: what was set, what its fills amount to, and the status that follows from both. The status is derived, never
 * stored by itself, so that fills, busts and endings give the same target in any order.
 */

/** Not wholly filled and not ended. */
export const isUnfilled = (target: Pick<TargetState, 'status'>): boolean => target.status === 'active' || target.status === 'partially_filled';

export const findTarget = (state: Pick<PositionState, 'targets'>, key: TargetKey): TargetState | undefined => state.targets.find((target) => target.targetKey === key);

/** Whether the order is or was the target's. */
export const hasOrder = (target: TargetState, order: OrderId): boolean => target.orderId === order || target.formerOrderIds.includes(order);

export const laterOf = (a: string | undefined, b: string): string => (a === undefined || compareTimes(a, b) < 0 ? b : a);

interface Filled {
  readonly filledQty: Quantity;
  readonly filledNotional: Notional;
}

/** The trade, where it counts for the target: undefined where it is another target's or was busted. */
const counted = (fill: PositionFill | undefined, targetKey: TargetKey): PositionFill | undefined => (fill?.live && fill.targetKey === targetKey ? fill : undefined);

/** What a trade adds to the target. */
function contribution(known: PositionFill | undefined, targetKey: TargetKey): Filled {
  const fill = counted(known, targetKey);
  if (!fill) return { filledQty: ZERO_QUANTITY, filledNotional: ZERO_NOTIONAL };
  const lastQty = quantity(fill.execution.lastQty);
  return { filledQty: lastQty, filledNotional: priceTimesQuantity(price(fill.execution.lastPx), lastQty) };
}

function statusOf(filledQty: Quantity, whole: Quantity, ending: TargetEnding | undefined): TargetStatus {
  if (compareQuantity(filledQty, whole) >= 0) return 'filled';
  if (ending) return ending.status;
  return isZeroQuantity(filledQty) ? 'active' : 'partially_filled';
}

const byTime = (a: PositionFill, b: PositionFill): number => compareTimes(a.occurredAt, b.occurredAt);

/** Market time of the fill that made the target whole, in the order of market times. */
function filledAtOf(target: Pick<TargetState, 'targetKey' | 'quantity'>, fills: readonly PositionFill[]): string | undefined {
  const own = fills.filter((fill) => fill.live && fill.targetKey === target.targetKey).toSorted(byTime);
  let filled = ZERO_QUANTITY;
  for (const fill of own) {
    filled = addQuantity(filled, quantity(fill.execution.lastQty));
    if (compareQuantity(filled, target.quantity) >= 0) return fill.occurredAt;
  }
  return undefined;
}

/** The target with what follows from its quantity, fills and ending worked out again. */
function derived(target: TargetState, fills: readonly PositionFill[]): TargetState {
  const status = statusOf(target.filledQty, target.quantity, target.ending);
  const ended = status === 'cancelled' || status === 'rejected';
  return {
    ...target,
    status,
    avgFillPx: averagePrice(target.filledNotional, target.filledQty),
    reason: ended ? target.ending?.reason : undefined,
    filledAt: status === 'filled' ? filledAtOf(target, fills) : undefined,
  };
}

/** A target as it is first set. Fills that came before it was set count. */
function newTarget(data: TargetSet['data'], occurredAt: string, fills: readonly PositionFill[]): TargetState {
  const filled = fills.map((fill) => contribution(fill, data.targetKey)).reduce(addFilled, { filledQty: ZERO_QUANTITY, filledNotional: ZERO_NOTIONAL });
  return {
    ...filled,
    closing: fills.reduce((flow, fill) => withFlow(flow, undefined, counted(fill, data.targetKey)), NO_CASH_FLOW),
    ...termsOf(data),
    targetKey: data.targetKey,
    avgFillPx: averagePrice(filled.filledNotional, filled.filledQty),
    status: 'active',
    orderId: undefined,
    formerOrderIds: [],
    ending: undefined,
    reason: undefined,
    setAt: occurredAt,
    changedAt: occurredAt,
    filledAt: undefined,
  };
}

const addFilled = (a: Filled, b: Filled): Filled => ({ filledQty: addQuantity(a.filledQty, b.filledQty), filledNotional: addNotional(a.filledNotional, b.filledNotional) });

const termsOf = (data: TargetSet['data']) => ({
  kind: data.kind,
  percent: data.percent,
  targetPrice: price(data.targetPrice),
  quantity: quantity(data.quantity),
  originalCredit: data.originalCredit,
  orderRef: data.orderRef,
});

/** Set for the first time, or with other terms. Another order reference lets go of the order that was attached. */
export function withTerms(before: TargetState | undefined, data: TargetSet['data'], occurredAt: string, fills: readonly PositionFill[]): TargetState {
  if (!before) return derived(newTarget(data, occurredAt, fills), fills);
  const sameOrder = before.orderRef === data.orderRef;
  const former = sameOrder || before.orderId === undefined ? before.formerOrderIds : [...before.formerOrderIds, before.orderId];
  const orderId = sameOrder ? before.orderId : undefined;
  return derived({ ...before, ...termsOf(data), orderId, formerOrderIds: former, changedAt: laterOf(before.changedAt, occurredAt) }, fills);
}

/** The target after one more version of a trade: its sums change by the difference, its time by what the version says. */
export function withFill(target: TargetState, { fills, before, after }: FillChange, { data, metadata }: FillEvent): TargetState {
  const key = target.targetKey;
  if (data.targetKey !== key && before?.targetKey !== key) return target;
  const [less, more] = [contribution(before, key), contribution(after, key)];
  const filledQty = addQuantity(subtractQuantity(target.filledQty, less.filledQty), more.filledQty);
  const filledNotional = addNotional(subtractNotional(target.filledNotional, less.filledNotional), more.filledNotional);
  const closing = withFlow(target.closing, counted(before, key), counted(after, key));
  const changedAt = data.targetKey === key ? laterOf(target.changedAt, metadata.occurredAt) : target.changedAt;
  return derived({ ...target, filledQty, filledNotional, closing, changedAt }, fills);
}

export const withOrder = (target: TargetState, orderId: OrderId, occurredAt: string): TargetState => ({ ...target, orderId, changedAt: laterOf(target.changedAt, occurredAt) });

/** The first ending stays. */
export const withEnding = (target: TargetState, ending: TargetEnding, occurredAt: string, fills: readonly PositionFill[]): TargetState =>
  derived({ ...target, ending: target.ending ?? ending, changedAt: laterOf(target.changedAt, occurredAt) }, fills);
