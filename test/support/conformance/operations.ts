import { setTimeout as wait } from 'node:timers/promises';
import {
  type AllStreamSubscription,
  type AppendExpectedRevision,
  type Direction,
  BACKWARDS,
  END,
  type EventStoreDBClient,
  FORWARDS,
  type Filter,
  type Position,
  START,
  type StreamSubscription,
  eventTypeFilter,
  streamNameFilter,
} from '@eventstore/db-client';
import type { RecordedFilter, Step, WriteStep } from './scenario.js';
import { type PositionedAnswer, type World, failure } from './world.js';

/** A play on a server: `start` is the position before its first event. */
export interface Play {
  readonly client: EventStoreDBClient;
  readonly world: World;
  readonly start: Position;
  /** Credentials make the client append by `Append`, none by `BatchAppend`. */
  readonly credentials: { credentials?: { username: string; password: string } };
}

/** A subscription that is silent for so long has sent all that it will; the recording was made with the same time. */
const SILENCE_MS = 700;

const expectedRevision = (value: number | 'any' | 'no_stream' | 'stream_exists'): AppendExpectedRevision =>
  typeof value === 'number' ? BigInt(value) : value;
const start = (value: number | 'start' | 'end'): bigint | typeof START | typeof END =>
  typeof value === 'number' ? BigInt(value) : value === 'end' ? END : START;

function filterOf(world: World, { on, prefixes, regex }: RecordedFilter): Filter {
  const make = on === 'streamName' ? streamNameFilter : eventTypeFilter;
  if (prefixes !== undefined) return make({ prefixes: prefixes.map((prefix) => world.fill(prefix)), checkpointInterval: 1 });
  return make({ regex: world.fill(regex ?? ''), checkpointInterval: 1 });
}

/** Calls `done` once `touch` was not called for the time of silence. */
function whenSilent(done: () => void): { touch: () => void; stop: () => void } {
  const timer = setTimeout(done, SILENCE_MS);
  return { touch: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

/** Takes a subscription's events up to `caughtUp`, or until it is silent, then lets it go. */
export async function untilCaughtUp(
  subscription: StreamSubscription | AllStreamSubscription,
  listen: (push: (row: unknown) => void) => void,
): Promise<{ events: unknown[]; ending: string }> {
  return new Promise((resolve, reject) => {
    const events: unknown[] = [];
    const finish = (ending: string): void => {
      silence.stop();
      subscription.unsubscribe().catch(() => undefined);
      resolve({ events, ending });
    };
    const silence = whenSilent(() => finish('silent'));
    listen((row) => {
      events.push(row);
      silence.touch();
    });
    subscription.on('caughtUp', () => finish('caughtUp'));
    subscription.on('end', () => finish('ended'));
    subscription.on('error', (error) => {
      silence.stop();
      reject(error);
    });
  });
}

async function write({ client, world, credentials }: Play, step: WriteStep): Promise<unknown> {
  const stream = world.stream(step.stream);
  const options = { expectedRevision: expectedRevision(step.expected), ...credentials };
  if (step.op === 'append') {
    const result = await client.appendToStream(stream, step.events.map((event) => world.proposed(event)), options);
    const out: PositionedAnswer & { revision: number } = { revision: Number(result.nextExpectedRevision) };
    if (step.events.length > 0) world.positions.push([result.position, out]);
    return out;
  }
  if (step.op === 'setMetadata') {
    const result = await client.setStreamMetadata(stream, step.metadata, options);
    return { revision: Number(result.nextExpectedRevision) };
  }
  // The client takes stream_exists here as well, its types do not.
  const removal: object = options;
  const result = await (step.op === 'delete' ? client.deleteStream(stream, removal) : client.tombstoneStream(stream, removal));
  const out: PositionedAnswer & Record<string, unknown> = step.op === 'delete' ? { deleted: true } : { tombstoned: true };
  world.positions.push([result.position, out]);
  return out;
}

async function read({ client, world, credentials }: Play, step: Extract<Step, { op: 'read' }>): Promise<unknown> {
  const events: unknown[] = [];
  const direction: Direction = step.backwards ? BACKWARDS : FORWARDS;
  const options = { direction, maxCount: step.max, ...credentials };
  const stream = client.readStream(world.stream(step.stream), { fromRevision: start(step.from), ...options });
  for await (const item of stream) events.push(world.seen(item, step.full));
  return { events };
}

async function getMetadata({ client, world, credentials }: Play, stream: string): Promise<unknown> {
  const result = await client.getStreamMetadata(world.stream(stream), credentials);
  if (result.metadata === undefined) return { found: result.metastreamRevision !== undefined, metadata: null };
  const { truncateBefore, ...others } = result.metadata;
  const metadata = truncateBefore === undefined ? others : { ...others, truncateBefore: String(Number(truncateBefore)) };
  return { found: result.metastreamRevision !== undefined, metadata };
}

/** A subscription that sees the step's writes happen. */
async function live({ client, world, start: fromPosition, ...rest }: Play, step: Extract<Step, { op: 'live' }>): Promise<unknown> {
  const out: { before: unknown[]; after: unknown[]; failed?: unknown } = { before: [], after: [] };
  let rows = out.before;
  let silence: ReturnType<typeof whenSilent> | undefined;
  const quiet = async (): Promise<void> =>
    new Promise((resolve) => {
      silence = whenSilent(resolve);
    });
  const take = (row: unknown): void => {
    rows.push(row);
    silence?.touch();
  };
  let subscription: StreamSubscription | AllStreamSubscription;
  if (step.stream === undefined) {
    const filter = filterOf(world, step.filter ?? { on: 'streamName', prefixes: [] });
    const all = client.subscribeToAll({ fromPosition, filter, ...rest.credentials });
    all.on('data', (item) => take(world.ownRow(item)));
    subscription = all;
  } else {
    const fromRevision = step.from === 'end' ? END : START;
    const one = client.subscribeToStream(world.stream(step.stream), { fromRevision, ...rest.credentials });
    one.on('data', (item) => take(world.seen(item)));
    subscription = one;
  }
  subscription.on('error', (error) => Object.assign(out, { failed: failure(error) }));
  await quiet();
  rows = out.after;
  for (const inner of step.then) await write({ client, world, start: fromPosition, ...rest }, inner).catch((error: unknown) => rows.push(failure(error)));
  await quiet();
  await subscription.unsubscribe().catch(() => undefined);
  return out;
}

/** Does one step and answers what the recording holds of it. */
export async function perform(play: Play, step: Step): Promise<unknown> {
  const { client, world, credentials } = play;
  switch (step.op) {
    case 'append':
    case 'delete':
    case 'tombstone':
    case 'setMetadata':
      return write(play, step);
    case 'read':
      return read(play, step);
    case 'subscribe': {
      const subscription = client.subscribeToStream(world.stream(step.stream), { fromRevision: start(step.from), ...credentials });
      return untilCaughtUp(subscription, (push) => subscription.on('data', (item) => push(world.seen(item))));
    }
    case 'subscribeAll': {
      const subscription = client.subscribeToAll({ fromPosition: play.start, filter: filterOf(world, step.filter), ...credentials });
      return untilCaughtUp(subscription, (push) => subscription.on('data', (item) => push(world.ownRow(item))));
    }
    case 'live':
      return live(play, step);
    case 'getMetadata':
      return getMetadata(play, step.stream);
    case 'wait':
      await wait(step.ms);
      return {};
    default:
      return step satisfies never;
  }
}
