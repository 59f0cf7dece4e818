import { sql } from 'kysely';
import type { Page } from '../keyset.js';
import { groupBy, pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import type { PositionTable, ProfitTargetTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';

type Joined<Row> = { [Column in keyof Row & string as `p_${Column}`]: Row[Column] };
/** A target's row and, under the names `p_…`, its position's: one join gives both. */
export type TargetWithPosition = ProfitTargetTable & Joined<PositionTable>;

const POSITION_COLUMNS: { readonly [Column in keyof PositionTable]: `p.${Column} as p_${Column}` } = {
  position_id: 'p.position_id as p_position_id',
  tenant_id: 'p.tenant_id as p_tenant_id',
  account_id: 'p.account_id as p_account_id',
  environment: 'p.environment as p_environment',
  symbol: 'p.symbol as p_symbol',
  security_type: 'p.security_type as p_security_type',
  multiplier: 'p.multiplier as p_multiplier',
  quote_currency: 'p.quote_currency as p_quote_currency',
  direction: 'p.direction as p_direction',
  status: 'p.status as p_status',
  opened_qty: 'p.opened_qty as p_opened_qty',
  closed_qty: 'p.closed_qty as p_closed_qty',
  open_qty: 'p.open_qty as p_open_qty',
  open_price: 'p.open_price as p_open_price',
  original_credit: 'p.original_credit as p_original_credit',
  original_credit_currency: 'p.original_credit_currency as p_original_credit_currency',
  strategy_type: 'p.strategy_type as p_strategy_type',
  strategy: 'p.strategy as p_strategy',
  signal: 'p.signal as p_signal',
  position_group: 'p.position_group as p_position_group',
  portfolio: 'p.portfolio as p_portfolio',
  target_count: 'p.target_count as p_target_count',
  unfilled_target_count: 'p.unfilled_target_count as p_unfilled_target_count',
  opened_at: 'p.opened_at as p_opened_at',
  changed_at: 'p.changed_at as p_changed_at',
  opened_position: 'p.opened_position as p_opened_position',
  revision: 'p.revision as p_revision',
  last_position: 'p.last_position as p_last_position',
};

/** The position of a target that was read together with it. */
export const joinedPosition = (row: TargetWithPosition): PositionTable => ({
  position_id: row.p_position_id,
  tenant_id: row.p_tenant_id,
  account_id: row.p_account_id,
  environment: row.p_environment,
  symbol: row.p_symbol,
  security_type: row.p_security_type,
  multiplier: row.p_multiplier,
  quote_currency: row.p_quote_currency,
  direction: row.p_direction,
  status: row.p_status,
  opened_qty: row.p_opened_qty,
  closed_qty: row.p_closed_qty,
  open_qty: row.p_open_qty,
  open_price: row.p_open_price,
  original_credit: row.p_original_credit,
  original_credit_currency: row.p_original_credit_currency,
  strategy_type: row.p_strategy_type,
  strategy: row.p_strategy,
  signal: row.p_signal,
  position_group: row.p_position_group,
  portfolio: row.p_portfolio,
  target_count: row.p_target_count,
  unfilled_target_count: row.p_unfilled_target_count,
  opened_at: row.p_opened_at,
  changed_at: row.p_changed_at,
  opened_position: row.p_opened_position,
  revision: row.p_revision,
  last_position: row.p_last_position,
});

export interface UnfilledFilter {
  readonly accountId?: string | undefined;
  readonly kind?: string | undefined;
  readonly positionId?: string | undefined;
}

/** Where a walk over targets stands: the place in `$all` of a target's first setting, then its key. */
export interface TargetPlace {
  readonly setPosition: string;
  readonly positionId: string;
  readonly targetKey: string;
}

/** Targets that are neither wholly filled nor ended, in the order in which they were set, each with its position. */
export async function unfilledTargets(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: UnfilledFilter; first: number; after?: TargetPlace | undefined },
): Promise<Page<TargetWithPosition>> {
  const { filter, first, after } = args;
  let query = database.db
    .selectFrom('profit_target as t')
    .innerJoin('position as p', 'p.position_id', 't.position_id')
    .selectAll('t')
    .select(Object.values(POSITION_COLUMNS))
    .where('t.unfilled', '=', sql.lit(true))
    .where(visibleTo(viewer, 't', filter.accountId))
    .orderBy('t.set_position')
    .orderBy('t.position_id')
    .orderBy('t.target_key')
    .limit(first + 1);
  if (after) query = query.where(sql<boolean>`(t.set_position, t.position_id, t.target_key) > (${after.setPosition}::bigint, ${after.positionId}, ${after.targetKey})`);
  if (filter.kind !== undefined) query = query.where('t.kind', '=', filter.kind);
  if (filter.positionId !== undefined) query = query.where('t.position_id', '=', filter.positionId);
  return pageOf(await fetchRows(database, query), first);
}

/** The targets of many positions at once, in the order in which they were set: at most `first` a position. */
export async function targetsOfPositions(
  database: ReadDatabase,
  viewer: Viewer,
  args: { positionIds: readonly string[]; first: number },
): Promise<ProfitTargetTable[][]> {
  const rows = await fetchRows(
    database,
    database.db
      .selectFrom(sql<{ position_id: string }>`unnest(${[...new Set(args.positionIds)]}::text[])`.as<'asked'>(sql`asked(position_id)`))
      .innerJoinLateral(
        (from) =>
          from
            .selectFrom('profit_target as t')
            .selectAll('t')
            .where(visibleTo(viewer, 't'))
            .whereRef('t.position_id', '=', 'asked.position_id')
            .orderBy('t.set_position')
            .orderBy('t.target_key')
            .limit(args.first)
            .as('own'),
        (join) => join.onTrue(),
      )
      .selectAll('own'),
  );
  return groupBy(rows, args.positionIds, (row) => row.position_id);
}

/**
 * Targets that changed after a place in `$all`, in the order of their last change: at most about `limit`, and never only
 * some of those that one event changed. `id` is a position's.
 */
export async function targetsChangedAfter(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: { accountId?: string | undefined; id?: string | undefined }; after: string; limit: number },
): Promise<ProfitTargetTable[]> {
  let query = database.db
    .selectFrom('profit_target as t')
    .selectAll('t')
    .where(visibleTo(viewer, 't', args.filter.accountId))
    .where('t.last_position', '>', args.after)
    .orderBy('t.last_position')
    .fetch(args.limit, 'with ties');
  if (args.filter.id !== undefined) query = query.where('t.position_id', '=', args.filter.id);
  return fetchRows(database, query);
}
