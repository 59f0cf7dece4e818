import { sql } from 'kysely';
import type { CostMethod, LedgerAccount } from '../../domain/ledger/accounts.js';
import type { Posting } from '../../domain/ledger/entries.js';
import type { Page } from '../keyset.js';
import { pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import { selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { BookEntryTable, BookTable, LotTable, PostingTable, RealisedPnlTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import type { LedgerEnvironment } from './books.js';
import { LOT, POSTING, REALISED_PNL } from './tables.js';

/** One account's balance in one unit: debits are positive, credits negative. */
export interface TrialBalanceRow {
  readonly accountId: string;
  readonly environment: LedgerEnvironment;
  readonly account: LedgerAccount;
  readonly unit: string;
  readonly amount: string;
}

export interface TrialBalanceArgs {
  readonly accountId?: string | undefined;
  readonly environment?: LedgerEnvironment | undefined;
  /** The legs of both methods' own are never added. */
  readonly costMethod: CostMethod;
  /** What was posted up to and including this place in `$all`; now where it is left out. */
  readonly asOf?: string | undefined;
  readonly limit: number;
}

/** Balances that are not zero, by account, environment, unit and ledger account. As they are now they cost the same however many postings there are. */
export function trialBalance(database: ReadDatabase, viewer: Viewer, { accountId, environment, costMethod, asOf, limit }: TrialBalanceArgs): Promise<TrialBalanceRow[]> {
  const sums =
    asOf === undefined
      ? database.db.selectFrom('balance as b').select(['b.account_id', 'b.environment', 'b.account', 'b.unit', 'b.amount']).where(visibleTo(viewer, 'b', accountId)).where(sql<boolean>`b.cost_method in ('', ${costMethod})`)
      : database.db
          .selectFrom('posting as b')
          .select(['b.account_id', 'b.environment', 'b.account', 'b.unit', 'b.amount'])
          .where(visibleTo(viewer, 'b', accountId))
          .where(sql<boolean>`(b.cost_method is null or b.cost_method = ${costMethod})`)
          .where('b.posted_position', '<=', asOf);
  const filtered = environment === undefined ? sums : sums.where('b.environment', '=', environment);
  return fetchRows<TrialBalanceRow>(
    database,
    database.db
      .selectFrom(filtered.as('s'))
      .select(['s.account_id as accountId', 's.environment', 's.account', 's.unit', sql<string>`trim_scale(sum(s.amount))`.as('amount')])
      .groupBy(['s.account_id', 's.environment', 's.unit', 's.account'])
      .having(sql<boolean>`sum(s.amount) <> 0`)
      .orderBy('s.account_id')
      .orderBy('s.environment')
      .orderBy('s.unit')
      .orderBy('s.account')
      .limit(limit),
  );
}

/** A leg of an entry as queries give it. */
export interface SelectedPosting extends Omit<Selected<PostingTable>, 'kind' | 'account' | 'costMethod' | 'environment'> {
  readonly kind: Posting['kind'];
  readonly account: LedgerAccount;
  readonly costMethod: CostMethod | null;
  readonly environment: LedgerEnvironment;
}

export interface PostingFilter {
  readonly accountId?: string | undefined;
  readonly environment?: LedgerEnvironment | undefined;
  readonly orderId?: string | undefined;
  readonly execId?: string | undefined;
  readonly symbol?: string | undefined;
  readonly account?: LedgerAccount | undefined;
}

/** Where a walk over postings stands. */
export interface PostingPlace {
  readonly postedPosition: string;
  readonly orderId: string;
  readonly execId: string;
  readonly entry: string;
  readonly leg: string;
}

const POSTING_COLUMNS = selection('p', Object.keys(POSTING.columns));

/** Postings in the order in which they were made. */
export async function listPostings(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: PostingFilter; first: number; after?: PostingPlace | undefined },
): Promise<Page<SelectedPosting>> {
  const { filter, first, after } = args;
  let query = database.db
    .selectFrom('posting as p')
    .select(POSTING_COLUMNS)
    .where(visibleTo(viewer, 'p', filter.accountId))
    .orderBy('p.posted_position')
    .orderBy('p.order_id')
    .orderBy('p.exec_id')
    .orderBy('p.entry')
    .orderBy('p.leg')
    .limit(first + 1);
  if (after) {
    const place = sql`(${after.postedPosition}::bigint, ${after.orderId}, ${after.execId}, ${after.entry}::integer, ${after.leg}::integer)`;
    query = query.where('p.posted_position', '>=', after.postedPosition).where(sql<boolean>`(p.posted_position, p.order_id, p.exec_id, p.entry, p.leg) > ${place}`);
  }
  if (filter.environment !== undefined) query = query.where('p.environment', '=', filter.environment);
  if (filter.orderId !== undefined) query = query.where('p.order_id', '=', filter.orderId);
  if (filter.execId !== undefined) query = query.where('p.exec_id', '=', filter.execId);
  if (filter.symbol !== undefined) query = query.where('p.symbol', '=', filter.symbol);
  if (filter.account !== undefined) query = query.where('p.account', '=', filter.account);
  return pageOf(await fetchRows<SelectedPosting>(database, query), first);
}

/** An open lot as queries give it. */
export interface SelectedLot extends Omit<Selected<LotTable>, 'bookId' | 'environment'>, Selected<Pick<BookTable, 'multiplier' | 'quote_currency'>>, Selected<Pick<BookEntryTable, 'occurred_at' | 'trading_day'>> {
  readonly environment: LedgerEnvironment;
}

export interface LotFilter {
  readonly accountId?: string | undefined;
  readonly environment?: LedgerEnvironment | undefined;
  readonly symbol?: string | undefined;
}

/** Where a trade stands among all: where in `$all` it first appeared. */
export interface LotPlace {
  readonly placePosition: string;
  readonly placeIndex: string;
}

const LOT_COLUMNS = selection('l', Object.keys(LOT.columns).filter((column) => column !== 'book_id'));

/** Open lots, those that were opened first in front. */
export async function listOpenLots(database: ReadDatabase, viewer: Viewer, args: { filter: LotFilter; first: number; after?: LotPlace | undefined }): Promise<Page<SelectedLot>> {
  const { filter, first, after } = args;
  let query = database.db
    .selectFrom('lot as l')
    .innerJoin('book as b', 'b.book_id', 'l.book_id')
    .innerJoin('book_entry as e', (join) => join.onRef('e.order_id', '=', 'l.order_id').onRef('e.exec_id', '=', 'l.exec_id'))
    .select([LOT_COLUMNS, 'b.multiplier', 'b.quote_currency as quoteCurrency', 'e.occurred_at as occurredAt', 'e.trading_day as tradingDay'])
    .where(visibleTo(viewer, 'l', filter.accountId))
    .orderBy('l.place_position')
    .orderBy('l.place_index')
    .limit(first + 1);
  if (after) query = query.where(sql<boolean>`(l.place_position, l.place_index) > (${after.placePosition}::bigint, ${after.placeIndex}::integer)`);
  if (filter.environment !== undefined) query = query.where('l.environment', '=', filter.environment);
  if (filter.symbol !== undefined) query = query.where('l.symbol', '=', filter.symbol);
  return pageOf(await fetchRows<SelectedLot>(database, query), first);
}

/** What was realised of an instrument on a day, as queries give it. */
export interface SelectedPnl extends Omit<Selected<RealisedPnlTable>, 'costMethod' | 'environment'> {
  readonly costMethod: CostMethod;
  readonly environment: LedgerEnvironment;
}

export interface PnlFilter {
  readonly accountId?: string | undefined;
  readonly environment?: LedgerEnvironment | undefined;
  readonly symbol?: string | undefined;
  readonly tradingDay?: string | undefined;
}

/** Where a walk over days stands. */
export interface PnlPlace {
  readonly tradingDay: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly environment: string;
  readonly unit: string;
}

const PNL_COLUMNS = selection('r', Object.keys(REALISED_PNL.columns));

/** What was realised by one cost method, a gain positive; the newest trading day first, days on which it comes to nothing left out. */
export async function listRealisedPnl(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: PnlFilter; costMethod: CostMethod; first: number; before?: PnlPlace | undefined },
): Promise<Page<SelectedPnl>> {
  const { filter, costMethod, first, before } = args;
  let query = database.db
    .selectFrom('realised_pnl as r')
    .select(PNL_COLUMNS)
    .where(visibleTo(viewer, 'r', filter.accountId))
    .where('r.cost_method', '=', costMethod)
    .where(sql<boolean>`r.amount <> 0`)
    .orderBy('r.trading_day', 'desc')
    .orderBy('r.account_id', 'desc')
    .orderBy('r.symbol', 'desc')
    .orderBy('r.environment', 'desc')
    .orderBy('r.unit', 'desc')
    .limit(first + 1);
  if (before) {
    query = query.where(sql<boolean>`(r.trading_day, r.account_id, r.symbol, r.environment, r.unit) < (${before.tradingDay}, ${before.accountId}, ${before.symbol}, ${before.environment}, ${before.unit})`);
  }
  if (filter.environment !== undefined) query = query.where('r.environment', '=', filter.environment);
  if (filter.symbol !== undefined) query = query.where('r.symbol', '=', filter.symbol);
  if (filter.tradingDay !== undefined) query = query.where('r.trading_day', '=', filter.tradingDay);
  return pageOf(await fetchRows<SelectedPnl>(database, query), first);
}
