import { formatPrice, formatQuantity } from '../../domain/amounts.js';
import { addMoney, formatNotional, moneyList } from '../../domain/position/cash.js';
import { positionProfit, targetProfit } from '../../domain/position/profit.js';
import type { RealisedProfit } from '../../domain/position/profit.js';
import { isUnfilled } from '../../domain/position/targets.js';
import type { CashFlow, PositionState, TargetState } from '../../domain/position/state.js';
import { clientAlias, orderIdOf } from '../../eventstore/identity.js';
import { jsonCell } from '../projection.js';
import type { ColumnType, RowOf, Table } from '../projection.js';
import type { PositionTable, ProfitTargetTable } from '../tables.js';
import { settleOrderClaims } from './order-claims.js';

export type PositionRow = RowOf<PositionTable>;
/** Without `order_id`, which depends on the claims of other targets too: see `order-claims.ts`. */
export type TargetRow = RowOf<Omit<ProfitTargetTable, 'order_id'>>;

const REALISED_COLUMNS = {
  realised_pnl: 'numeric',
  realised_pnl_net: 'numeric',
  realised_pnl_currency: 'text',
  realised_pnl_basis: 'text',
  fees: 'jsonb',
} as const satisfies Partial<Record<keyof PositionTable, ColumnType>>;

export const POSITION: Table = {
  name: 'position',
  key: ['position_id'],
  columns: {
    position_id: 'text',
    tenant_id: 'text',
    account_id: 'text',
    environment: 'text',
    symbol: 'text',
    security_type: 'text',
    multiplier: 'numeric',
    quote_currency: 'text',
    direction: 'text',
    status: 'text',
    opened_qty: 'numeric',
    closed_qty: 'numeric',
    open_qty: 'numeric',
    open_price: 'numeric',
    original_credit: 'numeric',
    original_credit_currency: 'text',
    strategy_type: 'text',
    strategy: 'text',
    signal: 'text',
    position_group: 'text',
    portfolio: 'text',
    target_count: 'integer',
    unfilled_target_count: 'integer',
    close_status: 'text',
    close_reason: 'text',
    close_qty: 'numeric',
    close_order_id: 'text',
    close_end_reason: 'text',
    ...REALISED_COLUMNS,
    opened_at: 'text',
    changed_at: 'text',
    opened_position: 'bigint',
    revision: 'bigint',
    last_position: 'bigint',
  } satisfies Record<keyof PositionTable, ColumnType>,
};

export const PROFIT_TARGET: Table = {
  name: 'profit_target',
  key: ['position_id', 'target_key'],
  settle: settleOrderClaims,
  columns: {
    position_id: 'text',
    target_key: 'text',
    tenant_id: 'text',
    account_id: 'text',
    kind: 'text',
    status: 'text',
    unfilled: 'boolean',
    percent: 'numeric',
    target_price: 'numeric',
    quantity: 'numeric',
    filled_qty: 'numeric',
    avg_fill_px: 'numeric',
    original_credit: 'numeric',
    original_credit_currency: 'text',
    ...REALISED_COLUMNS,
    credit_closed: 'numeric',
    closing_cash: 'numeric',
    order_ref: 'text',
    claimed_order_id: 'text',
    reason: 'text',
    set_at: 'text',
    changed_at: 'text',
    filled_at: 'text',
    set_position: 'bigint',
    last_position: 'bigint',
  } satisfies Record<Exclude<keyof ProfitTargetTable, 'order_id'>, ColumnType>,
};

/** What a row needs of the stream besides the folded state. */
export interface PositionPlace {
  readonly positionId: string;
  /** Of the stream's first event. */
  readonly openedPosition: bigint;
  readonly revision: bigint;
  readonly lastPosition: bigint;
}

type Opened = { readonly [Field in 'opened' | 'openedAt' | 'changedAt']: NonNullable<PositionState[Field]> };

/** Throws where the stream's first event did not open the position: facts about a position that is not there have no row. */
export function openedOf({ opened, openedAt, changedAt }: PositionState, positionId: string): Opened {
  if (opened === undefined || openedAt === undefined || changedAt === undefined) throw new Error(`the position ${positionId} has events but was never opened`);
  return { opened, openedAt, changedAt };
}

/** Throws as `openedOf` does. */
export function positionRow(state: PositionState, { positionId, openedPosition, revision, lastPosition }: PositionPlace): PositionRow {
  const { opened, openedAt, changedAt } = openedOf(state, positionId);
  return {
    position_id: positionId,
    ...ownerOf(state, positionId),
    environment: opened.environment,
    symbol: opened.instrument.symbol,
    security_type: opened.instrument.securityType,
    multiplier: opened.instrument.multiplier,
    quote_currency: opened.instrument.quoteCurrency,
    direction: opened.direction,
    status: state.status,
    opened_qty: formatQuantity(state.openedQty),
    closed_qty: formatQuantity(state.closedQty),
    open_qty: formatQuantity(state.openQty),
    open_price: opened.openPrice ?? null,
    original_credit: opened.originalCredit?.amount ?? null,
    original_credit_currency: opened.originalCredit?.currency ?? null,
    strategy_type: opened.strategyType,
    strategy: opened.strategy ?? null,
    signal: opened.signal ?? null,
    position_group: opened.group ?? null,
    portfolio: opened.portfolio ?? null,
    target_count: state.targets.length,
    unfilled_target_count: state.targets.filter(isUnfilled).length,
    ...closeColumns(state),
    ...realisedColumns(positionProfit(state), addMoney(state.opening.fees, state.closing.fees)),
    opened_at: openedAt,
    changed_at: changedAt,
    opened_position: openedPosition.toString(),
    revision: revision.toString(),
    last_position: lastPosition.toString(),
  };
}

function closeColumns({ close, tenantId, accountId }: PositionState) {
  if (!close || tenantId === undefined || accountId === undefined) return NO_CLOSE;
  const { reason, quantity, order } = close.request;
  return {
    close_status: close.status,
    close_reason: reason,
    close_qty: close.quantity ? formatQuantity(close.quantity) : quantity,
    close_order_id: orderIdOf(clientAlias(tenantId, accountId, order.clOrdId)),
    close_end_reason: close.reason ?? null,
  };
}

const NO_CLOSE = { close_status: null, close_reason: null, close_qty: null, close_order_id: null, close_end_reason: null };

const realisedColumns = (profit: RealisedProfit | undefined, fees: CashFlow['fees']) => ({
  realised_pnl: profit ? formatNotional(profit.gross) : null,
  realised_pnl_net: profit ? formatNotional(profit.net) : null,
  realised_pnl_currency: profit?.currency ?? null,
  realised_pnl_basis: profit?.basis ?? null,
  fees: jsonCell(moneyList(fees)),
});

/** The target as it stands in `state`. */
export function targetRow(state: PositionState, target: TargetState, positionId: string, setPosition: bigint, lastPosition: bigint): TargetRow {
  const profit = targetProfit(state, target);
  return {
    position_id: positionId,
    target_key: target.targetKey,
    ...ownerOf(state, positionId),
    kind: target.kind,
    status: target.status,
    unfilled: isUnfilled(target),
    percent: target.percent,
    target_price: formatPrice(target.targetPrice),
    quantity: formatQuantity(target.quantity),
    filled_qty: formatQuantity(target.filledQty),
    avg_fill_px: formatPrice(target.avgFillPx),
    original_credit: target.originalCredit?.amount ?? null,
    original_credit_currency: target.originalCredit?.currency ?? null,
    ...realisedColumns(profit, target.closing.fees),
    credit_closed: profit ? formatNotional(profit.credit) : null,
    closing_cash: profit ? formatNotional(profit.closingCash) : null,
    order_ref: target.orderRef ?? null,
    claimed_order_id: target.orderId ?? null,
    reason: target.reason ?? null,
    set_at: target.setAt,
    changed_at: target.changedAt,
    filled_at: target.filledAt ?? null,
    set_position: setPosition.toString(),
    last_position: lastPosition.toString(),
  };
}

export function ownerOf({ tenantId, accountId }: PositionState, positionId: string): { tenant_id: string; account_id: string } {
  if (tenantId === undefined || accountId === undefined) throw new Error(`the position ${positionId} has events but no tenant and account`);
  return { tenant_id: tenantId, account_id: accountId };
}
