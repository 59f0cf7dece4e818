import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client, type ServiceError, credentials, status } from '@grpc/grpc-js';
import { EventStoreDBClient, jsonEvent, persistentSubscriptionToStreamSettingsFromDefaults } from '@eventstore/db-client';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import serverFeatures from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';
import { poll } from '../../support/poll.js';

const fixture = path.resolve(import.meta.dirname, '../../fixtures/conformance/wire.json');
const recorded: Record<string, unknown> = JSON.parse(readFileSync(fixture, 'utf8'));
const entry = path.resolve(import.meta.dirname, '../../../dist/embedded/eventstore/server-process.js');

/** One call with an empty request: the response's bytes, or the error. */
async function callEmpty(client: Client, method: string): Promise<Buffer | ServiceError> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      method,
      (request: Buffer) => request,
      (response) => response,
      Buffer.alloc(0),
      (error, response) => resolve(error ?? response ?? Buffer.alloc(0)),
    );
  });
}

describe('the node beside its streams', () => {
  let store: TestEventStore;
  let raw: Client;

  beforeAll(async () => {
    store = await startTestEventStore();
    raw = new Client(`127.0.0.1:${store.port}`, credentials.createInsecure());
  });

  afterAll(async () => {
    raw.close();
    await store.stop();
  });

  it('given a client that asks what the server can do, when it is answered, then the answer is that of the real server', async () => {
    const answer = await callEmpty(raw, '/event_store.client.server_features.ServerFeatures/GetSupportedMethods');
    if (!Buffer.isBuffer(answer)) throw answer;
    expect(serverFeatures.SupportedMethods.deserializeBinary(answer).toObject()).toEqual(recorded['serverFeatures']);
  });

  it('given a client that asks for the cluster, when it is answered, then this node is its leader, at the address that was called', async () => {
    const answer = await callEmpty(raw, '/event_store.client.gossip.Gossip/Read');
    if (!Buffer.isBuffer(answer)) throw answer;
    const members = gossip.ClusterInfo.deserializeBinary(answer).toObject().membersList;
    expect(members).toEqual([expect.objectContaining({ state: 8, isAlive: true, httpEndPoint: { address: '127.0.0.1', port: store.port } })]);
  });

  it('given a connection string that discovers, when an event is appended by it, then it is read back', async () => {
    const client = EventStoreDBClient.connectionString(`esdb+discover://127.0.0.1:${store.port}?tls=false`);
    await client.appendToStream('discovered', [jsonEvent({ type: 'happened', data: {} })]);
    const types: unknown[] = [];
    for await (const { event } of client.readStream('discovered')) types.push(event?.type);
    expect(types).toEqual(['happened']);
    await client.dispose();
  });

  it.each([
    'event_store.client.persistent_subscriptions.PersistentSubscriptions/Create',
    'event_store.client.projections.Projections/Create',
    'event_store.client.users.Users/Create',
    'event_store.client.operations.Operations/StartScavenge',
    'event_store.client.monitoring.Monitoring/Stats',
    'event_store.client.streams.Streams/Unheard',
    '__proto__/toString',
  ])('given %s, when it is called, then it is unimplemented, by its name', async (method) => {
    const answer = await callEmpty(raw, `/${method}`);
    expect(answer).toMatchObject({ code: status.UNIMPLEMENTED, details: `/${method} is unimplemented.` });
  });

  it('given the official client, when it makes a persistent subscription, then it is told at once that it cannot', async () => {
    const client = EventStoreDBClient.connectionString(store.url);
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    await expect(client.createPersistentSubscriptionToStream('any', 'group', settings)).rejects.toThrow('is unimplemented');
    await client.dispose();
  });
});

/** Starts the compiled process. */
const start = async (dir: string, ...flags: string[]): Promise<{ child: ChildProcess; url: string; port: number }> => {
  const child = spawn(process.execPath, [entry, '--data', dir, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { port } = JSON.parse(String(line));
  return { child, port, url: `esdb://127.0.0.1:${port}?tls=false` };
};

describe('the process of a node', () => {
  it('given appends in flight, when it is told to stop, then those and only those that were answered are stored', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'fillbook-stop-'));
    const first = await start(dir);
    const client = EventStoreDBClient.connectionString(first.url);
    const acknowledged = new Set<string>();
    const writer = async (): Promise<void> => {
      for (;;) {
        const event = jsonEvent({ type: 'happened', data: {} });
        await client.appendToStream('stopped', [event]);
        acknowledged.add(event.id);
      }
    };
    const writers = Array.from({ length: 64 }, writer);
    const ended = Promise.allSettled(writers);
    await poll('appends are answered', () => acknowledged.size > 500);
    const exited = once(first.child, 'exit');
    first.child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await ended;
    await client.dispose();
    const second = await start(dir);
    const reader = EventStoreDBClient.connectionString(second.url);
    const stored = new Set<string>();
    for await (const { event } of reader.readAll()) if (event !== undefined) stored.add(event.id);
    expect(stored).toEqual(acknowledged);
    await reader.dispose();
    second.child.kill('SIGTERM');
    await once(second.child, 'exit');
    await rm(dir, { recursive: true });
  });

  it('given a parent that holds its standard input, when the parent is gone, then the process ends', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'fillbook-stdin-'));
    const { child } = await start(dir, '--exit-with-stdin');
    const exited = once(child, 'exit');
    child.stdin?.end();
    expect(await exited).toEqual([0, null]);
    await rm(dir, { recursive: true });
  });

  it.each([
    [['--port', 'x'], '--port x: a number from 0 to 65535 was expected'],
    [['--unheard'], "Unknown option '--unheard'"],
  ])('given %s, when it is started, then it says what is wrong and fails', async (flags, reason) => {
    const child = spawn(process.execPath, [entry, '--data', tmpdir(), ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    const [code] = await once(child, 'close');
    expect(complaint).toContain(reason);
    expect(code).toBe(1);
  });

  it('given a port that is taken, when it is started there, then it says so and fails', async () => {
    const store = await startTestEventStore();
    const child = spawn(process.execPath, [entry, '--data', path.join(store.dir, 'other'), '--port', String(store.port)], { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    const [code] = await once(child, 'close');
    expect(complaint).toContain('EADDRINUSE');
    expect(code).toBe(1);
    await store.stop();
  });
});
