import type { ProposedEvent } from './event-frame.js';
import { type EventId, eventIdOfHalves, parseEventId } from './event-id.js';
import { GrpcCode, GrpcError, invalidArgument, missingMetadata } from './grpc-error.js';
import { ProtobufReader, ProtobufWriter } from './protobuf.js';

/** Expected revisions as EventStoreDB numbers them; any other number is the exact revision. */
export const EXPECT_NO_STREAM = -1n;
export const EXPECT_ANY = -2n;
export const EXPECT_STREAM_EXISTS = -4n;

/** The revision of a tombstone: the last that there can be. */
export const TOMBSTONE_REVISION = (1n << 63n) - 1n;

/** What an append or delete is about. `expected` is undefined where the client named none. */
export interface WriteOptions {
  readonly stream: string;
  readonly expected: bigint;
}

/** The longest name of a stream that is written to, in bytes of UTF-8: each event carries it. */
const MAX_STREAM_NAME_BYTES = 4_096;

/** The name in a `StreamIdentifier`; empty where it has none. */
export function readStreamIdentifier(reader: ProtobufReader): string {
  let name = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) name = reader.string();
    else reader.skip();
  }
  return name;
}

/** The largest unsigned number, -1 as a signed one, stands for no stream, as EventStoreDB takes it. */
const NO_STREAM_UNSIGNED = BigInt.asUintN(64, EXPECT_NO_STREAM);

function exactRevision(revision: bigint): bigint {
  if (revision === NO_STREAM_UNSIGNED) return EXPECT_NO_STREAM;
  if (revision > TOMBSTONE_REVISION) throw invalidArgument(`expected revision ${revision} is out of range`);
  return revision;
}

/** `Options` of Append, BatchAppend, Delete and Tombstone share their first five fields. */
export function readWriteOptions(reader: ProtobufReader, other?: (field: number, reader: ProtobufReader) => boolean): WriteOptions {
  let stream = '';
  let expected: bigint | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) stream = readStreamIdentifier(reader.message());
    else if (field === 2) expected = exactRevision(reader.uint64());
    else if (field >= 3 && field <= 5) {
      expected = field === 3 ? EXPECT_NO_STREAM : field === 4 ? EXPECT_ANY : EXPECT_STREAM_EXISTS;
      reader.skip();
    } else if (other?.(field, reader) !== true) reader.skip();
  }
  if (stream === '') throw invalidArgument("stream_identifier: the stream's name is missing");
  // Of a stream with the longest name the metadata can be written too.
  const nameBytes = Buffer.byteLength(stream.startsWith('$$') ? stream.slice(2) : stream);
  if (nameBytes > MAX_STREAM_NAME_BYTES) {
    throw new GrpcError(GrpcCode.resourceExhausted, `stream_identifier: the stream's name has ${nameBytes} bytes, more than ${MAX_STREAM_NAME_BYTES}`);
  }
  if (expected === undefined) throw invalidArgument('expected_stream_revision is missing');
  return { stream, expected };
}

/** A UUID as text or as two halves; undefined if it is none. */
export function readUuid(reader: ProtobufReader): EventId | undefined {
  let id: EventId | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 2) id = parseEventId(reader.string());
    else if (field === 1) {
      const halves = reader.message();
      let most = 0n;
      let least = 0n;
      for (let half = halves.next(); half !== 0; half = halves.next()) {
        if (half === 1) most = halves.int64();
        else if (half === 2) least = halves.int64();
        else halves.skip();
      }
      id = eventIdOfHalves(most, least);
    } else reader.skip();
  }
  return id;
}

function readMetadataEntry(reader: ProtobufReader, into: Map<string, string>): void {
  let key = '';
  let value = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = reader.string();
    else if (field === 2) value = reader.string();
    else reader.skip();
  }
  into.set(key, value);
}

const NOTHING = Buffer.alloc(0);

/**
 * A `ProposedMessage` of Append or BatchAppend. Payloads are views of the request.
 * @throws GrpcError INVALID_ARGUMENT where id, type or content-type is missing or wrong.
 */
export function readProposedMessage(reader: ProtobufReader): ProposedEvent {
  const metadata = new Map<string, string>();
  let id: EventId | undefined;
  let customMetadata: Buffer = NOTHING;
  let data: Buffer = NOTHING;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) id = readUuid(reader.message());
    else if (field === 2) readMetadataEntry(reader.message(), metadata);
    else if (field === 3) customMetadata = reader.bytes();
    else if (field === 4) data = reader.bytes();
    else reader.skip();
  }
  const type = metadata.get('type');
  const contentType = metadata.get('content-type');
  if (type === undefined) throw missingMetadata('type');
  if (contentType === undefined) throw missingMetadata('content-type');
  if (type === '') throw invalidArgument("metadata 'type' is empty");
  if (id === undefined) throw invalidArgument('id: a UUID other than nil was expected');
  return { id, type, isJson: contentType === 'application/json', data, customMetadata };
}

/** `StreamIdentifier` as field `field`. */
export const writeStreamIdentifier = (writer: ProtobufWriter, field: number, stream: string): ProtobufWriter =>
  writer.message(field, (identifier) => identifier.string(3, stream));

/** Commit and prepare position, the same here, as fields 1 and 2. */
export const writePosition = (writer: ProtobufWriter, position: bigint): ProtobufWriter => writer.uint64(1, position).uint64(2, position);
