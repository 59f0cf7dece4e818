import { orderId, positionId, targetKey } from '../domain/ids.js';
import type { AccountId, OrderId, PositionId, TargetKey, TenantId } from '../domain/ids.js';
import type { Queryable } from '../projections/checkpoint.js';
import type { Owner } from './reaction.js';

/*
 * What the policy that fills targets remembers: names of orders, targets that wait for one, and which order's fills belong
 * where. The statements run in the transaction of the batch.
 */

export interface OrderRef extends Owner {
  readonly ref: string;
  readonly orderId: OrderId;
  readonly position: bigint;
}

export interface WaitingTarget extends Owner {
  readonly positionId: PositionId;
  readonly targetKey: TargetKey;
  readonly orderRef: string;
  readonly setPosition: bigint;
}

export interface OrderLink extends Owner {
  readonly orderId: OrderId;
  readonly positionId: PositionId;
  readonly targetKey: TargetKey | undefined;
}

/** Remembers names of orders; the first use of a name for an order counts. */
export async function rememberRefs(client: Queryable, refs: readonly OrderRef[]): Promise<void> {
  if (refs.length === 0) return;
  await client.query({
    name: 'policy remember refs',
    text: `INSERT INTO policy_order_ref (tenant_id, account_id, ref, order_id, position)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) ON CONFLICT DO NOTHING`,
    values: [refs.map((row) => row.tenantId), refs.map((row) => row.accountId), refs.map((row) => row.ref), refs.map((row) => row.orderId), refs.map((row) => row.position.toString())],
  });
}

/** The order that had this name last, before a position in `$all`. */
export async function latestOrder(client: Queryable, owner: Owner, ref: string, before: bigint): Promise<OrderId | undefined> {
  const { rows } = await client.query<{ order_id: string }>({
    name: 'policy latest order',
    text: `SELECT order_id FROM policy_order_ref WHERE tenant_id = $1 AND account_id = $2 AND ref = $3 AND position < $4
      ORDER BY position DESC LIMIT 1`,
    values: [owner.tenantId, owner.accountId, ref, before.toString()],
  });
  return rows[0] && orderId(rows[0].order_id);
}

/** Remembers that a target names an order. `true` where it waits for it: it may have this very order already. */
export async function rememberTarget(client: Queryable, target: WaitingTarget): Promise<boolean> {
  const { rows } = await client.query<{ order_id: string | null }>(
    `INSERT INTO policy_target AS known (position_id, target_key, tenant_id, account_id, order_ref, set_position) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (position_id, target_key) DO UPDATE SET
        order_id = CASE WHEN known.order_ref = excluded.order_ref THEN known.order_id END,
        set_position = CASE WHEN known.order_ref = excluded.order_ref THEN known.set_position ELSE excluded.set_position END,
        order_ref = excluded.order_ref
      RETURNING order_id`,
    [target.positionId, target.targetKey, target.tenantId, target.accountId, target.orderRef, target.setPosition.toString()],
  );
  return rows[0]?.order_id === null;
}

interface TargetRow {
  position_id: string;
  target_key: string;
  order_ref: string;
  set_position: string;
}

/** The targets that wait for an order of one of these names, the one that was set first first. */
export async function waitingTargets(client: Queryable, owner: Owner, refs: readonly string[], before: bigint): Promise<readonly WaitingTarget[]> {
  const { rows } = await client.query<TargetRow>(
    `SELECT position_id, target_key, order_ref, set_position FROM policy_target
      WHERE tenant_id = $1 AND account_id = $2 AND order_ref = ANY ($3) AND order_id IS NULL AND set_position < $4
      ORDER BY set_position`,
    [owner.tenantId, owner.accountId, [...refs], before.toString()],
  );
  return rows.map((row) => ({
    tenantId: owner.tenantId,
    accountId: owner.accountId,
    positionId: positionId(row.position_id),
    targetKey: targetKey(row.target_key),
    orderRef: row.order_ref,
    setPosition: BigInt(row.set_position),
  }));
}

/** Which of these names any target waits for: a batch without one needs to look no further. */
export async function wantedRefs(client: Queryable, refs: readonly string[]): Promise<ReadonlySet<string>> {
  if (refs.length === 0) return new Set();
  const { rows } = await client.query<{ order_ref: string }>({
    name: 'policy wanted refs',
    text: 'SELECT DISTINCT order_ref FROM policy_target WHERE order_id IS NULL AND order_ref = ANY ($1)',
    values: [[...refs]],
  });
  return new Set(rows.map((row) => row.order_ref));
}

/** The target waits for its order no more. */
export async function targetHasOrder(client: Queryable, position: PositionId, key: TargetKey, order: OrderId): Promise<void> {
  await client.query('UPDATE policy_target SET order_id = $3 WHERE position_id = $1 AND target_key = $2', [position, key, order]);
}

/** The target waits for no order any more. */
export async function forgetTarget(client: Queryable, position: PositionId, key: TargetKey): Promise<void> {
  await client.query('DELETE FROM policy_target WHERE position_id = $1 AND target_key = $2 AND order_id IS NULL', [position, key]);
}

interface LinkRow {
  order_id: string;
  tenant_id: TenantId;
  account_id: AccountId;
  position_id: string;
  target_key: string | null;
}

const linkOf = (row: LinkRow): OrderLink => ({
  tenantId: row.tenant_id,
  accountId: row.account_id,
  orderId: orderId(row.order_id),
  positionId: positionId(row.position_id),
  targetKey: row.target_key === null ? undefined : targetKey(row.target_key),
});

const LINK_COLUMNS = 'order_id, tenant_id, account_id, position_id, target_key';

/** What these orders fill: a position, and one of its targets or none. */
export async function readLinks(client: Queryable, orders: readonly OrderId[]): Promise<readonly OrderLink[]> {
  if (orders.length === 0) return [];
  const { rows } = await client.query<LinkRow>({
    name: 'policy links',
    text: `SELECT ${LINK_COLUMNS} FROM policy_order_link WHERE order_id = ANY ($1)`,
    values: [[...orders]],
  });
  return rows.map(linkOf);
}

/** The orders that name the position themselves. */
export async function untargetedLinks(client: Queryable, position: PositionId): Promise<readonly OrderLink[]> {
  const { rows } = await client.query<LinkRow>(`SELECT ${LINK_COLUMNS} FROM policy_order_link WHERE position_id = $1 AND target_key IS NULL ORDER BY order_id`, [position]);
  return rows.map(linkOf);
}

/** The order fills this position, or target, from now on. */
export async function rememberLink(client: Queryable, link: OrderLink): Promise<void> {
  await client.query(
    `INSERT INTO policy_order_link (${LINK_COLUMNS}) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (order_id) DO UPDATE SET position_id = excluded.position_id, target_key = excluded.target_key`,
    [link.orderId, link.tenantId, link.accountId, link.positionId, link.targetKey ?? null],
  );
}
