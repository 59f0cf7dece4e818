import { orderDecider } from '../../domain/order/decider.js';
import type { OrderEvent, OrderEventType } from '../../domain/order/events.js';
import type { OrderExecution, OrderState } from '../../domain/order/state.js';
import { decodeOrderEvent } from '../../eventstore/codec.js';
import type { RecordedEvent } from '../../eventstore/event-store.js';
import { FoldedStreams } from '../folded-streams.js';
import type { StreamFolder } from '../folded-streams.js';
import { sameRow } from '../projection.js';
import type { Projection, TableChange } from '../projection.js';
import { EXECUTION, executionRow, ORDERS, ordersRow } from './rows.js';
import type { ExecutionRow, OrderPlace } from './rows.js';

const STREAM_PREFIX = 'order-';

/** Orders as FIX 4.4 sees them, and their executions: a row an order, and a row an execution with its newest version. */
export const ordersProjection: Projection = {
  name: 'orders',
  version: 4,
  streamPrefixes: [STREAM_PREFIX],
  tables: [ORDERS, EXECUTION],
  open: (options) => new FoldedStreams(orderFolder, options),
};

interface FoldedOrder {
  readonly state: OrderState;
  /** Undefined before the first event. */
  readonly place: OrderPlace | undefined;
  readonly executions: ReadonlyMap<string, FoldedExecution>;
}

interface FoldedExecution {
  readonly execution: OrderExecution;
  readonly row: ExecutionRow;
}

const orderFolder: StreamFolder<FoldedOrder> = {
  initial: { state: orderDecider.initialState, place: undefined, executions: new Map() },
  apply,
  difference,
  // As many keys as facts; the list of facts would be made anew for this.
  weight: ({ state, executions }) => 1 + state.applied.size + executions.size,
};

function apply({ state: before, place, executions }: FoldedOrder, recorded: RecordedEvent): FoldedOrder {
  const event = decodeOrderEvent(recorded);
  const state = orderDecider.evolve(before, event);
  const { tradingDay } = event.metadata;
  const after: OrderPlace = {
    orderId: recorded.stream.slice(STREAM_PREFIX.length),
    tradingDay: place === undefined || tradingDay < place.tradingDay ? tradingDay : place.tradingDay,
    openedPosition: place?.openedPosition ?? recorded.position,
    revision: recorded.revision,
    lastPosition: recorded.position,
  };
  return { state, place: after, executions: isShown(state) ? executionsAfter(event, state, after, executions, before) : NO_EXECUTIONS };
}

const NO_EXECUTIONS: FoldedOrder['executions'] = new Map();

/** Types of events that can give an order its first execution. Asking for the view folds the order, which most events need not. */
const CAN_EXECUTE: ReadonlySet<string> = new Set(['ExecutionRecorded', 'ExecutionCorrected', 'ExecutionBusted', 'FactConflicted', 'FactRepeated'] satisfies OrderEventType[]);

/** Pointers and orders that were linked into another have no rows. */
const isShown = ({ exists, redirectsTo }: OrderState): boolean => exists && redirectsTo === undefined;

/** The rows of the executions: a row that has not changed keeps the position at which it last did. */
function executionsAfter({ type }: OrderEvent, state: OrderState, place: OrderPlace, known: FoldedOrder['executions'], before: OrderState): FoldedOrder['executions'] {
  if (known.size === 0 && !CAN_EXECUTE.has(type)) return known;
  if (state.view.executions === before.view.executions && state.view.terms === before.view.terms) return known;
  return new Map(
    state.view.executions.map((execution) => {
      const former = known.get(execution.execId);
      const row = executionRow(state, execution, place.orderId, place.lastPosition);
      const same = former !== undefined && sameRow(former.row, row, ['last_position']);
      return [execution.execId, { execution, row: same ? former.row : row }];
    }),
  );
}

function difference(before: FoldedOrder, after: FoldedOrder): TableChange[] {
  const changes: TableChange[] = [];
  if (after.place !== undefined && isShown(after.state)) {
    changes.push({ table: ORDERS, upserts: [ordersRow(after.state, after.place)], removals: [] });
  } else if (before.place !== undefined && isShown(before.state)) {
    changes.push({ table: ORDERS, upserts: [], removals: [ordersRow(before.state, before.place)] });
  }
  const upserts = [...after.executions].filter(([execId, { row }]) => before.executions.get(execId)?.row !== row).map(([, { row }]) => row);
  const removals = [...before.executions].filter(([execId]) => !after.executions.has(execId)).map(([, { row }]) => row);
  if (upserts.length > 0 || removals.length > 0) changes.push({ table: EXECUTION, upserts, removals });
  return changes;
}
