import { ordersByIds } from '../projections/orders/queries.js';
import { positionsByIds } from '../projections/positions/queries.js';
import type { SelectedEvent } from '../projections/event-index/queries.js';
import type { SelectedExecution } from '../projections/orders/execution-queries.js';
import type { SelectedOrder } from '../projections/orders/queries.js';
import type { SelectedParkedFact } from '../projections/parked/queries.js';
import type { SelectedFill } from '../projections/positions/fill-queries.js';
import type { SelectedPosition } from '../projections/positions/queries.js';
import type { SelectedTarget } from '../projections/positions/target-queries.js';
import type { SelectedQuarantinedLine } from '../projections/quarantine/queries.js';
import { builder } from './builder.js';

/* The types that are rows of the read models. They refer to each other, so they are named here and filled in one file each. */

// A field of these may give an id in place of the row: ids are read together, one statement for all of a request. Loaders keep
// nothing, since a subscription's context lives for days.
export const orderRef = builder.loadableObjectRef<SelectedOrder, string>('Order', {
  load: (ids, { database, viewer }) => ordersByIds(database, viewer, ids),
  toKey: (row) => row.orderId,
  sort: true,
  loaderOptions: { cache: false },
});
export const positionRef = builder.loadableObjectRef<SelectedPosition, string>('Position', {
  load: (ids, { database, viewer }) => positionsByIds(database, viewer, ids),
  toKey: (row) => row.positionId,
  sort: true,
  loaderOptions: { cache: false },
});
export const executionRef = builder.objectRef<SelectedExecution>('Execution');
export const fillRef = builder.objectRef<SelectedFill>('PositionFill');
export const targetRef = builder.objectRef<SelectedTarget>('ProfitTarget');
export const eventRef = builder.objectRef<SelectedEvent>('LedgerEvent');
export const parkedFactRef = builder.objectRef<SelectedParkedFact>('ParkedFact');
export const quarantinedLineRef = builder.objectRef<SelectedQuarantinedLine>('QuarantinedLine');
