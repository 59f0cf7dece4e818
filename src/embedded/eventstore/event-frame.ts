import type { EventId } from './event-id.js';
import { ProtobufReader, ProtobufWriter, varint64Size, varintSize, writeVarint, writeVarint64 } from './protobuf.js';

/** What a client proposes to append. */
export interface ProposedEvent {
  readonly id: EventId;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Buffer;
  readonly customMetadata: Buffer;
}

/** An event with its place: `position` in `$all`, `revision` in its stream, `createdMs` since 1970. */
export interface PlacedEvent {
  readonly stream: Buffer;
  readonly revision: bigint;
  readonly position: bigint;
  readonly createdMs: number;
  readonly event: ProposedEvent;
}

/** Writes into a buffer whose size was planned. */
class FrameCursor {
  at = 0;
  constructor(readonly frame: Buffer) {}

  byte(value: number): this {
    this.frame[this.at] = value;
    this.at += 1;
    return this;
  }

  varint(value: number): this {
    this.at = writeVarint(this.frame, value, this.at);
    return this;
  }

  varint64(tag: number, value: bigint): this {
    this.at = writeVarint64(this.frame, value, this.byte(tag).at);
    return this;
  }

  open(tag: number, size: number): this {
    return this.byte(tag).varint(size);
  }

  bytes(tag: number, value: Buffer): this {
    this.open(tag, value.length);
    this.at += value.copy(this.frame, this.at);
    return this;
  }

  ascii(tag: number, value: string): this {
    this.open(tag, value.length);
    this.at += this.frame.write(value, this.at, 'latin1');
    return this;
  }

  raw(value: Buffer): this {
    this.at += value.copy(this.frame, this.at);
    return this;
  }
}

/** One `metadata` entry of a RecordedEvent (field 6), with its tag. */
const metadataEntry = (key: string, value: string): Buffer =>
  new ProtobufWriter().message(6, (entry) => entry.string(1, key).string(2, value)).finish();

const CONTENT_TYPE_JSON = metadataEntry('content-type', 'application/json');
const CONTENT_TYPE_BINARY = metadataEntry('content-type', 'application/octet-stream');

/** Bytes of a length-delimited field with a tag of one byte. */
const fieldSize = (length: number): number => 1 + varintSize(length) + length;
const optionalSize = (length: number): number => (length > 0 ? fieldSize(length) : 0);

const ID_SIZE = 36;

/**
 * The event as it is stored and as it is sent: one gRPC message `ReadResp { event { event, commit_position } }` with its five-byte
 * prefix, the id as text. What is looked at without decoding the rest (id, stream, type, revision, position, created) comes first
 * and always in this order: `readEventFrame` relies on it.
 */
export function encodeEventFrame({ event, stream, revision, position, createdMs }: PlacedEvent): Buffer {
  const type = Buffer.from(event.type, 'utf8');
  const created = `${createdMs}0000`; // ticks of 100 ns
  const contentType = event.isJson ? CONTENT_TYPE_JSON : CONTENT_TYPE_BINARY;
  const typeEntrySize = 6 + fieldSize(type.length);
  const createdEntrySize = 9 + fieldSize(created.length);
  const streamSize = fieldSize(stream.length);
  const positionSize = 1 + varint64Size(position);
  const recordedSize =
    2 + fieldSize(ID_SIZE) + fieldSize(streamSize) + fieldSize(typeEntrySize) + 1 + varint64Size(revision) + 2 * positionSize +
    fieldSize(createdEntrySize) + contentType.length + optionalSize(event.customMetadata.length) + optionalSize(event.data.length);
  const readEventSize = fieldSize(recordedSize) + positionSize;
  const messageSize = fieldSize(readEventSize);
  const frame = Buffer.allocUnsafe(5 + messageSize);
  frame[0] = 0;
  frame.writeUInt32BE(messageSize, 1);
  const cursor = new FrameCursor(frame);
  cursor.at = 5;
  cursor.open(0x0a, readEventSize).open(0x0a, recordedSize);
  cursor.open(0x0a, fieldSize(ID_SIZE)).ascii(0x12, event.id);
  cursor.open(0x12, streamSize).bytes(0x1a, stream);
  cursor.open(0x32, typeEntrySize).ascii(0x0a, 'type').bytes(0x12, type);
  cursor.varint64(0x18, revision).varint64(0x20, position).varint64(0x28, position);
  cursor.open(0x32, createdEntrySize).ascii(0x0a, 'created').ascii(0x12, created);
  cursor.raw(contentType);
  if (event.customMetadata.length > 0) cursor.bytes(0x3a, event.customMetadata);
  if (event.data.length > 0) cursor.bytes(0x42, event.data);
  cursor.varint64(0x18, position);
  if (cursor.at !== frame.length) throw new Error(`event frame: ${cursor.at} bytes written, ${frame.length} planned`);
  return frame;
}

/** The whole size in bytes of the frame that starts at `offset`. */
export const frameSize = (block: Buffer, offset: number): number => 5 + block.readUInt32BE(offset + 1);

/** What is looked at of a stored event without decoding its payload. `stream` and `type` are views. */
export interface EventHead {
  readonly id: string;
  readonly stream: Buffer;
  readonly type: Buffer;
  readonly revision: bigint;
  readonly position: bigint;
  readonly createdMs: number;
}

function recordedEvent(block: Buffer, offset: number): ProtobufReader {
  const response = new ProtobufReader(block, offset + 5, offset + frameSize(block, offset));
  response.next();
  const readEvent = response.message();
  readEvent.next();
  return readEvent.message();
}

/** Value of the metadata entry that comes next. */
function entryValue(recorded: ProtobufReader): Buffer {
  recorded.next();
  const entry = recorded.message();
  entry.next();
  entry.skip();
  entry.next();
  return entry.bytes();
}

/** Reads the head of the event frame at `offset`. @throws ProtobufError if it is none. */
export function readEventHead(block: Buffer, offset: number): EventHead {
  const recorded = recordedEvent(block, offset);
  recorded.next();
  const uuid = recorded.message();
  uuid.next();
  const id = uuid.bytes().toString('latin1');
  recorded.next();
  const identifier = recorded.message();
  identifier.next();
  const stream = identifier.bytes();
  const type = entryValue(recorded);
  recorded.next();
  const revision = recorded.uint64();
  recorded.next();
  const position = recorded.uint64();
  recorded.next();
  recorded.skip();
  const createdMs = Number(entryValue(recorded).toString('latin1').slice(0, -4));
  return { id, stream, type, revision, position, createdMs };
}

/** Stream and type alone: what a filter looks at. Views. */
export function readFilteredNames(block: Buffer, offset: number): { stream: Buffer; type: Buffer } {
  const recorded = recordedEvent(block, offset);
  recorded.next();
  recorded.skip();
  recorded.next();
  const identifier = recorded.message();
  identifier.next();
  return { stream: identifier.bytes(), type: entryValue(recorded) };
}

/** The `RecordedEvent` message of a frame, a view. */
export function recordedEventBytes(block: Buffer, offset: number): Buffer {
  const response = new ProtobufReader(block, offset + 5, offset + frameSize(block, offset));
  response.next();
  const readEvent = response.message();
  readEvent.next();
  return readEvent.bytes();
}

/** The payload of a stored event, a view. */
export function readEventData(block: Buffer, offset: number): { data: Buffer; isJson: boolean } {
  const recorded = new ProtobufReader(recordedEventBytes(block, offset));
  let data: Buffer = Buffer.alloc(0);
  let isJson = false;
  for (let field = recorded.next(); field !== 0; field = recorded.next()) {
    if (field === 8) data = recorded.bytes();
    else if (field === 6) isJson ||= recorded.bytes().includes('application/json');
    else recorded.skip();
  }
  return { data, isJson };
}
