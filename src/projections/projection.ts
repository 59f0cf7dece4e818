import type { EventStore, RecordedEvent } from '../eventstore/event-store.js';
import type { ClientBase, Pool } from 'pg';

/*
 * A projection is data: its name and version, the streams that it reads, its tables, and how a batch of events becomes
 * changes of their rows. It has no SQL of its own but for a table's `settle`: the projector writes live batches and a rebuild loads
 * whole tables from the same changes.
 */

/** A value as it travels to Postgres: decimals and positions as text, `jsonb` as JSON text. */
export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;
export type ColumnType = 'text' | 'numeric' | 'bigint' | 'integer' | 'boolean' | 'jsonb';

/** The row of a table of `tables.ts` as a projection makes it. */
export type RowOf<Columns> = { readonly [Name in keyof Columns]: unknown extends Columns[Name] ? string : Columns[Name] };

export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly key: readonly string[];
  /** A row is written once and never again. Any other table has a column `last_position`, of the row's last change. */
  readonly appendOnly?: boolean;
  /**
   * Brings columns in order that depend on several rows of the table, in the transaction that wrote `rows` (`'all'`: every row
   * that there is). The table is the one in `schema` (a quoted identifier).
   */
  readonly settle?: (client: ClientBase, schema: string, rows: readonly Row[] | 'all') => Promise<void>;
}

/** Rows of one table to write whole and rows to take away; of the latter only the key's columns are looked at. */
export interface TableChange {
  readonly table: Table;
  readonly upserts: readonly Row[];
  readonly removals: readonly Row[];
}

/** What the events of one stream in a batch change. */
export interface StreamChange {
  readonly stream: string;
  /** Of the stream's last event in the batch. */
  readonly position: bigint;
  readonly changes: readonly TableChange[];
}

/** An event that could not be applied; its stream is set aside in this projection from there on. */
export interface StreamFailure {
  readonly stream: string;
  readonly position: bigint;
  readonly reason: string;
}

/** What a batch amounts to: each row at most once, as it is after the batch. */
export interface BatchChanges {
  readonly changed: readonly StreamChange[];
  readonly failed: readonly StreamFailure[];
}

export interface ProjectionFold {
  /**
   * What the next events change, given in the order of `$all` and each exactly once. Throws only where the event store does
   * (or Postgres, where it reads its own rows): then the same events may be given again. Throws an OversizedBatchError.
   */
  changes(events: readonly RecordedEvent[]): Promise<BatchChanges>;
  /** Forgets what is kept in memory: the next events may come from anywhere. */
  reset(): void;
}

/** Where a projection's tables are. */
export interface ProjectionRows {
  readonly pool: Pool;
  /** A quoted identifier: the schema of the live tables or that of a rebuild. */
  readonly schema: string;
}

export interface FoldOptions {
  readonly store: EventStore;
  /** Its own rows, as the batches before this one left them: for a projection that `readsOwnRows`. */
  readonly rows: ProjectionRows;
  /** How many facts of folded streams are kept in memory, in all. */
  readonly maxCachedFacts?: number;
  /** Rows that several events may change together, where one event can change any number of them (50,000). */
  readonly maxBatchRows?: number;
}

/** Several events change too many rows to be applied together: nothing of them was, and each may be given alone. */
export class OversizedBatchError extends Error {
  override readonly name = 'OversizedBatchError';
}

export interface Projection {
  /** Lower-case words with dashes; also the name of its checkpoint. */
  readonly name: string;
  /** One more whenever the same events make other rows: the read model is then rebuilt beside the live one. */
  readonly version: number;
  /** It is given the events of streams whose names begin with one of these. */
  readonly streamPrefixes: readonly string[];
  readonly tables: readonly Table[];
  /**
   * Its fold reads its own rows, because what an event changes depends on other streams' events. A rebuild then writes batch by
   * batch, and a batch that Postgres refuses is applied in parts, so that one stream's rows never go without another's.
   */
  readonly readsOwnRows?: boolean;
  open(options: FoldOptions): ProjectionFold;
}

/** Names a stream among those of a projection. */
export const handlesStream = ({ streamPrefixes }: Pick<Projection, 'streamPrefixes'>, stream: string): boolean =>
  streamPrefixes.some((prefix) => stream.startsWith(prefix));

/** Whether two rows of a table have the same values, the columns in `except` aside. */
export function sameRow(a: Row, b: Row, except: readonly string[] = []): boolean {
  return Object.keys(a).every((column) => a[column] === b[column] || except.includes(column));
}

// JSON.stringify writes a lone surrogate as an escape, and Postgres takes neither that nor NUL.
const NOT_IN_JSONB = /\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** A value for a `jsonb` column. Characters that Postgres cannot hold become U+FFFD, as they do in text columns. */
export const jsonCell = (value: unknown): string => JSON.stringify(value).replace(NOT_IN_JSONB, '\\ufffd');
