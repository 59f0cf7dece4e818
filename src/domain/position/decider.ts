import { addQuantity, compareQuantity, formatQuantity, isZeroQuantity, priceText, quantity, quantityText, subtractQuantity, ZERO_QUANTITY } from '../amounts.js';
import type { Quantity } from '../amounts.js';
import { canonicalDecimal } from '../decimal.js';
import { accept, reject } from '../decider.js';
import type { Decider, Decision, Rejection } from '../decider.js';
import type { TargetKey } from '../ids.js';
import { checkOpening, checkReason, checkTarget } from './checks.js';
import type { AttachTargetOrder, CancelTarget, EndTarget, OpenPosition, PositionCommand, RecordFill, SetTarget } from './commands.js';
import type { FillRecorded, PositionEvent, PositionEventBody, PositionOpened, TargetSet } from './events.js';
import { addVersion, findFill, hasVersion } from './fills.js';
import type { FillEvent } from './fills.js';
import type { PositionFill, PositionState, PositionStatus, TargetState } from './state.js';
import { hasOrder, isUnfilled, laterOf, withEnding, withFill, withOrder, withTerms } from './targets.js';

/** Targets of a position that are neither filled nor ended, at most. A bust may re-open one above it: that is a fact. */
const MAX_ACTIVE_TARGETS = 10;
/** Targets of a position in all, ended ones included, at most. */
const MAX_TARGETS = 1_000;

// State

const initialState: PositionState = {
  exists: false,
  tenantId: undefined,
  accountId: undefined,
  opened: undefined,
  openedAt: undefined,
  changedAt: undefined,
  applied: new Map(),
  fills: [],
  targets: [],
  status: 'open',
  openedQty: ZERO_QUANTITY,
  closedQty: ZERO_QUANTITY,
  openQty: ZERO_QUANTITY,
};

const findTarget = (state: PositionState, key: TargetKey): TargetState | undefined => state.targets.find((target) => target.targetKey === key);

/** Closed once something was closed and nothing is left; a position whose opening orders are still to fill is open. */
function statusOf(openQty: Quantity, closedQty: Quantity): PositionStatus {
  const left = compareQuantity(openQty, ZERO_QUANTITY);
  if (left < 0) return 'over_closed';
  return left === 0 && !isZeroQuantity(closedQty) ? 'closed' : 'open';
}

// Evolve

function evolve(state: PositionState, event: PositionEvent): PositionState {
  const { metadata } = event;
  const known: PositionState = {
    ...state,
    exists: true,
    tenantId: state.tenantId ?? metadata.tenantId,
    accountId: state.accountId ?? metadata.accountId,
    changedAt: laterOf(state.changedAt, metadata.occurredAt),
  };
  switch (event.type) {
    case 'FillRecorded':
    case 'FillCorrected':
    case 'FillReversed':
      return fillAdded(known, event);
    case 'PositionOpened':
      return opened(withKey(known, event), event.data, metadata.occurredAt);
    case 'TargetSet': {
      const set = withTerms(findTarget(state, event.data.targetKey), event.data, metadata.occurredAt, state.fills);
      return withTarget(withKey(known, event), set);
    }
    case 'TargetOrderAttached':
      return changed(withKey(known, event), event.data.targetKey, (target) => withOrder(target, event.data.orderId, metadata.occurredAt));
    case 'TargetCancelled':
    case 'TargetRejected': {
      const ending = { status: event.type === 'TargetCancelled' ? 'cancelled' : 'rejected', reason: event.data.reason } as const;
      return changed(withKey(known, event), event.data.targetKey, (target) => withEnding(target, ending, metadata.occurredAt, state.fills));
    }
  }
}

/** Remembers the command that made the event, so that it is applied once. */
function withKey(state: PositionState, { metadata: { commandKey, commandDigest } }: PositionEvent): PositionState {
  const before = state.applied.get(commandKey) ?? [];
  if (before.includes(commandDigest)) return state;
  return { ...state, applied: new Map(state.applied).set(commandKey, [...before, commandDigest]) };
}

const withSums = (state: PositionState, openedQty: Quantity, closedQty: Quantity): PositionState => {
  const openQty = subtractQuantity(openedQty, closedQty);
  return { ...state, openedQty, closedQty, openQty, status: statusOf(openQty, closedQty) };
};

const opened = (state: PositionState, terms: PositionOpened['data'], occurredAt: string): PositionState =>
  withSums({ ...state, opened: terms, openedAt: occurredAt }, addQuantity(state.openedQty, quantity(terms.quantity)), state.closedQty);

function withTarget(state: PositionState, target: TargetState): PositionState {
  const index = state.targets.findIndex(({ targetKey }) => targetKey === target.targetKey);
  return { ...state, targets: index < 0 ? [...state.targets, target] : state.targets.with(index, target) };
}

function changed(state: PositionState, key: TargetKey, change: (target: TargetState) => TargetState): PositionState {
  const target = findTarget(state, key);
  return target ? withTarget(state, change(target)) : state;
}

const counted = (fill: PositionFill | undefined, effect: 'open' | 'close'): Quantity =>
  fill?.live && fill.effect === effect ? quantity(fill.execution.lastQty) : ZERO_QUANTITY;

function fillAdded(state: PositionState, event: FillEvent): PositionState {
  const change = addVersion(state.fills, event);
  const { before, after, fills } = change;
  const moved = (sum: Quantity, effect: 'open' | 'close'): Quantity => addQuantity(subtractQuantity(sum, counted(before, effect)), counted(after, effect));
  const targets = state.targets.map((target) => withFill(target, change, event));
  return withSums({ ...state, fills, targets }, moved(state.openedQty, 'open'), moved(state.closedQty, 'close'));
}

// Decide

function decide(state: PositionState, command: PositionCommand): Decision<PositionEventBody> {
  // A fill's key is its execution and version, whoever sends it under whatever command key.
  if (command.kind === 'RecordFill') return recordFill(state, command);
  const digests = state.applied.get(command.commandKey);
  if (digests?.includes(command.commandDigest)) return accept();
  if (command.kind === 'EndTarget') return endTarget(state, command);
  if (digests) return reject('idempotency_key_reused', 'idempotencyKey: was used before with another input', 'idempotencyKey');
  switch (command.kind) {
    case 'OpenPosition':
      return openPosition(state, command);
    case 'SetTarget':
      return setTarget(state, command);
    case 'CancelTarget':
      return cancelTarget(state, command);
    case 'AttachTargetOrder':
      return attachOrder(state, command);
  }
}

const rejected = (rejection: Rejection): Decision<never> => ({ kind: 'rejected', rejection });
const notFound = (): Decision<never> => reject('position_not_found', 'positionId: there is no such position', 'positionId');

function openPosition(state: PositionState, command: OpenPosition): Decision<PositionEventBody> {
  const invalid = checkOpening(command);
  if (invalid) return rejected(invalid);
  if (state.opened) return reject('position_exists', 'positionId: the position is open already', 'positionId');
  const { terms } = command;
  return accept({
    type: 'PositionOpened',
    data: {
      ...terms,
      instrument: { ...terms.instrument, multiplier: canonicalDecimal(terms.instrument.multiplier) },
      quantity: quantityText(terms.quantity),
      ...(terms.openPrice === undefined ? {} : { openPrice: priceText(terms.openPrice) }),
      ...credit(terms),
    },
  });
}

const credit = ({ originalCredit: money }: Pick<TargetSet['data'], 'originalCredit'>): Pick<TargetSet['data'], 'originalCredit'> =>
  money ? { originalCredit: { ...money, amount: canonicalDecimal(money.amount) } } : {};

/** Why a target can no longer change, if it cannot. */
function settled(target: TargetState): Rejection | undefined {
  if (isUnfilled(target)) return undefined;
  const code = target.status === 'filled' ? 'target_filled' : 'target_ended';
  return { code, message: `targetKey: target ${target.targetKey} is ${target.status} and can no longer change`, field: 'targetKey' };
}

function setTarget(state: PositionState, command: SetTarget): Decision<PositionEventBody> {
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

function cancelTarget(state: PositionState, command: CancelTarget): Decision<PositionEventBody> {
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

/** Refused where it no longer fits: the target was taken back or set to another order meanwhile, or the order is another target's. */
function attachOrder(state: PositionState, command: AttachTargetOrder): Decision<PositionEventBody> {
  const { targetKey, orderRef, orderId } = command;
  const target = findTarget(state, targetKey);
  if (!target) return targetNotFound(targetKey);
  if (target.orderId === orderId) return accept();
  if (target.orderRef !== orderRef) return reject('order_ref_changed', `orderRef: target ${targetKey} names another order by now`, 'orderRef');
  if (target.orderId !== undefined) return reject('target_has_order', `orderId: target ${targetKey} has an order already`, 'orderId');
  const holder = state.targets.find((other) => other !== target && hasOrder(other, orderId));
  if (holder) return reject('order_attached', `orderId: the order is that of target ${holder.targetKey} already`, 'orderId');
  const refused = settled(target);
  if (refused) return rejected(refused);
  return accept({ type: 'TargetOrderAttached', data: { targetKey, orderRef, orderId } });
}

const FILL_EVENT = { recorded: 'FillRecorded', corrected: 'FillCorrected', reversed: 'FillReversed' } as const;

/** A fact: only the same version with the same content is nothing new. An older version that comes late is kept, and does not count. */
function recordFill(state: PositionState, command: RecordFill): Decision<PositionEventBody> {
  const { fill, effect, targetKey, execution } = command;
  if (hasVersion(findFill(state.fills, fill), { version: fill.version, digest: command.commandDigest })) return accept();
  const data: FillRecorded['data'] = targetKey === undefined ? { fill, effect, execution } : { fill, effect, targetKey, execution };
  return accept({ type: FILL_EVENT[command.change], data });
}

function endTarget(state: PositionState, command: EndTarget): Decision<PositionEventBody> {
  const target = findTarget(state, command.targetKey);
  if (!target || !isUnfilled(target)) return accept();
  if (command.orderId !== undefined && target.orderId !== command.orderId) return accept();
  return accept({ type: command.ending === 'rejected' ? 'TargetRejected' : 'TargetCancelled', data: withReason(command) });
}

/** A position of one episode with its profit targets and stop-losses, as `Decider` says. */
export const positionDecider: Decider<PositionState, PositionCommand, PositionEventBody> = { initialState, evolve, decide };
