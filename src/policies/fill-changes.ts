import { compareQuantity, isZeroQuantity } from '../domain/amounts.js';
import type { OrderId, TargetKey } from '../domain/ids.js';
import type { ExecutionData } from '../domain/order/events.js';
import type { OrderExecution, OrderView } from '../domain/order/state.js';
import type { RecordFill } from '../domain/position/commands.js';
import type { Direction } from '../domain/position/events.js';
import type { PositionFill } from '../domain/position/state.js';
import { canonicalJson } from '../eventstore/digest.js';
import type { MarketTime } from './reaction.js';

/*
 * Which fills of an order a position has yet to be told of: the difference between the order's executions and the
 * position's fills. Pure. It is told by comparing what is there, so that a reaction that was lost, doubled or overtaken
 * comes right with the next event.
 */

/** Which position an order's fills belong to, and as what. */
export interface FillLink {
  readonly orderId: OrderId;
  /** The target whose order it is; the order's fills may also be the position's own (its opening orders). */
  readonly targetKey: TargetKey | undefined;
  readonly direction: Direction;
}

/** A RecordFill without its key, and when it happened. */
export interface FillDraft {
  readonly command: Omit<RecordFill, 'commandKey' | 'commandDigest'>;
  readonly time: MarketTime;
}

export interface FillDifference {
  readonly drafts: readonly FillDraft[];
  /** The position knows something that the order does not say (yet): to be compared with the order's newest state. */
  readonly isAhead: boolean;
}

/** A bust is a version of its own, after those that an order counts. */
const versionOf = ({ version, status }: OrderExecution): number => (status === 'busted' ? version + 1 : version);

const BUYS: ReadonlySet<ExecutionData['side']> = new Set(['buy', 'buy_minus']);

/** A target's order closes. Any other says itself what it does; where it does not, what goes the position's way opens. */
function effectOf(execution: ExecutionData, link: FillLink): 'open' | 'close' {
  if (link.targetKey !== undefined) return 'close';
  return execution.positionEffect ?? (BUYS.has(execution.side) === (link.direction === 'long') ? 'open' : 'close');
}

function draftOf(known: OrderExecution, link: FillLink, version = versionOf(known)): FillDraft {
  const { execId, execution, occurredAt, tradingDay } = known;
  const change = known.status === 'busted' ? 'reversed' : version === 1 ? 'recorded' : 'corrected';
  const fill = { orderId: link.orderId, execId, version };
  const target = link.targetKey === undefined ? {} : { targetKey: link.targetKey };
  return { command: { kind: 'RecordFill', change, fill, effect: effectOf(execution, link), ...target, execution }, time: { occurredAt, tradingDay } };
}

// An execution is an object of a stored event, immutable: its text is made once.
const texts = new WeakMap<ExecutionData, string>();
function textOf(execution: ExecutionData): string {
  const known = texts.get(execution);
  if (known !== undefined) return known;
  const text = canonicalJson(execution);
  texts.set(execution, text);
  return text;
}

const saysTheSame = (fill: PositionFill, { command }: FillDraft): boolean =>
  fill.live === (command.change !== 'reversed') &&
  fill.effect === command.effect &&
  fill.targetKey === command.targetKey &&
  textOf(fill.execution) === textOf(command.execution);

/** What the order, as it stood at some event, adds to what the position knows. */
export function newFills(view: Pick<OrderView, 'executions'>, fills: readonly PositionFill[], link: FillLink): FillDifference {
  const known = new Map<string, PositionFill>(fills.filter(({ fill }) => fill.orderId === link.orderId).map((fill) => [fill.fill.execId, fill]));
  const drafts: FillDraft[] = [];
  let isAhead = false;
  for (const execution of view.executions) {
    const draft = draftOf(execution, link);
    const fill = known.get(execution.execId);
    known.delete(execution.execId);
    if (!fill || fill.fill.version < draft.command.fill.version) drafts.push(draft);
    else if (!saysTheSame(fill, draft)) isAhead = true;
  }
  return { drafts, isAhead: isAhead || [...known.values()].some(({ live }) => live) };
}

/**
 * What the order's newest state changes in what the position knows: as `newFills`, and a fill that is not what the order says
 * gets a version more (it became another target's, or two corrections came in the wrong order); one that the order no
 * longer has is reversed (it was a correction of a trade that was not known then).
 */
export function settledFills(view: Pick<OrderView, 'executions'>, fills: readonly PositionFill[], link: FillLink, now: MarketTime): readonly FillDraft[] {
  const gone = new Map<string, PositionFill>(fills.filter(({ fill, live }) => live && fill.orderId === link.orderId).map((fill) => [fill.fill.execId, fill]));
  const known = new Map<string, PositionFill>(fills.filter(({ fill }) => fill.orderId === link.orderId).map((fill) => [fill.fill.execId, fill]));
  const changes = view.executions.flatMap((execution): FillDraft[] => {
    gone.delete(execution.execId);
    const fill = known.get(execution.execId);
    const draft = draftOf(execution, link);
    if (!fill) return [draft];
    if (saysTheSame(fill, draft)) return [];
    return [fill.fill.version < draft.command.fill.version ? draft : draftOf(execution, link, fill.fill.version + 1)];
  });
  return [...changes, ...[...gone.values()].map((fill) => reversalOf(fill, now))];
}

/** The position's fill is not one: of an order that is another position's, or no longer the order's execution. */
function reversalOf({ fill, effect, targetKey, execution }: PositionFill, time: MarketTime): FillDraft {
  const target = targetKey === undefined ? {} : { targetKey };
  return { command: { kind: 'RecordFill', change: 'reversed', fill: { ...fill, version: fill.version + 1 }, effect, ...target, execution }, time };
}

/** How a target ends with its order, undefined where the order may still fill it. A filled order fills it, or leaves it partly filled. */
export function endingOf({ ordStatus, isOver, orderQty, cumQty }: Pick<OrderView, 'ordStatus' | 'isOver' | 'orderQty' | 'cumQty'>): 'cancelled' | 'rejected' | undefined {
  if (ordStatus === 'rejected') return 'rejected';
  if (ordStatus === 'canceled' || ordStatus === 'expired') return 'cancelled';
  // Done for the day, calculated: whatever the status, nothing more of it will come.
  const isFilled = !isZeroQuantity(orderQty) && compareQuantity(cumQty, orderQty) >= 0;
  return isOver && !isFilled ? 'cancelled' : undefined;
}
