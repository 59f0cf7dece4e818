import type { PositionFill, PositionState } from '../../domain/position/state.js';
import { jsonCell } from '../projection.js';
import type { ColumnType, RowOf, Table } from '../projection.js';
import type { PositionFillTable } from '../tables.js';
import { ownerOf } from './rows.js';

export type FillRow = RowOf<PositionFillTable>;

export const POSITION_FILL: Table = {
  name: 'position_fill',
  key: ['position_id', 'order_id', 'exec_id'],
  columns: {
    position_id: 'text',
    order_id: 'text',
    exec_id: 'text',
    version: 'integer',
    live: 'boolean',
    tenant_id: 'text',
    account_id: 'text',
    effect: 'text',
    target_key: 'text',
    symbol: 'text',
    source_symbol: 'text',
    side: 'text',
    qty: 'numeric',
    px: 'numeric',
    multiplier: 'numeric',
    quote_currency: 'text',
    fees: 'jsonb',
    occurred_at: 'text',
    last_position: 'bigint',
  } satisfies Record<keyof PositionFillTable, ColumnType>,
};

/** The fill at its newest version; that of before its bust, where it is busted. */
export function fillRow(state: PositionState, { fill, live, effect, targetKey, execution, occurredAt }: PositionFill, positionId: string, lastPosition: bigint): FillRow {
  const { instrument } = execution;
  return {
    position_id: positionId,
    order_id: fill.orderId,
    exec_id: fill.execId,
    version: fill.version,
    live,
    ...ownerOf(state, positionId),
    effect,
    target_key: targetKey ?? null,
    symbol: instrument.symbol,
    source_symbol: execution.sourceSymbol,
    side: execution.side,
    qty: execution.lastQty,
    px: execution.lastPx,
    multiplier: instrument.multiplier,
    quote_currency: instrument.quoteCurrency,
    fees: jsonCell(execution.fees),
    occurred_at: occurredAt,
    last_position: lastPosition.toString(),
  };
}
