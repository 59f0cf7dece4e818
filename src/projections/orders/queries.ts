import { sql } from 'kysely';
import type { Page } from '../keyset.js';
import { pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import type { Environment, OrdStatus, OrdType, Side, TimeInForce } from '../../domain/order/events.js';
import type { SecurityType } from '../../domain/instrument.js';
import { selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { OrdersTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import { ORDERS } from './rows.js';

/** An order as queries give it. */
export interface SelectedOrder extends Omit<Selected<OrdersTable>, 'environment' | 'securityType' | 'side' | 'ordType' | 'timeInForce' | 'ordStatus'> {
  readonly environment: Environment | null;
  readonly securityType: SecurityType | null;
  readonly side: Side | null;
  readonly ordType: OrdType | null;
  readonly timeInForce: TimeInForce | null;
  readonly ordStatus: OrdStatus;
}

const ORDER = selection('o', Object.keys(ORDERS.columns));

/** How an order is asked for: one of its names. */
export interface OrderName {
  readonly kind: 'orderId' | 'brokerOrderId' | 'clOrdId';
  readonly value: string;
}

const COLUMN_OF = { orderId: 'o.order_id', brokerOrderId: 'o.broker_order_id', clOrdId: 'o.cl_ord_id' } as const;

/** The order of this name; the one that changed last where a broker has used the name for several. */
export async function findOrder(database: ReadDatabase, viewer: Viewer, args: { name: OrderName; accountId?: string | undefined }): Promise<SelectedOrder | undefined> {
  const rows = await fetchRows<SelectedOrder>(
    database,
    database.db
      .selectFrom('orders as o')
      .select(ORDER)
      .where(visibleTo(viewer, 'o', args.accountId))
      .where(COLUMN_OF[args.name.kind], '=', args.name.value)
      .orderBy('o.last_position', 'desc')
      .limit(1),
  );
  return rows[0];
}

export interface OrderFilter {
  readonly accountId?: string | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly symbol?: string | undefined;
  readonly tradingDay?: string | undefined;
  readonly positionId?: string | undefined;
  readonly strategy?: string | undefined;
  readonly group?: string | undefined;
  readonly portfolio?: string | undefined;
  /** Only orders whose broker's numbers and ours disagree now. */
  readonly withDiscrepancies?: boolean | undefined;
}

/** Orders by their place of opening, newest first: a place never changes, so a walk meets each order once. */
export async function listOrders(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: OrderFilter; first: number; before?: string | undefined },
): Promise<Page<SelectedOrder>> {
  const { filter, first, before } = args;
  let query = database.db
    .selectFrom('orders as o')
    .select(ORDER)
    .where(visibleTo(viewer, 'o', filter.accountId))
    .orderBy('o.opened_position', 'desc')
    .limit(first + 1);
  if (before !== undefined) query = query.where('o.opened_position', '<', before);
  if (filter.statuses) query = query.where(sql<boolean>`o.ord_status = any(${[...filter.statuses]}::text[])`);
  if (filter.symbol !== undefined) query = query.where('o.symbol', '=', filter.symbol);
  if (filter.tradingDay !== undefined) query = query.where('o.trading_day', '=', filter.tradingDay);
  if (filter.positionId !== undefined) query = query.where('o.position_id', '=', filter.positionId);
  if (filter.strategy !== undefined) query = query.where('o.strategy', '=', filter.strategy);
  if (filter.group !== undefined) query = query.where('o.order_group', '=', filter.group);
  if (filter.portfolio !== undefined) query = query.where('o.portfolio', '=', filter.portfolio);
  if (filter.withDiscrepancies === true) query = query.where('o.discrepancy_count', '>', 0);
  return pageOf(await fetchRows<SelectedOrder>(database, query), first);
}

/** Orders of many ids at once, in no order; those that the viewer does not see are missing. */
export function ordersByIds(database: ReadDatabase, viewer: Viewer, orderIds: readonly string[]): Promise<SelectedOrder[]> {
  return fetchRows<SelectedOrder>(
    database,
    database.db
      .selectFrom('orders as o')
      .select(ORDER)
      .where(visibleTo(viewer, 'o'))
      .where(sql<boolean>`o.order_id = any(${[...orderIds]}::text[])`),
  );
}

/**
 * Orders that changed after a position, in the order of their last change: at most about `limit`, and never only some of
 * those that one event changed.
 */
export async function ordersChangedAfter(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: { accountId?: string | undefined; id?: string | undefined }; after: string; limit: number },
): Promise<SelectedOrder[]> {
  let query = database.db
    .selectFrom('orders as o')
    .select(ORDER)
    .where(visibleTo(viewer, 'o', args.filter.accountId))
    .where('o.last_position', '>', args.after)
    .orderBy('o.last_position')
    .fetch(args.limit, 'with ties');
  if (args.filter.id !== undefined) query = query.where('o.order_id', '=', args.filter.id);
  return fetchRows<SelectedOrder>(database, query);
}
