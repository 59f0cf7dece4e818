import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventStorage } from '../../../src/embedded/eventstore/storage.js';
import type { Run } from '../../../src/embedded/eventstore/storage-records.js';
import { verifyStore } from '../../../src/embedded/eventstore/verify-store.js';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';

describe('the index of a stream that is sealed as it should be, and wrong', () => {
  let store: TestEventStore;

  /** Two appends of three events to each of two streams: two entries in the index of each. */
  beforeEach(async () => {
    store = await startTestEventStore();
    const client = EventStoreDBClient.connectionString(store.url);
    for (const stream of ['one', 'other', 'one', 'other']) {
      await client.appendToStream(stream, Array.from({ length: 3 }, () => jsonEvent({ type: 'happened', data: {} })));
    }
    await client.dispose();
    await store.halt();
  });

  afterEach(async () => store.stop());

  /** Writes entry `index` of the stream `one` anew, with its checksum: as a fault of the program would, not one of the disk. */
  async function change(index: number, changed: (run: Run) => Run): Promise<void> {
    const storage = new EventStorage(store.dir);
    const record = storage.stream(Buffer.from('one'));
    const streamNumber = record?.number ?? 0n;
    const runs = [...storage.runsFrom(streamNumber, 0n)].slice(index, index + 1).map((run) => ({ streamNumber, run: changed(run) }));
    expect(runs).toHaveLength(1);
    storage.commit({ head: storage.head(), blocks: [], streams: [], runs });
    await storage.close();
  }

  it('given an index as it was written, when the store is walked, then it is sound', async () => {
    await change(0, (run) => run);
    expect(await verifyStore(store.dir)).toMatchObject({ events: 12, streams: 2, problems: [] });
  });

  it.each([
    ['one event too many', 0, 1, 'stream one: revision 3 stands behind the end of its block', 'stream one: revision 3 is in the index twice'],
    ['one event too few', 0, -1, 'stream one: revision 2 is missing', '12 events are in the log, 11 in the streams'],
    ['no event', 0, -3, 'stream one: revision 0 is missing', '12 events are in the log, 9 in the streams'],
    ['one event too many at its end', 1, 1, 'stream one: revision 6 stands behind the end of its block', 'stream one: ends at 6, its record says 5'],
    ['one event too few at its end', 1, -1, 'stream one: ends at 4, its record says 5', '12 events are in the log, 11 in the streams'],
  ])('given an entry that says %s, when the store is walked, then the stream is named', async (_, index, more, first, second) => {
    await change(index, (run) => ({ ...run, count: run.count + more }));
    const { problems } = await verifyStore(store.dir);
    expect(problems).toEqual(expect.arrayContaining([first, second]));
  });

  it('given an entry that leads to another stream, when the store is walked, then both are named', async () => {
    const storage = new EventStorage(store.dir);
    const [other] = [...storage.runsFrom(storage.stream(Buffer.from('other'))?.number ?? 0n, 3n)];
    await storage.close();
    await change(1, (run) => ({ ...run, block: other?.block ?? 0n }));
    const { problems } = await verifyStore(store.dir);
    expect(problems).toContain('stream one: at revision 3 stands other@3');
  });

  it('given an entry with a place behind its block, when the store is walked, then it says so', async () => {
    await change(1, (run) => ({ ...run, offset: 1_000_000 }));
    const { problems } = await verifyStore(store.dir);
    expect(problems).toContain('stream one: revision 3 stands behind the end of its block');
  });
});
