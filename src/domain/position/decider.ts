import { addQuantity, compareQuantity, isZeroQuantity, priceText, quantity, quantityText, subtractQuantity, ZERO_QUANTITY } from '../amounts.js';
import type { Quantity } from '../amounts.js';
import { canonicalDecimal } from '../decimal.js';
import { accept, reject } from '../decider.js';
import type { Decider, Decision } from '../decider.js';
import type { TargetKey } from '../ids.js';
import { NO_CASH_FLOW, withFlow } from './cash.js';
import { checkOpening } from './checks.js';
import { closeChanged, closePosition, closeRequested, endClose, sizeClosingOrder } from './close.js';
import type { OpenPosition, PositionCommand, RecordFill } from './commands.js';
import { attachOrder, cancelTarget, credit, endTarget, notFound, rejected, setTarget } from './decide-targets.js';
import type { FillRecorded, PositionEvent, PositionEventBody, PositionOpened } from './events.js';
import { addVersion, findFill, hasVersion } from './fills.js';
import type { FillEvent } from './fills.js';
import type { PositionFill, PositionState, PositionStatus, TargetState } from './state.js';
import { findTarget, laterOf, withEnding, withFill, withOrder, withTerms } from './targets.js';

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
  opening: NO_CASH_FLOW,
  closing: NO_CASH_FLOW,
  close: undefined,
};

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
    case 'PositionCloseRequested':
      return { ...withKey(known, event), close: closeRequested(event.data) };
    case 'ClosingOrderSized':
    case 'PositionCloseEnded':
      return { ...withKey(known, event), close: closeChanged(state.close, event) };
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

const counted = (fill: PositionFill | undefined, effect: 'open' | 'close'): PositionFill | undefined => (fill?.live && fill.effect === effect ? fill : undefined);
const quantityOf = (fill: PositionFill | undefined): Quantity => (fill ? quantity(fill.execution.lastQty) : ZERO_QUANTITY);

function fillAdded(state: PositionState, event: FillEvent): PositionState {
  const change = addVersion(state.fills, event);
  const { before, after, fills } = change;
  const moved = (sum: Quantity, effect: 'open' | 'close'): Quantity => addQuantity(subtractQuantity(sum, quantityOf(counted(before, effect))), quantityOf(counted(after, effect)));
  const targets = state.targets.map((target) => withFill(target, change, event));
  const opening = withFlow(state.opening, counted(before, 'open'), counted(after, 'open'));
  const closing = withFlow(state.closing, counted(before, 'close'), counted(after, 'close'));
  return withSums({ ...state, fills, targets, opening, closing }, moved(state.openedQty, 'open'), moved(state.closedQty, 'close'));
}

// Decide

function decide(state: PositionState, command: PositionCommand): Decision<PositionEventBody> {
  // A fill's key is its execution and version, whoever sends it under whatever command key.
  if (command.kind === 'RecordFill') return recordFill(state, command);
  const digests = state.applied.get(command.commandKey);
  if (digests?.includes(command.commandDigest)) return accept();
  if (command.kind === 'EndTarget') return endTarget(state, command);
  if (command.kind === 'SizeClosingOrder') return sizeClosingOrder(state, command);
  if (command.kind === 'EndClose') return endClose(state, command);
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
    case 'ClosePosition':
      return state.opened ? closePosition(state, state.opened, command) : notFound();
  }
}

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

const FILL_EVENT = { recorded: 'FillRecorded', corrected: 'FillCorrected', reversed: 'FillReversed' } as const;

/** A fact: only the same version with the same content is nothing new. An older version that comes late is kept, and does not count. */
function recordFill(state: PositionState, command: RecordFill): Decision<PositionEventBody> {
  const { fill, effect, targetKey, execution } = command;
  if (hasVersion(findFill(state.fills, fill), { version: fill.version, digest: command.commandDigest })) return accept();
  const data: FillRecorded['data'] = targetKey === undefined ? { fill, effect, execution } : { fill, effect, targetKey, execution };
  return accept({ type: FILL_EVENT[command.change], data });
}

/** A position of one episode with its profit targets and stop-losses, as `Decider` says. */
export const positionDecider: Decider<PositionState, PositionCommand, PositionEventBody> = { initialState, evolve, decide };
