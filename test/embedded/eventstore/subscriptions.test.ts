import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';
import { poll } from '../../support/poll.js';
import { type OpenRead, type ReadShape, type StreamsStub, append, kindOf, openRead, readRequest, remove, streamsStub } from '../../support/wire.js';

let store: TestEventStore;
let stub: StreamsStub;

beforeAll(async () => {
  store = await startTestEventStore();
  stub = streamsStub(store.port);
});

afterAll(async () => {
  stub.close();
  await store.stop();
});

const event = {};
const metadata = (json: string): { metadata: Record<string, string>; data: Buffer } => ({
  metadata: { type: '$metadata', 'content-type': 'application/json' },
  data: Buffer.from(json),
});

/** A stream's name of the test's own; its first events are appended. */
async function streamOf(count: number): Promise<string> {
  const stream = `s-${randomUUID()}`;
  if (count > 0) await append(stub, stream, 'any', Array.from({ length: count }, () => event));
  return stream;
}

const kinds = ({ messages }: OpenRead): string[] => messages.map(kindOf);

/** Subscribes and waits until all that is stored has come. */
async function subscribed(shape: ReadShape): Promise<OpenRead> {
  const subscription = openRead(stub, readRequest({ ...shape, subscription: true }));
  await poll('it is live', () => kinds(subscription).includes('CAUGHT_UP'));
  return subscription;
}

/** The events that came, `stream@revision`. */
const events = ({ messages }: OpenRead): string[] =>
  messages.flatMap((message) => {
    const recorded = message.getEvent()?.getEvent();
    const name = Buffer.from(recorded?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8');
    return recorded === undefined ? [] : [`${name}@${recorded.getStreamRevision()}`];
  });

describe('a subscription from beyond the end', () => {
  it.each([
    ['', {}],
    [', filtered', { regex: '^s-' }],
  ])('given a position of $all that is far beyond the end%s, when events are appended, then they come', async (_, filter: ReadShape) => {
    const stream = await streamOf(1);
    const subscription = await subscribed({ all: true, from: 1_000_000, ...filter });
    await append(stub, stream, 'any', [event]);
    await append(stub, stream, 'any', [event]);
    await poll('they come', () => events(subscription).length >= 2);
    expect(events(subscription)).toEqual([`${stream}@1`, `${stream}@2`]);
    subscription.cancel();
  });

  it('given a revision beyond the end of a stream, when events are appended, then they come from the one after it on', async () => {
    const stream = await streamOf(2);
    const subscription = await subscribed({ stream, from: 3 });
    for (let appended = 2; appended <= 5; appended += 1) await append(stub, stream, 'any', [event]);
    await poll('the last comes', () => events(subscription).includes(`${stream}@5`));
    expect(events(subscription)).toEqual([`${stream}@4`, `${stream}@5`]);
    subscription.cancel();
  });

  it('given a stream of which all is cut off, and more than it has, when an event is appended, then it comes to those that subscribe', async () => {
    const stream = await streamOf(3);
    await append(stub, `$$${stream}`, 'any', [metadata('{"$tb":10}')]);
    const subscription = await subscribed({ stream });
    expect(kinds(subscription)).toEqual(['CONFIRMATION', 'CAUGHT_UP']);
    await append(stub, stream, 'any', [event]);
    await poll('it comes', () => events(subscription).length > 0);
    expect(events(subscription)).toEqual([`${stream}@3`]);
    subscription.cancel();
  });
});

describe('a subscription to the metadata of a stream', () => {
  it('given a stream without metadata, when it is tombstoned, then the subscription ends with that', async () => {
    const stream = await streamOf(1);
    const subscription = openRead(stub, readRequest({ stream: `$$${stream}`, subscription: true }));
    await poll('it is confirmed', () => kinds(subscription).includes('CONFIRMATION'));
    await remove(stub, 'tombstone', stream, 'any');
    await poll('it ends', () => subscription.ending() !== undefined);
    expect(subscription.ending()).toMatchObject({ trailers: { exception: 'stream-deleted', 'stream-name': `$$${stream}` } });
    expect(kinds(subscription)).toEqual(['CONFIRMATION']);
  });
});
