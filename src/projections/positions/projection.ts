import { positionDecider } from '../../domain/position/decider.js';
import type { PositionFill, PositionState, TargetState } from '../../domain/position/state.js';
import { decodePositionEvent } from '../../eventstore/codec.js';
import type { RecordedEvent } from '../../eventstore/event-store.js';
import { FoldedStreams } from '../folded-streams.js';
import type { StreamFolder } from '../folded-streams.js';
import { sameRow } from '../projection.js';
import type { Projection, TableChange } from '../projection.js';
import { POSITION_FILL, fillRow } from './fill-rows.js';
import type { FillRow } from './fill-rows.js';
import { openedOf, POSITION, positionRow, PROFIT_TARGET, targetRow } from './rows.js';
import type { PositionPlace, TargetRow } from './rows.js';

const STREAM_PREFIX = 'position-';

/** Positions, their targets and their fills: a row each. */
export const positionsProjection: Projection = {
  name: 'positions',
  version: 2,
  streamPrefixes: [STREAM_PREFIX],
  tables: [POSITION, PROFIT_TARGET, POSITION_FILL],
  open: (options) => new FoldedStreams(positionFolder, options),
};

interface FoldedPosition {
  readonly state: PositionState;
  /** Undefined before the first event. */
  readonly place: PositionPlace | undefined;
  readonly targets: ReadonlyMap<string, FoldedTarget>;
  /** As many as the state has, in the same order. */
  readonly fills: readonly FoldedFill[];
}

interface FoldedFill {
  readonly fill: PositionFill;
  readonly row: FillRow;
}

interface FoldedTarget {
  readonly target: TargetState;
  readonly setPosition: bigint;
  readonly row: TargetRow;
}

const positionFolder: StreamFolder<FoldedPosition> = {
  initial: { state: positionDecider.initialState, place: undefined, targets: new Map(), fills: [] },
  apply,
  difference,
  weight: ({ state }) => 1 + state.fills.length + state.targets.length,
};

function apply({ state: before, place: former, targets, fills }: FoldedPosition, recorded: RecordedEvent): FoldedPosition {
  const state = positionDecider.evolve(before, decodePositionEvent(recorded));
  const place = {
    positionId: recorded.stream.slice(STREAM_PREFIX.length),
    openedPosition: former?.openedPosition ?? recorded.position,
    revision: recorded.revision,
    lastPosition: recorded.position,
  };
  // Facts of a position that was never opened have no row to go to.
  openedOf(state, place.positionId);
  return { state, place, targets: targetsOf(state, before, place, targets), fills: fillsOf(state, place, fills) };
}

/** The rows of the targets: a row that has not changed keeps the position at which it last did. */
function targetsOf(state: PositionState, before: PositionState, { positionId, lastPosition }: PositionPlace, known: FoldedPosition['targets']): FoldedPosition['targets'] {
  // A target without a credit of its own has its part of what opening the position brought in.
  const isSameOpening = state.opening === before.opening;
  return new Map(
    state.targets.map((target) => {
      const former = known.get(target.targetKey);
      if (former?.target === target && (isSameOpening || target.originalCredit)) return [target.targetKey, former];
      const setPosition = former?.setPosition ?? lastPosition;
      const row = targetRow(state, target, positionId, setPosition, lastPosition);
      const same = former !== undefined && sameRow(former.row, row, ['last_position']);
      return [target.targetKey, { target, setPosition, row: same ? former.row : row }];
    }),
  );
}

/** The rows of the fills, of which an event changes one at most. */
function fillsOf(state: PositionState, { positionId, lastPosition }: PositionPlace, known: FoldedPosition['fills']): FoldedPosition['fills'] {
  const index = state.fills.findIndex((fill, place) => fill !== known[place]?.fill);
  const fill = state.fills[index];
  if (!fill) return known;
  const isNew = state.fills.length > known.length;
  const former = isNew ? undefined : known[index];
  const row = fillRow(state, fill, positionId, lastPosition);
  const folded = { fill, row: former && sameRow(former.row, row, ['last_position']) ? former.row : row };
  return isNew ? known.toSpliced(index, 0, folded) : known.with(index, folded);
}

function difference(before: FoldedPosition, after: FoldedPosition): TableChange[] {
  if (after.place === undefined) return [];
  const targets = [...after.targets].filter(([key, { row }]) => before.targets.get(key)?.row !== row).map(([, { row }]) => row);
  return [
    { table: POSITION, upserts: [positionRow(after.state, after.place)], removals: [] },
    { table: PROFIT_TARGET, upserts: targets, removals: [] },
    { table: POSITION_FILL, upserts: newRows(before.fills, after.fills), removals: [] },
  ];
}

function newRows(before: FoldedPosition['fills'], after: FoldedPosition['fills']): FillRow[] {
  if (before === after) return [];
  const known = new Set(before.map(({ row }) => row));
  return after.map(({ row }) => row).filter((row) => !known.has(row));
}
