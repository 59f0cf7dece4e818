import { Kysely, PostgresDialect } from 'kysely';
import { Pool, types } from 'pg';
import type { CustomTypesConfig } from 'pg';
import type { ReadModels } from './tables.js';

/** The read models' Postgres. */
export interface Database {
  readonly db: Kysely<ReadModels>;
  readonly pool: Pool;
  /** Waits for the statements that are running. */
  readonly close: () => Promise<void>;
}

export interface DatabaseOptions {
  /** Connections at the most, 1 to 100. */
  readonly max?: number;
  /** A statement that takes longer is cancelled by the server (SQLSTATE 57014). */
  readonly statementTimeoutMs?: number;
  /** How long to wait for a connection, a free place in the pool included. */
  readonly connectTimeoutMs?: number;
  /** Told of errors on idle connections (the server went away); the pool replaces such connections by itself. */
  readonly onIdleError?: (error: Error) => void;
}

const { builtins } = types;

/** Types whose parsers in `pg` lose digits or make a Date: they stay the text that Postgres wrote. */
const AS_TEXT: ReadonlySet<number> = new Set([
  builtins.INT8,
  builtins.NUMERIC,
  builtins.DATE,
  builtins.TIMESTAMP,
  builtins.TIMESTAMPTZ,
]);

const exactTypes: CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    if (AS_TEXT.has(oid)) return String;
    return types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text');
  },
};

/** Whoever has the connection is told by the next statement. */
const ignored = (): void => undefined;

/**
 * Opens the read models' database: a pool and Kysely on it. `bigint` and `numeric` columns are strings, times are text.
 * Connects when the first statement is sent: a database that cannot be reached is an error of that statement.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { max = 10, statementTimeoutMs = 30_000, connectTimeoutMs = 10_000 } = options;
  const pool = new Pool({
    connectionString: url,
    max,
    statement_timeout: statementTimeoutMs,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: 'fillbook',
    types: exactTypes,
  });
  // Without a listener a connection that is lost would end the process: while it is idle, and while it is in use but has no
  // statement to fail.
  pool.on('connect', (client) => client.on('error', ignored));
  let closing = false;
  pool.on('error', (error) => {
    if (!closing) options.onIdleError?.(error);
  });
  const db = new Kysely<ReadModels>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    pool,
    close: async () => {
      closing = true;
      await db.destroy();
      // Kysely ends the pool only where it has run a statement of its own; prepared statements go to the pool directly.
      if (!pool.ending) await pool.end();
    },
  };
}
