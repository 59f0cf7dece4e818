import type { ReadDatabase } from './prepared.js';

/** What a row that changed is looked for by. Of targets, `id` is their position's. */
export interface ChangedKey {
  id: string;
  tenant_id: string;
  account_id: string;
  last_position: string;
}

/** The tables that subscriptions follow, with the column that their filter names a row by. */
const FOLLOWED = { orders: 'order_id', position: 'position_id', profit_target: 'position_id' } as const;
export type FollowedTable = keyof typeof FOLLOWED;

/**
 * Which rows changed after a place in `$all`, of all tenants: to wake those who follow them, never to be shown. About `limit`
 * at the most, in the order of their last change, and never only some of those that one event changed.
 */
export async function changedKeys({ pool }: ReadDatabase, args: { table: FollowedTable; after: bigint; limit: number }): Promise<ChangedKey[]> {
  const { rows } = await pool.query<ChangedKey>({
    name: `changed keys of ${args.table}`,
    text:
      `SELECT ${FOLLOWED[args.table]} AS id, tenant_id, account_id, last_position FROM ${args.table} ` +
      'WHERE last_position > $1 ORDER BY last_position FETCH FIRST $2 ROWS WITH TIES',
    values: [args.after.toString(), args.limit],
  });
  return rows;
}
