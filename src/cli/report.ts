import { ORD_STATUS_LABELS } from '../domain/order/status.js';
import { listParkedFacts } from '../projections/parked/queries.js';
import { joinedPosition, unfilledTargets } from '../projections/positions/target-queries.js';
import type { ReadDatabase } from '../projections/prepared.js';
import { listOrders } from '../projections/orders/queries.js';
import { listQuarantine } from '../projections/quarantine/queries.js';
import type { Viewer } from '../projections/viewer.js';
import type { Row } from './output.js';

/** Rows are fetched this many at a time: a report of any size needs the memory of one page. */
const PAGE_SIZE = 1_000;

interface ReportFilter {
  readonly accountId?: string | undefined;
}

const labels: ReadonlyMap<string, string> = new Map(Object.entries(ORD_STATUS_LABELS));
/** FIX's name of a status, `Partially Filled`. */
const ordStatusLabel = (status: string): string => labels.get(status) ?? status;

type Report = (database: ReadDatabase, viewer: Viewer, filter: ReportFilter) => AsyncGenerator<Row>;

async function* orders(database: ReadDatabase, viewer: Viewer, filter: ReportFilter): AsyncGenerator<Row> {
  let before: string | undefined;
  for (;;) {
    const page = await listOrders(database, viewer, { filter, first: PAGE_SIZE, before });
    for (const row of page.rows) {
      before = row.opened_position;
      yield {
        orderId: row.broker_order_id,
        clOrdId: row.cl_ord_id,
        ordStatus: ordStatusLabel(row.ord_status),
        side: row.side,
        symbol: row.symbol,
        orderQty: row.order_qty,
        cumQty: row.cum_qty,
        leavesQty: row.leaves_qty,
        avgPx: row.avg_px,
        price: row.price,
        account: row.account_id,
        tradingDay: row.trading_day,
        discrepancies: row.discrepancy_count,
        conflicts: row.conflict_count,
        openedAt: row.opened_at,
        changedAt: row.changed_at,
        id: row.order_id,
      };
    }
    if (!page.hasMore) return;
  }
}

async function* unfilled(database: ReadDatabase, viewer: Viewer, filter: ReportFilter): AsyncGenerator<Row> {
  let after: { setPosition: string; positionId: string; targetKey: string } | undefined;
  for (;;) {
    const page = await unfilledTargets(database, viewer, { filter, first: PAGE_SIZE, after });
    for (const row of page.rows) {
      after = { setPosition: row.set_position, positionId: row.position_id, targetKey: row.target_key };
      const position = joinedPosition(row);
      yield {
        target: row.target_key,
        status: row.status,
        kind: row.kind,
        percent: row.percent,
        targetPrice: row.target_price,
        quantity: row.quantity,
        filledQty: row.filled_qty,
        orderRef: row.order_ref,
        orderId: row.order_id,
        symbol: position.symbol,
        strategyType: position.strategy_type,
        direction: position.direction,
        openQty: position.open_qty,
        account: row.account_id,
        setAt: row.set_at,
        positionId: row.position_id,
      };
    }
    if (!page.hasMore) return;
  }
}

async function* parked(database: ReadDatabase, viewer: Viewer, filter: ReportFilter): AsyncGenerator<Row> {
  let after: { parkedPosition: string; stream: string; revision: string } | undefined;
  for (;;) {
    const page = await listParkedFacts(database, viewer, { filter: { ...filter, status: 'parked' }, first: PAGE_SIZE, after });
    for (const row of page.rows) {
      after = { parkedPosition: row.parked_position, stream: row.stream, revision: row.revision };
      yield {
        orderId: row.alias_id,
        aliasKind: row.alias_kind,
        fact: row.fact_type,
        occurredAt: row.occurred_at,
        source: row.source,
        account: row.account_id,
        status: row.status,
        key: row.command_key,
        stream: row.stream,
      };
    }
    if (!page.hasMore) return;
  }
}

async function* quarantine(database: ReadDatabase, viewer: Viewer, filter: ReportFilter): AsyncGenerator<Row> {
  let after: { quarantinedPosition: string; quarantineId: string } | undefined;
  for (;;) {
    const page = await listQuarantine(database, viewer, { filter: { ...filter, status: 'quarantined' }, first: PAGE_SIZE, after });
    for (const row of page.rows) {
      after = { quarantinedPosition: row.quarantined_position, quarantineId: row.quarantine_id };
      yield {
        origin: row.origin,
        line: row.line,
        field: row.field,
        reason: row.reason,
        content: row.content,
        source: row.source,
        account: row.account_id,
        status: row.status,
        id: row.quarantine_id,
      };
    }
    if (!page.hasMore) return;
  }
}

/** The reports that `fillbook report` prints, by name. */
export const REPORTS: ReadonlyMap<string, Report> = new Map<string, Report>(Object.entries({ orders, unfilled, parked, quarantine }));
