import { sql } from 'kysely';
import type { Page } from '../keyset.js';
import { groupBy, pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import type { TargetKind } from '../../domain/position/events.js';
import type { ProfitBasis } from '../../domain/position/profit.js';
import type { TargetStatus } from '../../domain/position/state.js';
import { aliased, camelCase, selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { PositionTable, ProfitTargetTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import type { SelectedPosition } from './queries.js';
import { POSITION, PROFIT_TARGET } from './rows.js';

/** A target as queries give it; with its position where both were read by one join. */
export interface SelectedTarget extends Omit<Selected<ProfitTargetTable>, 'kind' | 'status' | 'realisedPnlBasis'> {
  readonly kind: TargetKind;
  readonly status: TargetStatus;
  readonly realisedPnlBasis: ProfitBasis | null;
  readonly position?: SelectedPosition;
}

const ALL_COLUMNS: readonly string[] = [...Object.keys(PROFIT_TARGET.columns), 'order_id'];
const COLUMNS = selection('t', ALL_COLUMNS);

/** The columns of either table that are needed. The same object for the same selection: what follows from it is remembered. */
export interface TargetColumns {
  readonly target: readonly (keyof ProfitTargetTable)[];
  readonly position: readonly (keyof PositionTable)[];
}

export const isPositionColumn = (name: string): name is keyof PositionTable => Object.hasOwn(POSITION.columns, name);
export const isTargetColumn = (name: string): name is keyof ProfitTargetTable => name === 'order_id' || Object.hasOwn(PROFIT_TARGET.columns, name);

/** Where a page stands, and what its rows are known by: they are read whatever else is. */
const PLACE_COLUMNS: TargetColumns['target'] = ['set_position', 'position_id', 'target_key'];

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

/** How the columns that are needed are selected, and how a joined row becomes a target with its position. */
interface TargetSelection {
  readonly list: string;
  /** Adds the position to the row, in place: it comes under `p_` and its own names. */
  readonly join: (row: Record<string, unknown>) => void;
}

/** Most clients read some of the columns: of a page of 50 rows, leaving the others out saves half of the time. */
function selectionFor({ target, position }: TargetColumns): TargetSelection {
  const columns = aliased('t', [...new Set([...PLACE_COLUMNS, ...target])]);
  if (position.length === 0) return { list: columns.join(', '), join: () => undefined };
  const joined = position.map((column) => `p.${column} as p_${column}`);
  const names = position.map((column) => ({ from: `p_${column}`, to: camelCase(column) }));
  const empty: Record<string, unknown> = Object.fromEntries(names.map(({ to }) => [to, null]));
  return {
    // A place for the position: a row that is given a property later becomes a slow one.
    list: [...columns, ...joined, 'null as position'].join(', '),
    join(row) {
      const made = { ...empty };
      for (const { from, to } of names) made[to] = row[from];
      row['position'] = made;
    },
  };
}

const selections = new WeakMap<TargetColumns, TargetSelection>();

function selectionOf(columns: TargetColumns): TargetSelection {
  const known = selections.get(columns);
  if (known) return known;
  const made = selectionFor(columns);
  selections.set(columns, made);
  return made;
}

/**
 * Targets that are neither wholly filled nor ended, in the order in which they were set, each with its position. Of the columns
 * of both only those in `columns` are read, besides what names the row: the others are missing in it.
 */
export async function unfilledTargets(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: UnfilledFilter; first: number; after?: TargetPlace | undefined; columns: TargetColumns },
): Promise<Page<SelectedTarget>> {
  const { filter, first, after, columns } = args;
  const conditions = [sql`t.unfilled`, visibleTo(viewer, 't', filter.accountId)];
  if (after) conditions.push(sql`(t.set_position, t.position_id, t.target_key) > (${after.setPosition}::bigint, ${after.positionId}, ${after.targetKey})`);
  if (filter.kind !== undefined) conditions.push(sql`t.kind = ${filter.kind}`);
  if (filter.positionId !== undefined) conditions.push(sql`t.position_id = ${filter.positionId}`);
  const { list, join } = selectionOf(columns);
  const query = sql<SelectedTarget>`select ${sql.raw(list)}
    from profit_target as t join position as p on p.position_id = t.position_id
    where ${sql.join(conditions, sql` and `)}
    order by t.set_position, t.position_id, t.target_key limit ${first + 1}`;
  const rows = await fetchRows<SelectedTarget & Record<string, unknown>>(database, { compile: () => query.compile(database.db) });
  for (const row of rows) join(row);
  return pageOf(rows, first);
}

/** The targets of many positions at once, in the order in which they were set: at most `first` a position. */
export async function targetsOfPositions(
  database: ReadDatabase,
  viewer: Viewer,
  args: { positionIds: readonly string[]; first: number },
): Promise<SelectedTarget[][]> {
  const rows = await fetchRows<SelectedTarget>(
    database,
    database.db
      .selectFrom(sql<{ position_id: string }>`unnest(${[...new Set(args.positionIds)]}::text[])`.as<'asked'>(sql`asked(position_id)`))
      .innerJoinLateral(
        (from) =>
          from
            .selectFrom('profit_target as t')
            .select(COLUMNS)
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
  return groupBy(rows, args.positionIds, (row) => row.positionId);
}

/**
 * Targets that changed after a place in `$all`, in the order of their last change: at most about `limit`, and never only
 * some of those that one event changed. `id` is a position's.
 */
export async function targetsChangedAfter(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: { accountId?: string | undefined; id?: string | undefined }; after: string; limit: number },
): Promise<SelectedTarget[]> {
  let query = database.db
    .selectFrom('profit_target as t')
    .select(COLUMNS)
    .where(visibleTo(viewer, 't', args.filter.accountId))
    .where('t.last_position', '>', args.after)
    .orderBy('t.last_position')
    .fetch(args.limit, 'with ties');
  if (args.filter.id !== undefined) query = query.where('t.position_id', '=', args.filter.id);
  return fetchRows<SelectedTarget>(database, query);
}
