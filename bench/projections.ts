/*
 * How fast read models follow and are rebuilt, as ratios to the named client's bare `readAll` over the same events in the same
 * run. Starts an embedded event store and an embedded Postgres of its own.
 *
 *   bench/run projections [events]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventStoreDBClient, START } from '@eventstore/db-client';
import { launchEventStore } from '../src/embedded/eventstore/launch.js';
import { launchPostgres } from '../src/embedded/postgres/launch.js';
import { connectEventStore } from '../src/eventstore/client.js';
import type { EventStore } from '../src/eventstore/event-store.js';
import { ensureGenesis } from '../src/eventstore/genesis.js';
import { PROJECTIONS } from '../src/projections/catalogue.js';
import { openDatabase } from '../src/projections/database.js';
import { migrate } from '../src/projections/migrate.js';
import type { Projection } from '../src/projections/projection.js';
import { startProjector } from '../src/projections/projector.js';
import { rebuildProjection } from '../src/projections/rebuild.js';
import { writeOrderFlow } from './order-flow.js';

const ROUNDS = 3;
const eventCount = Number(process.argv[2] ?? 100_000);
if (!Number.isInteger(eventCount) || eventCount < 1_000) throw new RangeError(`events: ${process.argv[2]} is no whole number of 1,000 or more`);

const median = (figures: readonly number[]): number => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return (performance.now() - startedAtMs) / 1_000;
}

/** The official client, with nothing done to an event. */
async function readAllRaw(url: string): Promise<number> {
  const client = EventStoreDBClient.connectionString(url);
  let count = 0;
  for await (const resolved of client.readAll({ fromPosition: START })) if (resolved.event) count += 1;
  await client.dispose();
  return count;
}

interface Machine {
  readonly store: EventStore;
  readonly storeId: string;
  readonly databaseUrl: string;
}

async function emptied<Result>({ databaseUrl }: Machine, work: (database: ReturnType<typeof openDatabase>) => Promise<Result>): Promise<Result> {
  const database = openDatabase(databaseUrl, { max: 20 });
  try {
    await database.pool.query('DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public');
    await migrate(database.pool);
    return await work(database);
  } finally {
    await database.close();
  }
}

/** From an empty database to the end of the log, as a projector does when it starts. */
async function catchUpSeconds(machine: Machine, projections: readonly Projection[]): Promise<number> {
  const head = (await machine.store.head()) ?? 0n;
  return await emptied(machine, (database) =>
    secondsOf(async () => {
      const projector = await startProjector({ ...machine, database, projections });
      await projector.waitFor(head, { timeoutMs: 600_000 });
      await projector.stop();
    }),
  );
}

const rebuildSeconds = (machine: Machine, projection: Projection): Promise<number> =>
  emptied(machine, (database) => secondsOf(() => rebuildProjection({ ...machine, database, projection })));

async function run(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fillbook-bench-'));
  const eventStore = await launchEventStore({ dir: path.join(folder, 'events') });
  const postgres = await launchPostgres({ dir: path.join(folder, 'postgres') });
  const store = connectEventStore({ url: eventStore.url });
  try {
    const { storeId } = await ensureGenesis(store);
    const writeSeconds = await secondsOf(() => writeOrderFlow(store, eventCount));
    const events = await readAllRaw(eventStore.url);
    process.stdout.write(`${events} events, written in ${writeSeconds.toFixed(1)} s\n`);
    const machine: Machine = { store, storeId, databaseUrl: postgres.url };
    const figures = new Map<string, number[]>();
    const measure = async (name: string, work: () => Promise<number>): Promise<void> => {
      figures.set(name, [...(figures.get(name) ?? []), events / (await work())]);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      await measure('readAll of the client', () => secondsOf(() => readAllRaw(eventStore.url)));
      await measure('catch-up, all', () => catchUpSeconds(machine, PROJECTIONS));
      for (const projection of PROJECTIONS.slice(0, 3)) await measure(`catch-up, ${projection.name}`, () => catchUpSeconds(machine, [projection]));
      for (const projection of PROJECTIONS.slice(0, 3)) await measure(`rebuild, ${projection.name}`, () => rebuildSeconds(machine, projection));
    }
    const raw = median(figures.get('readAll of the client') ?? []);
    for (const [name, rates] of figures) {
      const rate = median(rates);
      process.stdout.write(`${name.padEnd(26)} ${Math.round(rate).toString().padStart(8)} events/s   ÷ readAll ${(rate / raw).toFixed(2)}\n`);
    }
  } finally {
    await store.close();
    await Promise.all([eventStore.stop(), postgres.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

await run();
