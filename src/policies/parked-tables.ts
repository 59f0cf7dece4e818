import type { OrderId } from '../domain/ids.js';
import type { Queryable } from '../projections/checkpoint.js';

/** A parked fact, under one of the orders that may be its own. */
export interface ParkedRow {
  readonly orderId: OrderId;
  readonly stream: string;
  readonly revision: bigint;
}

export async function rememberParked(client: Queryable, rows: readonly ParkedRow[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query({
    name: 'policy remember parked',
    text: 'INSERT INTO policy_parked_fact (order_id, stream, revision) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING',
    values: [rows.map(({ orderId }) => orderId), rows.map(({ stream }) => stream), rows.map(({ revision }) => revision.toString())],
  });
}

/** A parked stream, and the last fact in it that is remembered. */
export interface ParkedStream {
  readonly stream: string;
  readonly lastRevision: bigint;
}

/** The parked streams in which facts of these orders wait. */
export async function parkedUnder(client: Queryable, orders: readonly OrderId[]): Promise<ReadonlyMap<string, readonly ParkedStream[]>> {
  const streams = new Map<string, ParkedStream[]>();
  if (orders.length === 0) return streams;
  const { rows } = await client.query<{ order_id: string; stream: string; last_revision: string }>({
    name: 'policy parked under',
    text: `SELECT DISTINCT order_id, stream, (SELECT max(revision) FROM policy_parked_fact AS of_stream WHERE of_stream.stream = parked.stream) AS last_revision
      FROM policy_parked_fact AS parked WHERE order_id = ANY ($1) ORDER BY order_id, stream`,
    values: [[...orders]],
  });
  for (const { order_id: order, stream, last_revision: last } of rows) {
    const known = streams.get(order) ?? [];
    known.push({ stream, lastRevision: BigInt(last) });
    streams.set(order, known);
  }
  return streams;
}

/** No fact up to this one waits in the stream any more. What was parked later, maybe just now, is remembered. */
export async function forgetParked(client: Queryable, { stream, lastRevision }: ParkedStream): Promise<void> {
  await client.query('DELETE FROM policy_parked_fact WHERE stream = $1 AND revision <= $2', [stream, lastRevision.toString()]);
}
