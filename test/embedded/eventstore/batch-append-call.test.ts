import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientHttp2Stream, type ServerHttp2Stream, connect, createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { BatchAppendCall } from '../../../src/embedded/eventstore/batch-append-call.js';
import { GrpcCall } from '../../../src/embedded/eventstore/grpc-call.js';
import { MemoryBudget } from '../../../src/embedded/eventstore/memory-budget.js';
import { EventStorage } from '../../../src/embedded/eventstore/storage.js';
import { Writer } from '../../../src/embedded/eventstore/writer.js';
import { poll } from '../../support/poll.js';
import { batchRequest } from '../../support/wire.js';

/** As many as one call may have unanswered. */
const UNANSWERED = 4_096;
/** So large that a group commit does not take them all, and answers of the first group stand unread when the last one comes. */
const filler = Buffer.alloc(4_096, 0x20);

const metadata = { type: 'noted', 'content-type': 'application/octet-stream' };
const request = (): Buffer => Buffer.from(batchRequest({ stream: 'held', events: [{ data: filler, metadata }] }).serializeBinary());

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Counts the messages of an answer that is read from now on. */
function countAnswers(stream: ClientHttp2Stream): () => number {
  let rest = Buffer.alloc(0);
  let count = 0;
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let size = 5; rest.length >= 5 && rest.length >= (size = 5 + rest.readUInt32BE(1)); rest = rest.subarray(size)) count += 1;
  });
  return () => count;
}

it('given as many appends as may wait at once, from a client that reads its answers only after the last one, then its call goes on', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'fillbook-batch-'));
  const storage = new EventStorage(dir);
  const writer = new Writer(storage, () => undefined);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const session = connect(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
  const client = session.request({ ':method': 'POST', ':path': '/' });
  const stream = await new Promise<ServerHttp2Stream>((resolve) => server.once('stream', resolve));
  const call = new GrpcCall(stream, undefined, new MemoryBudget(1_048_576));
  const handler = new BatchAppendCall(call, writer);
  call.receive(handler);
  for (let index = 0; index < UNANSWERED; index += 1) handler.message(request());
  await poll('all are written', () => writer.queuedBytes === 0);
  expect(call.congested).toBe(true);
  expect(stream.isPaused()).toBe(true);

  client.write(framed(request()));
  const answers = countAnswers(client);
  await poll('all are answered, and the one after them', () => answers() === UNANSWERED + 1);

  session.destroy();
  server.close();
  writer.close();
  await storage.close();
  await rm(dir, { recursive: true });
});
