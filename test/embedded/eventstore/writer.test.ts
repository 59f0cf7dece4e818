import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ProposedEvent, readEventHead } from '../../../src/embedded/eventstore/event-frame.js';
import { newEventId } from '../../../src/embedded/eventstore/event-id.js';
import { EXPECT_ANY } from '../../../src/embedded/eventstore/messages.js';
import { EventStorage } from '../../../src/embedded/eventstore/storage.js';
import { type WriteOutcome, type WriteRequest, Writer } from '../../../src/embedded/eventstore/writer.js';

const NOW = Date.UTC(2030, 0, 1);
const AN_HOUR_MS = 3_600_000;

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'fillbook-writer-'));
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(dir, { recursive: true });
});

const proposed = (): ProposedEvent => ({
  id: newEventId(),
  type: 'happened',
  isJson: true,
  data: Buffer.from('{}'),
  customMetadata: Buffer.alloc(0),
});

/** Opens the store, appends two events at the clock's time, closes it, as one process does. */
async function appendAt(clockMs: number): Promise<void> {
  vi.setSystemTime(clockMs);
  const storage = new EventStorage(dir);
  const writer = new Writer(storage, () => undefined);
  const outcome = await new Promise<WriteOutcome>((resolve) => {
    const events = [proposed(), proposed()];
    writer.submit({ kind: 'append', stream: 'a', expected: EXPECT_ANY, events, sizeBytes: 4, abandoned: () => false, answer: resolve });
  });
  expect(outcome).toMatchObject({ kind: 'written' });
  await storage.close();
}

/** When each stored block's first event was created: each append has a block of its own. */
async function createdTimes(): Promise<number[]> {
  const storage = new EventStorage(dir);
  const times = Array.from(storage.blocksFrom(0n), ({ frames }) => readEventHead(frames, 0).createdMs);
  await storage.close();
  return times;
}

describe('the time at which events are created', () => {
  it('given a store whose newest event is an hour ahead of the clock, when it is opened and written to, then the time does not go back', async () => {
    await appendAt(NOW + AN_HOUR_MS);
    await appendAt(NOW);
    await appendAt(NOW - AN_HOUR_MS);
    expect(await createdTimes()).toEqual([NOW + AN_HOUR_MS, NOW + AN_HOUR_MS, NOW + AN_HOUR_MS]);
  });

  it('given a store whose newest event is in the past, when it is opened and written to, then the clock is what counts', async () => {
    await appendAt(NOW - AN_HOUR_MS);
    await appendAt(NOW);
    expect(await createdTimes()).toEqual([NOW - AN_HOUR_MS, NOW]);
  });

  it('given a store whose newest block is damaged, when it is opened, then it is written to at the time of the clock', async () => {
    await appendAt(NOW + AN_HOUR_MS);
    const storage = new EventStorage(dir);
    const [block] = [...storage.blocksFrom(0n)];
    const stored = Buffer.alloc(64);
    storage.commit({ head: storage.head(), blocks: block === undefined ? [] : [{ block, stored }], streams: [], runs: [] });
    await storage.close();
    await appendAt(NOW);
    const reopened = new EventStorage(dir);
    expect(readEventHead(reopened.block(3n)?.frames ?? Buffer.alloc(0), 0).createdMs).toBe(NOW);
    await reopened.close();
  });
});

/** Submits writes in one turn, so that they come into one group commit. */
async function writeTogether(storage: EventStorage, writes: readonly (readonly [WriteRequest['kind'], string])[]): Promise<readonly WriteOutcome[]> {
  const writer = new Writer(storage, () => undefined);
  const outcome = async ([kind, stream]: readonly [WriteRequest['kind'], string]): Promise<WriteOutcome> =>
    new Promise<WriteOutcome>((resolve) => {
      const events = kind === 'append' ? [proposed()] : [];
      writer.submit({ kind, stream, expected: EXPECT_ANY, events, sizeBytes: 4, abandoned: () => false, answer: resolve });
    });
  return Promise.all(writes.map(outcome));
}

describe('a group of writes over a damaged block', () => {
  it('given a metastream that is tombstoned, when its stream is deleted, then that is refused, and other writes of the commit are not', async () => {
    const storage = new EventStorage(dir);
    await writeTogether(storage, [['append', 'x'], ['append', '$$x'], ['tombstone', '$$x']]);
    const outcomes = await writeTogether(storage, [['append', 'before'], ['delete', 'x'], ['append', 'after']]);
    await storage.close();
    expect(outcomes).toMatchObject([{ kind: 'written' }, { kind: 'stream-deleted' }, { kind: 'written' }]);
  });

  it('given metadata that cannot be read of a stream that comes back, when other streams are written in the same commit, then they are, and it is not', async () => {
    let storage = new EventStorage(dir);
    await writeTogether(storage, [['append', 'back']]);
    await writeTogether(storage, [['delete', 'back']]);
    const [, block] = [...storage.blocksFrom(0n)];
    const stored = Buffer.alloc(64);
    storage.commit({ head: storage.head(), blocks: block === undefined ? [] : [{ block, stored }], streams: [], runs: [] });
    await storage.close();

    storage = new EventStorage(dir);
    const outcomes = await writeTogether(storage, [['append', 'before'], ['append', 'back'], ['append', 'after']]);
    await storage.close();

    const [before, back, after] = outcomes;
    expect([before, after]).toMatchObject([{ kind: 'written', position: 3n }, { kind: 'written', position: 4n }]);
    expect(back?.kind === 'failed' && back.error.message).toContain('the store is damaged: block at position 2');
  });
});
