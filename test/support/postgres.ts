import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Removes it, also where connections to it are still open. */
  drop(): Promise<void>;
}

/**
 * Makes a fresh database on the run's Postgres server: empty, or a copy of the database named `template` (for example one
 * that was migrated once), to which nobody may be connected meanwhile.
 */
export async function createTestDatabase(options: { template?: string } = {}): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // template0: nobody can be connected to it, so parallel tests never block each other.
  await onServer(`CREATE DATABASE "${name}" TEMPLATE "${options.template ?? 'template0'}"`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: () => onServer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}

async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject('postgresUrl'), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
