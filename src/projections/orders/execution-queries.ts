import { sql } from 'kysely';
import type { Page } from '../keyset.js';
import { groupBy, pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import type { Side } from '../../domain/order/events.js';
import type { ExecutionStatus } from '../../domain/order/state.js';
import { selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { ExecutionTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import { EXECUTION } from './rows.js';

/** An execution as queries give it. */
export interface SelectedExecution extends Omit<Selected<ExecutionTable>, 'status' | 'side'> {
  readonly status: ExecutionStatus;
  readonly side: Side;
}

const COLUMNS = selection('x', Object.keys(EXECUTION.columns));

export interface ExecutionFilter {
  readonly accountId?: string | undefined;
  readonly orderId?: string | undefined;
  readonly positionId?: string | undefined;
  readonly symbol?: string | undefined;
  readonly tradingDay?: string | undefined;
}

/** Where a walk over executions stands: market time, then the execution's own key. */
export interface ExecutionPlace {
  readonly occurredAt: string;
  readonly orderId: string;
  readonly execId: string;
}

/** Executions by market time, newest first, each at its newest version. */
export async function listExecutions(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: ExecutionFilter; first: number; before?: ExecutionPlace | undefined },
): Promise<Page<SelectedExecution>> {
  const { filter, first, before } = args;
  let query = database.db
    .selectFrom('execution as x')
    .select(COLUMNS)
    .where(visibleTo(viewer, 'x', filter.accountId))
    .orderBy('x.occurred_at', 'desc')
    .orderBy('x.order_id', 'desc')
    .orderBy('x.exec_id', 'desc')
    .limit(first + 1);
  if (before) query = query.where(sql<boolean>`(x.occurred_at, x.order_id, x.exec_id) < (${before.occurredAt}, ${before.orderId}, ${before.execId})`);
  if (filter.orderId !== undefined) query = query.where('x.order_id', '=', filter.orderId);
  if (filter.positionId !== undefined) query = query.where('x.position_id', '=', filter.positionId);
  if (filter.symbol !== undefined) query = query.where('x.symbol', '=', filter.symbol);
  if (filter.tradingDay !== undefined) query = query.where('x.trading_day', '=', filter.tradingDay);
  return pageOf(await fetchRows<SelectedExecution>(database, query), first);
}

/** The newest executions of many orders at once: at most `first` an order, in the order of the ids. */
export async function executionsOfOrders(
  database: ReadDatabase,
  viewer: Viewer,
  args: { orderIds: readonly string[]; first: number },
): Promise<SelectedExecution[][]> {
  const rows = await fetchRows<SelectedExecution>(
    database,
    database.db
      .selectFrom(sql<{ order_id: string }>`unnest(${[...new Set(args.orderIds)]}::text[])`.as<'asked'>(sql`asked(order_id)`))
      .innerJoinLateral(
        (from) =>
          from
            .selectFrom('execution as x')
            .select(COLUMNS)
            .where(visibleTo(viewer, 'x'))
            .whereRef('x.order_id', '=', 'asked.order_id')
            .orderBy('x.occurred_at', 'desc')
            .orderBy('x.exec_id', 'desc')
            .limit(args.first)
            .as('newest'),
        (join) => join.onTrue(),
      )
      .selectAll('newest'),
  );
  return groupBy(rows, args.orderIds, (row) => row.orderId);
}
