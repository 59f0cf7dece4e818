import { formatPrice, formatQuantity } from '../../domain/amounts.js';
import type { OrderExecution, OrderState, OrderView } from '../../domain/order/state.js';
import { jsonCell } from '../projection.js';
import type { ColumnType, RowOf, Table } from '../projection.js';
import type { ExecutionTable, OrdersTable } from '../tables.js';

export type OrdersRow = RowOf<OrdersTable>;
export type ExecutionRow = RowOf<ExecutionTable>;

export const ORDERS: Table = {
  name: 'orders',
  key: ['order_id'],
  columns: {
    order_id: 'text',
    tenant_id: 'text',
    account_id: 'text',
    broker_order_id: 'text',
    cl_ord_id: 'text',
    environment: 'text',
    symbol: 'text',
    source_symbol: 'text',
    security_type: 'text',
    quote_currency: 'text',
    multiplier: 'numeric',
    side: 'text',
    ord_type: 'text',
    time_in_force: 'text',
    price: 'numeric',
    stop_px: 'numeric',
    ord_status: 'text',
    order_qty: 'numeric',
    cum_qty: 'numeric',
    leaves_qty: 'numeric',
    avg_px: 'numeric',
    trading_day: 'text',
    position_id: 'text',
    strategy: 'text',
    signal: 'text',
    order_group: 'text',
    portfolio: 'text',
    discrepancy_count: 'integer',
    discrepancies: 'jsonb',
    conflict_count: 'integer',
    opened_at: 'text',
    changed_at: 'text',
    opened_position: 'bigint',
    revision: 'bigint',
    last_position: 'bigint',
  } satisfies Record<keyof OrdersTable, ColumnType>,
};

export const EXECUTION: Table = {
  name: 'execution',
  key: ['order_id', 'exec_id'],
  columns: {
    order_id: 'text',
    exec_id: 'text',
    version: 'integer',
    status: 'text',
    tenant_id: 'text',
    account_id: 'text',
    symbol: 'text',
    source_symbol: 'text',
    side: 'text',
    last_qty: 'numeric',
    last_px: 'numeric',
    multiplier: 'numeric',
    quote_currency: 'text',
    settlement_currency: 'text',
    fees: 'jsonb',
    venue: 'text',
    position_id: 'text',
    occurred_at: 'text',
    trading_day: 'text',
    last_position: 'bigint',
  } satisfies Record<keyof ExecutionTable, ColumnType>,
};

/** Discrepancies of one order that its row names; the others are counted. */
const MAX_SHOWN_DISCREPANCIES = 100;

/** What a row needs of the stream besides the folded state. */
export interface OrderPlace {
  readonly orderId: string;
  /** The earliest trading day of the order's facts. */
  readonly tradingDay: string;
  /** Of the stream's first event. */
  readonly openedPosition: bigint;
  readonly revision: bigint;
  readonly lastPosition: bigint;
}

/** The row of an order in `orders`: its state, and where in the log it stands. */
export function ordersRow(state: OrderState, place: OrderPlace): OrdersRow {
  const { view } = state;
  return {
    order_id: place.orderId,
    ...ownerOf(state, place.orderId),
    broker_order_id: view.brokerOrderId ?? null,
    cl_ord_id: view.clOrdId ?? null,
    ...termsColumns(view.terms),
    ord_status: view.ordStatus,
    order_qty: formatQuantity(view.orderQty),
    cum_qty: formatQuantity(view.cumQty),
    leaves_qty: formatQuantity(view.leavesQty),
    avg_px: formatPrice(view.avgPx),
    trading_day: place.tradingDay,
    discrepancy_count: view.discrepancies.length,
    discrepancies: jsonCell(view.discrepancies.slice(0, MAX_SHOWN_DISCREPANCIES)),
    conflict_count: state.conflicts,
    opened_at: view.openedAt ?? null,
    changed_at: view.changedAt ?? null,
    opened_position: place.openedPosition.toString(),
    revision: place.revision.toString(),
    last_position: place.lastPosition.toString(),
  };
}

/** All null while only facts without terms are known. */
function termsColumns(terms: OrderView['terms']) {
  return {
    environment: terms?.environment ?? null,
    symbol: terms?.instrument.symbol ?? null,
    source_symbol: terms?.sourceSymbol ?? null,
    security_type: terms?.instrument.securityType ?? null,
    quote_currency: terms?.instrument.quoteCurrency ?? null,
    multiplier: terms?.instrument.multiplier ?? null,
    side: terms?.side ?? null,
    ord_type: terms?.ordType ?? null,
    time_in_force: terms?.timeInForce ?? null,
    price: terms?.price ?? null,
    stop_px: terms?.stopPx ?? null,
    position_id: terms?.positionId ?? null,
    strategy: terms?.strategy ?? null,
    signal: terms?.signal ?? null,
    order_group: terms?.group ?? null,
    portfolio: terms?.portfolio ?? null,
  };
}

/** The row of an execution in `execution`, as its newest version says. */
export function executionRow(state: OrderState, { execution, ...version }: OrderExecution, orderId: string, lastPosition: bigint): ExecutionRow {
  const { instrument } = execution;
  return {
    order_id: orderId,
    exec_id: version.execId,
    version: version.version,
    status: version.status,
    ...ownerOf(state, orderId),
    symbol: instrument.symbol,
    source_symbol: execution.sourceSymbol,
    side: execution.side,
    last_qty: execution.lastQty,
    last_px: execution.lastPx,
    multiplier: instrument.multiplier,
    quote_currency: instrument.quoteCurrency,
    settlement_currency: instrument.settlementCurrency,
    fees: jsonCell(execution.fees),
    venue: execution.venue ?? null,
    position_id: execution.positionId ?? state.view.terms?.positionId ?? null,
    occurred_at: version.occurredAt,
    trading_day: version.tradingDay,
    last_position: lastPosition.toString(),
  };
}

function ownerOf({ tenantId, accountId }: OrderState, orderId: string): { tenant_id: string; account_id: string } {
  if (tenantId === undefined || accountId === undefined) throw new Error(`the order ${orderId} has facts but no tenant and account`);
  return { tenant_id: tenantId, account_id: accountId };
}
