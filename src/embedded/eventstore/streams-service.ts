import { AllSubscription } from './all-subscription.js';
import { appendCall } from './append-call.js';
import { BatchAppendCall } from './batch-append-call.js';
import type { CommitFeed } from './commit-feed.js';
import { type GrpcCall, type RequestSink, asGrpcError } from './grpc-call.js';
import { deleteRefused, invalidArgument, streamDeleted } from './grpc-error.js';
import type { GrpcMethod } from './grpc-server.js';
import { readWriteOptions, writePosition } from './messages.js';
import { ProtobufReader, ProtobufWriter, grpcFrame } from './protobuf.js';
import { readReadRequest } from './read-request.js';
import { read } from './reads.js';
import type { EventStorage } from './storage.js';
import { StreamSubscription } from './stream-subscription.js';
import type { Writer } from './writer.js';

/** What the Streams service works on. */
export interface StreamsContext {
  readonly storage: EventStorage;
  readonly writer: Writer;
  readonly feed: CommitFeed;
}

/** Takes the one message of a call and works on it; what `work` throws ends the call. */
export function unary(call: GrpcCall, work: (message: Buffer) => void | Promise<void>): RequestSink {
  let message: Buffer | undefined;
  return {
    message(part) {
      if (message !== undefined) throw invalidArgument('one message was expected');
      message = part;
    },
    end() {
      const request = message;
      if (request === undefined) throw invalidArgument('a message was expected');
      const run = async (): Promise<void> => work(request);
      run().catch((error: unknown) => call.fail(asGrpcError(error)));
    },
  };
}

async function readOrSubscribe(call: GrpcCall, { storage, feed }: StreamsContext, message: Buffer): Promise<void> {
  const request = readReadRequest(message);
  if (request.maxCount !== undefined) await read(call, storage, request, request.maxCount);
  else if (request.stream === undefined) await new AllSubscription(call, storage, feed, request).run();
  else await new StreamSubscription(call, storage, feed, request, request.stream).run();
}

function deleteStream(call: GrpcCall, writer: Writer, kind: 'delete' | 'tombstone', message: Buffer): void {
  const reader = new ProtobufReader(message);
  if (reader.next() !== 1) throw invalidArgument('options are missing');
  const { stream, expected } = readWriteOptions(reader.message());
  writer.submit({
    kind,
    stream,
    expected,
    events: [],
    sizeBytes: message.length,
    abandoned: () => call.closed,
    answer(outcome) {
      if (outcome.kind === 'written') {
        const { position } = outcome;
        const answer = new ProtobufWriter();
        if (position === undefined) answer.empty(2);
        else answer.message(1, (inner) => writePosition(inner, position));
        call.send(grpcFrame(answer.finish()));
        call.end();
      } else if (outcome.kind === 'wrong-expected-version') call.fail(deleteRefused(stream, expected, outcome.current));
      else call.fail(outcome.kind === 'stream-deleted' ? streamDeleted(stream) : outcome.error);
    },
  });
}

/** The methods of `event_store.client.streams.Streams`. */
export function streamsService(context: StreamsContext): Readonly<Record<string, GrpcMethod>> {
  const { writer } = context;
  return {
    Read: (call) => unary(call, (message) => readOrSubscribe(call, context, message)),
    Append: (call) => appendCall(call, writer),
    BatchAppend: (call) => new BatchAppendCall(call, writer),
    Delete: (call) => unary(call, (message) => deleteStream(call, writer, 'delete', message)),
    Tombstone: (call) => unary(call, (message) => deleteStream(call, writer, 'tombstone', message)),
  };
}
