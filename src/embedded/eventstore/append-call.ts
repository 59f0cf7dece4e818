import type { ProposedEvent } from './event-frame.js';
import type { GrpcCall, RequestSink } from './grpc-call.js';
import { GrpcCode, GrpcError, appendTooLarge, invalidArgument, streamDeleted } from './grpc-error.js';
import { BudgetPart, type MemoryBudget } from './memory-budget.js';
import {
  EXPECT_ANY,
  EXPECT_NO_STREAM,
  EXPECT_STREAM_EXISTS,
  type WriteOptions,
  readProposedMessage,
  readWriteOptions,
  writePosition,
} from './messages.js';
import { ProtobufReader, ProtobufWriter, grpcFrame } from './protobuf.js';
import type { WriteOutcome, Writer } from './writer.js';

/** The largest append: so many bytes of data in all its events, as EventStoreDB counts them. */
export const MAX_APPEND_BYTES = 1024 * 1024;
/** Metadata does not count to EventStoreDB's limit; here it has one of its own. */
const MAX_APPEND_METADATA_BYTES = 16 * 1024 * 1024;
/** What an event costs besides its bytes. */
const EVENT_BYTES = 200;
/** What an append that waits for further messages costs besides its events: its names, a timer, its place in maps. */
const UNFINISHED_BYTES = 1_024;

/** The events of one append while they come in, held to the limits. */
export class AppendedEvents {
  readonly events: ProposedEvent[] = [];
  readonly #held: BudgetPart;
  #dataBytes = 0;
  #otherBytes = 0;
  #messageBytes = 0;

  constructor(budget: MemoryBudget) {
    this.#held = new BudgetPart(budget);
  }

  /** Adds an event to a stream whose name has so many characters; false where the append is over a limit. */
  add(event: ProposedEvent, nameLength: number): boolean {
    this.#dataBytes += event.data.length;
    this.#otherBytes += event.customMetadata.length + event.type.length + nameLength + EVENT_BYTES;
    this.events.push(event);
    return this.#dataBytes <= MAX_APPEND_BYTES && this.#otherBytes <= MAX_APPEND_METADATA_BYTES;
  }

  /** A message came and more are to come; false where all appends that wait for further messages together are too many. */
  awaitMore(messageBytes: number): boolean {
    // Events are views of their message, which stays with all that is in it, also what is not read.
    this.#messageBytes += messageBytes;
    return this.#held.hold(UNFINISHED_BYTES + this.#messageBytes + this.events.length * EVENT_BYTES);
  }

  get sizeBytes(): number {
    return this.#dataBytes + this.#otherBytes;
  }

  /** It is complete, or given up: it counts no more to what waits for further messages. */
  release(): void {
    this.#held.hold(0);
  }
}

/** Appends of which messages are still to come take up all the memory that there is for them. */
export const noRoomForAppends = (): GrpcError => new GrpcError(GrpcCode.resourceExhausted, 'too many bytes of appends wait for their last message');

/** One `Append` call: options, then events, then one answer. */
export function appendCall(call: GrpcCall, writer: Writer): RequestSink {
  let options: WriteOptions | undefined;
  const appended = new AppendedEvents(writer.unfinished);
  call.onClose(() => appended.release());
  return {
    message(message) {
      const reader = new ProtobufReader(message);
      for (let field = reader.next(); field !== 0; field = reader.next()) {
        if (field === 1 && options === undefined) options = readWriteOptions(reader.message());
        else if (field === 2 && options !== undefined) {
          if (!appended.add(readProposedMessage(reader.message()), options.stream.length)) throw appendTooLarge(MAX_APPEND_BYTES);
        } else if (field === 2) throw invalidArgument('options have to come before the first proposed_message');
        else reader.skip();
      }
      if (!appended.awaitMore(message.length)) throw noRoomForAppends();
    },
    end() {
      if (options === undefined) throw invalidArgument('options are missing');
      const { stream, expected } = options;
      appended.release();
      writer.submit({
        kind: 'append',
        stream,
        expected,
        events: appended.events,
        sizeBytes: appended.sizeBytes,
        abandoned: () => call.closed,
        answer: (outcome) => answerAppend(call, stream, expected, outcome),
      });
    },
  };
}

function answerAppend(call: GrpcCall, stream: string, expected: bigint, outcome: WriteOutcome): void {
  switch (outcome.kind) {
    case 'written':
      call.send(grpcFrame(appendSuccess(outcome.revision, outcome.position)));
      call.end();
      return;
    case 'wrong-expected-version':
      call.send(grpcFrame(appendRefused(outcome.current, expected)));
      call.end();
      return;
    case 'stream-deleted':
      call.fail(streamDeleted(stream));
      return;
    case 'failed':
      call.fail(outcome.error);
      return;
    default:
      outcome satisfies never;
  }
}

const appendSuccess = (revision: bigint, position: bigint | undefined): Buffer =>
  new ProtobufWriter()
    .message(1, (success) => {
      if (revision < 0n) success.empty(2);
      else success.uint64(1, revision);
      if (position === undefined) success.empty(4);
      else success.message(3, (inner) => writePosition(inner, position));
    })
    .finish();

/** `WrongExpectedVersion` in both forms: that of 20.6 (fields 1 to 5) and the later one (6 to 11). */
const appendRefused = (current: bigint, expected: bigint): Buffer =>
  new ProtobufWriter()
    .message(2, (refused) => {
      if (current < 0n) refused.empty(2);
      else refused.uint64(1, current);
      if (expected === EXPECT_ANY) refused.empty(4);
      else if (expected === EXPECT_STREAM_EXISTS) refused.empty(5);
      else refused.uint64(3, expected); // -1, no stream, as the largest unsigned number
      if (current < 0n) refused.empty(7);
      else refused.uint64(6, current);
      if (expected === EXPECT_ANY) refused.empty(9);
      else if (expected === EXPECT_STREAM_EXISTS) refused.empty(10);
      else if (expected === EXPECT_NO_STREAM) refused.empty(11);
      else refused.uint64(8, expected);
    })
    .finish();
