import { LRUCache } from 'lru-cache';
import { changeBook, changeEntry, EMPTY_BOOK, keepsHoldings } from '../../domain/ledger/book.js';
import type { BookChange, ChangedBook } from '../../domain/ledger/book.js';
import type { BookEntry, Posting } from '../../domain/ledger/entries.js';
import { comparePlaces } from '../../domain/ledger/place.js';
import type { TradeKey } from '../../domain/ledger/trade.js';
import type { Row, TableChange } from '../projection.js';
import type { Book, BookName } from './books.js';
import type { OwnRows } from './own-rows.js';
import { bookEntryRow, bookRow, lotRow, postingRow } from './rows.js';
import { BOOK, BOOK_ENTRY, LOT, POSTING } from './tables.js';

/** As it is after the batch so far. */
interface BatchEntry {
  readonly entry: BookEntry;
  readonly bookId: string;
  readonly row: Row;
}

const nameOf = ({ orderId, execId }: TradeKey): string => `${orderId}\n${execId}`;

/**
 * The books that a batch changes, and the rows that come of it. What a batch has written is not in the tables before it is
 * committed, so all of it is kept here until the next one begins; a bounded number of books is kept beyond that.
 */
export class BatchBooks {
  readonly #rows: OwnRows;
  readonly #cache: LRUCache<string, Book>;
  #books = new Map<string, Book>();
  #bookRows = new Map<string, Row>();
  #entries = new Map<string, BatchEntry>();
  #lots = new Map<string, { readonly row: Row; readonly isOpen: boolean }>();
  #postings: Row[] = [];

  constructor(rows: OwnRows, maxCachedLots: number) {
    this.#rows = rows;
    this.#cache = new LRUCache({ maxSize: maxCachedLots, sizeCalculation: ({ state }) => Math.min(1 + state.lots.size, maxCachedLots) });
  }

  /** Begins the next batch: the one before is in the tables. */
  begin(): void {
    for (const book of this.#books.values()) {
      // A value that is set again keeps the size that it had.
      this.#cache.delete(book.bookId);
      this.#cache.set(book.bookId, book);
    }
    this.#forgetBatch();
  }

  reset(): void {
    this.#cache.clear();
    this.#forgetBatch();
  }

  /** A trade in its book as it is now. */
  async entry(key: TradeKey): Promise<BookEntry | undefined> {
    return this.#entries.get(nameOf(key))?.entry ?? (await this.#rows.entry(key));
  }

  /** The book of this name; a new one where there is none. */
  async book(name: BookName): Promise<Book> {
    return (await this.known(name.bookId)) ?? this.#opened({ ...name, state: EMPTY_BOOK });
  }

  /** The book of this id, if there is one. */
  async known(bookId: string): Promise<Book | undefined> {
    const book = this.#books.get(bookId) ?? this.#cache.get(bookId) ?? (await this.#rows.book(bookId));
    return book && this.#opened(book);
  }

  /** Applies what the event at `position` changes in a book; answers with the entries that are not as they were. */
  async change(book: Book, changes: readonly BookChange[], position: bigint): Promise<readonly BookEntry[]> {
    // New trades come after all others.
    const isNew = changes.every(({ place }) => place.position === position);
    const changed = isNew
      ? changeBook(book.state, [], changes, book.posted)
      : ((await this.#withoutTail(book, changes)) ?? changeBook(book.state, await this.#tailOf(book, changes), changes, book.posted));
    this.#keep(book, changed, position);
    return changed.entries;
  }

  /** Rows that the batch changes so far. */
  get rowCount(): number {
    return this.#postings.length + this.#entries.size + this.#lots.size + this.#bookRows.size;
  }

  /** All rows that the batch changes, each as it is in the end. */
  tableChanges(): readonly TableChange[] {
    const lots = [...this.#lots.values()];
    const all: TableChange[] = [
      { table: POSTING, upserts: this.#postings, removals: [] },
      { table: BOOK_ENTRY, upserts: [...this.#entries.values()].map(({ row }) => row), removals: [] },
      { table: LOT, upserts: lots.filter(({ isOpen }) => isOpen).map(({ row }) => row), removals: lots.filter(({ isOpen }) => !isOpen).map(({ row }) => row) },
      { table: BOOK, upserts: [...this.#bookRows.values()], removals: [] },
    ];
    return all.filter(({ upserts, removals }) => upserts.length + removals.length > 0);
  }

  #opened(book: Book): Book {
    this.#books.set(book.bookId, book);
    return book;
  }

  /** A change of one trade that no other depends on: fees, the day, a new version with the same values. */
  async #withoutTail(book: Book, changes: readonly BookChange[]): Promise<ChangedBook | undefined> {
    const [change, ...others] = changes;
    if (!change || others.length > 0) return undefined;
    const former = await this.entry(change.key);
    if (!former || !keepsHoldings(former, change, book.posted)) return undefined;
    return { state: book.state, lots: [], ...changeEntry(former, change, book.posted) };
  }

  /** The book from the first change on. */
  async #tailOf(book: Book, changes: readonly BookChange[]): Promise<readonly BookEntry[]> {
    const [first] = changes.map(({ place }) => place).toSorted(comparePlaces);
    if (!first) return [];
    const stored = await this.#rows.tail(book.bookId, first);
    const tail = stored.filter(({ key }) => !this.#entries.has(nameOf(key)));
    for (const { entry, bookId } of this.#entries.values()) {
      if (bookId === book.bookId && comparePlaces(entry.place, first) >= 0) tail.push(entry);
    }
    return tail.toSorted((a, b) => comparePlaces(a.place, b.place));
  }

  #keep(book: Book, { state, entries, postings, lots }: ChangedBook, position: bigint): void {
    if (state !== book.state) {
      book.state = state;
      this.#bookRows.set(book.bookId, bookRow(book, position));
    }
    for (const entry of entries) this.#entries.set(nameOf(entry.key), { entry, bookId: book.bookId, row: bookEntryRow(entry, book.bookId, position) });
    for (const { opened, lot } of lots) {
      const row = lot ? lotRow(lot, book, position) : { order_id: opened.orderId, exec_id: opened.execId };
      this.#lots.set(nameOf(opened), { row, isOpen: lot !== undefined });
    }
    this.#post(postings, book, position);
  }

  #post(postings: readonly Posting[], book: Book, position: bigint): void {
    for (const posting of postings) this.#postings.push(postingRow(posting, book, position));
  }

  #forgetBatch(): void {
    this.#books = new Map();
    this.#bookRows = new Map();
    this.#entries = new Map();
    this.#lots = new Map();
    this.#postings = [];
  }
}
