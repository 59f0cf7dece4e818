import { LRUCache } from 'lru-cache';
import type { CompiledQuery } from 'kysely';
import type { QueryResultRow } from 'pg';
import type { Database } from './database.js';

/** What queries need of a database. */
export type ReadDatabase = Pick<Database, 'db' | 'pool'>;

/** More shapes of queries than the read models have; a text that falls out only gets another name when it comes back. */
const MAX_STATEMENTS = 500;

const names = new LRUCache<string, string>({ max: MAX_STATEMENTS });
let statementCount = 0;

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  statementCount += 1;
  const name = `fillbook_${statementCount}`;
  names.set(text, name);
  return name;
}

/**
 * Runs a query that Kysely built, whose rows are `Row`s, as a statement that Postgres prepares once a connection: the same text is parsed and
 * planned once. Values belong in parameters (lists as one array parameter), so that there are few texts.
 */
export async function fetchRows<Row extends QueryResultRow>(
  { pool }: ReadDatabase,
  query: { compile(): CompiledQuery },
): Promise<Row[]> {
  const { sql: text, parameters } = query.compile();
  const { rows } = await pool.query<Row>({ name: nameOf(text), text, values: [...parameters] });
  return rows;
}
