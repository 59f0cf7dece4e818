import type { BookChange } from '../../domain/ledger/book.js';
import { tradeOf } from '../../domain/ledger/trade.js';
import type { TradeKey } from '../../domain/ledger/trade.js';
import { execId, orderId } from '../../domain/ids.js';
import type { OrderExecution } from '../../domain/order/state.js';
import type { RecordedEvent } from '../../eventstore/event-store.js';
import { messageOf } from '../postgres-errors.js';
import { OversizedBatchError } from '../projection.js';
import type { BatchChanges, FoldOptions, Projection, ProjectionFold, StreamFailure } from '../projection.js';
import { BatchBooks } from './batch-books.js';
import { bookName } from './books.js';
import type { Book, BookName } from './books.js';
import { OwnRows } from './own-rows.js';
import { BALANCE, BOOK, BOOK_ENTRY, LOT, POSTING, REALISED_PNL } from './tables.js';
import { ORDER_STREAM_PREFIX, TradedOrders } from './traded-orders.js';
import type { ChangedExecution, TradedOrder } from './traded-orders.js';

/**
 * Double-entry postings of every execution, lots and balances. It follows from the executions that the orders count, in the
 * order in which they first appeared in `$all`, so it reads its own rows: an event of one order may match a trade of another.
 */
export const ledgerProjection: Projection = {
  name: 'ledger',
  version: 1,
  streamPrefixes: [ORDER_STREAM_PREFIX],
  tables: [POSTING, BALANCE, REALISED_PNL, BOOK, BOOK_ENTRY, LOT],
  readsOwnRows: true,
  open: (options) => new LedgerFold(options),
};

/** Events of orders in memory, and open lots. */
const DEFAULT_MAX_CACHED = 20_000;
/** A bust may post the whole rest of a book anew. */
const DEFAULT_MAX_BATCH_ROWS = 50_000;

/** An execution that changed, as a trade of a book. */
interface ChangedTrade {
  readonly key: TradeKey;
  /** Undefined where it counts no more. */
  readonly now: { readonly book: BookName; readonly values: Pick<BookChange, 'version' | 'occurredAt' | 'trade'> } | undefined;
}

class LedgerFold implements ProjectionFold {
  readonly #orders: TradedOrders;
  readonly #books: BatchBooks;
  readonly #maxBatchRows: number;

  constructor({ store, rows, maxCachedFacts = DEFAULT_MAX_CACHED, maxBatchRows = DEFAULT_MAX_BATCH_ROWS }: FoldOptions) {
    const own = new OwnRows(rows);
    this.#orders = new TradedOrders(store, own, maxCachedFacts);
    this.#books = new BatchBooks(own, maxCachedFacts);
    this.#maxBatchRows = maxBatchRows;
  }

  async changes(events: readonly RecordedEvent[]): Promise<BatchChanges> {
    try {
      return await this.#changes(events);
    } catch (error) {
      // Some of the batch is in memory, and nothing of it in the tables.
      this.reset();
      throw error;
    }
  }

  reset(): void {
    this.#orders.reset();
    this.#books.reset();
  }

  async #changes(events: readonly RecordedEvent[]): Promise<BatchChanges> {
    this.#books.begin();
    await this.#orders.open(events);
    const failed = new Map<string, StreamFailure>();
    let last: RecordedEvent | undefined;
    for (const event of events) {
      const { stream, position } = event;
      if (failed.has(stream)) continue;
      const changed = this.#changedBy(event);
      if (changed instanceof Error) {
        failed.set(stream, { stream, position, reason: messageOf(changed) });
        this.#orders.forget(stream);
      } else if (changed) {
        await this.#post(changed.order, changed.trades, position);
        last = event;
        if (events.length > 1 && this.#books.rowCount > this.#maxBatchRows) throw new OversizedBatchError(`${events.length} events change more than ${this.#maxBatchRows} rows of the ledger`);
      }
    }
    const changes = this.#books.tableChanges();
    return { changed: last && changes.length > 0 ? [{ stream: last.stream, position: last.position, changes }] : [], failed: [...failed.values()] };
  }

  /** What an event changes; an error where its order cannot be folded. */
  #changedBy(event: RecordedEvent): { readonly order: TradedOrder; readonly trades: readonly ChangedTrade[] } | Error | undefined {
    try {
      const applied = this.#orders.apply(event);
      return applied && { order: applied.order, trades: applied.changed.map((changed) => changedTrade(applied.order, changed)) };
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #post(order: TradedOrder, trades: readonly ChangedTrade[], position: bigint): Promise<void> {
    const changes = new Map<Book, BookChange[]>();
    const moved: { readonly key: TradeKey; readonly to: BookName; readonly change: BookChange }[] = [];
    let newTrades = 0;
    for (const { key, now } of trades) {
      const posted = order.posted.get(key.execId);
      if (!posted) {
        if (!now) continue;
        const place = { position, index: newTrades };
        newTrades += 1;
        order.posted.set(key.execId, { bookId: now.book.bookId, place });
        addTo(changes, await this.#books.book(now.book), { key, place, ...now.values, counts: true, entryCount: 0 });
        continue;
      }
      const [former, from] = [await this.#books.entry(key), await this.#books.known(posted.bookId)];
      if (!former || !from) throw new Error(`execution ${key.execId} of order ${key.orderId} was posted, and its book is gone`);
      const stays = !now || now.book.bookId === posted.bookId;
      addTo(changes, from, stays && now ? { ...former, ...now.values, counts: true } : { ...former, ...now?.values, trade: former.trade, counts: false });
      if (!stays) moved.push({ key, to: now.book, change: { ...former, ...now.values, counts: true } });
    }
    for (const [book, own] of changes) await this.#books.change(book, own, position);
    for (const { key, to, change } of moved) {
      order.posted.set(key.execId, { bookId: to.bookId, place: change.place });
      const left = await this.#books.entry(key);
      await this.#books.change(await this.#books.book(to), [{ ...change, entryCount: left?.entryCount ?? change.entryCount }], position);
    }
  }
}

function addTo(changes: Map<Book, BookChange[]>, book: Book, change: BookChange): void {
  const own = changes.get(book);
  if (own) own.push(change);
  else changes.set(book, [change]);
}

const counts = (execution: OrderExecution | undefined): execution is OrderExecution => execution !== undefined && execution.status !== 'busted';

function changedTrade({ orderId: order, owner }: TradedOrder, { execId: exec, execution }: ChangedExecution): ChangedTrade {
  const key: TradeKey = { orderId: orderId(order), execId: execId(exec) };
  if (!counts(execution) || !owner) return { key, now: undefined };
  const { version, occurredAt, tradingDay, execution: values } = execution;
  return { key, now: { book: bookName(owner, values.instrument), values: { version, occurredAt, trade: tradeOf(values, tradingDay) } } };
}
