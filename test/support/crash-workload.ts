import { randomInt, randomUUID } from 'node:crypto';
import { EventStoreDBClient, type Position, START, jsonEvent } from '@eventstore/db-client';

/** An append that was answered: all its events have to be there, at these revisions. */
interface Acknowledged {
  readonly stream: string;
  readonly first: bigint;
  readonly ids: readonly string[];
}

/** What clients saw of a store until it was killed. */
export interface Witness {
  readonly appends: Acknowledged[];
  readonly deleted: Set<string>;
  readonly tombstoned: Set<string>;
  /** Ids of the events that a live subscriber of `$all` was sent, in order. */
  readonly subscribed: string[];
}

const MOST_EVENTS_PER_APPEND = 20;

/** The events of one append: each says which append it is of, and how many there are. */
function batchOf(size: number): { ids: string[]; events: ReturnType<typeof jsonEvent>[] } {
  const batch = randomUUID();
  const ids = Array.from({ length: size }, () => randomUUID());
  return { ids, events: ids.map((id) => jsonEvent({ id, type: 'written', data: { batch, size, filler: 'x'.repeat(randomInt(600)) } })) };
}

/** Appends to a stream of its own until the store is gone. */
async function writeUntilKilled(client: EventStoreDBClient, witness: Witness): Promise<void> {
  const stream = `written-${randomUUID()}`;
  for (let next = 0n; ; ) {
    const { ids, events } = batchOf(1 + randomInt(MOST_EVENTS_PER_APPEND));
    const expectedRevision = next === 0n ? 'no_stream' : next - 1n;
    const { nextExpectedRevision } = await client.appendToStream(stream, events, { expectedRevision });
    witness.appends.push({ stream, first: next, ids });
    next = nextExpectedRevision + 1n;
  }
}

/** Makes streams and deletes them, every other one for good, until the store is gone. */
async function deleteUntilKilled(client: EventStoreDBClient, witness: Witness): Promise<void> {
  for (let index = 0; ; index += 1) {
    const stream = `deleted-${randomUUID()}`;
    await client.appendToStream(stream, batchOf(2).events);
    if (index % 2 === 0) {
      await client.deleteStream(stream);
      witness.deleted.add(stream);
    } else {
      await client.tombstoneStream(stream);
      witness.tombstoned.add(stream);
    }
  }
}

/** Runs writers, a deleter and a subscriber against a store; `killed` kills it meanwhile. Answers once all of them have failed. */
export async function workUntilKilled(url: string, from: Position | undefined, killed: Promise<void>): Promise<Witness> {
  const witness: Witness = { appends: [], deleted: new Set(), tombstoned: new Set(), subscribed: [] };
  const clients = Array.from({ length: 2 }, () => EventStoreDBClient.connectionString(url));
  const [writing, other] = clients;
  if (writing === undefined || other === undefined) throw new Error('no clients');
  const subscription = other.subscribeToAll({ fromPosition: from ?? START });
  subscription.on('data', ({ event }) => {
    if (event !== undefined) witness.subscribed.push(event.id);
  });
  subscription.on('error', () => undefined);
  const work = [
    ...Array.from({ length: 4 }, async () => writeUntilKilled(writing, witness)),
    deleteUntilKilled(other, witness),
  ];
  const ended = Promise.allSettled(work);
  await killed;
  await ended;
  await Promise.all(clients.map(async (client) => client.dispose()));
  return witness;
}
