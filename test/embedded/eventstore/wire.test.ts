import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';
import { type ReadShape, type StreamsStub, append, batchAppend, batchAppendAll, kindOf, read, readRequest, remove, streamsStub } from '../../support/wire.js';

/** What a real EventStoreDB answered to each call, by the call's name. */
const recorded: Record<string, unknown> = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../../fixtures/conformance/wire.json'), 'utf8'),
);

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

/** An answer with this run's names and positions put back to what the recording has in their place. */
function plain(answer: unknown, run: string): unknown {
  const text = JSON.stringify(answer).replaceAll(run, '{run}');
  return JSON.parse(text, (key, value: unknown) => (key === 'commitPosition' || key === 'preparePosition' ? '#' : value));
}

const wanted = (name: string): unknown => plain(recorded[name] ?? `${name} is not recorded`, '{run}');

const event = {};
const large = { data: Buffer.alloc(1024 * 1024 + 1, 'x') };
const invalidArgument = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

/** A run of its own names: stream a with one event. */
async function streamWithEvent(): Promise<string> {
  const run = `w-${randomUUID().slice(0, 8)}-`;
  await append(stub, `${run}a`, 'any', [event]);
  return run;
}

describe('Append below the client', () => {
  it.each([
    ['append: no_stream expected, exists', 'a', 'no_stream', [event]],
    ['append: revision 5 expected, is 0', 'a', 5, [event]],
    ['append: stream_exists expected, is not', 'nowhere', 'stream_exists', [event]],
    ['append: over the limit', 'a', 'any', [large]],
    ['append: without type', 'a', 'any', [{ metadata: { 'content-type': 'application/json' } }]],
    ['append: without content-type', 'a', 'any', [{ metadata: { type: 'happened' } }]],
    ['append: content-type text/plain', 'a', 'any', [{ metadata: { type: 'happened', 'content-type': 'text/plain' } }]],
    ['append: new stream', 'new', 'any', [event]],
  ] as const)('given a stream with one event, when %s, then it is answered as recorded', async (name, stream, expected, events) => {
    const run = await streamWithEvent();
    expect(plain(await append(stub, run + stream, expected, events), run)).toEqual(wanted(name));
  });

  it('given what the real server has no word for, when it is appended, then the error names the field', async () => {
    const run = await streamWithEvent();
    expect(await append(stub, undefined, 'any', [event])).toEqual(invalidArgument);
    expect(await append(stub, `${run}a`, 'any', [{ id: 'no uuid' }])).toEqual(invalidArgument);
    expect(await append(stub, '', 'any', [event])).toEqual(invalidArgument);
  });

  it('given a name that is too long, when it is appended to, then the error says so', async () => {
    const name = 'ü'.repeat(2_049);
    const error = { code: 'RESOURCE_EXHAUSTED', details: "stream_identifier: the stream's name has 4098 bytes, more than 4096" };
    expect(await append(stub, name, 'any', [event])).toMatchObject(error);
    expect(await batchAppend(stub, [{ stream: name, events: [event] }])).toMatchObject({ error: { code: 8, message: error.details } });
  });
});

describe('BatchAppend below the client', () => {
  it.each([
    ['batch: ok', [{ stream: 'b', events: [event] }]],
    ['batch: over the limit', [{ stream: 'b', events: [large] }]],
    ['batch: deadline already past', [{ stream: 'b', events: [event], deadlineMs: -1_000 }]],
  ] as const)('given a new stream, when %s, then it is answered as recorded', async (name, requests) => {
    const run = `w-${randomUUID().slice(0, 8)}-`;
    const answer = await batchAppend(stub, requests.map((request) => ({ ...request, stream: run + request.stream })));
    expect(plain(answer, run)).toEqual(wanted(name));
  });

  it('given a stream at revision 0, when revision 7 is expected, then it is answered as recorded', async () => {
    const run = `w-${randomUUID().slice(0, 8)}-`;
    await append(stub, `${run}b`, 'any', [event]);
    expect(plain(await batchAppend(stub, [{ stream: `${run}b`, expected: 7, events: [event] }]), run)).toEqual(wanted('batch: revision 7 expected'));
  });

  it('given a first message without options, when it comes, then it is refused, where the real server never answers', async () => {
    const answer = await batchAppend(stub, [{ events: [event] }]);
    expect(answer).toMatchObject({ error: { code: 3, message: 'BadRequest' } });
  });

  it('given an append whose last message never comes, when its deadline passes, then it is answered with a timeout', async () => {
    const answer = await batchAppend(stub, [{ stream: 'never', events: [event], isFinal: false, deadlineMs: 300 }]);
    expect(answer).toMatchObject({ error: { code: 4, message: 'Timeout' } });
  });

  it('given an append in three messages, when the last comes, then all its events are written at once', async () => {
    const stream = `w-${randomUUID()}`;
    const correlation = randomUUID();
    const answer = await batchAppend(stub, [
      { stream, events: [event], isFinal: false, correlation },
      { events: [event], isFinal: false, correlation },
      { events: [event], correlation },
    ]);
    expect(answer).toMatchObject({ success: { currentRevision: '2' } });
  });

  it.each([
    ['nil', '00000000-0000-0000-0000-000000000000'],
    ['none', 'no uuid'],
  ])('given an append whose correlation id is %s, when others are in the same call, then it alone is refused, once', async (_, correlation) => {
    const stream = `w-${randomUUID()}`;
    const answers = await batchAppendAll(stub, [
      { stream, events: [event], isFinal: false, correlation },
      { events: [event], correlation },
      { stream, events: [event] },
    ]);
    expect(answers).toMatchObject([{ error: { code: 3, message: 'BadRequest' } }, { success: { currentRevision: '0' } }]);
  });

  it('given an append whose correlation id is in braces, when its last message spells it without, then it is one append', async () => {
    const correlation = randomUUID();
    const answers = await batchAppendAll(stub, [
      { stream: `w-${randomUUID()}`, events: [event], isFinal: false, correlation: `{${correlation.toUpperCase()}}` },
      { events: [event], correlation },
    ]);
    expect(answers).toMatchObject([{ success: { currentRevision: '1' } }]);
  });
});

describe('a client that compresses its messages', () => {
  it('given one with gzip, when it appends, then it is told that only plain messages are taken', async () => {
    const gzip = 2;
    const compressing = streamsStub(store.port, { 'grpc.default_compression_algorithm': gzip });
    const refused = { code: 'UNIMPLEMENTED', trailers: { 'grpc-accept-encoding': 'identity' } };
    expect(await append(compressing, 'compressed', 'any', [event])).toMatchObject(refused);
    compressing.close();
  });
});

describe('Delete and Tombstone below the client', () => {
  it('given a stream with two events, when it is deleted at another revision, then it is answered as recorded', async () => {
    const run = await streamWithEvent();
    await append(stub, `${run}a`, 'any', [event]);
    expect(plain(await remove(stub, 'delete', `${run}a`, 9), run)).toEqual(wanted('delete: revision 9 expected'));
    expect(plain(await remove(stub, 'tombstone', `${run}a`, 9), run)).toEqual(wanted('tombstone: revision 9 expected'));
    expect(plain(await remove(stub, 'delete', `${run}nowhere`, 'any'), run)).toEqual(wanted('delete: nowhere'));
  });

  it('given a tombstoned stream, when it is used in any way, then each is answered as recorded', async () => {
    const run = await streamWithEvent();
    expect(await remove(stub, 'tombstone', `${run}a`, 'any')).toHaveProperty('position.commitPosition');
    expect(plain(await append(stub, `${run}a`, 'any', [event]), run)).toEqual(wanted('append: to a tombstoned stream'));
    expect(plain(await remove(stub, 'delete', `${run}a`, 'any'), run)).toEqual(wanted('delete: a tombstoned stream'));
    const batch = await batchAppend(stub, [{ stream: `${run}a`, events: [event] }]);
    expect(batch).toMatchObject({ error: { code: 5, message: 'StreamDeleted', detailsTypeUrl: 'type.googleapis.com/event_store.client.StreamDeleted' } });
    for (const subscription of [false, true]) {
      const outcome = await read(stub, readRequest({ stream: `${run}a`, subscription }));
      expect(plain({ messages: outcome.messages, error: outcome.ending }, run)).toEqual(wanted('read: a tombstoned stream'));
    }
  });
});

describe('a revision that is no revision', () => {
  const noStream = (1n << 64n) - 1n;

  it('given the largest unsigned number as the expected revision, when something is written, then it stands for no stream', async () => {
    const run = await streamWithEvent();
    expect(await append(stub, `${run}new`, noStream, [event])).toHaveProperty('success');
    expect(await append(stub, `${run}a`, noStream, [event])).toHaveProperty('wrongExpectedVersion');
    expect(await batchAppend(stub, [{ stream: `${run}newer`, expected: noStream, events: [event] }])).toHaveProperty('success');
    const refused = expect.objectContaining({ code: 'FAILED_PRECONDITION', trailers: expect.objectContaining({ 'expected-version': '-1', 'actual-version': '0' }) });
    expect(await remove(stub, 'delete', `${run}a`, noStream)).toEqual(refused);
    expect(await remove(stub, 'tombstone', `${run}a`, noStream)).toEqual(refused);
  });

  it('given the largest revision as the expected one, when something is written, then it is a wrong one; what is between the two is out of range', async () => {
    const run = await streamWithEvent();
    expect(await append(stub, `${run}a`, (1n << 63n) - 1n, [event])).toHaveProperty('wrongExpectedVersion');
    expect(await append(stub, `${run}a`, 1n << 63n, [event])).toEqual(invalidArgument);
  });
});

const shapeOfRecording = (name: string): { messages: unknown; ending: unknown } => {
  const { messages, ending, error } = Object(wanted(name));
  return { messages: messages.map(kindOfRecorded), ending: ending ?? error };
};

/** The recording could not tell FIRST_STREAM_POSITION from LAST_STREAM_POSITION, and shows some messages whole. */
function kindOfRecorded(message: unknown): string {
  const kind = typeof message === 'string' ? message : Object.keys(Object(message))[0];
  return kind === 'FIRST or LAST_STREAM_POSITION' ? 'POSITION' : (kind ?? '');
}

async function readKinds(shape: ReadShape): Promise<{ messages: string[]; ending: unknown }> {
  const { messages, ending } = await read(stub, readRequest(shape));
  return { messages: messages.map((message) => kindOf(message).replace(/^(FIRST|LAST)_STREAM_/, '')), ending };
}

describe('Read below the client', () => {
  it.each([
    ['read: nowhere', { stream: 'nowhere' }],
    ['read: a stream', { stream: 'a' }],
    ['read: past its end', { stream: 'a', from: 100 }],
    ['read: count 0', { stream: 'a', count: 0 }],
    ['read: neither stream nor all', {}],
    ['read: forwards from end', { stream: 'a', from: 'end' }],
    ['subscribe: a stream with one event', { stream: 'a', subscription: true }],
    ['subscribe: nowhere', { stream: 'nowhere', subscription: true }],
  ] as const)('given a stream with two events, when %s, then the messages are those recorded', async (name, shape: ReadShape) => {
    const run = await streamWithEvent();
    await append(stub, `${run}a`, 'any', [event]);
    const named = shape.stream === undefined ? shape : { ...shape, stream: run + shape.stream };
    expect(await readKinds(named)).toEqual(shapeOfRecording(name));
  });

  it('given what hangs or says nothing on the real server, when it is read, then the error names the field', async () => {
    expect(await readKinds({ stream: 'a', withoutUuid: true })).toEqual({ messages: [], ending: invalidArgument });
    expect(await readKinds({ all: true, regex: '(' })).toEqual({ messages: [], ending: invalidArgument });
  });

  it.each([
    [0, 5, ['FIRST 10', 'FIRST 3', 'LAST 2']],
    [3, 1, ['FIRST 10', 'FIRST 3', 'LAST 2']],
    [0, 100, ['FIRST 3', 'LAST 2']],
    [3, 100, ['LAST 2']],
    [11, 1, ['FIRST 3', 'LAST 2']],
  ])('given a stream that is cut off beyond its end, when it is read from %i, %i events, then each page that is empty tells where to go on', async (from, count, told) => {
    const stream = `w-${randomUUID()}`;
    await append(stub, stream, 'any', [event, event, event]);
    await append(stub, `$$${stream}`, 'any', [{ data: Buffer.from('{"$tb":10}') }]);
    const { messages } = await read(stub, readRequest({ stream, from, count }));
    const positions = messages.map((message) => {
      const isFirst = kindOf(message) === 'FIRST_STREAM_POSITION';
      return isFirst ? `FIRST ${message.getFirstStreamPosition()}` : `LAST ${message.getLastStreamPosition()}`;
    });
    expect(positions).toEqual(told);
  });

  it('given a client that wants ids as two halves, when it reads, then they spell the same id', async () => {
    const stream = `w-${randomUUID()}`;
    const id = randomUUID();
    await append(stub, stream, 'any', [{ id }]);
    const { messages } = await read(stub, readRequest({ stream, structured: true, count: 1 }));
    const halves = messages[0]?.getEvent()?.getEvent()?.getId()?.getStructured();
    const hex = [halves?.getMostSignificantBits(), halves?.getLeastSignificantBits()].map((half) =>
      BigInt.asUintN(64, BigInt(half ?? 0)).toString(16).padStart(16, '0'),
    );
    expect(hex.join('')).toBe(id.replaceAll('-', ''));
  });

  it('given a filter that nothing passes, when ten events are considered at an interval of four, then checkpoints come after each four, then one before CAUGHT_UP', async () => {
    const own = await startTestEventStore();
    const ownStub = streamsStub(own.port);
    try {
      await append(ownStub, 'other', 'any', Array.from({ length: 10 }, () => event));
      const { messages } = await read(ownStub, readRequest({ all: true, subscription: true, regex: '^wanted', window: 2, checkpointMultiplier: 2 }));
      expect(messages.map(kindOf)).toEqual(['CONFIRMATION', 'CHECKPOINT', 'CHECKPOINT', 'CHECKPOINT', 'CAUGHT_UP']);
    } finally {
      ownStub.close();
      await own.stop();
    }
  });
});
