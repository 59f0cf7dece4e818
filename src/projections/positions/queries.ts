import { sql } from 'kysely';
import type { Page } from '../keyset.js';
import { pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import type { SecurityType } from '../../domain/instrument.js';
import type { Environment } from '../../domain/order/events.js';
import type { CloseReason, Direction } from '../../domain/position/events.js';
import type { ProfitBasis } from '../../domain/position/profit.js';
import type { CloseStatus, PositionStatus } from '../../domain/position/state.js';
import { selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { PositionTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import { POSITION } from './rows.js';

/** A position as queries give it. */
export interface SelectedPosition extends Omit<Selected<PositionTable>, 'environment' | 'securityType' | 'direction' | 'status' | 'closeStatus' | 'closeReason' | 'realisedPnlBasis'> {
  readonly environment: Environment;
  readonly securityType: SecurityType;
  readonly direction: Direction;
  readonly status: PositionStatus;
  readonly closeStatus: CloseStatus | null;
  readonly closeReason: CloseReason | null;
  readonly realisedPnlBasis: ProfitBasis | null;
}

const COLUMNS = selection('p', Object.keys(POSITION.columns));

/** One position, where the viewer may see it. */
export async function findPosition(database: ReadDatabase, viewer: Viewer, args: { positionId: string }): Promise<SelectedPosition | undefined> {
  const [row] = await positionsByIds(database, viewer, [args.positionId]);
  return row;
}

export interface PositionFilter {
  readonly accountId?: string | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly symbol?: string | undefined;
  readonly strategyType?: string | undefined;
  readonly strategy?: string | undefined;
  readonly group?: string | undefined;
  readonly portfolio?: string | undefined;
  /** Only positions with at least one target that is not wholly filled and not ended. */
  readonly withUnfilledTargets?: boolean | undefined;
}

/** Positions by their place of opening, newest first: a place never changes, so a walk meets each position once. */
export async function listPositions(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: PositionFilter; first: number; before?: string | undefined },
): Promise<Page<SelectedPosition>> {
  const { filter, first, before } = args;
  let query = database.db
    .selectFrom('position as p')
    .select(COLUMNS)
    .where(visibleTo(viewer, 'p', filter.accountId))
    .orderBy('p.opened_position', 'desc')
    .limit(first + 1);
  if (before !== undefined) query = query.where('p.opened_position', '<', before);
  if (filter.statuses) query = query.where(sql<boolean>`p.status = any(${[...filter.statuses]}::text[])`);
  if (filter.symbol !== undefined) query = query.where('p.symbol', '=', filter.symbol);
  if (filter.strategyType !== undefined) query = query.where('p.strategy_type', '=', filter.strategyType);
  if (filter.strategy !== undefined) query = query.where('p.strategy', '=', filter.strategy);
  if (filter.group !== undefined) query = query.where('p.position_group', '=', filter.group);
  if (filter.portfolio !== undefined) query = query.where('p.portfolio', '=', filter.portfolio);
  if (filter.withUnfilledTargets === true) query = query.where('p.unfilled_target_count', '>', 0);
  return pageOf(await fetchRows<SelectedPosition>(database, query), first);
}

/** Positions of many ids at once, in no order; those that the viewer does not see are missing. */
export function positionsByIds(database: ReadDatabase, viewer: Viewer, positionIds: readonly string[]): Promise<SelectedPosition[]> {
  return fetchRows<SelectedPosition>(
    database,
    database.db
      .selectFrom('position as p')
      .select(COLUMNS)
      .where(visibleTo(viewer, 'p'))
      .where(sql<boolean>`p.position_id = any(${[...positionIds]}::text[])`),
  );
}

/**
 * Positions that changed after a place in `$all`, in the order of their last change: at most about `limit`, and never
 * only some of those that one event changed.
 */
export async function positionsChangedAfter(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: { accountId?: string | undefined; id?: string | undefined }; after: string; limit: number },
): Promise<SelectedPosition[]> {
  let query = database.db
    .selectFrom('position as p')
    .select(COLUMNS)
    .where(visibleTo(viewer, 'p', args.filter.accountId))
    .where('p.last_position', '>', args.after)
    .orderBy('p.last_position')
    .fetch(args.limit, 'with ties');
  if (args.filter.id !== undefined) query = query.where('p.position_id', '=', args.filter.id);
  return fetchRows<SelectedPosition>(database, query);
}
