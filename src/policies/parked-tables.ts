import type { ClientBase } from 'pg';
import type { OrderId } from '../domain/ids.js';

/** A parked fact, under one of the orders that may be its own. */
export interface ParkedRow {
  readonly orderId: OrderId;
  readonly stream: string;
  readonly revision: bigint;
}

export async function rememberParked(client: ClientBase, rows: readonly ParkedRow[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query({
    name: 'policy remember parked',
    text: 'INSERT INTO policy_parked_fact (order_id, stream, revision) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING',
    values: [rows.map(({ orderId }) => orderId), rows.map(({ stream }) => stream), rows.map(({ revision }) => revision.toString())],
  });
}

/** The parked streams in which facts of these orders wait. */
export async function parkedUnder(client: ClientBase, orders: readonly OrderId[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const streams = new Map<string, string[]>();
  if (orders.length === 0) return streams;
  const { rows } = await client.query<{ order_id: string; stream: string }>({
    name: 'policy parked under',
    text: 'SELECT DISTINCT order_id, stream FROM policy_parked_fact WHERE order_id = ANY ($1) ORDER BY order_id, stream',
    values: [[...orders]],
  });
  for (const { order_id: order, stream } of rows) streams.set(order, [...(streams.get(order) ?? []), stream]);
  return streams;
}

/** Nothing waits in the stream any more. */
export async function forgetParked(client: ClientBase, stream: string): Promise<void> {
  await client.query('DELETE FROM policy_parked_fact WHERE stream = $1', [stream]);
}
