import { Client } from 'pg';
import { afterEach, expect, test } from 'vitest';
import { query } from './query.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const made: TestDatabase[] = [];

afterEach(async () => {
  // Copies first: they were made last.
  for (const database of made.splice(0).reverse()) await database.drop();
});

async function fresh(options?: { template?: string }): Promise<TestDatabase> {
  const database = await createTestDatabase(options);
  made.push(database);
  return database;
}

test('given two test databases, when one gets a table, then the other has none', async () => {
  const [one, other] = await Promise.all([fresh(), fresh()]);
  await query(one.url, 'CREATE TABLE note (body text)');
  const tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
  expect(await query(one.url, tables)).toEqual([{ tablename: 'note' }]);
  expect(await query(other.url, tables)).toEqual([]);
});

test('given a prepared database, when copies are made of it at once, then each has what it had', async () => {
  const prepared = await fresh();
  await query(prepared.url, "CREATE TABLE note AS SELECT 'kept' AS body");
  const copies = await Promise.all([1, 2, 3].map(() => fresh({ template: prepared.name })));
  for (const copy of copies) expect(await query(copy.url, 'SELECT body FROM note')).toEqual([{ body: 'kept' }]);
});

test('given a database with an open connection, when it is dropped, then it goes', async () => {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await database.drop();
  await expect(query(database.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
});
