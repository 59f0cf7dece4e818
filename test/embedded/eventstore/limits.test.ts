import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';
import { poll } from '../../support/poll.js';
import { ownMemoryMb } from '../../support/process-memory.js';
import { append, batchAppend, kindOf, readRequest, streamsStub } from '../../support/wire.js';

let store: TestEventStore;
let client: EventStoreDBClient;

beforeEach(async () => {
  store = await startTestEventStore();
  client = EventStoreDBClient.connectionString(store.url);
});

afterEach(async () => {
  await client.dispose();
  await store.stop();
});

const filler = 'x'.repeat(10_000);
const large = (): ReturnType<typeof jsonEvent> => jsonEvent({ type: 'large', data: { filler } });
const largeBatch = (): ReturnType<typeof large>[] => Array.from({ length: 50 }, large);

/** As long as a name may be. */
const named = (index: number): string => `${index}-`.padEnd(4_096, 'n');

/** Writes about 500 kB a step. */
async function writeSteps(steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) await client.appendToStream('filled', largeBatch());
}

/** Memory may grow by so much while tens of megabytes go by: garbage that is not collected yet. */
const SLACK_MB = 80;

describe('an event store with clients that misbehave', () => {
  it('given subscribers that do not read, when 100 MB are written, then memory stays flat and an append takes no longer', async () => {
    await writeSteps(20);
    const stub = streamsStub(store.port);
    const calls = Array.from({ length: 40 }, () => stub.read(readRequest({ all: true, subscription: true })));
    for (const call of calls) call.on('error', () => undefined).pause();
    await writeSteps(20);
    const before = ownMemoryMb(store.pid);
    await writeSteps(200);
    expect(ownMemoryMb(store.pid) - before).toBeLessThan(SLACK_MB);
    const started = performance.now();
    await client.appendToStream('small', [jsonEvent({ type: 'small', data: {} })]);
    expect(performance.now() - started).toBeLessThan(500);
    for (const call of calls) call.cancel();
    stub.close();
  });

  it('given names as long as they may be, when events are many to an append and in streams of their own, then memory stays flat', async () => {
    const stub = streamsStub(store.port);
    const fill = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index += 500) {
        await Promise.all(Array.from({ length: 500 }, (_, at) => client.appendToStream(named(index + at), [jsonEvent({ type: 'named', data: {} })])));
      }
    };
    await fill(0, 10_000);
    const before = ownMemoryMb(store.pid);
    await fill(10_000, 30_000);
    expect(await batchAppend(stub, [{ stream: named(0), events: Array.from({ length: 5_000 }, () => ({ data: Buffer.from('{}') })) }])).toMatchObject({ error: { code: status.INVALID_ARGUMENT } });
    // The names alone are as much.
    expect(ownMemoryMb(store.pid) - before).toBeLessThan(SLACK_MB);
    stub.close();
  }, 60_000);

  it('given 100 MB of appends whose last message does not come, then those over the limit are refused, memory is bounded, and room comes back', async () => {
    const stub = streamsStub(store.port);
    const data = Buffer.alloc(1_000_000, 32);
    const unfinished = Array.from({ length: 100 }, (_, index) => ({ stream: `unfinished-${index}`, events: [{ data }], isFinal: false }));
    const before = ownMemoryMb(store.pid);
    const refused = await batchAppend(stub, unfinished, 10_000);
    expect(refused).toMatchObject({ error: { code: status.RESOURCE_EXHAUSTED, message: expect.stringContaining('wait for their last message') } });
    expect(ownMemoryMb(store.pid) - before).toBeLessThan(64 + SLACK_MB);
    // What is whole needs no room.
    expect(await batchAppend(stub, [{ stream: 'whole', events: [{ data }] }])).toMatchObject({ success: {} });
    // The call is over, and so is what it left unfinished.
    await poll('the room that it took is free', async () => !('code' in Object(await append(stub, 'in-parts', 'any', [{ data }, {}]))));
    stub.close();
  });

  it('given a hundred thousand appends without events whose last message does not come, then those over the limit are refused, and room comes back', async () => {
    const stub = streamsStub(store.port);
    const unfinished = Array.from({ length: 1_000 }, (_, index) => ({ stream: `unfinished-${index}`, events: [], isFinal: false }));
    const before = ownMemoryMb(store.pid);
    const outcomes = Array.from({ length: 100 }, () => batchAppend(stub, unfinished, 8_000));
    // Those that have room are open for as long as this waits for their answer.
    expect(await Promise.race(outcomes)).toMatchObject({ error: { code: status.RESOURCE_EXHAUSTED, message: expect.stringContaining('wait for their last message') } });
    expect(ownMemoryMb(store.pid) - before).toBeLessThan(64 + SLACK_MB);
    await Promise.all(outcomes);
    await poll('the room that they took is free', async () => !('code' in Object(await append(stub, 'in-parts', 'any', [{}, {}]))));
    stub.close();
  });

  it('given an append that waits for its last message, when what it has sent is mostly not read, then all of it counts', async () => {
    const stub = streamsStub(store.port);
    const unread = { 'content-type': 'application/json', type: 'happened', unread: 'x'.repeat(4_000_000) };
    const unfinished = Array.from({ length: 20 }, (_, index) => ({ stream: `unread-${index}`, events: [{ metadata: unread }], isFinal: false }));
    const refused = await batchAppend(stub, unfinished, 10_000);
    expect(refused).toMatchObject({ error: { code: status.RESOURCE_EXHAUSTED, message: expect.stringContaining('wait for their last message') } });
    stub.close();
  });

  it('given a live subscriber that stops reading for a while, when it reads on, then it is told that it fell behind and caught up, and misses nothing', async () => {
    const stub = streamsStub(store.port);
    const call = stub.read(readRequest({ all: true, subscription: true }));
    const kinds: string[] = [];
    let events = 0;
    call.on('error', () => undefined);
    call.on('data', (message: Parameters<typeof kindOf>[0]) => {
      const kind = kindOf(message);
      if (kind === 'EVENT') events += 1;
      else kinds.push(kind);
    });
    await poll('caught up', () => kinds.includes('CAUGHT_UP'));
    call.pause();
    await writeSteps(100);
    call.resume();
    await poll('all events', () => events === 5_000);
    await poll('caught up again', () => kinds.length === 4);
    expect(kinds).toEqual(['CONFIRMATION', 'CAUGHT_UP', 'FELL_BEHIND', 'CAUGHT_UP']);
    call.cancel();
    stub.close();
  });

  it('given clients that vanish in the middle of a subscription, when they have, then nothing is left of them', async () => {
    await writeSteps(10);
    const vanish = async (): Promise<void> => {
      const own = EventStoreDBClient.connectionString(store.url);
      const subscription = own.subscribeToAll();
      subscription.on('error', () => undefined);
      await once(subscription, 'data');
      await own.dispose();
    };
    for (let round = 0; round < 5; round += 1) await vanish();
    const before = ownMemoryMb(store.pid);
    for (let round = 0; round < 60; round += 1) await vanish();
    expect(ownMemoryMb(store.pid) - before).toBeLessThan(SLACK_MB);
  });

  it('given a thousand subscriptions on one connection, when an event is appended, then each of them gets it', async () => {
    const stub = streamsStub(store.port);
    let caughtUp = 0;
    let got = 0;
    const calls = Array.from({ length: 1_000 }, (_, index) => {
      const call = stub.read(readRequest(index % 2 === 0 ? { all: true, from: 'end', subscription: true } : { stream: 'watched', from: 'end', subscription: true }));
      call.on('error', () => undefined);
      call.on('data', (message: Parameters<typeof kindOf>[0]) => {
        if (kindOf(message) === 'CAUGHT_UP') caughtUp += 1;
        if (kindOf(message) === 'EVENT') got += 1;
      });
      return call;
    });
    await poll('all caught up', () => caughtUp === calls.length, 20_000);
    await client.appendToStream('watched', [jsonEvent({ type: 'seen', data: {} })]);
    await poll('all have it', () => got >= calls.length);
    expect(got).toBe(calls.length);
    for (const call of calls) call.cancel();
    stub.close();
  });

  it('given thousands of calls that are cancelled on one connection, when more come, then the connection still serves them', async () => {
    await writeSteps(1);
    const stub = streamsStub(store.port);
    const cancelOne = async (): Promise<void> => {
      const call = stub.read(readRequest({ all: true, subscription: true }));
      call.on('error', () => undefined);
      await once(call, 'data');
      call.cancel();
    };
    for (let round = 0; round < 40; round += 1) await Promise.all(Array.from({ length: 50 }, cancelOne));
    expect(await append(stub, 'after', 'no_stream', [{}])).toHaveProperty('success');
    stub.close();
  });

  it('given garbage on the port, when it comes in every shape, then it ends its own connection and nothing else', async () => {
    const http2Preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    const garbage = [randomBytes(5_000), Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), Buffer.concat([Buffer.from(http2Preface), randomBytes(20_000)]), Buffer.from(http2Preface.slice(0, 10))];
    const sockets = garbage.map((bytes): Socket => {
      const socket = connect(store.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes);
      return socket.resume();
    });
    await Promise.all(sockets.slice(0, 3).map(async (socket) => once(socket, 'close')));
    const { success } = await client.appendToStream(`after-${randomUUID()}`, [jsonEvent({ type: 'fine', data: {} })]);
    expect(success).toBe(true);
    for (const socket of sockets) socket.destroy();
  });

  it('given a message over the limit, when it is sent, then the call is refused and the connection goes on', async () => {
    const stub = streamsStub(store.port);
    expect(await append(stub, 'huge', 'any', [{ data: Buffer.alloc(17 * 1024 * 1024) }])).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(await append(stub, 'huge', 'no_stream', [{}])).toHaveProperty('success');
    stub.close();
  });
});
