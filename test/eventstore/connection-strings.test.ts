import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectEventStore } from '../../src/eventstore/client.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { type TestEventStore, startTestEventStore } from '../support/event-store.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { collected } from '../support/ledger.js';
import { freshStream, sealedNotes } from '../support/sealed.js';
import { type Listening, startRefusingServer, startTlsFront, tlsFixture } from '../support/tls-front.js';

const REFUSED = { 'grpc-status': '5', exception: 'not-leader' };

let store: TestEventStore;
let secure: Listening;
const opened: Array<{ close(): Promise<void> }> = [];

beforeAll(async () => {
  store = await startTestEventStore();
  secure = await startTlsFront(store.port);
});

afterAll(async () => {
  await secure?.stop();
  await store?.stop();
});

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

function connected(url: string): EventStore {
  const client = connectEventStore({ url, appendDeadlineMs: 1_000, readDeadlineMs: 1_000, giveUpAfterMs: 2_000, backoff: { firstMs: 5, maxMs: 50 } });
  opened.push(client);
  return client;
}

function kept(listening: Listening): Listening {
  opened.push({ close: () => listening.stop() });
  return listening;
}

/** A port at which nobody listens. */
async function deadPort(): Promise<number> {
  const proxy = await FaultProxy.start(1);
  await proxy.stop();
  return proxy.port;
}

/** Appends two events, reads and subscribes, each by its own connection; the revisions that came back. */
async function roundTrip(client: EventStore): Promise<{ read: bigint[]; subscribed: bigint[] }> {
  const stream = freshStream();
  await client.append(stream, 'no_stream', sealedNotes(stream, 2).events);
  const read = (await collected(client.readStream(stream))).map(({ revision }) => revision);
  const subscribed: bigint[] = [];
  const category = stream.slice(0, stream.indexOf('-') + 1);
  const options = { after: undefined, streamPrefixes: [category], signal: AbortSignal.timeout(10_000), maxBatchSize: 10 };
  for await (const { events } of client.subscribeAll(options)) {
    subscribed.push(...events.filter((event) => event.stream === stream).map(({ revision }) => revision));
    if (subscribed.length >= 2) break;
  }
  return { read, subscribed };
}

const WHOLE = { read: [0n, 1n], subscribed: [0n, 1n] };

describe('a cluster by its connection string', () => {
  it('given a list of hosts of which one is dead, then the other tells of the cluster and is used', async () => {
    expect(await roundTrip(connected(`esdb://127.0.0.1:${await deadPort()},127.0.0.1:${store.port}?tls=false&maxDiscoverAttempts=3`))).toEqual(WHOLE);
  });

  it('given esdb+discover, then the node that leads is found by gossip, and a follower is preferred only where there is one', async () => {
    expect(await roundTrip(connected(`esdb+discover://127.0.0.1:${store.port}?tls=false`))).toEqual(WHOLE);
    expect(await roundTrip(connected(`esdb+discover://127.0.0.1:${store.port}?tls=false&nodePreference=follower`))).toEqual(WHOLE);
  });

  it('given no host of the list that lives, then it is unavailable within the stated time', async () => {
    const client = connected(`esdb://127.0.0.1:${await deadPort()},127.0.0.1:${await deadPort()}?tls=false&maxDiscoverAttempts=2&discoveryInterval=10`);
    const startedAtMs = Date.now();
    await expect(client.append('nowhere-1', 'no_stream', sealedNotes('nowhere-1', 1).events)).rejects.toMatchObject({ name: 'EventStoreError', isTransient: true });
    expect(Date.now() - startedAtMs).toBeLessThan(6_000);
  });

  it('given a node that is no longer the leader, then appends and reads go on at the leader that it names', async () => {
    const leader = { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': String(store.port) };
    const follower = kept(await startRefusingServer(() => ({ ...REFUSED, 'grpc-message': 'Leader info available', ...leader })));
    const client = connected(`esdb://127.0.0.1:${follower.port}?tls=false`);
    const stream = freshStream();
    expect(await client.append(stream, 'no_stream', sealedNotes(stream, 1).events)).toMatchObject({ kind: 'appended', revision: 0n });
    expect(await collected(client.readStream(stream))).toHaveLength(1);
  });
});

describe('TLS by its connection string', () => {
  it('given the authority that signed the certificate, then it is used', async () => {
    expect(await roundTrip(connected(`esdb://localhost:${secure.port}?tls=true&tlsCAFile=${tlsFixture('ca.pem')}`))).toEqual(WHOLE);
  });

  it('given esdb+discover over TLS, then it is used', async () => {
    expect(await roundTrip(connected(`esdb+discover://localhost:${secure.port}?tlsCAFile=${tlsFixture('ca.pem')}`))).toEqual(WHOLE);
  });

  it('given that no certificate is to be verified, then any is taken', async () => {
    expect(await roundTrip(connected(`esdb://localhost:${secure.port}?tls=true&tlsVerifyCert=false`))).toEqual(WHOLE);
    expect(await roundTrip(connected(`esdb+discover://localhost:${secure.port}?tlsVerifyCert=false&tls=true`))).toEqual(WHOLE);
  });

  it.each([
    ['another authority', (): string => `&tlsCAFile=${tlsFixture('other-ca.pem')}`],
    ['no authority', (): string => ''],
  ])('given %s, then it is unavailable within the stated time, and the error names the certificate', async (_, query) => {
    const client = connected(`esdb://localhost:${secure.port}?tls=true${query()}`);
    const startedAtMs = Date.now();
    const failure: unknown = await client.append('secret-1', 'no_stream', sealedNotes('secret-1', 1).events).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'EventStoreError', code: 'unavailable' });
    expect(String(failure)).toMatch(/certificate|CERT/u);
    await expect(client.readLast('secret-1')).rejects.toMatchObject({ code: 'unavailable' });
    expect(Date.now() - startedAtMs).toBeLessThan(8_000);
  });

  it('given TLS where the server has none, or none where it has, then it is unavailable within the stated time', async () => {
    const startedAtMs = Date.now();
    for (const url of [`esdb://localhost:${store.port}?tls=true`, `esdb://localhost:${secure.port}?tls=false`]) {
      await expect(connected(url).readLast('any-1')).rejects.toMatchObject({ name: 'EventStoreError', isTransient: true });
    }
    expect(Date.now() - startedAtMs).toBeLessThan(10_000);
  });

  it('given a user and a password, then each call carries them, and a refusal of them is access_denied at once', async () => {
    const seen = new Set<string>();
    const guarded = kept(
      await startRefusingServer(
        ({ authorization = '' }) => {
          seen.add(authorization);
          return { 'grpc-status': '7', 'grpc-message': 'Access Denied', exception: 'access-denied' };
        },
        { tls: true },
      ),
    );
    const client = connected(`esdb://bot:secret@localhost:${guarded.port}?tls=true&tlsCAFile=${tlsFixture('ca.pem')}`);
    const startedAtMs = Date.now();
    await expect(client.append('secret-1', 'no_stream', sealedNotes('secret-1', 1).events)).rejects.toMatchObject({ code: 'access_denied' });
    await expect(client.readLast('secret-1')).rejects.toMatchObject({ code: 'access_denied' });
    expect(Date.now() - startedAtMs).toBeLessThan(1_500);
    expect([...seen]).toEqual([`Basic ${Buffer.from('bot:secret').toString('base64')}`]);
  });
});
