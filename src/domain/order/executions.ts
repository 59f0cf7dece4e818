import {
  ZERO_NOTIONAL,
  ZERO_PRICE,
  ZERO_QUANTITY,
  addNotional,
  addQuantity,
  priceTimesQuantity,
  scaleQuantity,
  subtractNotional,
  subtractQuantity,
  tryPrice,
  tryQuantity,
} from '../amounts.js';
import type { Notional, Quantity } from '../amounts.js';
import type { ExecId } from '../ids.js';
import type { ExecutionData } from './events.js';
import { GrowingList } from './growing-list.js';
import { InsertOnlyMap } from './insert-only-map.js';
import type { OrderExecution } from './state.js';

/** A correction or a bust. */
export interface ExecutionChange {
  readonly execId: ExecId;
  /** The ExecID of the version that it changes: of the trade, or of an earlier correction of it. */
  readonly execRefId: ExecId;
  /** The values from now on; `undefined` for a bust. */
  readonly execution: ExecutionData | undefined;
  readonly occurredAt: string;
  readonly tradingDay: string;
}

/** A split of the instrument: what was traded before counts as `numerator ÷ denominator` times as many. */
interface Split {
  /** It changes the executions before this slot. */
  readonly before: number;
  readonly numerator: Quantity;
  readonly denominator: Quantity;
}

/** The executions of an order: a set, keyed by the ExecID of any of their versions. */
export interface ExecutionSet {
  readonly list: GrowingList<OrderExecution>;
  /** ExecID of any version → place in the list. */
  readonly slots: InsertOnlyMap<string, number>;
  /** Changes of trades that are not known yet. */
  readonly waiting: readonly ExecutionChange[];
  readonly splits: readonly Split[];
  /** Trades that came again under their ExecID with other values; the first one counts. */
  readonly conflicts: readonly { readonly first: ExecutionData; readonly other: ExecutionData }[];
  /** By ExecID of the first version: the broker's CumQty in the message that brought the trade. */
  readonly saidCumQty: InsertOnlyMap<string, Quantity>;
  /** What was traded before the first split, between it and the next, and so on: each as it was traded, without what is waiting. */
  readonly tradedQtys: readonly Quantity[];
  /** Sums over the list, without what is waiting. */
  readonly listedQty: Quantity;
  readonly listedNotional: Notional;
}

export const NO_EXECUTIONS: ExecutionSet = {
  list: GrowingList.empty(),
  slots: InsertOnlyMap.empty(),
  waiting: [],
  splits: [],
  conflicts: [],
  saidCumQty: InsertOnlyMap.empty(),
  tradedQtys: [ZERO_QUANTITY],
  listedQty: ZERO_QUANTITY,
  listedNotional: ZERO_NOTIONAL,
};

/** Decimal places of a share after a split that does not divide evenly. */
const SPLIT_SCALE = 30;

// A stored fact is never refused: text that is no decimal (the codec lets none through) counts as zero.
const quantityOf = (execution: ExecutionData): Quantity => tryQuantity(execution.lastQty) ?? ZERO_QUANTITY;
const notionalOf = (execution: ExecutionData): Notional => priceTimesQuantity(tryPrice(execution.lastPx) ?? ZERO_PRICE, quantityOf(execution));

/** What all of it counts after the splits: the sums are split, not their parts, which a ratio need not divide evenly. */
function countedQty(tradedQtys: readonly Quantity[], splits: readonly Split[]): Quantity {
  let counted = ZERO_QUANTITY;
  for (const [index, traded] of tradedQtys.entries()) {
    counted = addQuantity(counted, traded);
    const next = splits[index];
    if (next) counted = scaleQuantity(counted, next.numerator, next.denominator, SPLIT_SCALE);
  }
  return counted;
}

const sameTrade = (a: ExecutionData, b: ExecutionData): boolean => a.lastQty === b.lastQty && a.lastPx === b.lastPx && a.side === b.side;
const sameFees = (a: ExecutionData, b: ExecutionData): boolean =>
  a.fees.length === b.fees.length && a.fees.every(({ amount, currency }, index) => amount === b.fees[index]?.amount && currency === b.fees[index]?.currency);

/** Puts a new version of an execution in its slot and moves the sums by what it changed. */
function putVersion(set: ExecutionSet, slot: number, next: OrderExecution): ExecutionSet {
  const before = set.list.get(slot);
  let { listedNotional } = set;
  let changedBy = ZERO_QUANTITY;
  if (before && before.status !== 'busted') {
    changedBy = subtractQuantity(changedBy, quantityOf(before.execution));
    listedNotional = subtractNotional(listedNotional, notionalOf(before.execution));
  }
  if (next.status !== 'busted') {
    changedBy = addQuantity(changedBy, quantityOf(next.execution));
    listedNotional = addNotional(listedNotional, notionalOf(next.execution));
  }
  const list = before ? set.list.replaced(slot, next) : set.list.with(next);
  const epoch = set.splits.filter((split) => split.before <= slot).length;
  const tradedQtys = set.tradedQtys.map((traded, index) => (index === epoch ? addQuantity(traded, changedBy) : traded));
  return { ...set, list, tradedQtys, listedQty: countedQty(tradedQtys, set.splits), listedNotional };
}

/** A bust is final: a correction of a busted trade changes its values, and it stays busted. */
function applyChange(set: ExecutionSet, slot: number, change: ExecutionChange): ExecutionSet {
  const known = set.list.get(slot);
  if (!known) return set;
  if (!change.execution) return known.status === 'busted' ? set : putVersion(set, slot, { ...known, status: 'busted' });
  const isRepeated = set.slots.has(change.execId) && (change.execId !== change.execRefId || (sameTrade(known.execution, change.execution) && sameFees(known.execution, change.execution)));
  if (isRepeated) return set;
  return putVersion({ ...set, slots: set.slots.with(change.execId, slot) }, slot, {
    ...known,
    version: known.version + 1,
    status: known.status === 'busted' ? 'busted' : 'corrected',
    execution: change.execution,
    occurredAt: change.occurredAt,
    tradingDay: change.tradingDay,
  });
}

/** Applies the changes that were waiting for a version that is known now, and those that waited for them in turn. */
function settleWaiting(set: ExecutionSet): ExecutionSet {
  let settled = set;
  for (;;) {
    const change: ExecutionChange | undefined = settled.waiting.find(({ execRefId }) => settled.slots.has(execRefId));
    const slot = change && settled.slots.get(change.execRefId);
    if (!change || slot === undefined) return settled;
    settled = applyChange({ ...settled, waiting: settled.waiting.filter((other) => other !== change) }, slot, change);
  }
}

/** The trade that is known under the names of this one. Under its other name alone only where that is the first name of the same trade. */
function slotOf(set: ExecutionSet, execution: ExecutionData): number | undefined {
  const { execId, secondaryExecId } = execution;
  const slot = set.slots.get(execId);
  if (slot !== undefined || secondaryExecId === undefined) return slot;
  const other = set.slots.get(secondaryExecId);
  const known = other === undefined ? undefined : set.list.get(other);
  return known && known.execId === secondaryExecId && sameTrade(known.execution, execution) ? other : undefined;
}

/** Makes the names of a trade those of its slot; a name that another slot has stays that one's. */
function nameSlot(set: ExecutionSet, { execId, secondaryExecId }: ExecutionData, slot: number): ExecutionSet {
  const named = set.slots.has(execId) ? set.slots : set.slots.with(execId, slot);
  const slots = secondaryExecId === undefined || named.has(secondaryExecId) ? named : named.with(secondaryExecId, slot);
  return slots === set.slots ? set : { ...set, slots };
}

/** A trade that came before: it counts once, and what it says otherwise is a conflict. */
function repeatTrade(set: ExecutionSet, slot: number, execution: ExecutionData): ExecutionSet {
  const known = set.list.get(slot);
  const named = nameSlot(set, execution, slot);
  const conflicts = known?.version === 1 && !sameTrade(known.execution, execution);
  if (known && conflicts) return { ...named, conflicts: [...named.conflicts, { first: known.execution, other: execution }] };
  return named === set || named.waiting.length === 0 ? named : settleWaiting(named);
}

/** Counts a trade once: the same ExecID again is the same trade. `saidCumQty`: the broker's, with this trade. */
export function recordTrade(set: ExecutionSet, execution: ExecutionData, occurredAt: string, tradingDay: string, saidCumQty: Quantity | undefined): ExecutionSet {
  const slot = slotOf(set, execution);
  if (slot !== undefined) return repeatTrade(set, slot, execution);
  const next = set.list.length;
  const said = saidCumQty === undefined ? set.saidCumQty : set.saidCumQty.with(execution.execId, saidCumQty);
  const recorded = putVersion({ ...nameSlot(set, execution, next), saidCumQty: said }, next, {
    execId: execution.execId,
    version: 1,
    status: 'live',
    execution,
    occurredAt,
    tradingDay,
  });
  return recorded.waiting.length === 0 ? recorded : settleWaiting(recorded);
}

/** Corrects or busts a trade, or waits for it. */
export function changeTrade(set: ExecutionSet, change: ExecutionChange): ExecutionSet {
  const slot = set.slots.get(change.execRefId);
  if (slot !== undefined) {
    const changed = applyChange(set, slot, change);
    return changed.waiting.length === 0 ? changed : settleWaiting(changed);
  }
  const isKnown = set.waiting.some(({ execId, execRefId }) => execId === change.execId && execRefId === change.execRefId);
  return isKnown ? set : { ...set, waiting: [...set.waiting, change] };
}

/** The trade that a message which may be a repetition (PossResend) repeats under another ExecID. */
export const findRepeated = (set: ExecutionSet, execution: ExecutionData, isSame: (known: OrderExecution) => boolean): number =>
  set.list.findIndex((known) => known.status !== 'busted' && sameTrade(known.execution, execution) && isSame(known));

/** Makes `execId` another name of the execution in this slot. */
export const nameTrade = (set: ExecutionSet, execId: ExecId, slot: number): ExecutionSet => settleWaiting({ ...set, slots: set.slots.with(execId, slot) });

/** After a split of the instrument: the same notional over more (or fewer) of it. */
export function splitExecutions(set: ExecutionSet, numerator: Quantity, denominator: Quantity): ExecutionSet {
  const splits = [...set.splits, { before: set.list.length, numerator, denominator }];
  const tradedQtys = [...set.tradedQtys, ZERO_QUANTITY];
  return { ...set, splits, tradedQtys, listedQty: countedQty(tradedQtys, splits) };
}

/**
 * What is known of trades whose own message is missing: the newest correction of each, unless it was busted. The
 * correction says what the trade is worth, so it counts before the trade itself comes.
 */
export function waitingTrades({ waiting }: ExecutionSet): readonly OrderExecution[] {
  if (waiting.length === 0) return [];
  const referred = new Set<string>(waiting.map(({ execRefId }) => execRefId));
  const newest = new Map<string, ExecutionChange>();
  for (const change of waiting) {
    const isBusted = newest.has(change.execRefId) && newest.get(change.execRefId)?.execution === undefined;
    if (!isBusted) newest.set(change.execRefId, change);
  }
  return [...newest.values()].flatMap(({ execId, execRefId, execution, occurredAt, tradingDay }) =>
    execution && (!referred.has(execId) || execId === execRefId)
      ? [{ execId: execRefId, version: 2, status: 'corrected' as const, execution, occurredAt, tradingDay }]
      : [],
  );
}

/** The ExecIDs that corrections and busts name and no message brought. */
export function missingExecIds({ waiting }: ExecutionSet): readonly ExecId[] {
  const brought = new Set<string>(waiting.filter(({ execId, execRefId }) => execId !== execRefId).map(({ execId }) => execId));
  return [...new Set(waiting.map(({ execRefId }) => execRefId))].filter((execId) => !brought.has(execId));
}

/** CumQty and the sum of price × quantity, of all that counts. */
export function executedTotals(set: ExecutionSet): { readonly cumQty: Quantity; readonly notional: Notional } {
  let [cumQty, notional] = [set.listedQty, set.listedNotional];
  for (const { execution } of waitingTrades(set)) {
    cumQty = addQuantity(cumQty, quantityOf(execution));
    notional = addNotional(notional, notionalOf(execution));
  }
  return { cumQty, notional };
}
