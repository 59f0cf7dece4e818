/*
 * The two messages of a batch append as protobuf bytes (event_store.client.streams, streams.proto). The generated classes took a
 * sixth of a command's time, so the request and the answer of a success are written and read here; everything else is left
 * to them. The tests hold both against the generated classes.
 */

const LENGTH_DELIMITED = 2;
const UUID_TEXT_LENGTH = 36;
/** A UUID message: its text, field 2. */
const UUID_SIZE = 2 + UUID_TEXT_LENGTH;

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** The size of a length-delimited field whose number is below 16. */
const fieldSize = (length: number): number => 1 + varintSize(length) + length;

/** Writes protobuf fields into a buffer whose size is known beforehand. */
class WireWriter {
  readonly bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** The head of a length-delimited field: its content follows. */
  head(field: number, length: number): this {
    this.#byte(field * 8 + LENGTH_DELIMITED);
    return this.#varint(length);
  }

  text(field: number, value: string, length: number): this {
    this.head(field, length);
    this.#at += this.bytes.write(value, this.#at, 'utf8');
    return this;
  }

  number(field: number, value: number): this {
    this.#byte(field * 8);
    return this.#varint(value);
  }

  bigNumber(field: number, value: bigint): this {
    if (value <= Number.MAX_SAFE_INTEGER) return this.number(field, Number(value));
    this.#byte(field * 8);
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80);
    this.#byte(Number(rest));
    return this;
  }

  uuid(field: number, value: string): this {
    return this.head(field, UUID_SIZE).text(2, value, UUID_TEXT_LENGTH);
  }

  raw(bytes: Buffer): this {
    bytes.copy(this.bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** What was written. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.#at);
  }

  #varint(value: number): this {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80);
    this.#byte(rest);
    return this;
  }

  #byte(value: number): void {
    this.bytes[this.#at] = value;
    this.#at += 1;
  }
}

/** A new event on the wire. */
export interface WireEvent {
  readonly id: string;
  readonly type: string;
  /** JSON texts. */
  readonly data: string;
  readonly metadata: string;
}

const CONTENT_TYPE = 'application/json';
const CONTENT_TYPE_ENTRY_SIZE = fieldSize('content-type'.length) + fieldSize(CONTENT_TYPE.length);

/** A `ProposedMessage`, as a field of the request. */
function proposedMessage({ id, type, data, metadata }: WireEvent): Buffer {
  const [typeSize, dataSize, metadataSize] = [Buffer.byteLength(type), Buffer.byteLength(data), Buffer.byteLength(metadata)];
  const typeEntrySize = fieldSize('type'.length) + fieldSize(typeSize);
  const size = fieldSize(UUID_SIZE) + fieldSize(typeEntrySize) + fieldSize(CONTENT_TYPE_ENTRY_SIZE) + fieldSize(metadataSize) + fieldSize(dataSize);
  return new WireWriter(fieldSize(size))
    .head(3, size)
    .uuid(1, id)
    .head(2, typeEntrySize)
    .text(1, 'type', 'type'.length)
    .text(2, type, typeSize)
    .head(2, CONTENT_TYPE_ENTRY_SIZE)
    .text(1, 'content-type', 'content-type'.length)
    .text(2, CONTENT_TYPE, CONTENT_TYPE.length)
    .text(3, metadata, metadataSize)
    .text(4, data, dataSize)
    .finish();
}

/** The events of an append, as fields of the request. */
export function proposedMessages(events: readonly WireEvent[]): Buffer {
  const [first, ...others] = events.map((event) => proposedMessage(event));
  return first && others.length === 0 ? first : Buffer.concat(first ? [first, ...others] : []);
}

/** What a request says besides its events. */
export interface WireOptions {
  readonly correlationId: string;
  readonly stream: string;
  readonly expected: bigint | 'no_stream';
  /** How long the server may take. A duration: the clocks of two machines differ. */
  readonly timeoutMs: number;
}

/** The longest that the head of a request is, besides the stream's name. */
const HEAD_ROOM = 128;

function options({ stream, expected, timeoutMs }: WireOptions): Buffer {
  const nameSize = Buffer.byteLength(stream);
  const writer = new WireWriter(HEAD_ROOM + nameSize).head(1, fieldSize(nameSize)).text(3, stream, nameSize);
  if (expected === 'no_stream') writer.head(3, 0);
  else writer.bigNumber(2, expected);
  const seconds = Math.floor(timeoutMs / 1_000);
  const nanos = (timeoutMs % 1_000) * 1_000_000;
  writer.head(7, 1 + varintSize(seconds) + (nanos === 0 ? 0 : 1 + varintSize(nanos))).number(1, seconds);
  return (nanos === 0 ? writer : writer.number(2, nanos)).finish();
}

/** A `BatchAppendReq`: final, in one fragment. */
export function batchRequestBytes(request: WireOptions, messages: Buffer): Buffer {
  const head = options(request);
  return new WireWriter(fieldSize(UUID_SIZE) + fieldSize(head.length) + messages.length + 2)
    .uuid(1, request.correlationId)
    .head(2, head.length)
    .raw(head)
    .raw(messages)
    .number(4, 1)
    .finish();
}

/** Where a field's content stands, or its number. */
interface WireField {
  readonly field: number;
  readonly value: bigint;
  readonly content: Buffer;
}

const EMPTY = Buffer.alloc(0);

function readVarint(bytes: Buffer, from: number): { readonly value: bigint; readonly next: number } {
  let [value, scale, next] = [0, 1, from];
  for (; next < bytes.length && next - from < 7; next += 1) {
    const byte = bytes[next] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: BigInt(value), next: next + 1 };
    scale *= 0x80;
  }
  let [large, shift] = [BigInt(value), 49n];
  for (; next < bytes.length && next - from < 10; next += 1) {
    const byte = bytes[next] ?? 0;
    large |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value: large, next: next + 1 };
    shift += 7n;
  }
  throw new RangeError('a varint without its end');
}

/** The fields of a message; only numbers and length-delimited ones, as the answers have no others. */
function* wireFields(bytes: Buffer): Generator<WireField> {
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    const number = readVarint(bytes, tag.next);
    const field = Number(tag.value >> 3n);
    const wireType = Number(tag.value & 7n);
    if (wireType === 0) yield { field, value: number.value, content: EMPTY };
    else if (wireType === LENGTH_DELIMITED) yield { field, value: 0n, content: bytes.subarray(number.next, number.next + Number(number.value)) };
    else throw new RangeError(`a field of wire type ${wireType}`);
    at = wireType === 0 ? number.next : number.next + Number(number.value);
  }
}

const fieldOf = (bytes: Buffer, wanted: number): WireField | undefined => {
  for (const field of wireFields(bytes)) if (field.field === wanted) return field;
  return undefined;
};

const hexOf = (half: bigint): string => half.toString(16).padStart(16, '0');

/** The text of a UUID message: as text (field 2), or as two halves, as EventStoreDB answers (field 1). */
function readUuid(bytes: Buffer): string | undefined {
  const text = fieldOf(bytes, 2);
  if (text) return text.content.toString('latin1');
  const halves = fieldOf(bytes, 1);
  if (!halves) return undefined;
  const hex = [1, 2].map((half) => hexOf(fieldOf(halves.content, half)?.value ?? 0n)).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The answer to an append that is in. */
export interface WireSuccess {
  readonly correlationId: string;
  readonly revision: bigint;
  readonly position: bigint | undefined;
}

/** Reads a `BatchAppendResp` that says that an append is in; undefined for any other, or where it is written otherwise. */
export function readSuccess(bytes: Buffer): WireSuccess | undefined {
  let [correlationId, success]: [string | undefined, Buffer | undefined] = [undefined, undefined];
  for (const { field, content } of wireFields(bytes)) {
    if (field === 1) correlationId = readUuid(content);
    else if (field === 3) success = content;
  }
  if (correlationId === undefined || success === undefined) return undefined;
  const revision = fieldOf(success, 1);
  if (!revision) return undefined;
  const position = fieldOf(success, 3);
  return { correlationId, revision: revision.value, position: position ? (fieldOf(position.content, 1)?.value ?? 0n) : undefined };
}
