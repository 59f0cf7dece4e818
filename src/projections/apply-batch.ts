import type { ClientBase } from 'pg';
import { moveCheckpoint } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { isRowError, messageOf } from './postgres-errors.js';
import type { BatchChanges, ProjectionRows, StreamChange, StreamFailure } from './projection.js';
import { inTransaction, RolledBack } from './transaction.js';
import { writeChanges } from './write-rows.js';

export type ApplyOutcome =
  | { readonly kind: 'applied'; readonly setAside: readonly StreamFailure[] }
  /** Another process moved the checkpoint: nothing of the batch was written here. */
  | { readonly kind: 'lost_race' };

/** As long as Postgres keeps its text readable: errors quote what they are about. */
const MAX_REASON_LENGTH = 1_000;

/**
 * Applies a batch and moves the checkpoint from `from` to `to` in one transaction, so that its events count exactly once. A
 * stream whose rows Postgres refuses is set aside, and the rest of the batch is applied; `whole`: nothing is applied then, and
 * the error is thrown (see `isRowError`). Throws where Postgres cannot do it
 * now; whether it was done is then told by the checkpoint.
 */
export async function applyBatch(target: ProjectionRows, from: Checkpoint, to: Pick<Checkpoint, 'position' | 'lastEvent'>, batch: BatchChanges, how: 'apart' | 'whole' = 'apart'): Promise<ApplyOutcome> {
  if (batch.changed.length === 0 && batch.failed.length === 0) {
    return (await moveCheckpoint(target.pool, from, to)) ? { kind: 'applied', setAside: [] } : { kind: 'lost_race' };
  }
  try {
    return await attempt(target, from, to, batch, writeStreams);
  } catch (error) {
    if (how === 'whole' || !isRowError(error)) throw error;
    return await attempt(target, from, to, batch, writeApart);
  }
}

/** Writes the streams' changes; answers with the streams that could not be. */
type Write = (client: ClientBase, target: ProjectionRows, streams: readonly StreamChange[]) => Promise<StreamFailure[]>;

async function attempt(target: ProjectionRows, from: Checkpoint, to: Pick<Checkpoint, 'position' | 'lastEvent'>, batch: BatchChanges, write: Write): Promise<ApplyOutcome> {
  try {
    return await inTransaction(target.pool, async (client) => {
      // First of all: it takes the checkpoint's row, so that a second writer waits here and then finds that it lost.
      if (!(await moveCheckpoint(client, from, to))) throw new RolledBack();
      const refused = await write(client, target, batch.changed);
      const setAside = [...batch.failed, ...refused];
      await recordSetAside(client, from.name, setAside);
      return { kind: 'applied', setAside };
    });
  } catch (error) {
    if (error instanceof RolledBack) return { kind: 'lost_race' };
    throw error;
  }
}

async function writeStreams(client: ClientBase, { schema }: ProjectionRows, streams: readonly StreamChange[]): Promise<StreamFailure[]> {
  await writeChanges(
    client,
    schema,
    streams.flatMap(({ changes }) => changes),
  );
  return [];
}

/** Finds the streams at fault by halves, each half behind a savepoint: k bad streams of n cost about k × log n statements. */
async function writeApart(client: ClientBase, target: ProjectionRows, streams: readonly StreamChange[]): Promise<StreamFailure[]> {
  await client.query('SAVEPOINT part');
  try {
    await writeStreams(client, target, streams);
    await client.query('RELEASE SAVEPOINT part');
    return [];
  } catch (error) {
    if (!isRowError(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
    const [only, ...others] = streams;
    if (only && others.length === 0) return [{ stream: only.stream, position: only.position, reason: messageOf(error) }];
    const middle = Math.ceil(streams.length / 2);
    const first = await writeApart(client, target, streams.slice(0, middle));
    return [...first, ...(await writeApart(client, target, streams.slice(middle)))];
  }
}

async function recordSetAside(client: ClientBase, name: string, failures: readonly StreamFailure[]): Promise<void> {
  for (const { stream, position, reason } of failures) {
    await client.query('INSERT INTO set_aside (projection, stream, position, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
      name,
      stream,
      position.toString(),
      reason.replaceAll('\u0000', '\ufffd').slice(0, MAX_REASON_LENGTH),
    ]);
  }
}
