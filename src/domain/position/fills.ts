import type { DomainEvent } from '../decider.js';
import type { ExecId, OrderId } from '../ids.js';
import type { FillCorrected, FillRecorded, FillReversed } from './events.js';
import type { FillVersion, PositionFill } from './state.js';

/*
 * A position's trades as a versioned set: keyed by order and execution, the newest version counts, and the set is the same
 * whatever order the versions came in.
 */

export type FillEvent = (FillRecorded | FillCorrected | FillReversed) & DomainEvent;

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const compareKey = (a: { orderId: OrderId; execId: ExecId }, b: { orderId: OrderId; execId: ExecId }): number =>
  compareText(a.orderId, b.orderId) || compareText(a.execId, b.execId);
const compareVersion = (a: FillVersion, b: FillVersion): number => a.version - b.version || compareText(a.digest, b.digest);

/** Where the trade stands among the sorted fills, or would stand. */
function placeOf(fills: readonly PositionFill[], key: { orderId: OrderId; execId: ExecId }): { index: number; found: PositionFill | undefined } {
  let [low, high] = [0, fills.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const fill = fills[middle];
    if (fill && compareKey(fill.fill, key) < 0) low = middle + 1;
    else high = middle;
  }
  const found = fills[low];
  return { index: low, found: found && compareKey(found.fill, key) === 0 ? found : undefined };
}

/** The trade of an execution, in its newest version. */
export const findFill = (fills: readonly PositionFill[], key: { orderId: OrderId; execId: ExecId }): PositionFill | undefined => placeOf(fills, key).found;

/** Whether this very version was recorded before, with this payload. */
export const hasVersion = (fill: PositionFill | undefined, { version, digest }: FillVersion): boolean =>
  fill?.versions.some((seen) => seen.version === version && seen.digest === digest) ?? false;

const fillOf = ({ type, data, metadata }: FillEvent, versions: readonly FillVersion[]): PositionFill => ({
  fill: data.fill,
  live: type !== 'FillReversed',
  effect: data.effect,
  targetKey: data.targetKey,
  execution: data.execution,
  occurredAt: metadata.occurredAt,
  versions,
});

/** What adding a version made of a trade: `before` and `after` are the same where an older version came late. */
export interface FillChange {
  readonly fills: readonly PositionFill[];
  readonly before: PositionFill | undefined;
  readonly after: PositionFill;
}

/** The set with one more version of one trade. */
export function addVersion(fills: readonly PositionFill[], event: FillEvent): FillChange {
  const seen: FillVersion = { version: event.data.fill.version, digest: event.metadata.commandDigest };
  const { index, found: before } = placeOf(fills, event.data.fill);
  if (!before) {
    const after = fillOf(event, [seen]);
    return { fills: fills.toSpliced(index, 0, after), before, after };
  }
  if (hasVersion(before, seen)) return { fills, before, after: before };
  const versions = [...before.versions, seen].sort(compareVersion);
  const after = versions.at(-1) === seen ? fillOf(event, versions) : { ...before, versions };
  return { fills: fills.with(index, after), before, after };
}
