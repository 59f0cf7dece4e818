import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEventStore } from '../../src/eventstore/client.js';
import { EventStoreError } from '../../src/eventstore/errors.js';
import type { EventBatch, EventStore } from '../../src/eventstore/event-store.js';
import { collected, endpoint } from '../support/ledger.js';
import type { Endpoint } from '../support/ledger.js';
import { freshStream, sealedNotes } from '../support/sealed.js';

/*
 * The contract of the event store port. It runs on the embedded server, or on any server that TEST_EVENTSTORE_URL names.
 */

let server: Endpoint;
let store: EventStore;

beforeAll(async () => {
  server = await endpoint();
  store = connectEventStore({ url: server.url });
});

afterAll(async () => {
  await store?.close();
  await server?.stop();
});

/** Reads batches of a subscription until one satisfies `isEnough`, then leaves it. */
async function batchesUntil(batches: AsyncIterable<EventBatch>, isEnough: (seen: readonly EventBatch[]) => boolean): Promise<EventBatch[]> {
  const seen: EventBatch[] = [];
  for await (const batch of batches) {
    seen.push(batch);
    if (isEnough(seen)) return seen;
  }
  throw new Error('the subscription ended');
}

const eventsIn = (batches: readonly EventBatch[]) => batches.flatMap(({ events }) => events);
const idsOf = (events: Iterable<{ readonly id: string }>): string[] => Array.from(events, ({ id }) => id);

describe('appending', () => {
  it('given a new stream, when appended at no_stream, then it has those events from revision 0 on, as they were sent', async () => {
    const stream = freshStream();
    const { events } = sealedNotes(stream, 3);
    const outcome = await store.append(stream, 'no_stream', events);
    expect(outcome).toMatchObject({ kind: 'appended', revision: 2n });
    const read = await collected(store.readStream(stream));
    expect(read.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))).toEqual(events);
    expect(read.map(({ revision }) => revision)).toEqual([0n, 1n, 2n]);
    expect(outcome.kind === 'appended' && outcome.position).toBe(read[2]?.position);
    expect(Date.parse(read[0]?.recordedAt ?? '')).toBeGreaterThan(Date.now() - 3_600_000);
  });

  it('given another writer was first, then the answer is a conflict that names the stream’s revision', async () => {
    const stream = freshStream();
    await store.append(stream, 'no_stream', sealedNotes(stream, 2).events);
    const late = sealedNotes(stream, 1, { note: 'late' }).events;
    expect(await store.append(stream, 'no_stream', late)).toEqual({ kind: 'conflict', actual: 1n });
    expect(await store.append(stream, 0n, late)).toEqual({ kind: 'conflict', actual: 1n });
    expect(await store.append(freshStream(), 5n, late)).toEqual({ kind: 'conflict', actual: undefined });
  });

  it('given the same bytes at the same expected revision, however often and however late, then the answer is that of the first time', async () => {
    const stream = freshStream();
    const first = sealedNotes(stream, 2);
    const second = sealedNotes(stream, 2, { revision: 2n, head: first.head });
    const [a, b] = [await store.append(stream, 'no_stream', first.events), await store.append(stream, 1n, second.events)];
    expect(await store.append(stream, 'no_stream', first.events)).toEqual(a);
    expect(await store.append(stream, 1n, second.events)).toEqual(b);
    expect(await collected(store.readStream(stream))).toHaveLength(4);
  });

  it('given events over the limit of an append, then it is refused as too large and nothing is written', async () => {
    const stream = freshStream();
    const [event] = sealedNotes(stream, 1).events;
    if (!event) throw new Error('no event');
    const large = { ...event, data: { note: 'x'.repeat(1_100_000) } };
    await expect(store.append(stream, 'no_stream', [large])).rejects.toMatchObject({ name: 'EventStoreError', code: 'too_large' });
    expect(await collected(store.readStream(stream))).toEqual([]);
  });

  it('given an append of no events, then that is a bug and throws', async () => {
    await expect(store.append(freshStream(), 'no_stream', [])).rejects.toThrow(RangeError);
  });

  it('given more appends than may be in flight or wait, then the surplus is refused as overloaded and the rest is written', async () => {
    const narrow = connectEventStore({ url: server.url, maxAppendsInFlight: 2, maxQueuedAppends: 5 });
    const stream = freshStream();
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => narrow.append(`${stream}${index}`, 'no_stream', sealedNotes(`${stream}${index}`, 1).events)),
    );
    await narrow.close();
    expect(tries.map(({ status }) => status)).toEqual([...Array(7).fill('fulfilled'), ...Array(3).fill('rejected')]);
    expect(tries.flatMap((result) => (result.status === 'rejected' && result.reason instanceof EventStoreError ? [result.reason.code] : []))).toEqual([
      'overloaded',
      'overloaded',
      'overloaded',
    ]);
  });
});

describe('reading', () => {
  it('given a stream that does not exist, then it has no events, no end', async () => {
    expect(await collected(store.readStream(freshStream()))).toEqual([]);
    expect(await store.readLast(freshStream())).toBeUndefined();
  });

  it('given a stream, then it is read from any revision on, and its newest event alone', async () => {
    const stream = freshStream();
    const { events } = sealedNotes(stream, 5);
    await store.append(stream, 'no_stream', events);
    expect(idsOf(await collected(store.readStream(stream, 3n)))).toEqual(idsOf(events.slice(3)));
    expect(await collected(store.readStream(stream, 5n))).toEqual([]);
    expect((await store.readLast(stream))?.id).toBe(events[4]?.id);
  });

  it('given an event, then it is found at its very position, and nothing between two positions', async () => {
    const stream = freshStream();
    await store.append(stream, 'no_stream', sealedNotes(stream, 1).events);
    const last = await store.readLast(stream);
    if (!last) throw new Error('no event');
    expect(await store.readAt(last.position)).toEqual(last);
    expect(await store.head()).toBeGreaterThanOrEqual(last.position);
  });

  it('given events of several categories, then readAll brings those asked for, in order, after a position, to the end', async () => {
    const category = `cat${randomUUID().replaceAll('-', '')}`;
    const [wanted, other] = [freshStream(category), freshStream()];
    const { events } = sealedNotes(wanted, 3);
    await store.append(wanted, 'no_stream', events);
    await store.append(other, 'no_stream', sealedNotes(other, 2).events);
    const all = await collected(store.readAll(undefined, [`${category}-`]));
    const found = eventsIn(all);
    expect(idsOf(found)).toEqual(idsOf(events));
    expect(all.at(-1)).toMatchObject({ live: true });
    expect(all.at(-1)?.upTo).toBeGreaterThanOrEqual((await store.readLast(other))?.position ?? 0n);
    const rest = await collected(store.readAll(found[0]?.position, [`${category}-`]));
    expect(idsOf(eventsIn(rest))).toEqual(idsOf(events.slice(1)));
  });

  it('given a long stream, then all of it is read, in pages', async () => {
    const stream = freshStream();
    let sealed = sealedNotes(stream, 500);
    await store.append(stream, 'no_stream', sealed.events);
    for (let revision = 500n; revision < 5_000n; revision += 500n) {
      sealed = sealedNotes(stream, 500, { revision, head: sealed.head });
      await store.append(stream, revision - 1n, sealed.events);
    }
    const revisions = (await collected(store.readStream(stream))).map(({ revision }) => revision);
    expect(revisions).toEqual(Array.from({ length: 5_000 }, (_, index) => BigInt(index)));
  });

  it('given 300 reads left in the middle and 300 at once, then no call is leaked: the next read is answered', async () => {
    const stream = freshStream();
    await store.append(stream, 'no_stream', sealedNotes(stream, 100).events);
    for (let round = 0; round < 300; round += 1) {
      for await (const event of store.readStream(stream)) {
        expect(event.revision).toBe(0n);
        break;
      }
    }
    const counts = await Promise.all(Array.from({ length: 300 }, async () => (await collected(store.readStream(stream))).length));
    expect(new Set(counts)).toEqual(new Set([100]));
  });
});

const subscribe = (category: string, after?: bigint, maxBatchSize = 100) =>
  store.subscribeAll({ after, streamPrefixes: [`${category}-`], signal: AbortSignal.timeout(20_000), maxBatchSize });
const freshCategory = (): string => `cat${randomUUID().replaceAll('-', '')}`;

describe('subscribing to all', () => {
  it('given past events and new ones, then both come, once and in order, and it says when it is live', async () => {
    const category = freshCategory();
    const stream = freshStream(category);
    const first = sealedNotes(stream, 250);
    await store.append(stream, 'no_stream', first.events);
    const second = sealedNotes(stream, 3, { revision: 250n, head: first.head });
    let appended = false;
    const batches = await batchesUntil(subscribe(category), (seen) => {
      if (seen.at(-1)?.live && !appended) {
        appended = true;
        void store.append(stream, 249n, second.events);
      }
      return eventsIn(seen).length >= 253;
    });
    expect(idsOf(eventsIn(batches))).toEqual(idsOf([...first.events, ...second.events]));
    expect(batches.every(({ events }) => events.length <= 100)).toBe(true);
    expect(batches.at(-1)?.live).toBe(true);
    for (const { events, upTo } of batches) expect(events.every(({ position }) => position <= upTo)).toBe(true);
  });

  it('given a position, then it goes on after it', async () => {
    const category = freshCategory();
    const stream = freshStream(category);
    const { events } = sealedNotes(stream, 5);
    await store.append(stream, 'no_stream', events);
    const [, , third] = await collected(store.readStream(stream));
    const batches = await batchesUntil(subscribe(category, third?.position), (seen) => seen.at(-1)?.live === true);
    expect(idsOf(eventsIn(batches))).toEqual(idsOf(events.slice(3)));
  });

  it('given many events that the filter leaves out, then upTo moves over them', async () => {
    const category = freshCategory();
    const other = freshStream();
    await store.append(other, 'no_stream', sealedNotes(other, 400).events);
    const end = (await store.readLast(other))?.position ?? 0n;
    const batches = await batchesUntil(subscribe(category), (seen) => (seen.at(-1)?.upTo ?? 0n) >= end);
    expect(eventsIn(batches)).toEqual([]);
  });

  it('given many events at once, then a batch holds what has arrived, at most maxBatchSize', async () => {
    const category = freshCategory();
    const stream = freshStream(category);
    await store.append(stream, 'no_stream', sealedNotes(stream, 300).events);
    const batches = await batchesUntil(subscribe(category, undefined, 7), (seen) => eventsIn(seen).length === 300);
    expect(Math.max(...batches.map(({ events }) => events.length))).toBe(7);
  });

  it('given it is aborted, or the client is closed, then it ends', async () => {
    const stopping = new AbortController();
    const options = { after: await store.head(), streamPrefixes: ['nothing-'], maxBatchSize: 10 };
    const aborted = collected(store.subscribeAll({ ...options, signal: stopping.signal }));
    const other = connectEventStore({ url: server.url });
    const closed = collected(other.subscribeAll({ ...options, signal: new AbortController().signal }));
    stopping.abort();
    await aborted;
    await other.head();
    await other.close();
    await closed;
    await expect(other.head()).rejects.toMatchObject({ code: 'closed' });
  });

  it('given 150 subscriptions on one client, then each lives, and reads and appends go on', async () => {
    const category = freshCategory();
    const stream = freshStream(category);
    await store.append(stream, 'no_stream', sealedNotes(stream, 1).events);
    const results = await Promise.all(
      Array.from({ length: 150 }, () => batchesUntil(subscribe(category), (seen) => eventsIn(seen).length === 1)),
    );
    expect(results).toHaveLength(150);
    expect(await collected(store.readStream(stream))).toHaveLength(1);
  });

  it('given a batch size out of range, then that is a bug and throws', async () => {
    await expect(collected(subscribe('x', undefined, 0))).rejects.toThrow(RangeError);
  });
});
