import type { PoolClient } from 'pg';
import { readCheckpoints } from './checkpoint.js';
import type { Table } from './projection.js';
import type { RebuildOptions } from './rebuild.js';
import { buildShadow } from './shadow.js';
import type { Shadow } from './shadow.js';
import { schemasOf } from './shadow-tables.js';
import { quoteIdentifier } from './write-rows.js';

/** A row that is in one of the two and not in the other: two rows with one key differ in what they say. */
interface RowDifference {
  readonly table: string;
  readonly in: 'live' | 'rebuilt';
  readonly row: unknown;
}

export interface Comparison {
  readonly rowCounts: Readonly<Record<string, number>>;
  /** At most 20 a table and side. */
  readonly differences: readonly RowDifference[];
}

const MAX_DIFFERENCES = 20;

/**
 * Builds a projection's read model anew, compares it row by row with the live one as they both are at one position, and drops it
 * again. The live projector waits for the length of the comparison itself. Streams that were set aside are compared too.
 */
export async function compareRebuilt(options: Omit<RebuildOptions, 'hints'>): Promise<Comparison> {
  const { projection, database } = options;
  const schemas = await schemasOf(database.pool, projection, 'compare');
  const shadow = await buildShadow({ ...options, schemas });
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN; SET LOCAL statement_timeout = 0');
    await meet(client, shadow);
    const rowCounts: Record<string, number> = {};
    const differences = await differencesOf(client, 'set_aside', setAsideOf(projection.name), setAsideOf(shadow.checkpoint.name));
    for (const table of projection.tables) {
      const [live, rebuilt] = [nameIn(schemas.live, table), nameIn(schemas.shadow, table)];
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${live}`);
      rowCounts[table.name] = Number(rows[0]?.count);
      differences.push(...(await differencesOf(client, table.name, `TABLE ${live}`, `TABLE ${rebuilt}`)));
    }
    return { rowCounts, differences };
  } finally {
    client.release(true);
    await shadow.drop();
  }
}

const nameIn = (schema: string, { name }: Table): string => `${schema}.${quoteIdentifier(name)}`;
const setAsideOf = (name: string): string => `SELECT stream, position FROM set_aside WHERE projection = '${name.replaceAll("'", "''")}'`;

/** Holds the live one where it is, and brings the new one there. */
async function meet(client: PoolClient, shadow: Shadow): Promise<void> {
  const { name } = shadow.projection;
  await client.query('SELECT FROM checkpoint WHERE name = $1 FOR UPDATE', [name]);
  const [live] = await readCheckpoints(client, [name]);
  await shadow.catchUp();
  // What nobody handles may come after the last event of either.
  const [at, end] = [live?.lastEvent?.position, shadow.checkpoint.lastEvent?.position];
  if (at !== end) throw new Error(`${name} is at the event at position ${at ?? 'none'}, and its last one is at ${end ?? 'none'}: compare once it has caught up`);
}

async function differencesOf(client: PoolClient, table: string, live: string, rebuilt: string): Promise<RowDifference[]> {
  const { rows } = await client.query<{ side: 'live' | 'rebuilt'; row: unknown }>(
    `(SELECT 'live' AS side, to_jsonb(a) AS row FROM (${live} EXCEPT ALL ${rebuilt}) AS a LIMIT ${MAX_DIFFERENCES}) ` +
      `UNION ALL (SELECT 'rebuilt', to_jsonb(b) FROM (${rebuilt} EXCEPT ALL ${live}) AS b LIMIT ${MAX_DIFFERENCES})`,
  );
  return rows.map(({ side, row }) => ({ table, in: side, row }));
}
