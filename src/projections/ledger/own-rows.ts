import type { BookEntry } from '../../domain/ledger/entries.js';
import { LotQueue } from '../../domain/ledger/lots.js';
import type { Place } from '../../domain/ledger/place.js';
import type { TradeKey } from '../../domain/ledger/trade.js';
import type { ProjectionRows } from '../projection.js';
import type { BookEntryTable, BookTable, LotTable } from '../tables.js';
import type { Book } from './books.js';
import { averageOf, bookEntryOf, bookNameOf, keyOf, lotOf, placeOf } from './rows.js';

/** Where an execution was posted. */
export interface PostedExecution {
  readonly key: TradeKey;
  readonly bookId: string;
  readonly place: Place;
}

/** What the fold reads of its own tables: as the batches before this one left them. */
export class OwnRows {
  readonly #rows: ProjectionRows;

  constructor(rows: ProjectionRows) {
    this.#rows = rows;
  }

  /** A book and what it holds. */
  async book(bookId: string): Promise<Book | undefined> {
    const [row] = await this.#query<BookTable>('book', 'SELECT * FROM $schema.book WHERE book_id = $1', [bookId]);
    if (!row) return undefined;
    const lots = await this.#query<LotTable>('lots', 'SELECT * FROM $schema.lot WHERE book_id = $1 ORDER BY place_position, place_index', [bookId]);
    return { ...bookNameOf(row), state: { lots: LotQueue.of(lots.map((lot) => lotOf(lot))), average: averageOf(row) } };
  }

  /** One trade in its book. */
  async entry({ orderId, execId }: TradeKey): Promise<BookEntry | undefined> {
    const [row] = await this.#query<BookEntryTable>('entry', 'SELECT * FROM $schema.book_entry WHERE order_id = $1 AND exec_id = $2', [orderId, execId]);
    return row && bookEntryOf(row);
  }

  /** The trades of a book from a place on, in the order of the book. */
  async tail(bookId: string, { position, index }: Place): Promise<readonly BookEntry[]> {
    const rows = await this.#query<BookEntryTable>(
      'tail',
      'SELECT * FROM $schema.book_entry WHERE book_id = $1 AND (place_position, place_index) >= ($2, $3) ORDER BY place_position, place_index',
      [bookId, position.toString(), index],
    );
    return rows.map((row) => bookEntryOf(row));
  }

  /** Everything that was posted of these orders. */
  async posted(orderIds: readonly string[]): Promise<readonly PostedExecution[]> {
    if (orderIds.length === 0) return [];
    const rows = await this.#query<BookEntryTable>('posted', 'SELECT order_id, exec_id, book_id, place_position, place_index FROM $schema.book_entry WHERE order_id = ANY ($1)', [
      [...orderIds],
    ]);
    return rows.map((row) => ({ key: keyOf(row), bookId: row.book_id, place: placeOf(row) }));
  }

  async #query<Row extends object>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    const { schema, pool } = this.#rows;
    const { rows } = await pool.query<Row>({ name: `ledger ${name} ${schema}`, text: text.replace('$schema', schema), values });
    return rows;
  }
}
