import type { ClientBase, Pool } from 'pg';
import { sqlStateOf } from './postgres-errors.js';

/**
 * Runs `work` in a transaction on a connection of the pool; rolled back where it throws. A connection that is lost is
 * not put back. Where the answer to the commit is lost, nobody knows whether it was done: a checkpoint tells.
 */
export async function inTransaction<Result>(pool: Pool, work: (client: ClientBase) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken = true;
  client.on('error', ignore);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    broken = false;
    return result;
  } catch (error) {
    // Only a connection that Postgres itself answered on is worth a rollback; any other is closed, which is one too.
    if (sqlStateOf(error) !== undefined || error instanceof RolledBack) {
      await client.query('ROLLBACK').then(
        () => (broken = false),
        () => undefined,
      );
    }
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

/** Thrown to leave a transaction without its effects where nothing is wrong with the connection. */
export class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

/**
 * A connection that dies between two statements says so by an event, which ends the process where nobody listens. The next
 * statement fails as well, so nothing is missed by not looking at it.
 */
const ignore = (): void => undefined;
