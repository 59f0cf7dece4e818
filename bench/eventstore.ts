import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { launchEventStore } from '../src/embedded/eventstore/launch.js';
import { measureEcho } from './loopback-echo.js';

/*
 * The event store through the official client, beside what this machine and that client can do at all: the disk's syncs, and a server
 * that stores nothing, streams prepared bytes and echoes. Server and client are processes of their own. In turns, medians of several
 * rounds. A bar is the real server's figure, or 0.9 of the prepared bytes, whichever is reached first.
 * Run: bench/run eventstore [rounds] [url of another event store to measure in place of the embedded one]
 */

/** A JSON event of about 300 bytes as stored. */
const payload = { text: 'x'.repeat(120), n: 1 };
const READ_EVENTS = 100_000;
const APPEND_MS = 2_000;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const quantile = (sorted: readonly number[], part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
const event = (): ReturnType<typeof jsonEvent> => jsonEvent({ type: 'happened', data: payload });

/** Appends `perAppend` events at a time, `inFlight` at once, each to a new stream; events a second. */
export async function appendRate(client: EventStoreDBClient, inFlight: number, perAppend: number): Promise<number> {
  const started = performance.now();
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - started < APPEND_MS) {
      await client.appendToStream(`bench-${randomUUID()}`, Array.from({ length: perAppend }, event));
      done += perAppend;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (done / (performance.now() - started)) * 1_000;
}

/** Reads `$all` from the start; events a second. */
export async function readAllRate(client: EventStoreDBClient, maxCount: number): Promise<number> {
  const started = performance.now();
  let events = 0;
  for await (const { event: read } of client.readAll({ maxCount })) if (read !== undefined) events += 1;
  return (events / (performance.now() - started)) * 1_000;
}

/** Reads one stream from the start; events a second. */
export async function readStreamRate(client: EventStoreDBClient, stream: string, maxCount: number): Promise<number> {
  const started = performance.now();
  let events = 0;
  for await (const { event: read } of client.readStream(stream, { maxCount })) if (read !== undefined) events += 1;
  return (events / (performance.now() - started)) * 1_000;
}

/** Milliseconds of appends one after another, sorted. */
export async function appendLatencies(client: EventStoreDBClient, count: number): Promise<number[]> {
  const stream = `bench-${randomUUID()}`;
  const latencies: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const started = performance.now();
    await client.appendToStream(stream, [event()]);
    latencies.push(performance.now() - started);
  }
  return latencies.toSorted((a, b) => a - b);
}

/** Milliseconds from the call of an append to its event at a live subscriber of `$all`, sorted. */
export async function subscriberLatencies(client: EventStoreDBClient, count: number): Promise<number[]> {
  const subscription = client.subscribeToAll({ fromPosition: 'end' });
  await once(subscription, 'caughtUp');
  const latencies: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const sent = event();
    const seen = new Promise<void>((resolve) => {
      subscription.on('data', function take({ event: got }) {
        if (got?.id !== sent.id) return;
        subscription.off('data', take);
        resolve();
      });
    });
    const started = performance.now();
    await client.appendToStream('bench-latency', [sent]);
    await seen;
    latencies.push(performance.now() - started);
  }
  await subscription.unsubscribe();
  return latencies.toSorted((a, b) => a - b);
}

/** Writes of 4 kB, each synced, a second. */
export async function syncRate(dir: string): Promise<number> {
  const file = openSync(path.join(dir, 'syncs'), 'w');
  const bytes = Buffer.alloc(4_096);
  const started = performance.now();
  let syncs = 0;
  for (; performance.now() - started < 1_000; syncs += 1) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  closeSync(file);
  return syncs;
}

interface Prepared {
  readonly port: number;
  readonly client: EventStoreDBClient;
  stop(): Promise<void>;
}

async function startPrepared(): Promise<Prepared> {
  const entry = fileURLToPath(new URL('prepared-server.js', import.meta.url));
  const child = spawn(process.execPath, [entry, JSON.stringify(payload), String(READ_EVENTS)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${String(port)}?tls=false`);
  return {
    port: Number(port),
    client,
    async stop() {
      await client.dispose();
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

interface Row {
  readonly what: string;
  readonly measure: (client: EventStoreDBClient) => Promise<number>;
  /** The real server's figure, where it was recorded: see the README of the recorded answers. */
  readonly real?: number;
}

const rows: readonly Row[] = [
  { what: 'appends/s, 1 in flight', measure: async (client) => appendRate(client, 1, 1), real: 1_400 },
  { what: 'appends/s, 64 in flight', measure: async (client) => appendRate(client, 64, 1), real: 9_000 },
  { what: 'appends/s, 256 in flight', measure: async (client) => appendRate(client, 256, 1), real: 13_500 },
  { what: 'events/s, 100 an append, 8 in flight', measure: async (client) => appendRate(client, 8, 100), real: 45_000 },
  { what: 'events/s, 500 an append, 8 in flight', measure: async (client) => appendRate(client, 8, 500), real: 45_000 },
  { what: 'events/s, readAll', measure: async (client) => readAllRate(client, READ_EVENTS), real: 100_000 },
  { what: 'events/s, one stream', measure: async (client) => readStreamRate(client, 'bench-long', READ_EVENTS) },
];

/** Of the rate of a server that only answers or streams prepared bytes: no server can be told from it by the client. */
const ENOUGH_OF_PREPARED = 0.9;

function reachedBy(rate: number, ratio: number, real: number | undefined): string {
  if (real !== undefined && rate >= real) return 'figure';
  return ratio >= ENOUGH_OF_PREPARED ? 'ratio' : 'no';
}

async function fillLongStream(client: EventStoreDBClient): Promise<void> {
  for (let written = 0; written < READ_EVENTS; written += 1_000) {
    await client.appendToStream('bench-long', Array.from({ length: 1_000 }, event));
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
/** A pair of quantiles; reached where both are at the real server's worst or under it. */
function latencyLine(what: string, sorted: readonly number[], bar?: { readonly p50: number; readonly p99: number }): void {
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  const reached = bar === undefined ? '' : p50 <= bar.p50 && p99 <= bar.p99 ? 'figure' : 'no';
  line(what, `${p50.toFixed(2)} / ${p99.toFixed(2)}`, '', '', bar === undefined ? '' : `${bar.p50} / ${bar.p99}`, reached);
}

const line = (...cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 3);
  const given = process.argv[3];
  const dir = await mkdtemp(path.join(tmpdir(), 'fillbook-bench-'));
  const store = given === undefined ? await launchEventStore({ dir }) : undefined;
  const client = EventStoreDBClient.connectionString(given ?? store?.url ?? '');
  const prepared = await startPrepared();
  await fillLongStream(client);
  line('what', 'event store', 'prepared bytes', 'ratio', 'bar', 'reached by');
  line('---', '---', '---', '---', '---', '---');
  for (const { what, measure, real } of rows) {
    const mine: number[] = [];
    const bound: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bound.push(await measure(prepared.client));
      mine.push(await measure(client));
    }
    const rate = median(mine);
    // The ratio of each round: what else the machine did in it slowed both.
    const ratio = median(mine.map((value, round) => value / (bound[round] ?? Number.NaN)));
    line(what, whole(rate), whole(median(bound)), ratio.toFixed(2), real === undefined ? '' : whole(real), reachedBy(rate, ratio, real));
  }
  latencyLine('append p50 / p99 ms', await appendLatencies(client, 2_000), { p50: 1, p99: 7 });
  latencyLine('append → subscriber p50 / p99 ms', await subscriberLatencies(client, 2_000), { p50: 2.2, p99: 5 });
  const echo = await measureEcho(prepared.port, payload);
  latencyLine('loopback echo of the same bytes, p50 / p99 ms', echo.latenciesMs);
  line('loopback echoes/s, 64 in flight', '', whole(echo.perSecond), '', '', '');
  line('syncs of 4 kB a second', whole(await syncRate(dir)), '', '', '', '');
  await client.dispose();
  await prepared.stop();
  await store?.stop();
  await rm(dir, { recursive: true });
}

await main();
