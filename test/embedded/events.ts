import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';

/** Appends one event to a stream. */
export async function append(url: string, stream: string): Promise<void> {
  const client = EventStoreDBClient.connectionString(url);
  try {
    await client.appendToStream(stream, jsonEvent({ type: 'Noted', data: {} }));
  } finally {
    await client.dispose();
  }
}

/** How many events a stream has. */
export async function countEvents(url: string, stream: string): Promise<number> {
  const client = EventStoreDBClient.connectionString(url);
  try {
    const ids: (string | undefined)[] = [];
    for await (const { event } of client.readStream(stream, { maxCount: 1_000 })) ids.push(event?.id);
    return ids.length;
  } finally {
    await client.dispose();
  }
}
