import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Pool, PoolClient } from 'pg';
import { from } from 'pg-copy-streams';
import type { CopyStreamQuery } from 'pg-copy-streams';
import { sqlStateOf } from './postgres-errors.js';
import type { Cell, Projection, Row, StreamChange, Table } from './projection.js';
import { addShadowKey, indexShadowTable, makeShadowTable } from './shadow-tables.js';
import type { RebuildSchemas } from './shadow-tables.js';
import { quoteIdentifier } from './write-rows.js';

/** Rows a table that are held back because they may change again; beyond it the ones that have not changed for longest go. */
export const DEFAULT_MAX_HELD_ROWS = 50_000;
/** Rows a write to Postgres. */
const ROWS_PER_CHUNK = 500;
const UNIQUE_VIOLATION = '23505';

/** Loads the tables of a projection from nothing: COPY first, then keys and indexes. A connection and a transaction a table. */
export class BulkLoad {
  readonly #projection: Projection;
  readonly #schemas: RebuildSchemas;
  readonly #loads: ReadonlyMap<Table, TableLoad>;

  private constructor(projection: Projection, schemas: RebuildSchemas, loads: ReadonlyMap<Table, TableLoad>) {
    this.#projection = projection;
    this.#schemas = schemas;
    this.#loads = loads;
  }

  static async open(pool: Pool, schemas: RebuildSchemas, projection: Projection, maxHeldRows: number): Promise<BulkLoad> {
    const loads = new Map<Table, TableLoad>();
    const load = new BulkLoad(projection, schemas, loads);
    try {
      for (const table of projection.tables) loads.set(table, await TableLoad.open(pool, schemas, table, maxHeldRows));
      return load;
    } catch (error) {
      load.abandon();
      throw error;
    }
  }

  /** Takes changes in the order of `$all`; waits where Postgres is slower. */
  async add(streams: readonly StreamChange[]): Promise<void> {
    for (const { position, changes } of streams) {
      for (const { table, upserts, removals } of changes) {
        const load = this.#loads.get(table);
        if (!load) throw new Error(`${table.name} is no table of ${this.#projection.name}`);
        load.hold(upserts, removals, position);
      }
    }
    await Promise.all([...this.#loads.values()].map((load) => load.flush()));
  }

  /** Writes what is held back, removes what came twice, and makes keys and indexes. */
  async finish(): Promise<void> {
    await Promise.all([...this.#loads.values()].map((load) => load.endCopy()));
    await Promise.all([...this.#loads.values()].map((load) => load.finish(this.#schemas)));
  }

  /** Gives everything up: the tables are gone with the connections. */
  abandon(): void {
    for (const load of this.#loads.values()) load.close();
  }
}

interface Removal {
  readonly row: Row;
  readonly position: bigint;
}

class TableLoad {
  readonly client: PoolClient;
  readonly table: Table;
  readonly #name: string;
  readonly #copy: CopyStreamQuery;
  readonly #maxHeldRows: number;
  /** By key, the one that changed last at the end. */
  readonly #held = new Map<string, Row>();
  readonly #removals: Removal[] = [];
  #ready: Row[] = [];
  #closed = false;

  private constructor(client: PoolClient, table: Table, name: string, copy: CopyStreamQuery, maxHeldRows: number) {
    this.client = client;
    this.table = table;
    this.#name = name;
    this.#copy = copy;
    this.#maxHeldRows = maxHeldRows;
    // Errors are thrown where the stream is written to and ended.
    copy.on('error', () => undefined);
  }

  static async open(pool: Pool, schemas: RebuildSchemas, table: Table, maxHeldRows: number): Promise<TableLoad> {
    const client = await pool.connect();
    try {
      await client.query("SET statement_timeout = 0; BEGIN; SET LOCAL maintenance_work_mem = '256MB'");
      await makeShadowTable(client, schemas, table);
      const name = `${schemas.shadow}.${quoteIdentifier(table.name)}`;
      const columns = Object.keys(table.columns).map(quoteIdentifier).join(', ');
      // Frozen: made in this transaction, so nobody can see the rows half written, and nothing has to visit them again.
      const copy = client.query(from(`COPY ${name} (${columns}) FROM STDIN WITH (FREEZE)`));
      return new TableLoad(client, table, name, copy, maxHeldRows);
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  hold(upserts: readonly Row[], removals: readonly Row[], position: bigint): void {
    for (const row of removals) {
      this.#held.delete(this.#keyOf(row));
      // An older version of it may have been written already.
      this.#removals.push({ row, position });
    }
    if (this.table.appendOnly === true) {
      for (const row of upserts) this.#ready.push(row);
      return;
    }
    for (const row of upserts) {
      const key = this.#keyOf(row);
      this.#held.delete(key);
      this.#held.set(key, row);
    }
    if (this.#held.size > this.#maxHeldRows) this.#letGo(this.#held.size - Math.floor(this.#maxHeldRows / 2));
  }

  async flush(): Promise<void> {
    const rows = this.#ready;
    this.#ready = [];
    const columns = Object.keys(this.table.columns);
    for (let start = 0; start < rows.length; start += ROWS_PER_CHUNK) {
      const lines = rows.slice(start, start + ROWS_PER_CHUNK).map((row) => columns.map((column) => copyText(row[column] ?? null)).join('\t'));
      if (this.#copy.errored) throw this.#copy.errored;
      if (!this.#copy.write(`${lines.join('\n')}\n`)) await once(this.#copy, 'drain');
    }
  }

  async endCopy(): Promise<void> {
    this.#letGo(this.#held.size);
    await this.flush();
    this.#copy.end();
    await finished(this.#copy);
  }

  async finish(schemas: RebuildSchemas): Promise<void> {
    await this.#keepNewest(schemas);
    await this.table.settle?.(this.client, schemas.shadow, 'all');
    await indexShadowTable(this.client, schemas, this.table);
    await this.client.query(`ANALYZE ${this.#name}`);
    await this.client.query('COMMIT');
    this.close();
  }

  /** Closes the connection, with the settings that it was given; what is not committed is gone. */
  close(): void {
    if (!this.#closed) this.client.release(true);
    this.#closed = true;
  }

  /** Rows that were let go and changed again are there twice, and some should not be there at all. */
  async #keepNewest(schemas: RebuildSchemas): Promise<void> {
    await this.client.query('SAVEPOINT key');
    try {
      await addShadowKey(this.client, schemas, this.table);
    } catch (error) {
      if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
      await this.client.query('ROLLBACK TO SAVEPOINT key');
      const key = this.table.key.map(quoteIdentifier).join(', ');
      await this.client.query(
        `DELETE FROM ${this.#name} AS t USING (SELECT ctid AS place, row_number() OVER (PARTITION BY ${key} ORDER BY last_position DESC) AS age FROM ${this.#name}) AS version ` +
          'WHERE t.ctid = version.place AND version.age > 1',
      );
      await addShadowKey(this.client, schemas, this.table);
    }
    const matches = this.table.key.map((column, index) => `${quoteIdentifier(column)} = $${index + 2}`);
    for (const { row, position } of this.#removals) {
      await this.client.query(`DELETE FROM ${this.#name} WHERE last_position <= $1 AND ${matches.join(' AND ')}`, [
        position.toString(),
        ...this.table.key.map((column) => row[column]),
      ]);
    }
  }

  #letGo(count: number): void {
    let left = count;
    for (const [key, row] of this.#held) {
      if (left <= 0) return;
      left -= 1;
      this.#held.delete(key);
      this.#ready.push(row);
    }
  }

  #keyOf(row: Row): string {
    const [first, ...others] = this.table.key;
    return others.reduce((text, column) => `${text}\n${row[column]}`, String(row[first ?? '']));
  }
}

// oxlint-disable-next-line no-control-regex -- these are what COPY's text format escapes, and NUL, which Postgres cannot hold.
const NEEDS_ESCAPE = /[\\\t\n\r\u0000]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\u0000': '\ufffd' };

/** A value in COPY's text format. */
function copyText(cell: Cell): string {
  if (cell === null) return '\\N';
  if (typeof cell !== 'string') return String(cell);
  // oxlint-disable-next-line no-control-regex -- as above.
  return NEEDS_ESCAPE.test(cell) ? cell.replace(/[\\\t\n\r\u0000]/g, (character) => ESCAPES[character] ?? character) : cell;
}
