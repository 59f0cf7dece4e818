/* Messages in the form of Alpaca's trade updates, activities and orders, written after its public documentation for these tests. */

export type Json = Readonly<Record<string, unknown>>;

export const ORDER_ID = '0d5f3c2e-6a0b-4f0e-9d7c-2f6f0f3f7a10';
const SECOND = 1_000;

/** `seconds` after 2026-11-20T14:30Z. */
export const at = (seconds: number, fraction = '123456789'): string => `${new Date(Date.parse('2026-11-20T14:30:00Z') + seconds * SECOND).toISOString().slice(0, 19)}.${fraction}Z`;

/** A buy of 10 ACME, limit 12.5, as it is when `filled` of it are filled. */
export const orderJson = (status: string, filled: string, more: Json = {}): Json => ({
  id: ORDER_ID,
  client_order_id: 'bot-1',
  created_at: at(0),
  updated_at: at(9),
  submitted_at: at(0),
  filled_at: null,
  canceled_at: null,
  replaced_by: null,
  replaces: null,
  asset_id: 'b0b6dd9d-8b9b-48a9-ba46-b9d54906e415',
  symbol: 'ACME',
  asset_class: 'us_equity',
  notional: null,
  qty: '10',
  filled_qty: filled,
  filled_avg_price: filled === '0' ? null : '12.4',
  order_class: '',
  order_type: 'limit',
  type: 'limit',
  side: 'buy',
  time_in_force: 'gtc',
  limit_price: '12.50',
  stop_price: null,
  status,
  extended_hours: false,
  legs: null,
  trail_percent: null,
  position_intent: 'buy_to_open',
  ...more,
});

/** A frame of the `trade_updates` stream. */
export const update = (event: string, seconds: number, order: Json, more: Json = {}): Json => ({
  stream: 'trade_updates',
  data: { event, timestamp: at(seconds), order, event_id: '01HCMKKNRK7S5C1JYP50QGDECQ', execution_id: `e-${event}-${seconds}`, ...more },
});

export const fill = (id: string, qty: string, filled: string, seconds: number, more: Json = {}): Json =>
  update(filled === '10' ? 'fill' : 'partial_fill', seconds, orderJson(filled === '10' ? 'filled' : 'partially_filled', filled), { execution_id: id, qty, price: '12.4', position_qty: filled, ...more });

/** A FILL activity of the same trade. */
export const activity = (id: string, qty: string, filled: string, seconds: number, more: Json = {}): Json => ({
  id: `20261120093000123::${id}`,
  activity_type: 'FILL',
  transaction_time: at(seconds, '123456'),
  type: filled === '10' ? 'fill' : 'partial_fill',
  price: '12.40',
  qty,
  side: 'buy',
  symbol: 'ACME',
  leaves_qty: String(10 - Number(filled)),
  order_id: ORDER_ID,
  cum_qty: filled,
  order_status: filled === '10' ? 'filled' : 'partially_filled',
  ...more,
});

export const filledLife: readonly Json[] = [
  update('pending_new', 1, orderJson('pending_new', '0')),
  update('new', 2, orderJson('new', '0')),
  fill('e1', '4', '4', 3),
  fill('e2', '3', '7', 3),
  fill('e3', '3', '10', 3),
];
export const canceledLife: readonly Json[] = [
  update('new', 2, orderJson('new', '0')),
  fill('e1', '4', '4', 3),
  update('pending_cancel', 4, orderJson('pending_cancel', '4')),
  update('order_cancel_rejected', 5, orderJson('partially_filled', '4')),
  update('pending_cancel', 6, orderJson('pending_cancel', '4')),
  update('canceled', 7, orderJson('canceled', '4')),
];
export const activities: readonly Json[] = [activity('e1', '4', '4', 3), activity('e2', '3', '7', 3), activity('e3', '3', '10', 3)];
