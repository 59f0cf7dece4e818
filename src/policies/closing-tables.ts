import { orderId, positionId } from '../domain/ids.js';
import type { AccountId, OrderId, PositionId, TenantId } from '../domain/ids.js';
import type { Queryable } from '../projections/checkpoint.js';
import type { Owner } from './reaction.js';

/* The orders whose news the policy that closes positions waits for. The statements run in the transaction of the batch. */

/** An order of a position that is being closed: a target's, or the one that closes it. */
export interface ClosingLink extends Owner {
  readonly orderId: OrderId;
  readonly positionId: PositionId;
}

interface LinkRow {
  order_id: string;
  position_id: string;
  tenant_id: TenantId;
  account_id: AccountId;
}

export async function rememberClosing(client: Queryable, links: readonly ClosingLink[]): Promise<void> {
  if (links.length === 0) return;
  await client.query(
    `INSERT INTO policy_closing_order (order_id, position_id, tenant_id, account_id)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING`,
    [links.map((link) => link.orderId), links.map((link) => link.positionId), links.map((link) => link.tenantId), links.map((link) => link.accountId)],
  );
}

/** What is remembered of these orders and of these positions. */
export async function closingLinks(client: Queryable, orders: readonly OrderId[], positions: readonly PositionId[]): Promise<readonly ClosingLink[]> {
  if (orders.length === 0 && positions.length === 0) return [];
  const { rows } = await client.query<LinkRow>({
    name: 'policy closing links',
    text: `SELECT order_id, position_id, tenant_id, account_id FROM policy_closing_order WHERE order_id = ANY ($1)
      UNION SELECT order_id, position_id, tenant_id, account_id FROM policy_closing_order WHERE position_id = ANY ($2)`,
    values: [[...orders], [...positions]],
  });
  return rows.map((row) => ({ orderId: orderId(row.order_id), positionId: positionId(row.position_id), tenantId: row.tenant_id, accountId: row.account_id }));
}

/** The position's closing has ended. */
export async function forgetClosing(client: Queryable, position: PositionId): Promise<void> {
  await client.query('DELETE FROM policy_closing_order WHERE position_id = $1', [position]);
}
