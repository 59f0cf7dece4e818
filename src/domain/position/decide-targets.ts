import { compareQuantity, formatQuantity, priceText, quantity, quantityText } from '../amounts.js';
import { canonicalDecimal } from '../decimal.js';
import { accept, reject } from '../decider.js';
import type { Decision, Rejection } from '../decider.js';
import type { TargetKey } from '../ids.js';
import { checkReason, checkTarget } from './checks.js';
import { refusedWhileClosing } from './close.js';
import type { AttachTargetOrder, CancelTarget, EndTarget, SetTarget } from './commands.js';
import type { PositionEventBody, TargetSet } from './events.js';
import type { PositionState, TargetState } from './state.js';
import { findTarget, hasOrder, isUnfilled } from './targets.js';

/* What is decided about a position's targets. */

/** Targets of a position that are neither filled nor ended, at most. A bust may re-open one above it: that is a fact. */
const MAX_ACTIVE_TARGETS = 10;
/** Targets of a position in all, ended ones included, at most. */
const MAX_TARGETS = 1_000;

export const rejected = (rejection: Rejection): Decision<never> => ({ kind: 'rejected', rejection });
export const notFound = (): Decision<never> => reject('position_not_found', 'positionId: there is no such position', 'positionId');

export const credit = ({ originalCredit: money }: Pick<TargetSet['data'], 'originalCredit'>): Pick<TargetSet['data'], 'originalCredit'> =>
  money ? { originalCredit: { ...money, amount: canonicalDecimal(money.amount) } } : {};

/** Why a target can no longer change, if it cannot. */
function settled(target: TargetState): Rejection | undefined {
  if (isUnfilled(target)) return undefined;
  const code = target.status === 'filled' ? 'target_filled' : 'target_ended';
  return { code, message: `targetKey: target ${target.targetKey} is ${target.status} and can no longer change`, field: 'targetKey' };
}

/**
 * Sets a target, or changes one that waits. Rejected where percent, price, quantity or key is not valid, where ten targets are active, where
 * it is filled or cancelled, and where the quantity would be less than it has filled.
 */
export function setTarget(state: PositionState, command: SetTarget): Decision<PositionEventBody> {
  const invalid = checkTarget(command);
  if (invalid) return rejected(invalid);
  if (!state.opened) return notFound();
  const before = findTarget(state, command.targetKey);
  const refused = before ? (settled(before) ?? tooSmall(before, command)) : noRoom(state);
  if (refused) return rejected(refused);
  const orderRef = command.orderRef ?? before?.orderRef;
  const holder = state.targets.find((other) => other !== before && holdsOrder(other, orderRef));
  if (holder) return reject('order_ref_in_use', `orderRef: is the order of target ${holder.targetKey} already`, 'orderRef');
  const originalCredit = command.originalCredit ?? before?.originalCredit;
  return accept({
    type: 'TargetSet',
    data: {
      targetKey: command.targetKey,
      kind: command.targetKind,
      percent: canonicalDecimal(command.percent),
      targetPrice: priceText(command.targetPrice),
      quantity: quantityText(command.quantity),
      ...(originalCredit ? credit({ originalCredit }) : {}),
      ...(orderRef === undefined ? {} : { orderRef }),
    },
  });
}

/** Whether the reference is taken: by a target that waits for its order, or that had one, whose late fills are its own. */
const holdsOrder = (target: TargetState, orderRef: string | undefined): boolean =>
  orderRef !== undefined && target.orderRef === orderRef && (isUnfilled(target) || target.orderId !== undefined);

function noRoom(state: PositionState): Rejection | undefined {
  const closing = refusedWhileClosing(state);
  if (closing) return closing;
  if (state.status !== 'open') return { code: 'position_not_open', message: `positionId: the position is ${state.status}`, field: 'positionId' };
  if (state.targets.filter(isUnfilled).length >= MAX_ACTIVE_TARGETS) {
    return { code: 'too_many_targets', message: `targetKey: the position has ${MAX_ACTIVE_TARGETS} active targets already, the most that it can have`, field: 'targetKey' };
  }
  if (state.targets.length >= MAX_TARGETS) {
    return { code: 'too_many_targets', message: `targetKey: the position has had ${MAX_TARGETS} targets, the most that it can have`, field: 'targetKey' };
  }
  return undefined;
}

function tooSmall(target: TargetState, command: SetTarget): Rejection | undefined {
  if (compareQuantity(quantity(command.quantity), target.filledQty) >= 0) return undefined;
  const message = `quantity: must be at least what is filled already, ${formatQuantity(target.filledQty)}`;
  return { code: 'quantity_below_filled', message, field: 'quantity' };
}

/** Cancels a target that is not filled. Rejected where there is none of that key, or it is over. */
export function cancelTarget(state: PositionState, command: CancelTarget): Decision<PositionEventBody> {
  const invalid = checkReason(command.reason);
  if (invalid) return rejected(invalid);
  if (!state.opened) return notFound();
  const target = findTarget(state, command.targetKey);
  if (!target) return targetNotFound(command.targetKey);
  const refused = settled(target);
  if (refused) return rejected(refused);
  return accept({ type: 'TargetCancelled', data: withReason(command) });
}

const targetNotFound = (key: TargetKey): Decision<never> => reject('target_not_found', `targetKey: the position has no target ${JSON.stringify(key.slice(0, 100))}`, 'targetKey');

const withReason = ({ targetKey, reason }: CancelTarget | EndTarget): { targetKey: TargetKey; reason?: string } =>
  reason === undefined ? { targetKey } : { targetKey, reason };

/**
 * Refused where it no longer fits: the target was set to another order meanwhile, or the order is another target's. A target that
 * was cancelled in the moment before still gets the order that it names: what that order fills is the position's all the same.
 */
export function attachOrder(state: PositionState, command: AttachTargetOrder): Decision<PositionEventBody> {
  const { targetKey, orderRef, orderId } = command;
  const target = findTarget(state, targetKey);
  if (!target) return targetNotFound(targetKey);
  if (target.orderId === orderId) return accept();
  if (target.orderRef !== orderRef) return reject('order_ref_changed', `orderRef: target ${targetKey} names another order by now`, 'orderRef');
  if (target.orderId !== undefined) return reject('target_has_order', `orderId: target ${targetKey} has an order already`, 'orderId');
  const holder = state.targets.find((other) => other !== target && hasOrder(other, orderId));
  if (holder) return reject('order_attached', `orderId: the order is that of target ${holder.targetKey} already`, 'orderId');
  const refused = target.status === 'cancelled' ? renamed(state, target) : settled(target);
  if (refused) return rejected(refused);
  return accept({ type: 'TargetOrderAttached', data: { targetKey, orderRef, orderId } });
}

/** Whether a cancelled target's order has become that of another one, which waits for it. */
function renamed(state: PositionState, target: TargetState): Rejection | undefined {
  const heir = state.targets.find((other) => other !== target && isUnfilled(other) && other.orderRef === target.orderRef);
  return heir && { code: 'order_ref_changed', message: `orderRef: is the order of target ${heir.targetKey} by now`, field: 'orderRef' };
}

/** The order of a target is over, or it was asked to end: nothing where it is over already or has another order by now. */
export function endTarget(state: PositionState, command: EndTarget): Decision<PositionEventBody> {
  const target = findTarget(state, command.targetKey);
  if (!target || !isUnfilled(target)) return accept();
  if (command.orderId !== undefined && target.orderId !== command.orderId) return accept();
  return accept({ type: command.ending === 'rejected' ? 'TargetRejected' : 'TargetCancelled', data: withReason(command) });
}
