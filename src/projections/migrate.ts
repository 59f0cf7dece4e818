import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { ClientBase, Pool } from 'pg';

/** The database cannot be brought to the state that this program needs; the message says why. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** What a run did: the names of the files that it applied, in order; empty where there was nothing to do. */
export interface MigrationSummary {
  readonly applied: readonly string[];
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** The package's own folder of migrations: as far from `src/projections` as from `dist/projections`. */
const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));
const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/;
/** How long a run waits for another one, and for the locks of the tables that it changes. */
const LOCK_TIMEOUT_MS = 60_000;
/** Any number that nothing else takes as an advisory lock of the database. */
const MIGRATION_LOCK = 7_305_411;

/**
 * Brings a database's tables to the newest version: applies the SQL files that were not applied yet, each in a transaction
 * of its own, in the order of their names. Forward only. Runs that overlap wait for each other.
 * @throws MigrationError where an applied file has changed or is unknown to this program, or a file fails.
 */
export async function migrate(target: string | Pool, options: { readonly folder?: string } = {}): Promise<MigrationSummary> {
  const migrations = await readMigrations(options.folder ?? MIGRATIONS_FOLDER);
  if (typeof target !== 'string') {
    const client = await target.connect();
    try {
      return await underLock(client, migrations);
    } finally {
      // Closed, not put back: it holds the lock and the settings of the run.
      client.release(true);
    }
  }
  const client = new Client({ connectionString: target, connectionTimeoutMillis: 10_000, application_name: 'fillbook migrate' });
  // Without a listener a lost connection would end the process; the next statement tells of it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await underLock(client, migrations);
  } finally {
    await client.end();
  }
}

async function underLock(client: ClientBase, migrations: readonly Migration[]): Promise<MigrationSummary> {
  await client.query(`SET statement_timeout = 0; SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
  // A lock of the session, not of a transaction: every file has a transaction of its own. It ends with the session, which
  // is not used again. The schema is part of the key, so that two ledgers in one database do not wait for each other.
  await client.query('SELECT pg_advisory_lock($1, hashtext(current_schema()))', [MIGRATION_LOCK]);
  return { applied: await applyMissing(client, migrations) };
}

async function applyMissing(client: ClientBase, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(
    'CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  const { rows } = await client.query<{ name: string; checksum: string }>('SELECT name, checksum FROM migration ORDER BY name');
  const checksums = new Map(rows.map((row) => [row.name, row.checksum]));
  verifyApplied(checksums, migrations);
  const missing = migrations.filter(({ name }) => !checksums.has(name));
  for (const migration of missing) await apply(client, migration);
  return missing.map(({ name }) => name);
}

function verifyApplied(checksums: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const [name, checksum] of checksums) {
    const migration = known.get(name);
    if (!migration) throw new MigrationError(`the database has the migration ${name}, which this program does not know: it was migrated by a newer version`);
    if (migration.checksum !== checksum) throw new MigrationError(`the migration ${name} was applied with other content: an applied migration is never edited, add a new one`);
  }
  const newestApplied = [...checksums.keys()].sort().at(-1);
  const skipped = migrations.find(({ name }) => newestApplied !== undefined && name < newestApplied && !checksums.has(name));
  if (skipped) throw new MigrationError(`the migration ${skipped.name} comes before ${newestApplied}, which was applied already: migrations only go forward`);
}

async function apply(client: ClientBase, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO migration (name, checksum) VALUES ($1, $2)', [migration.name, migration.checksum]);
    await client.query('COMMIT');
  } catch (error) {
    // The session ends with this error, and with it the transaction.
    const reason = error instanceof Error ? error.message : String(error);
    throw new MigrationError(`the migration ${migration.name} failed and was rolled back: ${reason}`, { cause: error });
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const misnamed = names.find((name) => !FILE_NAME.test(name));
  if (misnamed !== undefined) throw new MigrationError(`${misnamed} is no name for a migration: it must look like 0002_what_it_does.sql`);
  return await Promise.all(
    names.map(async (name) => {
      // Line ends as in the repository, so that a checkout on Windows has the same checksum.
      const sql = (await readFile(`${folder}/${name}`, 'utf8')).replaceAll('\r\n', '\n');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}
