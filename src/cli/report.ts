import { ORD_STATUS_LABELS } from '../domain/order/status.js';
import type { EventStore } from '../eventstore/event-store.js';
import { unfilledTargets } from '../projections/positions/target-queries.js';
import type { TargetColumns } from '../projections/positions/target-queries.js';
import type { ReadDatabase } from '../projections/prepared.js';
import { listOrders } from '../projections/orders/queries.js';
import type { QuarantineLinePlace } from '../projections/quarantine/queries.js';
import { listQuarantineByLine } from '../projections/quarantine/queries.js';
import type { Viewer } from '../projections/viewer.js';
import { lots, pnl, postings, trialBalanceReport } from './ledger-reports.js';
import type { LedgerFilter } from './ledger-reports.js';
import type { Row } from './output.js';
import { parkedReport } from './parked-report.js';
import { targetPnl } from './target-report.js';

/** Rows are fetched this many at a time: a report of any size needs the memory of one page. */
const PAGE_SIZE = 1_000;

const labels: ReadonlyMap<string, string> = new Map(Object.entries(ORD_STATUS_LABELS));
/** FIX's name of a status, `Partially Filled`. */
const ordStatusLabel = (status: string): string => labels.get(status) ?? status;

/** What every report can be narrowed to. */
type ReportFilter = Pick<LedgerFilter, 'accountId'>;

/** What reports are made from. */
interface ReportSource {
  readonly database: ReadDatabase;
  readonly store: EventStore;
}

interface ReportOptions extends LedgerFilter {
  /** Rows for machines, which may have more columns than fit a table. */
  readonly whole: boolean;
}

type Report = (source: ReportSource, viewer: Viewer, options: ReportOptions) => AsyncGenerator<Row>;

async function* orders(database: ReadDatabase, viewer: Viewer, filter: ReportFilter): AsyncGenerator<Row> {
  let before: string | undefined;
  for (;;) {
    const page = await listOrders(database, viewer, { filter, first: PAGE_SIZE, before });
    for (const row of page.rows) {
      before = row.openedPosition;
      yield {
        orderId: row.brokerOrderId,
        clOrdId: row.clOrdId,
        ordStatus: ordStatusLabel(row.ordStatus),
        side: row.side,
        symbol: row.symbol,
        orderQty: row.orderQty,
        cumQty: row.cumQty,
        leavesQty: row.leavesQty,
        avgPx: row.avgPx,
        price: row.price,
        account: row.accountId,
        tradingDay: row.tradingDay,
        discrepancies: row.discrepancyCount,
        conflicts: row.conflictCount,
        openedAt: row.openedAt,
        changedAt: row.changedAt,
        id: row.orderId,
      };
    }
    if (!page.hasMore) return;
  }
}

const UNFILLED_COLUMNS: TargetColumns = {
  target: ['target_key', 'status', 'kind', 'percent', 'target_price', 'quantity', 'filled_qty', 'order_ref', 'order_id', 'account_id', 'set_at', 'position_id'],
  position: ['symbol', 'strategy_type', 'direction', 'open_qty'],
};

async function* unfilled(database: ReadDatabase, viewer: Viewer, filter: ReportFilter): AsyncGenerator<Row> {
  let after: { setPosition: string; positionId: string; targetKey: string } | undefined;
  for (;;) {
    const page = await unfilledTargets(database, viewer, { filter, first: PAGE_SIZE, after, columns: UNFILLED_COLUMNS });
    for (const row of page.rows) {
      after = { setPosition: row.setPosition, positionId: row.positionId, targetKey: row.targetKey };
      const { position } = row;
      yield {
        target: row.targetKey,
        status: row.status,
        kind: row.kind,
        percent: row.percent,
        targetPrice: row.targetPrice,
        quantity: row.quantity,
        filledQty: row.filledQty,
        orderRef: row.orderRef,
        fillbookOrderId: row.orderId,
        symbol: position?.symbol ?? null,
        strategyType: position?.strategyType ?? null,
        direction: position?.direction ?? null,
        openQty: position?.openQty ?? null,
        account: row.accountId,
        setAt: row.setAt,
        positionId: row.positionId,
      };
    }
    if (!page.hasMore) return;
  }
}

async function* quarantine(database: ReadDatabase, viewer: Viewer, filter: ReportFilter): AsyncGenerator<Row> {
  let after: QuarantineLinePlace | undefined;
  for (;;) {
    const page = await listQuarantineByLine(database, viewer, { filter: { ...filter, status: 'quarantined' }, first: PAGE_SIZE, after });
    for (const row of page.rows) {
      after = { origin: row.origin, line: row.line, quarantineId: row.quarantineId };
      yield {
        origin: row.origin,
        line: row.line,
        field: row.field,
        reason: row.reason,
        content: row.content,
        source: row.source,
        account: row.accountId,
        status: row.status,
        id: row.quarantineId,
      };
    }
    if (!page.hasMore) return;
  }
}

/** A report of the read models alone. */
const read =
  (report: (database: ReadDatabase, viewer: Viewer, filter: LedgerFilter) => AsyncGenerator<Row>): Report =>
  ({ database }, viewer, options) =>
    report(database, viewer, options);

/** The reports that `fillbook report` prints, by name. */
export const REPORTS: ReadonlyMap<string, Report> = new Map<string, Report>(
  Object.entries({
    orders: read(orders),
    unfilled: read(unfilled),
    parked: parkedReport,
    quarantine: read(quarantine),
    'trial-balance': read(trialBalanceReport),
    postings: read(postings),
    lots: read(lots),
    pnl: read(pnl),
    'target-pnl': read(targetPnl),
  }),
);
