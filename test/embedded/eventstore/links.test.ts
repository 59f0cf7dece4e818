import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';
import { type ProposedShape, type StreamsStub, append, read, readRequest, streamsStub } from '../../support/wire.js';

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

const link = (payload: string): ProposedShape => ({ metadata: { type: '$>', 'content-type': 'application/octet-stream' }, data: Buffer.from(payload) });

/** What a read that resolves links gives for one with this payload; `s` in it stands for a stream of three events, of which the first is cut off. */
async function resolved(payload: string): Promise<{ event: string | undefined; link: string | undefined }> {
  const run = randomUUID();
  await append(stub, `${run}-s`, 'any', [{}, {}, {}]);
  await append(stub, `$$${run}-s`, 'any', [{ data: Buffer.from('{"$tb":1}') }]);
  await append(stub, `${run}-links`, 'any', [link(payload.replace('@s', `@${run}-s`))]);
  const { messages } = await read(stub, readRequest({ stream: `${run}-links`, resolveLinks: true, count: 1 }));
  const readEvent = messages[0]?.getEvent();
  const shown = (recorded: ReturnType<NonNullable<typeof readEvent>['getEvent']>): string | undefined =>
    recorded && `${recorded.getMetadataMap().get('type')} ${recorded.getStreamRevision()}`;
  return { event: shown(readEvent?.getEvent()), link: shown(readEvent?.getLink()) };
}

it.each(['1@s', ' 1 @s', '+1@s', '0001@s'])('given a link %j, when it is read, then it comes with the event that it names', async (payload) => {
  expect(await resolved(payload)).toEqual({ event: 'happened 1', link: '$> 0' });
});

it('given a link to revision -1, when it is read, then it comes with the last event of the stream', async () => {
  expect(await resolved('-1@s')).toEqual({ event: 'happened 2', link: '$> 0' });
});

it.each(['0@s', '3@s', '-2@s', '1@nowhere', '5', '9223372036854775807@s'])('given a link %j, when it is read, then it comes without an event: what it names cannot be read', async (payload) => {
  expect(await resolved(payload)).toEqual({ event: undefined, link: '$> 0' });
});

it.each(['', 'abc', 'x@s', '1.0@s', '1 1@s', '@s', '9223372036854775808@s', '99999999999999999999@s'])(
  'given a link %j, when it is read, then it is an event as others are: it names nothing',
  async (payload) => {
    expect(await resolved(payload)).toEqual({ event: '$> 0', link: undefined });
  },
);
