import type { Pool, PoolClient } from 'pg';
import { backoffMs } from './backoff.js';
import { sleep } from './sleep.js';

export interface LeaseOptions {
  readonly pool: Pool;
  /** Who asks for the same name in the same schema of a database competes for one lease. */
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** How often a process that stands by asks whether the lease is free. */
const ASK_EVERY_MS = 250;
/** How often the holder looks whether its session is alive, and how long it waits for the answer. */
const PROVE_EVERY_MS = 5_000;

/**
 * Holds a lease for as long as it can and runs `work` while it does, again and again until the signal is aborted. The lease is a
 * session's advisory lock: it ends with the connection, also where the process is killed. `work` is told by its signal when
 * the connection is lost; until it has noticed, another process may be at work too, so writes still compare and set.
 */
export async function holdLease({ pool, name, signal, onError }: LeaseOptions, work: (leaseSignal: AbortSignal) => Promise<void>): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      const client = await acquire(pool, name);
      if (client) await whileHeld(client, signal, work);
      else await sleep(ASK_EVERY_MS, signal);
      failures = 0;
    } catch (error) {
      failures += 1;
      onError(error);
      await sleep(backoffMs(failures), signal);
    }
  }
}

async function acquire(pool: Pool, name: string): Promise<PoolClient | undefined> {
  const client = await pool.connect();
  let held = false;
  try {
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock(hashtext($1), hashtext(current_schema())) AS held', [name]);
    held = rows[0]?.held ?? false;
    return held ? client : undefined;
  } finally {
    if (!held) client.release();
  }
}

async function whileHeld(client: PoolClient, signal: AbortSignal, work: (leaseSignal: AbortSignal) => Promise<void>): Promise<void> {
  const lost = new AbortController();
  const onLost = (): void => lost.abort();
  client.once('error', onLost);
  client.once('end', onLost);
  const ended = AbortSignal.any([signal, lost.signal]);
  const proof = setInterval(() => {
    proveAlive(client).catch(onLost);
  }, PROVE_EVERY_MS);
  try {
    await work(ended);
  } finally {
    clearInterval(proof);
    client.off('end', onLost);
    client.off('error', onLost);
    // Closed, not put back: the lock ends with the session.
    client.release(true);
  }
}

async function proveAlive(client: PoolClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the lease's session did not answer within ${PROVE_EVERY_MS} ms`)), PROVE_EVERY_MS);
  });
  try {
    await Promise.race([client.query('SELECT 1'), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
