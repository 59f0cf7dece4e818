import { type ServerHttp2Stream, createServer } from 'node:http2';
import { batchSuccess, readBatchFragment } from '../src/embedded/eventstore/batch-messages.js';
import { encodeEventFrame } from '../src/embedded/eventstore/event-frame.js';
import { newEventId } from '../src/embedded/eventstore/event-id.js';
import { ProtobufWriter, grpcFrame } from '../src/embedded/eventstore/protobuf.js';

/*
 * The fastest server that there can be for the official client, to measure another one by: it stores nothing, answers each batch
 * append as soon as it is read, and streams the same prepared bytes to each read, 64 kB a write, and sends
 * back what `Echo` is sent. Says its port on standard output.
 */

const data = Buffer.from(process.argv[2] ?? '{}');
const WRITE_BYTES = 64 * 1024;

/** About 64 kB of events, as often as there are to be events. */
function preparedWrites(events: number): Buffer[] {
  const frame = encodeEventFrame({
    stream: Buffer.from('prepared'),
    revision: 1_000n,
    position: 100_000n,
    createdMs: Date.now(),
    event: { id: newEventId(), type: 'happened', isJson: true, data, customMetadata: Buffer.alloc(0) },
  });
  const perWrite = Math.floor(WRITE_BYTES / frame.length);
  const full = Buffer.concat(Array.from({ length: perWrite }, () => frame));
  const writes = Array.from({ length: Math.floor(events / perWrite) }, () => full);
  return [...writes, Buffer.concat(Array.from({ length: events % perWrite }, () => frame))];
}

function finish(stream: ServerHttp2Stream): void {
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end();
}

async function streamPrepared(stream: ServerHttp2Stream, events: number): Promise<void> {
  for (const write of preparedWrites(events)) {
    if (!stream.write(write)) await new Promise((resolve) => stream.once('drain', resolve));
  }
  finish(stream);
}

/** Reads framed messages and answers each final one. */
function answerAppends(stream: ServerHttp2Stream): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const answers: Buffer[] = [];
    for (let size = frameSize(rest); rest.length >= size; size = frameSize(rest)) {
      const fragment = readBatchFragment(rest.subarray(5, size), Date.now());
      rest = rest.subarray(size);
      if (fragment.isFinal) answers.push(batchSuccess(fragment.correlation, 'prepared', 1n, 1n));
    }
    if (answers.length > 0) stream.write(Buffer.concat(answers));
  });
}

const frameSize = (bytes: Buffer): number => (bytes.length < 5 ? 5 : 5 + bytes.readUInt32BE(1));

/** The client appends by `BatchAppend` where the server says that it can. */
function sayFeatures(stream: ServerHttp2Stream): void {
  const features = new ProtobufWriter()
    .message(1, (method) => method.string(1, 'batchappend').string(2, 'event_store.client.streams.streams').string(3, 'deadline_duration'))
    .string(2, '23.10.6');
  stream.write(grpcFrame(features.finish()));
  finish(stream);
}

const server = createServer({ settings: { initialWindowSize: 4 * 1024 * 1024 } });
server.on('session', (session) => session.setLocalWindowSize(16 * 1024 * 1024));
server.on('stream', (stream, headers) => {
  stream.on('error', () => undefined);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  const path = headers[':path'] ?? '';
  if (path.endsWith('/BatchAppend')) answerAppends(stream);
  else if (path.endsWith('/Echo')) stream.pipe(stream);
  else if (path.endsWith('/Read')) void streamPrepared(stream, Number(process.argv[3] ?? 100_000));
  else sayFeatures(stream);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`);
});
process.stdin.once('end', () => process.exit(0)).resume();
