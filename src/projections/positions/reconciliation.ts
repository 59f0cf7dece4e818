import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { CostMethod } from '../../domain/ledger/accounts.js';
import type { ProfitBasis } from '../../domain/position/profit.js';
import type { TargetStatus } from '../../domain/position/state.js';
import type { Page } from '../keyset.js';
import { pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import type { TargetPlace } from './target-queries.js';

/*
 * A target's realised P&L is by its own original credit, the book's by a cost method: two figures. They differ by what the
 * target counts as its credit and what the book relieved as cost: ownPnl − bookPnl = creditClosed − bookCost, exactly, and by
 * nothing where the own credit is the book's cost. Both read models are read as they are: who compares waits for both.
 */

export interface Reconciliation {
  readonly positionId: string;
  readonly targetKey: string;
  readonly accountId: string;
  readonly status: TargetStatus;
  readonly setPosition: string;
  /** The quote currency; null where nothing is known to have been opened, nor anything filled. */
  readonly currency: string | null;
  readonly basis: ProfitBasis | null;
  /** Null where it is not known what opening cost. */
  readonly ownPnl: string | null;
  readonly creditClosed: string | null;
  /** Of the target's live fills, by the cost method: a gain is positive. */
  readonly bookPnl: string;
  /** bookPnl less what the fills brought in or cost: what the book took as their opening side. Null where it closed less than was filled. */
  readonly bookCost: string | null;
  /** ownPnl − bookPnl. */
  readonly difference: string | null;
  readonly filledQty: string;
  /** What the book closed by the target's fills: less than what was filled where the ledger does not know the opening. */
  readonly matchedQty: string;
}

const COLUMNS = sql`t.position_id as "positionId", t.target_key as "targetKey", t.account_id as "accountId", t.status, t.set_position as "setPosition",
  coalesce(t.realised_pnl_currency, book.unit) as currency, t.realised_pnl_basis as basis, t.realised_pnl as "ownPnl", t.credit_closed as "creditClosed",
  trim_scale(book.pnl) as "bookPnl", case when abs(book.matched_qty) = t.filled_qty then trim_scale(book.pnl - t.closing_cash) end as "bookCost", trim_scale(t.realised_pnl - book.pnl) as difference,
  t.filled_qty as "filledQty", trim_scale(abs(book.matched_qty)) as "matchedQty"`;

/** What stands of the postings of the target's fills: reversals are the same with the other sign. */
const bookOf = (costMethod: CostMethod): RawBuilder<unknown> => sql`lateral (
    select max(f.quote_currency) as unit, coalesce(sum(-p.amount), 0) as pnl, coalesce(sum(p.matched_qty), 0) as matched_qty
    from position_fill as f left join posting as p
      on p.order_id = f.order_id and p.exec_id = f.exec_id and p.tenant_id = f.tenant_id
      and p.account = 'realised_pnl' and p.cost_method = ${costMethod} and p.unit = coalesce(t.realised_pnl_currency, f.quote_currency)
    where f.position_id = t.position_id and f.target_key = t.target_key and f.live
  ) as book on true`;

export interface TargetId {
  readonly positionId: string;
  readonly targetKey: string;
}

/** Of many targets at once, in no order; those that the viewer does not see are missing. */
export function reconciliationsOf(database: ReadDatabase, viewer: Viewer, args: { targets: readonly TargetId[]; costMethod: CostMethod }): Promise<Reconciliation[]> {
  const { targets, costMethod } = args;
  const ids = [targets.map(({ positionId }) => positionId), targets.map(({ targetKey }) => targetKey)];
  const query = sql`select ${COLUMNS}
    from unnest(${ids[0]}::text[], ${ids[1]}::text[]) as asked (position_id, target_key)
    join profit_target as t on t.position_id = asked.position_id and t.target_key = asked.target_key
    left join ${bookOf(costMethod)} where ${visibleTo(viewer, 't')}`;
  return fetchRows<Reconciliation & Record<string, unknown>>(database, { compile: () => query.compile(database.db) });
}

export interface ReconciliationFilter {
  readonly accountId?: string | undefined;
}

/** Of all targets, in the order in which they were set. */
export async function listReconciliations(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: ReconciliationFilter; costMethod: CostMethod; first: number; after?: TargetPlace | undefined },
): Promise<Page<Reconciliation>> {
  const { filter, costMethod, first, after } = args;
  const conditions = [visibleTo(viewer, 't', filter.accountId)];
  if (after) conditions.push(sql`(t.set_position, t.position_id, t.target_key) > (${after.setPosition}::bigint, ${after.positionId}, ${after.targetKey})`);
  const query = sql`select ${COLUMNS}
    from (
      select * from profit_target as t where ${sql.join(conditions, sql` and `)}
      order by t.set_position, t.position_id, t.target_key limit ${first + 1}
    ) as t left join ${bookOf(costMethod)}
    order by t.set_position, t.position_id, t.target_key`;
  return pageOf(await fetchRows<Reconciliation & Record<string, unknown>>(database, { compile: () => query.compile(database.db) }), first);
}
