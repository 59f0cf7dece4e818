import type { ClientBase } from 'pg';
import type { Row } from '../projection.js';

/*
 * A target claims the order that was attached to it (`claimed_order_id`), and nothing stops two targets from claiming one
 * order. Lookups by order need one target, so `order_id` is unique: among the targets that claim an order now, the one
 * that was set first has it. That depends on the present claims alone, not on the order in which batches brought them.
 */

/** Gives every order that is concerned to the target that was set first among those that claim it. */
export async function settleOrderClaims(client: ClientBase, schema: string, rows: readonly Row[] | 'all'): Promise<void> {
  const table = `${schema}.profit_target`;
  const claims = rows === 'all' ? 'all' : await openClaims(client, table, rows);
  if (claims !== 'all' && claims.length === 0) return;
  // First taken away, then given: the unique index looks at every row by itself.
  await client.query({ text: `${winners(table)} ${TAKE_AWAY(table)}`, values: claimValues(claims) });
  await client.query({ text: `${winners(table)} ${GIVE(table)}`, values: claimValues(claims) });
}

interface Claim {
  tenant_id: string;
  order_id: string;
}

/**
 * The orders whose target may change: those that a row of the batch claims and does not have, and those that it has and
 * no longer claims. The latter are taken from it.
 */
async function openClaims(client: ClientBase, table: string, rows: readonly Row[]): Promise<Claim[]> {
  const keys = [rows.map((row) => row['position_id']), rows.map((row) => row['target_key'])];
  const batch = 'unnest($1::text[], $2::text[]) AS batch (position_id, target_key)';
  const { rows: claims } = await client.query<Claim>(
    `SELECT t.tenant_id, o.order_id FROM ${table} AS t JOIN ${batch} USING (position_id, target_key) ` +
      'CROSS JOIN LATERAL (VALUES (t.order_id), (t.claimed_order_id)) AS o (order_id) ' +
      'WHERE t.order_id IS DISTINCT FROM t.claimed_order_id AND o.order_id IS NOT NULL',
    keys,
  );
  return claims;
}

const claimValues = (claims: readonly Claim[] | 'all'): (string[] | null)[] =>
  claims === 'all' ? [null, null] : [claims.map(({ tenant_id }) => tenant_id), claims.map(({ order_id }) => order_id)];

const winners = (table: string): string =>
  `WITH concerned AS MATERIALIZED (
     SELECT DISTINCT tenant_id, order_id FROM unnest($1::text[], $2::text[]) AS given (tenant_id, order_id)
     UNION
     SELECT DISTINCT tenant_id, claimed_order_id FROM ${table} WHERE $1::text[] IS NULL AND claimed_order_id IS NOT NULL
   ), winner AS MATERIALIZED (
     SELECT DISTINCT ON (t.tenant_id, t.claimed_order_id) t.tenant_id, t.claimed_order_id AS order_id, t.position_id, t.target_key
     FROM ${table} AS t JOIN concerned AS c ON c.tenant_id = t.tenant_id AND c.order_id = t.claimed_order_id
     ORDER BY t.tenant_id, t.claimed_order_id, t.set_position, t.position_id, t.target_key
   )`;

const TAKE_AWAY = (table: string): string =>
  `UPDATE ${table} AS t SET order_id = NULL FROM concerned AS c
   WHERE t.tenant_id = c.tenant_id AND t.order_id = c.order_id AND NOT EXISTS (
     SELECT 1 FROM winner AS w WHERE w.order_id = t.order_id AND w.tenant_id = t.tenant_id AND w.position_id = t.position_id AND w.target_key = t.target_key)`;

const GIVE = (table: string): string =>
  `UPDATE ${table} AS t SET order_id = w.order_id FROM winner AS w
   WHERE t.position_id = w.position_id AND t.target_key = w.target_key AND t.order_id IS DISTINCT FROM w.order_id`;
