import type { Expression, SqlBool } from 'kysely';
import { sql } from 'kysely';

/**
 * Who reads: everything that is read for a viewer is limited to its tenant and its accounts. Made from a verified token
 * by `src/api/viewer.ts`.
 */
export interface Viewer {
  readonly tenantId: string;
  readonly accountIds: readonly string[] | 'all';
}

/** Whether rows of this account may be seen (and written) by the viewer. */
export const mayUse = (viewer: Viewer, accountId: string): boolean => viewer.accountIds === 'all' || viewer.accountIds.includes(accountId);

/**
 * The condition that every read of the read models carries: rows of the viewer's tenant and accounts, in the table that
 * goes by `alias`, narrowed to one account where `accountId` is given. It can narrow, never widen: an account that the
 * viewer may not use has no rows. One account is compared by `=`, which an ordered index serves; several by `any`.
 */
export function visibleTo(viewer: Viewer, alias: string, accountId?: string): Expression<SqlBool> {
  const tenant = sql<SqlBool>`${sql.ref(`${alias}.tenant_id`)} = ${viewer.tenantId}`;
  const account = sql.ref(`${alias}.account_id`);
  if (accountId !== undefined) {
    return mayUse(viewer, accountId) ? sql<SqlBool>`${tenant} and ${account} = ${accountId}` : sql<SqlBool>`${tenant} and false`;
  }
  if (viewer.accountIds === 'all') return tenant;
  const [only, ...others] = viewer.accountIds;
  if (only !== undefined && others.length === 0) return sql<SqlBool>`${tenant} and ${account} = ${only}`;
  return sql<SqlBool>`${tenant} and ${account} = any(${[...viewer.accountIds]}::text[])`;
}
