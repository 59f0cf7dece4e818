import { startTestEventStore } from './event-store.js';

/** The event store that a test runs on. */
export interface Endpoint {
  readonly url: string;
  stop(): Promise<void>;
}

/** The server named by TEST_EVENTSTORE_URL, or an embedded one of the test's own. */
export async function endpoint(): Promise<Endpoint> {
  const given = process.env['TEST_EVENTSTORE_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  return startTestEventStore();
}

/** Everything that an iteration yields. */
export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
