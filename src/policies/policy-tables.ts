import type { ClientBase } from 'pg';
import type { Position } from '../eventstore/event-store.js';
import { openCheckpoint } from '../projections/checkpoint.js';
import type { Checkpoint, Queryable } from '../projections/checkpoint.js';
import type { Policy } from './policy.js';

/** An event that a policy could not react to, or whose reaction was refused, and why. */
export interface SetAside {
  readonly stream: string;
  readonly position: Position;
  readonly reason: string;
}

const MAX_REASON_LENGTH = 1_000;
/** Streams that are tried again when a policy starts, at most. */
const MAX_RETRIED_STREAMS = 1_000;

/**
 * The checkpoint of a policy, in a transaction. What another version of it remembers, its tables and where it was, is forgotten
 * with that one's checkpoint.
 */
export async function openPolicy(client: ClientBase, { name, version, tables }: Pick<Policy, 'name' | 'version' | 'tables'>, storeId: string): Promise<Checkpoint> {
  const { rowCount } = await client.query('DELETE FROM checkpoint WHERE name = $1 AND version <> $2 AND store_id = $3', [name, version, storeId]);
  if (rowCount === 1) {
    for (const table of tables) await client.query(`DELETE FROM ${table}`);
    await client.query('DELETE FROM set_aside WHERE projection = $1', [name]);
  }
  return await openCheckpoint(client, { name, version, storeId });
}

/** Records what is left out; of a stream, the first event counts. */
export async function setAside(client: ClientBase, policy: string, asides: readonly SetAside[]): Promise<void> {
  for (const { stream, position, reason } of asides) {
    await client.query('INSERT INTO set_aside (projection, stream, position, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
      policy,
      stream,
      position.toString(),
      reason.replaceAll('\u0000', '\ufffd').slice(0, MAX_REASON_LENGTH),
    ]);
  }
}

/** Streams of which an event could not be reacted to, each with the first such event, the oldest first; bounded. */
export async function readSetAside(client: Queryable, policy: string): Promise<readonly Omit<SetAside, 'reason'>[]> {
  const { rows } = await client.query<{ stream: string; position: string }>(
    'SELECT stream, position FROM set_aside WHERE projection = $1 ORDER BY position LIMIT $2',
    [policy, MAX_RETRIED_STREAMS],
  );
  return rows.map(({ stream, position }) => ({ stream, position: BigInt(position) }));
}

/** The stream was reacted to after all. */
export async function clearSetAside(client: ClientBase, policy: string, stream: string): Promise<void> {
  await client.query('DELETE FROM set_aside WHERE projection = $1 AND stream = $2', [policy, stream]);
}

/** Remembers where the newest reaction of a policy is. */
export async function noteReaction(client: ClientBase, policy: string, position: Position): Promise<void> {
  await client.query(
    `INSERT INTO policy_reaction (policy, position) VALUES ($1, $2)
      ON CONFLICT (policy) DO UPDATE SET position = greatest(policy_reaction.position, excluded.position)`,
    [policy, position.toString()],
  );
}

/** Where the newest reaction of any policy is. */
export async function newestReaction(client: Queryable): Promise<Position | undefined> {
  const { rows } = await client.query<{ position: string | null }>({ name: 'newest reaction', text: 'SELECT max(position) AS position FROM policy_reaction' });
  const newest = rows[0]?.position;
  return newest === null || newest === undefined ? undefined : BigInt(newest);
}
