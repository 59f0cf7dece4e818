import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectEventStore } from '../../src/eventstore/client.js';
import { EventStoreError } from '../../src/eventstore/errors.js';
import type { EventStoreOptions } from '../../src/eventstore/client.js';
import type { EventStore, RecordedEvent } from '../../src/eventstore/event-store.js';
import { startTestEventStore } from '../support/event-store.js';
import type { TestEventStore } from '../support/event-store.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { collected } from '../support/ledger.js';
import { freshStream, sealedNotes } from '../support/sealed.js';

let server: TestEventStore;
let direct: EventStore;
let proxy: FaultProxy;
const clients: EventStore[] = [];

beforeAll(async () => {
  server = await startTestEventStore();
  direct = connectEventStore({ url: server.url });
});

afterAll(async () => {
  await direct?.close();
  await server?.stop();
});

beforeEach(async () => {
  proxy = await FaultProxy.start(server.port);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await proxy.stop();
});

function through(target: FaultProxy, options: Partial<EventStoreOptions> = {}): EventStore {
  const client = connectEventStore({
    url: target.url,
    appendDeadlineMs: 300,
    readDeadlineMs: 300,
    giveUpAfterMs: 10_000,
    backoff: { firstMs: 2, maxMs: 50 },
    ...options,
  });
  clients.push(client);
  return client;
}

const firstOf = async (stream: string): Promise<RecordedEvent | undefined> => (await collected(direct.readStream(stream)))[0];
async function isThere(stream: string): Promise<void> {
  await expect.poll(() => firstOf(stream), { timeout: 5_000, interval: 5 }).toBeDefined();
}

describe('an append over a faulty network', () => {
  it('given its answer is lost, then the same bytes are sent again and it is there once', async () => {
    const store = through(proxy);
    const stream = freshStream();
    await store.append(freshStream(), 'no_stream', sealedNotes('warm', 1).events);
    proxy.mode = 'lose_answers';
    const { events } = sealedNotes(stream, 2);
    const appending = store.append(stream, 'no_stream', events);
    await isThere(stream);
    proxy.mode = 'forward';
    expect(await appending).toMatchObject({ kind: 'appended', revision: 1n });
    expect(await collected(direct.readStream(stream))).toHaveLength(2);
  });

  it('given its answer is lost and another writer goes on meanwhile, then it is still known to be in', async () => {
    const store = through(proxy);
    const stream = freshStream();
    await store.append(freshStream(), 'no_stream', sealedNotes('warm', 1).events);
    proxy.mode = 'lose_answers';
    const first = sealedNotes(stream, 1);
    const appending = store.append(stream, 'no_stream', first.events);
    await isThere(stream);
    await direct.append(stream, 0n, sealedNotes(stream, 1, { revision: 1n, head: first.head, note: 'other' }).events);
    proxy.mode = 'forward';
    expect(await appending).toMatchObject({ kind: 'appended', revision: 0n });
    expect(await collected(direct.readStream(stream))).toHaveLength(2);
  });

  it('given connections that are cut and reset under 400 appends, then each is there once', async () => {
    const store = through(proxy, { appendDeadlineMs: 2_000, maxAppendsInFlight: 16 });
    const streams = Array.from({ length: 400 }, () => freshStream());
    let done = 0;
    const outcomes = Promise.all(
      streams.map(async (stream, index) => {
        // Every 40 answers a break, so that others are in flight when it comes.
        const outcome = await store.append(stream, 'no_stream', sealedNotes(stream, 1).events);
        done += 1;
        if (done % 40 === 0) {
          if (index % 2 === 0) proxy.cut();
          else proxy.reset();
        }
        return outcome;
      }),
    );
    expect((await outcomes).every(({ kind }) => kind === 'appended')).toBe(true);
    expect(proxy.connections).toBeGreaterThan(3);
    const counts = await Promise.all(streams.map(async (stream) => (await collected(direct.readStream(stream))).length));
    expect(new Set(counts)).toEqual(new Set([1]));
  });

  it('given a slow network, then it succeeds', async () => {
    const store = through(proxy, { appendDeadlineMs: 5_000, readDeadlineMs: 5_000 });
    proxy.delayMs = 100;
    const stream = freshStream();
    expect(await store.append(stream, 'no_stream', sealedNotes(stream, 1).events)).toMatchObject({ kind: 'appended' });
    expect(await collected(store.readStream(stream))).toHaveLength(1);
  });

  it('given a server that hangs, then it fails as deadline within the stated time, and works again when the server does', async () => {
    const store = through(proxy, { appendDeadlineMs: 150, giveUpAfterMs: 600 });
    const stream = freshStream();
    const { events } = sealedNotes(stream, 1);
    proxy.mode = 'half_open';
    const startedAtMs = Date.now();
    await expect(store.append(stream, 'no_stream', events)).rejects.toMatchObject({ name: 'EventStoreError', code: 'deadline' });
    expect(Date.now() - startedAtMs).toBeLessThan(3_000);
    proxy.mode = 'forward';
    expect(await store.append(stream, 'no_stream', events)).toMatchObject({ kind: 'appended', revision: 0n });
  });

  it('given a server that hangs and a long queue, then what waits for its turn fails within the stated time too, and was never sent', async () => {
    const store = through(proxy, { appendDeadlineMs: 150, giveUpAfterMs: 600, maxAppendsInFlight: 8 });
    proxy.mode = 'half_open';
    const streams = Array.from({ length: 500 }, () => freshStream());
    const startedAtMs = Date.now();
    const outcomes = await Promise.allSettled(streams.map((stream) => store.append(stream, 'no_stream', sealedNotes(stream, 1).events)));
    expect(Date.now() - startedAtMs).toBeLessThan(4_000);
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' && outcome.reason instanceof EventStoreError ? outcome.reason.code : 'none'));
    expect(codes.filter((code) => code !== 'deadline' && code !== 'unavailable' && code !== 'overloaded')).toEqual([]);
    expect(codes.filter((code) => code === 'overloaded').length).toBeGreaterThan(400);
    const [, waited = ''] = streams.filter((_, index) => codes[index] === 'overloaded');
    expect(await collected(direct.readStream(waited))).toEqual([]);
  });

  it('given bursts that fill the connection again and again, then nothing is left behind by the waits for room', async () => {
    const store = through(proxy, { appendDeadlineMs: 5_000 });
    const warnings: string[] = [];
    const warned = ({ message }: Error): number => warnings.push(message);
    process.on('warning', warned);
    for (let burst = 0; burst < 20; burst += 1) {
      const streams = Array.from({ length: 100 }, () => freshStream());
      await Promise.all(streams.map((stream) => store.append(stream, 'no_stream', sealedNotes(stream, 1).events)));
    }
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  it('given nobody listens, then it fails as unavailable or deadline within the stated time', async () => {
    await proxy.stop();
    const store = through(proxy, { giveUpAfterMs: 500 });
    const startedAtMs = Date.now();
    const stream = freshStream();
    await expect(store.append(stream, 'no_stream', sealedNotes(stream, 1).events)).rejects.toMatchObject({ isTransient: true });
    await expect(store.readLast(stream)).rejects.toMatchObject({ isTransient: true });
    expect(Date.now() - startedAtMs).toBeLessThan(5_000);
  });

  it('given appends of another client break, ours or the plain one, then those of this client are not touched', async () => {
    const other = await FaultProxy.start(server.port);
    try {
      const plain = EventStoreDBClient.connectionString(other.url);
      const [broken, steady] = [through(other), through(proxy)];
      await steady.append(freshStream(), 'no_stream', sealedNotes('warm', 1).events);
      const before = proxy.connections;
      proxy.delayMs = 50;
      for (let round = 0; round < 10; round += 1) {
        const [a, b] = [freshStream(), freshStream()];
        const steadily = steady.append(a, 'no_stream', sealedNotes(a, 1).events);
        const brokenly = broken.append(b, 'no_stream', sealedNotes(b, 1).events);
        const plainly = plain.appendToStream(freshStream(), jsonEvent({ type: 'Noted', data: {} }), { expectedRevision: 'no_stream' });
        const settled = Promise.allSettled([plainly]);
        await isThere(a);
        other.reset();
        expect(await steadily).toMatchObject({ kind: 'appended' });
        expect(await brokenly).toMatchObject({ kind: 'appended' });
        await settled;
      }
      expect(proxy.connections).toBe(before);
      await plain.dispose();
    } finally {
      await other.stop();
    }
  });
});

const LONG = 4_000;

async function longStream(): Promise<string> {
  const stream = freshStream();
  let sealed = sealedNotes(stream, 400);
  await direct.append(stream, 'no_stream', sealed.events);
  for (let revision = 400n; revision < LONG; revision += 400n) {
    sealed = sealedNotes(stream, 400, { revision, head: sealed.head });
    await direct.append(stream, revision - 1n, sealed.events);
  }
  return stream;
}

describe('a read over a faulty network', () => {
  it('given many reads on a connection that goes half-open, then each reads every event once and in order', async () => {
    const stream = await longStream();
    const store = through(proxy);
    let seen = 0;
    const read = async (): Promise<readonly bigint[]> => {
      const revisions: bigint[] = [];
      for await (const { revision } of store.readStream(stream)) {
        revisions.push(revision);
        seen += 1;
        if (seen === LONG) proxy.freeze();
      }
      return revisions;
    };
    const all = Array.from({ length: LONG }, (_, index) => BigInt(index));
    expect(await Promise.all([read(), read(), read(), read()])).toEqual([all, all, all, all]);
  });

  it('given many reads at a server that hangs, then each fails within the stated time, and none says that there is nothing', async () => {
    const store = through(proxy, { giveUpAfterMs: 900 });
    const stream = freshStream();
    await direct.append(stream, 'no_stream', sealedNotes(stream, 1).events);
    proxy.mode = 'half_open';
    const all = async (): Promise<unknown> => collected(store.readAll(undefined, []));
    const answers = await Promise.allSettled([store.head(), store.readLast(stream), store.readLast(stream), all(), all(), store.readAt(1n), collected(store.readStream(stream))]);
    const reasons: unknown[] = answers.map((answer) => (answer.status === 'rejected' ? answer.reason : answer));
    for (const reason of reasons) expect(reason).toMatchObject({ name: 'EventStoreError', code: expect.stringMatching(/^(?:deadline|unavailable)$/u) as string });
  });

  it('given a client that is closed while it reads, then the read fails as closed', async () => {
    const stream = await longStream();
    const store = through(proxy);
    const reading = (async () => {
      for await (const { revision } of store.readStream(stream)) if (revision === 10n) void store.close();
    })();
    await expect(reading).rejects.toMatchObject({ name: 'EventStoreError', code: 'closed' });
  });

  it('given cuts in the middle of a long stream, then every event is read once and in order', async () => {
    const stream = await longStream();
    const store = through(proxy, { readDeadlineMs: 3_000 });
    const revisions: bigint[] = [];
    for await (const { revision } of store.readStream(stream)) {
      revisions.push(revision);
      if (revision % 700n === 0n) proxy.cut();
    }
    expect(revisions).toEqual(Array.from({ length: LONG }, (_, index) => BigInt(index)));
  });

  it('given a server that hangs, then it fails as deadline within the stated time, and works again when the server does', async () => {
    const store = through(proxy, { giveUpAfterMs: 600 });
    const stream = freshStream();
    await direct.append(stream, 'no_stream', sealedNotes(stream, 1).events);
    proxy.mode = 'half_open';
    const startedAtMs = Date.now();
    await expect(collected(store.readStream(stream))).rejects.toMatchObject({ name: 'EventStoreError', code: 'deadline' });
    expect(Date.now() - startedAtMs).toBeLessThan(4_000);
    proxy.mode = 'forward';
    expect(await collected(store.readStream(stream))).toHaveLength(1);
  });
});

const options = (category: string) => ({ after: undefined, streamPrefixes: [`${category}-`], signal: AbortSignal.timeout(25_000), maxBatchSize: 50 });

describe('a subscription over a faulty network', () => {
  it('given 100 cuts while events come, then it sees every event once and in order', async () => {
    const category = `cuts${Date.now()}`;
    const stream = freshStream(category);
    const breaks: number[] = [];
    const store = through(proxy, { readDeadlineMs: 3_000, backoff: { firstMs: 1, maxMs: 20 }, onSubscriptionBreak: (_, attempt) => breaks.push(attempt) });
    let cuts = 0;
    let written = 0;
    let isWritten = false;
    const writing = (async () => {
      let head: ReturnType<typeof sealedNotes>['head'] | undefined;
      // Events keep coming until the last cut was made; the limit only ends a test that has failed.
      for (let revision = 0; revision < 50_000; revision += 5) {
        if (revision >= 2_000 && cuts >= 100) break;
        const sealed = sealedNotes(stream, 5, { revision: BigInt(revision), ...(head ? { head } : {}) });
        await direct.append(stream, revision === 0 ? 'no_stream' : BigInt(revision - 1), sealed.events);
        head = sealed.head;
        written = revision + 5;
      }
      isWritten = true;
    })();
    const seen: bigint[] = [];
    for await (const { events } of store.subscribeAll(options(category))) {
      seen.push(...events.map(({ revision }) => revision));
      // One cut after another: the next one once the subscription has noticed the last.
      if (cuts < 100 && seen.length > cuts * 14 && breaks.length >= cuts && proxy.open > 0) {
        cuts += 1;
        if (cuts % 2 === 0) proxy.cut();
        else proxy.reset();
      }
      if (isWritten && seen.length >= written) break;
    }
    await writing;
    expect(cuts).toBe(100);
    expect(breaks.length).toBeGreaterThanOrEqual(100);
    expect(seen).toEqual(Array.from({ length: written }, (_, index) => BigInt(index)));
  });

  it('given a connection that goes half-open, then the pings find out and it goes on', async () => {
    const category = `half${Date.now()}`;
    const stream = freshStream(category);
    const store = through(proxy, { readDeadlineMs: 3_000, keepAliveIntervalMs: 500, keepAliveTimeoutMs: 300 });
    const first = sealedNotes(stream, 1);
    await direct.append(stream, 'no_stream', first.events);
    const seen: bigint[] = [];
    for await (const { events, live } of store.subscribeAll(options(category))) {
      seen.push(...events.map(({ revision }) => revision));
      if (seen.length === 1 && live) {
        proxy.freeze();
        await direct.append(stream, 0n, sealedNotes(stream, 1, { revision: 1n, head: first.head }).events);
      }
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([0n, 1n]);
  });

  it('given a server that is killed and started again, then it goes on with the event after the last one', async () => {
    const own = await startTestEventStore();
    try {
      const store = connectEventStore({ url: own.url, backoff: { firstMs: 10, maxMs: 100 } });
      clients.push(store);
      const category = `kill${Date.now()}`;
      const stream = freshStream(category);
      const first = sealedNotes(stream, 3);
      await store.append(stream, 'no_stream', first.events);
      const seen: bigint[] = [];
      for await (const { events, live } of store.subscribeAll(options(category))) {
        seen.push(...events.map(({ revision }) => revision));
        if (seen.length === 3 && live) {
          await own.kill();
          await own.restart();
          await store.append(stream, 2n, sealedNotes(stream, 2, { revision: 3n, head: first.head }).events);
        }
        if (seen.length === 5) break;
      }
      expect(seen).toEqual([0n, 1n, 2n, 3n, 4n]);
    } finally {
      await own.stop();
    }
  });
});
