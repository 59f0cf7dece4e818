import { listReconciliations } from '../projections/positions/reconciliation.js';
import type { TargetPlace } from '../projections/positions/target-queries.js';
import type { ReadDatabase } from '../projections/prepared.js';
import type { Viewer } from '../projections/viewer.js';
import type { LedgerFilter } from './ledger-reports.js';
import type { Row } from './output.js';

/** Rows are fetched this many at a time: a report of any size needs the memory of one page. */
const PAGE_SIZE = 1_000;

/** What each target realised by its own credit, and what the ledger did by the same fills. */
export async function* targetPnl(database: ReadDatabase, viewer: Viewer, { accountId, costMethod }: LedgerFilter): AsyncGenerator<Row> {
  let after: TargetPlace | undefined;
  for (;;) {
    const page = await listReconciliations(database, viewer, { filter: { accountId }, costMethod, first: PAGE_SIZE, after });
    for (const row of page.rows) {
      after = { setPosition: row.setPosition, positionId: row.positionId, targetKey: row.targetKey };
      yield {
        positionId: row.positionId,
        targetKey: row.targetKey,
        status: row.status,
        filledQty: row.filledQty,
        matchedQty: row.matchedQty,
        currency: row.currency,
        ownPnl: row.ownPnl,
        bookPnl: row.bookPnl,
        difference: row.difference,
        creditClosed: row.creditClosed,
        bookCost: row.bookCost,
        basis: row.basis,
        costMethod,
        account: row.accountId,
      };
    }
    if (!page.hasMore) return;
  }
}
