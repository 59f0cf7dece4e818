import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsMessages from '@eventstore/db-client/generated/streams_pb.js';
import { credentials } from '@grpc/grpc-js';
import { type LaunchedEventStore, launchEventStore } from '../src/embedded/eventstore/launch.js';

/*
 * What the embedded event store needs with many events in many streams: the memory that its process holds for itself (RssAnon: not
 * the pages of its file, which the system takes back when it needs them) after each step, and how long it takes to start. Linux only.
 * Run: bench/run eventstore-soak [events] [streams]
 */

const { ReadReq } = streamsMessages;

const IN_FLIGHT = 512;
/** One append is no larger. */
const EVENTS_AN_APPEND = 500;
const SUBSCRIPTIONS = 1_000;
/** How long memory is watched once a step is done. */
const WATCH_MS = 5_000;
const SAMPLE_MS = 250;

const payload = { text: 'x'.repeat(120), n: 1 };
const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** A memory figure of a process in megabytes, by its name in /proc/PID/status. */
function statusMb(pid: number, name: 'RssAnon' | 'VmRSS'): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'mu').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? Number.NaN) / 1_024;
}

/** Runs `work`, and says what it came to, how long it took and what memory the server held meanwhile, at most, and afterwards. */
async function step(pid: number, what: string, work: () => Promise<string>): Promise<void> {
  let most = 0;
  const sample = (): void => {
    most = Math.max(most, statusMb(pid, 'RssAnon'));
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const started = performance.now();
  const outcome = await work();
  const seconds = (performance.now() - started) / 1_000;
  await delay(WATCH_MS);
  clearInterval(timer);
  const after = statusMb(pid, 'RssAnon');
  console.log(`| ${what} | ${outcome} | ${seconds.toFixed(1)} | ${whole(most)} | ${whole(after)} | ${whole(statusMb(pid, 'VmRSS'))} |`);
}

/** Writes the events, the same number to each stream, a stream's in as few appends as there can be. */
async function load(client: EventStoreDBClient, events: number, streams: number): Promise<string> {
  const started = performance.now();
  const perStream = Math.ceil(events / streams);
  let nextStream = 0;
  let written = 0;
  const worker = async (): Promise<void> => {
    while (nextStream < streams) {
      const stream = `soak-${nextStream}`;
      nextStream += 1;
      for (let left = perStream; left > 0; left -= EVENTS_AN_APPEND) {
        const batch = Array.from({ length: Math.min(left, EVENTS_AN_APPEND) }, () => jsonEvent({ type: 'happened', data: payload }));
        await client.appendToStream(stream, batch);
        written += batch.length;
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return `${whole(written)} events, ${whole((written / (performance.now() - started)) * 1_000)}/s`;
}

async function readAll(client: EventStoreDBClient): Promise<string> {
  const started = performance.now();
  let events = 0;
  for await (const { event } of client.readAll()) if (event !== undefined) events += 1;
  return `${whole(events)} events, ${whole((events / (performance.now() - started)) * 1_000)}/s`;
}

/** A subscription to `$all` from its start. */
function subscriptionRequest(): InstanceType<typeof ReadReq> {
  const all = new ReadReq.Options.AllOptions();
  all.setStart(new shared.Empty());
  const ids = new ReadReq.Options.UUIDOption();
  ids.setString(new shared.Empty());
  const options = new ReadReq.Options();
  options.setAll(all);
  options.setSubscription(new ReadReq.Options.SubscriptionOptions());
  options.setNoFilter(new shared.Empty());
  options.setUuidOption(ids);
  const request = new ReadReq();
  request.setOptions(options);
  return request;
}

/** Opens subscriptions from the start that do not read; answers what ends them. */
async function openSubscriptions(port: number): Promise<() => void> {
  const stub = new streamsGrpc.StreamsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const calls = Array.from({ length: SUBSCRIPTIONS }, () => stub.read(subscriptionRequest()));
  // Once the head of the answer is there, the server has begun to send.
  await Promise.all(
    calls.map(
      (call) =>
        new Promise<void>((resolve, reject) => {
          call.once('metadata', () => resolve());
          call.on('error', reject);
        }),
    ),
  );
  return () => {
    for (const call of calls) call.cancel();
    stub.close();
  };
}

/** Several times: what each time adds would be lost for good. */
async function withSubscriptions(store: LaunchedEventStore, time: string): Promise<void> {
  const ends: Array<() => void> = [];
  await step(store.pid, `${whole(SUBSCRIPTIONS)} subscriptions that do not read, ${time} time`, async () => {
    ends.push(await openSubscriptions(store.port));
    return 'open';
  });
  await step(store.pid, 'they have gone', () => {
    for (const end of ends) end();
    return Promise.resolve('cancelled');
  });
}

async function main(): Promise<void> {
  const events = Number(process.argv[2] ?? 1_000_000);
  const streams = Number(process.argv[3] ?? 200_000);
  const dir = await mkdtemp(path.join(tmpdir(), 'fillbook-soak-'));
  let store = await launchEventStore({ dir });
  try {
    console.log('| step | outcome | seconds | RssAnon at most, MB | RssAnon after, MB | RSS after, MB |');
    console.log('| --- | --- | --- | --- | --- | --- |');
    await step(store.pid, 'started, empty', () => Promise.resolve(''));
    const client = EventStoreDBClient.connectionString(store.url);
    await step(store.pid, `${whole(events)} events into ${whole(streams)} streams`, () => load(client, events, streams));
    await step(store.pid, 'read of $all to its end', () => readAll(client));
    for (const time of ['first', 'second', 'third']) await withSubscriptions(store, time);
    await client.dispose();
    await store.stop();
    const { size } = await stat(path.join(dir, 'events.mdb'));
    const started = performance.now();
    store = await launchEventStore({ dir });
    const ready = performance.now() - started;
    await step(store.pid, 'started again', () => Promise.resolve(`ready line after ${whole(ready)} ms, file of ${whole(size / 2 ** 20)} MB`));
  } finally {
    await store.stop();
    await rm(dir, { recursive: true });
  }
}

await main();
