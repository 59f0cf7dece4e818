import { sql } from 'kysely';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import type { OrdersTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';

/** Every order that goes by this id now, as its own, the broker's or its ClOrdID; the latest change first, at most `limit`. */
export async function ordersNamed(
  database: ReadDatabase,
  viewer: Viewer,
  args: { id: string; accountId?: string | undefined; limit: number },
): Promise<OrdersTable[]> {
  const { id, accountId, limit } = args;
  return fetchRows(
    database,
    database.db
      .selectFrom('orders as o')
      .selectAll('o')
      .where(visibleTo(viewer, 'o', accountId))
      .where(sql<boolean>`(o.order_id = ${id} or o.broker_order_id = ${id} or o.cl_ord_id = ${id})`)
      .orderBy('o.last_position', 'desc')
      .limit(limit),
  );
}
