import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type AllStreamRecordedEvent, EventStoreDBClient, type Position, START, StreamDeletedError, StreamNotFoundError } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { verifyStore } from '../../../src/embedded/eventstore/verify-store.js';
import { type Witness, workUntilKilled } from '../../support/crash-workload.js';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';

const writtenData = z.object({ batch: z.string(), size: z.number() });

const rounds = Number(process.env['CRASH_ROUNDS'] ?? 5);

async function readAllFrom(client: EventStoreDBClient, from: Position | undefined): Promise<AllStreamRecordedEvent[]> {
  const events: AllStreamRecordedEvent[] = [];
  for await (const { event } of client.readAll({ fromPosition: from ?? START })) if (event !== undefined) events.push(event);
  return events;
}

/** Acknowledged events that are not where they were acknowledged. */
function lost(witness: Witness, events: readonly AllStreamRecordedEvent[]): string[] {
  const places = new Map(events.map(({ id, streamId, revision }) => [id, `${streamId}@${revision}`]));
  return witness.appends.flatMap(({ stream, first, ids }) =>
    ids.filter((id, index) => places.get(id) !== `${stream}@${first + BigInt(index)}`),
  );
}

/** Appends of which some events are there and some are not, or not side by side. */
function torn(events: readonly AllStreamRecordedEvent[]): string[] {
  const found = new Map<string, { size: number; revisions: bigint[] }>();
  for (const { type, data, revision } of events) {
    if (type !== 'written') continue;
    const { batch, size } = writtenData.parse(data);
    const entry = found.get(batch) ?? { size, revisions: [] };
    entry.revisions.push(revision);
    found.set(batch, entry);
  }
  return [...found].filter(([, { size, revisions }]) => revisions.length !== size || !consecutive(revisions)).map(([batch]) => batch);
}

const consecutive = (revisions: readonly bigint[]): boolean =>
  revisions.every((revision, index) => index === 0 || revision - 1n === revisions[index - 1]);

async function stillThere(client: EventStoreDBClient, streams: Iterable<string>, gone: new (...args: never[]) => Error): Promise<string[]> {
  const there: string[] = [];
  for (const stream of streams) {
    try {
      for await (const _ of client.readStream(stream, { maxCount: 1 })) there.push(stream);
    } catch (error) {
      if (!(error instanceof gone)) throw error;
    }
  }
  return there;
}

/** One round: work, kill -9, restart, and a look from outside. Answers the position up to which all was checked. */
async function crashRound(store: TestEventStore, from: Position | undefined): Promise<{ to: Position | undefined; acknowledged: number }> {
  const killed = wait(100 + randomInt(400)).then(() => store.kill());
  const witness = await workUntilKilled(store.url, from, killed);
  await store.restart();
  const client = EventStoreDBClient.connectionString(store.url);
  try {
    const events = (await readAllFrom(client, from)).filter(({ position }) => from === undefined || position.commit > from.commit);
    expect(lost(witness, events)).toEqual([]);
    expect(torn(events)).toEqual([]);
    // What a subscriber was sent was on disk before: the same events, in the same order, with none left out.
    expect(witness.subscribed).toEqual(events.slice(0, witness.subscribed.length).map(({ id }) => id));
    expect(await stillThere(client, witness.deleted, StreamNotFoundError)).toEqual([]);
    expect(await stillThere(client, witness.tombstoned, StreamDeletedError)).toEqual([]);
    return { to: events.at(-1)?.position ?? from, acknowledged: witness.appends.length + witness.deleted.size + witness.tombstoned.size };
  } finally {
    await client.dispose();
  }
}

describe('an event store that is killed with -9', () => {
  it(
    `given writers, deletes and a subscriber, when it is killed at any moment, ${rounds} times, then nothing acknowledged is lost and no append is torn`,
    async () => {
      const store = await startTestEventStore();
      try {
        let from: Position | undefined;
        let acknowledged = 0;
        for (let round = 0; round < rounds; round += 1) {
          const result = await crashRound(store, from);
          from = result.to;
          acknowledged += result.acknowledged;
        }
        expect(acknowledged).toBeGreaterThan(rounds);
        await store.halt();
        const report = await verifyStore(store.dir);
        expect(report.problems).toEqual([]);
        if (rounds > 50) console.log(`${rounds} rounds, ${acknowledged} acknowledged writes, ${report.events} events: nothing lost, nothing torn`);
      } finally {
        await store.stop();
      }
    },
    60_000 + rounds * 5_000,
  );
});
