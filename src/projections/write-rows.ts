import type { ClientBase } from 'pg';
import type { Cell, ColumnType, Row, Table, TableChange } from './projection.js';

/** Rows a statement at the most: beyond some thousands a longer statement is no faster. */
const MAX_ROWS_PER_STATEMENT = 5_000;

/** `"name"`, whatever is in the name. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Writes changes into the tables of a schema: one statement a table for what is removed and one for what is written, each
 * with an array a column. `schema` is a quoted identifier. The changes must not name a row twice.
 */
export async function writeChanges(client: ClientBase, schema: string, changes: readonly TableChange[]): Promise<void> {
  for (const [table, { upserts, removals }] of joined(changes)) {
    for (const rows of slices(removals)) await client.query(removal(schema, table, rows));
    for (const rows of slices(upserts)) await client.query(upsert(schema, table, rows));
    if (upserts.length > 0) await table.settle?.(client, schema, upserts);
  }
}

function joined(changes: readonly TableChange[]): Map<Table, { upserts: Row[]; removals: Row[] }> {
  const byTable = new Map<Table, { upserts: Row[]; removals: Row[] }>();
  for (const { table, upserts, removals } of changes) {
    const rows = byTable.get(table) ?? { upserts: [], removals: [] };
    for (const row of upserts) rows.upserts.push(row);
    for (const row of removals) rows.removals.push(row);
    byTable.set(table, rows);
  }
  return byTable;
}

function* slices(rows: readonly Row[]): Iterable<readonly Row[]> {
  for (let start = 0; start < rows.length; start += MAX_ROWS_PER_STATEMENT) yield rows.slice(start, start + MAX_ROWS_PER_STATEMENT);
}

interface Statement {
  /** Prepared once a connection under this name. */
  readonly name: string;
  readonly text: string;
  readonly values: string[];
}

function upsert(schema: string, table: Table, rows: readonly Row[]): Statement {
  const columns = Object.entries(table.columns);
  const names = columns.map(([name]) => quoteIdentifier(name));
  const written = names.filter((_, index) => !table.key.includes(columns[index]?.[0] ?? ''));
  const arrays = columns.map(([, type], index) => `$${index + 1}::${type}[]`);
  return {
    name: `upsert ${schema}.${table.name}`,
    text:
      `INSERT INTO ${schema}.${quoteIdentifier(table.name)} (${names.join(', ')}) SELECT * FROM unnest(${arrays.join(', ')}) ` +
      `ON CONFLICT (${table.key.map(quoteIdentifier).join(', ')}) DO UPDATE SET ${written.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    values: columns.map(([name, type]) => arrayText(rows, name, type)),
  };
}

function removal(schema: string, table: Table, rows: readonly Row[]): Statement {
  const columns = table.key.map((name) => ({ name, type: table.columns[name] ?? 'text' }));
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type}[]`);
  const matches = names.map((name) => `t.${name} = gone.${name}`);
  return {
    name: `remove ${schema}.${table.name}`,
    text: `DELETE FROM ${schema}.${quoteIdentifier(table.name)} AS t USING unnest(${arrays.join(', ')}) AS gone (${names.join(', ')}) WHERE ${matches.join(' AND ')}`,
    values: columns.map(({ name, type }) => arrayText(rows, name, type)),
  };
}

/** A column of the rows as Postgres writes an array: much cheaper than letting `pg` look at every value. */
function arrayText(rows: readonly Row[], column: string, type: ColumnType): string {
  const quoted = type === 'text' || type === 'jsonb';
  const elements = rows.map((row) => {
    const cell = row[column] ?? null;
    if (cell === null) return 'NULL';
    return quoted ? quoteElement(cell) : String(cell);
  });
  return `{${elements.join(',')}}`;
}

// oxlint-disable-next-line no-control-regex -- NUL is what is looked for: Postgres has no text with it.
const NEEDS_CARE = /["\\\u0000]/;

function quoteElement(cell: Cell): string {
  const text = String(cell);
  if (!NEEDS_CARE.test(text)) return `"${text}"`;
  return `"${text.replaceAll('\u0000', '\ufffd').replace(/["\\]/g, '\\$&')}"`;
}
