import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { BACKWARDS, END, type EventStoreDBClient, type Position, jsonEvent, streamNameFilter } from '@eventstore/db-client';
import { type Play, perform, untilCaughtUp } from './operations.js';
import type { Scenario } from './scenario.js';
import { World, failure } from './world.js';

const MOST_EVENTS = 100_000;

const positionKey = ({ commit, prepare }: Position): string => `${commit}/${prepare}`;

/** `$all` from the play's start on, forwards: its own events, and where each stands. */
async function readForwards({ client, world, start, credentials }: Play): Promise<{ rows: unknown[]; at: Map<string, number> }> {
  const rows: unknown[] = [];
  const at = new Map<string, number>();
  for await (const item of client.readAll({ fromPosition: start, maxCount: MOST_EVENTS, ...credentials })) {
    const row = world.ownRow(item);
    if (row === undefined || item.event === undefined) continue;
    at.set(positionKey(item.event.position), rows.length);
    rows.push(row);
  }
  return { rows, at };
}

async function readBackwards({ client, world, start, credentials }: Play): Promise<unknown[]> {
  const rows: unknown[] = [];
  const down = client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: MOST_EVENTS, ...credentials });
  for await (const item of down) {
    if (item.event !== undefined && item.event.position.commit <= start.commit) break;
    const row = world.ownRow(item);
    if (row !== undefined) rows.push(row);
  }
  await down.cancel(); // leaving the loop alone keeps the call open
  return rows;
}

async function readFiltered({ client, world, start, credentials }: Play): Promise<unknown> {
  const filter = streamNameFilter({ prefixes: [world.prefix], checkpointInterval: 1 });
  const subscription = client.subscribeToAll({ fromPosition: start, filter, ...credentials });
  return untilCaughtUp(subscription, (push) => subscription.on('data', (item) => push(world.ownRow(item)))).catch(failure);
}

/** Plays a scenario and answers in the recording's form: each step's result, then what `$all` holds of it, read three ways. */
export async function playScenario(client: EventStoreDBClient, scenario: Scenario): Promise<unknown> {
  const marker = await client.appendToStream(`cf-marker-${randomUUID()}`, [jsonEvent({ type: 'marker', data: {} })]);
  if (marker.position === undefined) throw new Error('an append answered no position');
  const credentials = scenario.path === 'unary' ? { credentials: { username: 'admin', password: 'changeit' } } : {};
  const world = new World();
  const play: Play = { client, world, start: marker.position, credentials };
  const results: unknown[] = [];
  for (const step of scenario.steps) results.push(await perform(play, step).catch(failure));
  const { rows: all, at } = await readForwards(play);
  for (const [answered, out] of world.positions) {
    out.at = answered === undefined ? null : (at.get(positionKey(answered)) ?? 'elsewhere');
  }
  const backwardsAgree = isDeepStrictEqual(await readBackwards(play), all.toReversed());
  const filtered = await readFiltered(play);
  // Through JSON, as the recording went.
  return JSON.parse(JSON.stringify({ results, all, backwardsAgree, filtered }));
}
