import type { ClientBase, Pool } from 'pg';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.js';

/** What can run a statement: a connection, or a pool where no transaction is needed. */
export type Queryable = Pick<ClientBase, 'query'> | Pick<Pool, 'query'>;

/** How far a projection or a policy is. */
export interface Checkpoint {
  readonly name: string;
  readonly version: number;
  readonly storeId: string;
  /** Everything up to and including this position in `$all` counts; undefined where nothing does yet. */
  readonly position: bigint | undefined;
  /** The last event that was handled: when resumed, it must still be there. */
  readonly lastEvent: EventPlace | undefined;
}

export interface EventPlace {
  readonly id: string;
  readonly position: bigint;
}

/** Another event store is behind the same address: what was read from one must never be mixed with another. */
export class WrongStoreError extends Error {
  override readonly name = 'WrongStoreError';
}

interface CheckpointRow {
  name: string;
  version: number;
  store_id: string;
  position: string;
  last_event_id: string | null;
  last_event_position: string | null;
}

/** Before the first position: the column is not null, and 0 is a position. */
const NOTHING_YET = -1n;
const toColumn = (position: bigint | undefined): string => (position ?? NOTHING_YET).toString();

const COLUMNS = 'name, version, store_id, position, last_event_id, last_event_position';

function fromRow(row: CheckpointRow): Checkpoint {
  const position = BigInt(row.position);
  return {
    name: row.name,
    version: row.version,
    storeId: row.store_id,
    position: position === NOTHING_YET ? undefined : position,
    lastEvent: row.last_event_id === null || row.last_event_position === null ? undefined : { id: row.last_event_id, position: BigInt(row.last_event_position) },
  };
}

/** The checkpoints that there are, of those names or of all. */
export async function readCheckpoints(client: Queryable, names?: readonly string[]): Promise<Checkpoint[]> {
  const { rows } = await client.query<CheckpointRow>(`SELECT ${COLUMNS} FROM checkpoint WHERE $1::text[] IS NULL OR name = ANY ($1)`, [
    names ? [...names] : null,
  ]);
  return rows.map(fromRow);
}

/** The checkpoint of that name; made at the beginning of the store where there is none. */
export async function openCheckpoint(client: Queryable, { name, version, storeId }: Pick<Checkpoint, 'name' | 'version' | 'storeId'>): Promise<Checkpoint> {
  await client.query('INSERT INTO checkpoint (name, version, store_id, position) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING', [
    name,
    version,
    storeId,
    toColumn(undefined),
  ]);
  const [checkpoint] = await readCheckpoints(client, [name]);
  if (!checkpoint) throw new Error(`the checkpoint ${name} was removed while it was opened`);
  return checkpoint;
}

/**
 * Moves a checkpoint by compare-and-set, in the transaction that the client is in: `false` where it is no longer as it was
 * read, because another process moved it; that transaction must then be rolled back. Its commit does not wait for the disk: what a
 * crash of Postgres takes away are the rows and the checkpoint together, and the events are applied again.
 */
export async function moveCheckpoint(client: Queryable, from: Checkpoint, to: Pick<Checkpoint, 'position' | 'lastEvent'>): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'move checkpoint',
    text:
      'UPDATE checkpoint SET position = $5, last_event_id = $6, last_event_position = $7, updated_at = now() ' +
      "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unsynced " +
      'WHERE name = $1 AND version = $2 AND store_id = $3 AND position = $4',
    values: [from.name, from.version, from.storeId, toColumn(from.position), toColumn(to.position), to.lastEvent?.id ?? null, to.lastEvent?.position.toString() ?? null],
  });
  return rowCount === 1;
}

/** The place of a batch's last event, or the former one where the batch has none. */
export function lastPlace(events: readonly RecordedEvent[], before: EventPlace | undefined): EventPlace | undefined {
  const last = events.at(-1);
  return last ? { id: last.id, position: last.position } : before;
}

/**
 * Checks that the store is the one the checkpoint was made over: its genesis has the same id, and the last event is still
 * where it was. Throws a WrongStoreError that names what differs.
 */
export async function assertSameStore(store: EventStore, storeId: string, { name, storeId: known, lastEvent }: Checkpoint): Promise<void> {
  if (known !== storeId) {
    throw new WrongStoreError(`${name} was made over the event store ${known}, but the one at this address is ${storeId}: connect to the former one, or rebuild ${name}`);
  }
  if (!lastEvent) return;
  const found = await store.readAt(lastEvent.position);
  if (found?.id === lastEvent.id) return;
  const instead = found ? `there is ${found.id}` : 'there is none';
  throw new WrongStoreError(
    `${name} has seen the event ${lastEvent.id} at position ${lastEvent.position} of the event store ${storeId}, but ${instead}: the store was replaced or cut back; rebuild ${name}`,
  );
}
