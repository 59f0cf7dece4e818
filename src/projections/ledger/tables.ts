import type { Table } from '../projection.js';
import { sumPostings } from './sums.js';

export const BALANCE: Table = {
  name: 'balance',
  key: ['tenant_id', 'account_id', 'environment', 'account', 'unit', 'cost_method'],
  columns: {
    tenant_id: 'text',
    account_id: 'text',
    environment: 'text',
    account: 'text',
    unit: 'text',
    cost_method: 'text',
    amount: 'numeric',
    last_position: 'bigint',
  },
};

export const REALISED_PNL: Table = {
  name: 'realised_pnl',
  key: ['tenant_id', 'account_id', 'environment', 'symbol', 'unit', 'cost_method', 'trading_day'],
  columns: {
    tenant_id: 'text',
    account_id: 'text',
    environment: 'text',
    symbol: 'text',
    unit: 'text',
    cost_method: 'text',
    trading_day: 'text',
    amount: 'numeric',
    last_position: 'bigint',
  },
};

export const POSTING: Table = {
  name: 'posting',
  key: ['order_id', 'exec_id', 'entry', 'leg'],
  appendOnly: true,
  columns: {
    order_id: 'text',
    exec_id: 'text',
    entry: 'integer',
    leg: 'integer',
    kind: 'text',
    reverses_entry: 'integer',
    execution_version: 'integer',
    cost_method: 'text',
    account: 'text',
    unit: 'text',
    amount: 'numeric',
    matched_order_id: 'text',
    matched_exec_id: 'text',
    matched_qty: 'numeric',
    tenant_id: 'text',
    account_id: 'text',
    environment: 'text',
    symbol: 'text',
    occurred_at: 'text',
    trading_day: 'text',
    posted_position: 'bigint',
  },
  settle: (client, schema, rows) => sumPostings(client, schema, rows, { balance: BALANCE, realisedPnl: REALISED_PNL }),
};

export const BOOK: Table = {
  name: 'book',
  key: ['book_id'],
  columns: {
    book_id: 'text',
    tenant_id: 'text',
    account_id: 'text',
    environment: 'text',
    symbol: 'text',
    security_type: 'text',
    multiplier: 'numeric',
    quote_currency: 'text',
    settlement_currency: 'text',
    quantity: 'numeric',
    average_cost: 'numeric',
    last_position: 'bigint',
  },
};

export const BOOK_ENTRY: Table = {
  name: 'book_entry',
  key: ['order_id', 'exec_id'],
  columns: {
    order_id: 'text',
    exec_id: 'text',
    book_id: 'text',
    place_position: 'bigint',
    place_index: 'integer',
    execution_version: 'integer',
    counts: 'boolean',
    quantity: 'numeric',
    price: 'numeric',
    fees: 'jsonb',
    occurred_at: 'text',
    trading_day: 'text',
    quantity_before: 'numeric',
    average_cost_before: 'numeric',
    standing: 'jsonb',
    entry_count: 'integer',
    last_position: 'bigint',
  },
};

export const LOT: Table = {
  name: 'lot',
  key: ['order_id', 'exec_id'],
  columns: {
    order_id: 'text',
    exec_id: 'text',
    book_id: 'text',
    tenant_id: 'text',
    account_id: 'text',
    environment: 'text',
    symbol: 'text',
    quantity: 'numeric',
    price: 'numeric',
    cost: 'numeric',
    place_position: 'bigint',
    place_index: 'integer',
    last_position: 'bigint',
  },
};
