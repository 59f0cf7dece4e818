import { sql } from 'kysely';
import type { Page } from '../keyset.js';
import { groupBy, pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import type { PositionEffect, Side } from '../../domain/order/events.js';
import { selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { PositionFillTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import { POSITION_FILL } from './fill-rows.js';

/** A fill of a position as queries give it. */
export interface SelectedFill extends Omit<Selected<PositionFillTable>, 'effect' | 'side'> {
  readonly effect: PositionEffect;
  readonly side: Side;
}

/** As text, in the order of time whatever its precision: `…:01` comes before `…:01.5`. */
const MARKET_TIME = sql<string>`rtrim(f.occurred_at, 'Z')`;

const COLUMNS = selection('f', Object.keys(POSITION_FILL.columns));

export interface FillFilter {
  /** Fills are read of one position. */
  readonly positionId: string;
  readonly targetKey?: string | undefined;
  /** Only those that count, or only those that do not. */
  readonly live?: boolean | undefined;
}

/** Where a walk over a position's fills stands: market time, then the execution. */
export interface FillPlace {
  readonly occurredAt: string;
  readonly orderId: string;
  readonly execId: string;
}

/** A position's fills by market time, oldest first, each at its newest version. */
export async function listFills(database: ReadDatabase, viewer: Viewer, args: { filter: FillFilter; first: number; after?: FillPlace | undefined }): Promise<Page<SelectedFill>> {
  const { filter, first, after } = args;
  let query = database.db
    .selectFrom('position_fill as f')
    .select(COLUMNS)
    .where(visibleTo(viewer, 'f'))
    .where('f.position_id', '=', filter.positionId)
    .orderBy(MARKET_TIME)
    .orderBy('f.order_id')
    .orderBy('f.exec_id')
    .limit(first + 1);
  if (after) query = query.where(sql<boolean>`(${MARKET_TIME}, f.order_id, f.exec_id) > (rtrim(${after.occurredAt}::text, 'Z'), ${after.orderId}, ${after.execId})`);
  if (filter.targetKey !== undefined) query = query.where('f.target_key', '=', filter.targetKey);
  if (filter.live !== undefined) query = query.where('f.live', '=', filter.live);
  return pageOf(await fetchRows<SelectedFill>(database, query), first);
}

/** The first fills of many positions at once, by market time: at most `first` a position. */
export async function fillsOfPositions(database: ReadDatabase, viewer: Viewer, args: { positionIds: readonly string[]; first: number }): Promise<SelectedFill[][]> {
  const rows = await fetchRows<SelectedFill>(
    database,
    database.db
      .selectFrom(sql<{ position_id: string }>`unnest(${[...new Set(args.positionIds)]}::text[])`.as<'asked'>(sql`asked(position_id)`))
      .innerJoinLateral(
        (from) =>
          from
            .selectFrom('position_fill as f')
            .select(COLUMNS)
            .where(visibleTo(viewer, 'f'))
            .whereRef('f.position_id', '=', 'asked.position_id')
            .orderBy(MARKET_TIME)
            .orderBy('f.order_id')
            .orderBy('f.exec_id')
            .limit(args.first)
            .as('own'),
        (join) => join.onTrue(),
      )
      .selectAll('own'),
  );
  return groupBy(rows, args.positionIds, (row) => row.positionId);
}
