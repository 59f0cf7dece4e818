import { eventIndexProjection } from './event-index/projection.js';
import { ledgerProjection } from './ledger/projection.js';
import { ordersProjection } from './orders/projection.js';
import { parkedProjection } from './parked/projection.js';
import { positionsProjection } from './positions/projection.js';
import type { Projection } from './projection.js';
import { quarantineProjection } from './quarantine/projection.js';

/** Every read model there is. */
export const PROJECTIONS: readonly Projection[] = [ordersProjection, positionsProjection, eventIndexProjection, ledgerProjection, parkedProjection, quarantineProjection];
