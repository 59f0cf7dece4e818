import { ordersByIds } from '../projections/orders/queries.js';
import { positionsByIds } from '../projections/positions/queries.js';
import type { EventIndexTable, ExecutionTable, OrdersTable, ParkedFactTable, PositionTable, ProfitTargetTable, QuarantineTable } from '../projections/tables.js';
import type { TargetWithPosition } from '../projections/positions/target-queries.js';
import { builder } from './builder.js';

/* The types that are rows of the read models. They refer to each other, so they are named here and filled in one file each. */

// A field of these may give an id in place of the row: ids are read together, one statement for all of a request. Loaders keep
// nothing, since a subscription's context lives for days.
export const orderRef = builder.loadableObjectRef<OrdersTable, string>('Order', {
  load: (ids, { database, viewer }) => ordersByIds(database, viewer, ids),
  toKey: (row) => row.order_id,
  sort: true,
  loaderOptions: { cache: false },
});
export const positionRef = builder.loadableObjectRef<PositionTable, string>('Position', {
  load: (ids, { database, viewer }) => positionsByIds(database, viewer, ids),
  toKey: (row) => row.position_id,
  sort: true,
  loaderOptions: { cache: false },
});
export const executionRef = builder.objectRef<ExecutionTable>('Execution');
/** A target is read alone or joined with its position. */
export const targetRef = builder.objectRef<ProfitTargetTable | TargetWithPosition>('ProfitTarget');
export const eventRef = builder.objectRef<EventIndexTable>('LedgerEvent');
export const parkedFactRef = builder.objectRef<ParkedFactTable>('ParkedFact');
export const quarantinedLineRef = builder.objectRef<QuarantineTable>('QuarantinedLine');
