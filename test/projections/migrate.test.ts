import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, MigrationError } from '../../src/projections/migrate.js';
import { openDatabase } from '../../src/projections/database.js';
import { createTestDatabase } from '../support/postgres.js';
import type { TestDatabase } from '../support/postgres.js';

describe('migrations', () => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'fillbook-migrations-'));
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('given an empty database, when migrated twice, then the second run has nothing to do', async () => {
    const first = await migrate(database.url);
    expect(first.applied[0]).toBe('0001_read_models.sql');
    expect(await migrate(database.url)).toEqual({ applied: [] });
    const tables = await query(database.url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'");
    expect(tables.map(({ table_name }) => table_name)).toEqual(
      expect.arrayContaining(['checkpoint', 'event_index', 'execution', 'migration', 'orders', 'parked_fact', 'position', 'profit_target', 'quarantine', 'set_aside']),
    );
  });

  it('given an empty database, when 20 runs start at once, then each migration is applied by exactly one of them', async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => migrate(database.url)));
    const applied = runs.flatMap((run) => run.applied);
    expect(applied.length).toBeGreaterThan(0);
    expect(new Set(applied).size).toBe(applied.length);
  });

  it('given a pool, when migrated, then its other connections keep their settings', async () => {
    const { pool, close } = openDatabase(database.url, { max: 1, statementTimeoutMs: 1234 });
    try {
      await migrate(pool);
      const { rows } = await pool.query<{ statement_timeout: string }>('SHOW statement_timeout');
      expect(rows).toEqual([{ statement_timeout: '1234ms' }]);
    } finally {
      await close();
    }
  });

  it('given an applied file, when its content changes, then the run is refused by name', async () => {
    await writeFile(join(folder, '0001_a.sql'), 'create table a (id int);');
    await migrate(database.url, { folder });
    await writeFile(join(folder, '0001_a.sql'), 'create table a (id bigint);');
    await expect(migrate(database.url, { folder })).rejects.toThrow(/0001_a\.sql was applied with other content/);
  });

  it('given an applied file, when only its line ends change, then it is the same', async () => {
    await writeFile(join(folder, '0001_a.sql'), 'create table a\n(id int);\n');
    await migrate(database.url, { folder });
    await writeFile(join(folder, '0001_a.sql'), 'create table a\r\n(id int);\r\n');
    expect(await migrate(database.url, { folder })).toEqual({ applied: [] });
  });

  it('given a database of a newer program, when an older one migrates, then it is refused', async () => {
    await writeFile(join(folder, '0001_a.sql'), 'create table a (id int);');
    await writeFile(join(folder, '0002_b.sql'), 'create table b (id int);');
    await migrate(database.url, { folder });
    await rm(join(folder, '0002_b.sql'));
    await expect(migrate(database.url, { folder })).rejects.toThrow(/0002_b\.sql, which this program does not know/);
  });

  it('given a file that comes before an applied one, when migrated, then it is refused', async () => {
    await writeFile(join(folder, '0002_b.sql'), 'create table b (id int);');
    await migrate(database.url, { folder });
    await writeFile(join(folder, '0001_a.sql'), 'create table a (id int);');
    await expect(migrate(database.url, { folder })).rejects.toThrow(/0001_a\.sql comes before 0002_b\.sql/);
  });

  it('given a file that fails half way, when migrated, then nothing of it stays, and it can be run again once mended', async () => {
    await writeFile(join(folder, '0001_a.sql'), 'create table a (id int); select 1/0;');
    await expect(migrate(database.url, { folder })).rejects.toThrow(MigrationError);
    expect(await query(database.url, "SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
    await writeFile(join(folder, '0001_a.sql'), 'create table a (id int);');
    expect(await migrate(database.url, { folder })).toEqual({ applied: ['0001_a.sql'] });
  });
});

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}
