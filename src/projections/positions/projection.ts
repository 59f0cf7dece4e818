import { positionDecider } from '../../domain/position/decider.js';
import type { PositionState, TargetState } from '../../domain/position/state.js';
import { decodePositionEvent } from '../../eventstore/codec.js';
import type { RecordedEvent } from '../../eventstore/event-store.js';
import { FoldedStreams } from '../folded-streams.js';
import type { StreamFolder } from '../folded-streams.js';
import { sameRow } from '../projection.js';
import type { Projection, TableChange } from '../projection.js';
import { POSITION, positionRow, PROFIT_TARGET, targetRow } from './rows.js';
import type { PositionPlace, TargetRow } from './rows.js';

const STREAM_PREFIX = 'position-';

/** Positions and their targets: a row a position, and a row a target. */
export const positionsProjection: Projection = {
  name: 'positions',
  version: 1,
  streamPrefixes: [STREAM_PREFIX],
  tables: [POSITION, PROFIT_TARGET],
  open: (options) => new FoldedStreams(positionFolder, options),
};

interface FoldedPosition {
  readonly state: PositionState;
  /** Undefined before the first event. */
  readonly place: PositionPlace | undefined;
  readonly targets: ReadonlyMap<string, FoldedTarget>;
}

interface FoldedTarget {
  readonly target: TargetState;
  readonly setPosition: bigint;
  readonly row: TargetRow;
}

const positionFolder: StreamFolder<FoldedPosition> = {
  initial: { state: positionDecider.initialState, place: undefined, targets: new Map() },
  apply,
  difference,
  weight: ({ state }) => 1 + state.fills.length + state.targets.length,
};

function apply({ state: before, place: former, targets }: FoldedPosition, recorded: RecordedEvent): FoldedPosition {
  const state = positionDecider.evolve(before, decodePositionEvent(recorded));
  const place = {
    positionId: recorded.stream.slice(STREAM_PREFIX.length),
    openedPosition: former?.openedPosition ?? recorded.position,
    revision: recorded.revision,
    lastPosition: recorded.position,
  };
  // Facts of a position that was never opened have no row to go to.
  positionRow(state, place);
  return { state, place, targets: targetsOf(state, place, targets) };
}

/** The rows of the targets: a row that has not changed keeps the position at which it last did. */
function targetsOf(state: PositionState, { positionId, lastPosition }: PositionPlace, known: FoldedPosition['targets']): FoldedPosition['targets'] {
  return new Map(
    state.targets.map((target) => {
      const former = known.get(target.targetKey);
      if (former?.target === target) return [target.targetKey, former];
      const setPosition = former?.setPosition ?? lastPosition;
      const row = targetRow(state, target, positionId, setPosition, lastPosition);
      const same = former !== undefined && sameRow(former.row, row, ['last_position']);
      return [target.targetKey, { target, setPosition, row: same ? former.row : row }];
    }),
  );
}

function difference(before: FoldedPosition, after: FoldedPosition): TableChange[] {
  if (after.place === undefined) return [];
  const targets = [...after.targets].filter(([key, { row }]) => before.targets.get(key)?.row !== row).map(([, { row }]) => row);
  return [
    { table: POSITION, upserts: [positionRow(after.state, after.place)], removals: [] },
    { table: PROFIT_TARGET, upserts: targets, removals: [] },
  ];
}
