import type { Pool, PoolClient } from 'pg';
import type { EventStore, Position } from '../eventstore/event-store.js';
import { backoffMs } from './backoff.js';
import { openCheckpoint, readCheckpoints } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import type { Database } from './database.js';
import type { Hints } from './hints.js';
import { sqlStateOf } from './postgres-errors.js';
import type { Projection } from './projection.js';
import { RebuildError } from './rebuild-progress.js';
import type { RebuildProgress } from './rebuild-progress.js';
import { buildShadow } from './shadow.js';
import type { Shadow } from './shadow.js';
import { dropLeftovers, schemasOf, swapTables } from './shadow-tables.js';
import { sleep } from './sleep.js';

export interface RebuildOptions {
  readonly projection: Projection;
  readonly store: EventStore;
  /** From the store's genesis. */
  readonly storeId: string;
  /** Its pool needs a connection a table and three more. */
  readonly database: Pick<Database, 'pool'>;
  readonly hints?: Hints;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Gives the rebuild up between two batches; the live read model stays as it is. */
  readonly signal?: AbortSignal;
  /** Rows a table that are kept in memory because they may change again (50,000). */
  readonly maxHeldRows?: number;
  /** Facts of folded streams that are kept in memory, in all (200,000). */
  readonly maxCachedFacts?: number;
}

export interface RebuildSummary {
  readonly events: number;
  readonly seconds: number;
  readonly position: Position | undefined;
  readonly version: number;
  /** The schema in which the old tables stay because something else (a view) depends on them; undefined where they are dropped. */
  readonly keptIn: string | undefined;
}

/** How often the tables' locks are asked for, with growing waits between. */
const MAX_SWAP_ATTEMPTS = 100;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';

/**
 * Builds a projection's read model anew from the event store, beside the live one, and puts it in its place once it has
 * caught up: readers see the old rows until then and the new ones after, and never wait for longer than half a second. Also
 * the way from one version of a projection to the next. The live one keeps moving meanwhile where its projector runs.
 * @throws RebuildError where another rebuild of it is under way, or it was aborted; errors of Postgres and the event store.
 */
export async function rebuildProjection(options: RebuildOptions): Promise<RebuildSummary> {
  const startedAtMs = performance.now();
  const { projection, database, hints } = options;
  const { pool } = database;
  const schemas = await schemasOf(pool, projection, 'rebuild');
  return await alone(pool, projection.name, async () => {
    const shadow = await buildShadow({ ...options, schemas });
    try {
      await swap(options, shadow);
    } catch (error) {
      await shadow.drop();
      throw error;
    }
    const { events, checkpoint } = shadow;
    if (checkpoint.position !== undefined) await hints?.publish({ projection: projection.name, position: checkpoint.position });
    const dropped = await dropLeftovers(pool, schemas, projection.tables);
    return { events, seconds: (performance.now() - startedAtMs) / 1_000, position: checkpoint.position, version: projection.version, keptIn: dropped ? undefined : schemas.retired };
  });
}

/** One rebuild of a projection at a time, of all processes. */
async function alone<Result>(pool: Pool, name: string, work: () => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock(hashtext($1), hashtext(current_schema())) AS held', [`fillbook rebuild ${name}`]);
    if (rows[0]?.held !== true) throw new RebuildError(`${name} is being rebuilt by another process: wait for it to end`);
    return await work();
  } finally {
    // Closed, not put back: the lock ends with the session.
    client.release(true);
  }
}

/** Catches up and swaps, until nobody stands in the way of the tables' locks. */
async function swap(options: RebuildOptions, shadow: Shadow): Promise<void> {
  const signal = options.signal ?? new AbortController().signal;
  for (let attempt = 1; ; attempt += 1) {
    await shadow.catchUp();
    shadow.report('swapping');
    try {
      await swapOnce(options, shadow);
      return;
    } catch (error) {
      const inTheWay = sqlStateOf(error) === LOCK_NOT_AVAILABLE || sqlStateOf(error) === DEADLOCK;
      if (!inTheWay) throw error;
      if (attempt === MAX_SWAP_ATTEMPTS) throw new RebuildError(`${shadow.projection.name}: its tables were in use all the time, so the new version could not be put in their place`, { cause: error });
    }
    await sleep(backoffMs(Math.min(attempt, 4)), signal);
    if (signal.aborted) throw new RebuildError(`the rebuild of ${shadow.projection.name} was aborted`);
  }
}

async function swapOnce({ database: { pool }, storeId }: RebuildOptions, shadow: Shadow): Promise<void> {
  const { projection, schemas } = shadow;
  const client = await pool.connect();
  try {
    await client.query("BEGIN; SET LOCAL lock_timeout = '5s'");
    const live = await lockedCheckpoint(client, { ...projection, storeId });
    // The live writer waits at its checkpoint now, so the new version meets it exactly.
    if ((live.position ?? -1n) > (shadow.checkpoint.position ?? -1n)) await shadow.catchUp();
    await swapTables(client, schemas, projection.tables);
    await takeOverCheckpoint(client, shadow.checkpoint, live.name);
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function lockedCheckpoint(client: PoolClient, live: Pick<Checkpoint, 'name' | 'version' | 'storeId'>): Promise<Checkpoint> {
  await openCheckpoint(client, live);
  await client.query('SELECT FROM checkpoint WHERE name = $1 FOR UPDATE', [live.name]);
  // Read again under the lock.
  const [checkpoint] = await readCheckpoints(client, [live.name]);
  if (!checkpoint) throw new RebuildError(`the checkpoint ${live.name} was removed while it was rebuilt`);
  return checkpoint;
}

/** The new version's checkpoint and what it set aside become those of the projection. */
async function takeOverCheckpoint(client: PoolClient, { name: shadowName }: Checkpoint, liveName: string): Promise<void> {
  for (const table of ['checkpoint', 'set_aside'] as const) {
    const column = table === 'checkpoint' ? 'name' : 'projection';
    await client.query(`DELETE FROM ${table} WHERE ${column} = $1`, [liveName]);
    await client.query(`UPDATE ${table} SET ${column} = $2 WHERE ${column} = $1`, [shadowName, liveName]);
  }
}
