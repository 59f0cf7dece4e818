import type { ClientBase, Pool } from 'pg';
import { sqlStateOf } from './postgres-errors.js';
import type { Projection, Table } from './projection.js';
import { inTransaction } from './transaction.js';
import { quoteIdentifier } from './write-rows.js';

/*
 * A read model's tables in a schema of their own, beside the live ones: made like them, indexed like them once they are
 * full, and put in their place. The migrations stay the one description of a table.
 */

/** Quoted identifiers of the schemas that a rebuild works with. */
export interface RebuildSchemas {
  readonly live: string;
  /** Where the new tables are made. */
  readonly shadow: string;
  /** Where the old tables go until they are dropped: another one each time, as they may have to stay. */
  readonly retired: string;
}

export async function schemasOf(pool: Pool, { name }: Projection, purpose: 'rebuild' | 'compare'): Promise<RebuildSchemas> {
  const { rows } = await pool.query<{ schema: string }>('SELECT current_schema() AS schema');
  const live = rows[0]?.schema ?? 'public';
  return { live: quoteIdentifier(live), shadow: quoteIdentifier(`${live}_${purpose}_${name}`), retired: quoteIdentifier(`${live}_retired_${name}_${Date.now().toString(36)}`) };
}

/** An empty schema for the new tables; what an earlier rebuild left unfinished is removed. */
export async function makeShadowSchema(pool: Pool, { shadow }: RebuildSchemas): Promise<void> {
  await pool.query(`DROP SCHEMA IF EXISTS ${shadow} CASCADE; CREATE SCHEMA ${shadow}`);
}

/** Makes a table like the live one, as yet without its indexes and its key. */
export async function makeShadowTable(client: ClientBase, { live, shadow }: RebuildSchemas, { name }: Table): Promise<void> {
  const table = quoteIdentifier(name);
  await client.query(`CREATE TABLE ${shadow}.${table} (LIKE ${live}.${table} INCLUDING ALL EXCLUDING INDEXES EXCLUDING CONSTRAINTS)`);
}

/** Gives a table the live one's primary key and other constraints. */
export async function addShadowKey(client: ClientBase, schemas: RebuildSchemas, table: Table): Promise<void> {
  await runAll(client, CONSTRAINTS, schemas, table);
}

/** Gives a table the live one's indexes and grants. */
export async function indexShadowTable(client: ClientBase, schemas: RebuildSchemas, table: Table): Promise<void> {
  await runAll(client, INDEXES, schemas, table);
  await runAll(client, GRANTS, schemas, table);
}

/** Makes tables like the live ones, with their keys and indexes from the start. */
export async function makeIndexedShadowTables(pool: Pool, schemas: RebuildSchemas, tables: readonly Table[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    for (const table of tables) {
      await makeShadowTable(client, schemas, table);
      await addShadowKey(client, schemas, table);
      await indexShadowTable(client, schemas, table);
    }
  });
}

/** Runs the statements that a query over the live table's definition makes for the new one. */
async function runAll(client: ClientBase, definitions: string, schemas: RebuildSchemas, { name }: Table): Promise<void> {
  const table = quoteIdentifier(name);
  const { rows } = await client.query<{ statement: string }>(definitions, [`${schemas.live}.${table}`, `${schemas.shadow}.${table}`]);
  for (const { statement } of rows) await client.query(statement);
}

const CONSTRAINTS = `
  SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', $2::text, conname, pg_get_constraintdef(oid)) AS statement
  FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u', 'c', 'f', 'x') ORDER BY contype = 'p' DESC, conname`;

const INDEXES = `
  SELECT regexp_replace(pg_get_indexdef(indexrelid), ' ON .*? USING ', format(' ON %s USING ', replace($2::text, '\\', '\\\\'))) AS statement
  FROM pg_index WHERE indrelid = $1::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
  ORDER BY indexrelid`;

const GRANTS = `
  SELECT format('GRANT %s ON TABLE %s TO %s%s', granted.privilege_type, $2::text,
      CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(granted.grantee)) END,
      CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS statement
  FROM pg_class, aclexplode(relacl) AS granted WHERE oid = $1::regclass AND granted.grantee <> relowner`;

/**
 * Puts the new tables in the place of the live ones, in the transaction that the client is in. Waits half a second for each
 * lock: longer, and Postgres might end a reader to resolve a deadlock.
 */
export async function swapTables(client: ClientBase, { live, shadow, retired }: RebuildSchemas, tables: readonly Table[]): Promise<void> {
  await client.query("SET LOCAL lock_timeout = '500ms'");
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${retired}`);
  const names = tables.map(({ name }) => quoteIdentifier(name));
  await client.query(`LOCK TABLE ${names.map((name) => `${live}.${name}`).join(', ')} IN ACCESS EXCLUSIVE MODE`);
  for (const name of names) {
    await client.query(`ALTER TABLE ${live}.${name} SET SCHEMA ${retired}`);
    await client.query(`ALTER TABLE ${shadow}.${name} SET SCHEMA ${live}`);
  }
}

/**
 * Drops what a rebuild leaves behind. `false` where something that is not Fillbook's (a view) depends on the old tables: they
 * then stay in the schema `retired` until that is gone.
 */
export async function dropLeftovers(pool: Pool, { shadow, retired }: RebuildSchemas, tables: readonly Table[]): Promise<boolean> {
  await pool.query(`DROP SCHEMA IF EXISTS ${shadow} CASCADE`);
  try {
    const names = tables.map(({ name }) => `${retired}.${quoteIdentifier(name)}`);
    await pool.query(`DROP TABLE IF EXISTS ${names.join(', ')}; DROP SCHEMA IF EXISTS ${retired}`);
    return true;
  } catch (error) {
    if (sqlStateOf(error) === DEPENDENT_OBJECTS_STILL_EXIST) return false;
    throw error;
  }
}

const DEPENDENT_OBJECTS_STILL_EXIST = '2BP01';
