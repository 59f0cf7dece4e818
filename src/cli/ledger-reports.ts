import { formatDecimal, readDecimal } from '../domain/decimal.js';
import type { CostMethod } from '../domain/ledger/accounts.js';
import type { LotPlace, PnlPlace, PostingPlace } from '../projections/ledger/queries.js';
import { listOpenLots, listPostings, listRealisedPnl, trialBalance } from '../projections/ledger/queries.js';
import type { ReadDatabase } from '../projections/prepared.js';
import type { Viewer } from '../projections/viewer.js';
import type { Row } from './output.js';

/** Rows are fetched this many at a time: a report of any size needs the memory of one page. */
const PAGE_SIZE = 1_000;
/** A trial balance comes whole: a row an account, ledger account and unit. */
const MAX_BALANCES = 100_000;

export interface LedgerFilter {
  readonly accountId?: string | undefined;
  readonly costMethod: CostMethod;
  /** A place in `$all`. */
  readonly asOf?: string | undefined;
}

/** A line an account of the ledger and unit: its balance. Throws where there are more than it shows. */
export async function* trialBalanceReport(database: ReadDatabase, viewer: Viewer, filter: LedgerFilter): AsyncGenerator<Row> {
  const rows = await trialBalance(database, viewer, { ...filter, limit: MAX_BALANCES + 1 });
  if (rows.length > MAX_BALANCES) throw new Error(`the trial balance has more than ${MAX_BALANCES} balances: name one account with --account`);
  for (const { accountId, environment, account, unit, amount } of rows) yield { account: accountId, environment, ledgerAccount: account, unit, amount, costMethod: filter.costMethod };
}

/** Of both cost methods: each leg says to which it belongs. */
export async function* postings(database: ReadDatabase, viewer: Viewer, { accountId }: LedgerFilter): AsyncGenerator<Row> {
  let after: PostingPlace | undefined;
  for (;;) {
    const page = await listPostings(database, viewer, { filter: { accountId }, first: PAGE_SIZE, after });
    for (const row of page.rows) {
      after = { postedPosition: row.postedPosition, orderId: row.orderId, execId: row.execId, entry: row.entry.toString(), leg: row.leg.toString() };
      yield {
        fillbookOrderId: row.orderId,
        execId: row.execId,
        entry: row.entry,
        leg: row.leg,
        kind: row.kind,
        reversesEntry: row.reversesEntry,
        costMethod: row.costMethod,
        ledgerAccount: row.account,
        unit: row.unit,
        amount: row.amount,
        matchedFillbookOrderId: row.matchedOrderId,
        matchedExecId: row.matchedExecId,
        matchedQty: row.matchedQty,
        account: row.accountId,
        environment: row.environment,
        symbol: row.symbol,
        tradingDay: row.tradingDay,
        occurredAt: row.occurredAt,
        postedPosition: row.postedPosition,
      };
    }
    if (!page.hasMore) return;
  }
}

/** Open FIFO lots, a line each. */
export async function* lots(database: ReadDatabase, viewer: Viewer, { accountId }: LedgerFilter): AsyncGenerator<Row> {
  let after: LotPlace | undefined;
  for (;;) {
    const page = await listOpenLots(database, viewer, { filter: { accountId }, first: PAGE_SIZE, after });
    for (const row of page.rows) {
      after = { placePosition: row.placePosition, placeIndex: row.placeIndex.toString() };
      yield {
        symbol: row.symbol,
        quantity: row.quantity,
        price: row.price,
        cost: row.cost,
        currency: row.quoteCurrency,
        multiplier: row.multiplier,
        account: row.accountId,
        environment: row.environment,
        tradingDay: row.tradingDay,
        openedAt: row.occurredAt,
        fillbookOrderId: row.orderId,
        execId: row.execId,
      };
    }
    if (!page.hasMore) return;
  }
}

/** Realised P&L a line, by trading day, account, environment, symbol and currency. */
export async function* pnl(database: ReadDatabase, viewer: Viewer, { accountId, costMethod }: LedgerFilter): AsyncGenerator<Row> {
  let before: PnlPlace | undefined;
  for (;;) {
    const page = await listRealisedPnl(database, viewer, { filter: { accountId }, costMethod, first: PAGE_SIZE, before });
    for (const row of page.rows) {
      before = { tradingDay: row.tradingDay, accountId: row.accountId, symbol: row.symbol, environment: row.environment, unit: row.unit };
      yield { tradingDay: row.tradingDay, account: row.accountId, environment: row.environment, symbol: row.symbol, realised: formatDecimal(readDecimal(row.amount)), currency: row.unit, costMethod: row.costMethod };
    }
    if (!page.hasMore) return;
  }
}
