/** A message that is not valid protobuf, or not what its schema says. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

const TWO_32 = 4_294_967_296;

/**
 * Reads one protobuf message field by field. `next()` answers the field number (0 at the end); the value is then read with the
 * method of its type, or skipped. Bytes are views of the message, not copies.
 * @throws ProtobufError on anything cut short or malformed.
 */
export class ProtobufReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #offset: number;
  #wireType = 0;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#offset = start;
    this.#end = end;
  }

  /** Number of the next field, or 0 after the last one. */
  next(): number {
    if (this.#offset >= this.#end) return 0;
    const tag = this.uint32();
    this.#wireType = tag & 7;
    const field = tag >>> 3;
    if (field === 0) throw new ProtobufError('field number 0');
    return field;
  }

  #byte(): number {
    const value = this.#offset < this.#end ? this.#buffer[this.#offset] : undefined;
    if (value === undefined) throw new ProtobufError('message cut short');
    this.#offset += 1;
    return value;
  }

  /** The low 32 bits of a varint, unsigned. */
  uint32(): number {
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    throw new ProtobufError('varint longer than ten bytes');
  }

  /** A varint of 64 bits, unsigned. */
  uint64(): bigint {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (index * 7);
      else if (index === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (index * 7 - 32);
      if (byte < 0x80) return high === 0 ? BigInt(low >>> 0) : (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    }
    throw new ProtobufError('varint longer than ten bytes');
  }

  /** A varint of 64 bits, signed (two's complement, as `int64` is sent). */
  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  boolean(): boolean {
    return this.uint32() !== 0;
  }

  /** A view of a length-delimited field. */
  bytes(): Buffer {
    if (this.#wireType !== WIRE_BYTES) throw new ProtobufError('a length-delimited field was expected');
    const length = this.uint32();
    const start = this.#offset;
    if (length > this.#end - start) throw new ProtobufError('message cut short');
    this.#offset = start + length;
    return this.#buffer.subarray(start, this.#offset);
  }

  string(): string {
    return this.bytes().toString('utf8');
  }

  /** A reader of the embedded message that comes next. */
  message(): ProtobufReader {
    return new ProtobufReader(this.bytes());
  }

  skip(): void {
    switch (this.#wireType) {
      case WIRE_VARINT:
        this.uint64();
        return;
      case WIRE_FIXED64:
        this.#advance(8);
        return;
      case WIRE_BYTES:
        this.bytes();
        return;
      case WIRE_FIXED32:
        this.#advance(4);
        return;
      default:
        throw new ProtobufError(`wire type ${this.#wireType} is not supported`);
    }
  }

  #advance(count: number): void {
    if (count > this.#end - this.#offset) throw new ProtobufError('message cut short');
    this.#offset += count;
  }
}

/** Bytes that `value` takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Writes `value` (0 to 2^53) as a varint at `offset`; answers the offset after it. */
export function writeVarint(target: Buffer, value: number, offset: number): number {
  let at = offset;
  let rest = value;
  while (rest >= TWO_32) {
    target[at] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
    at += 1;
  }
  while (rest >= 128) {
    target[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    at += 1;
  }
  target[at] = rest;
  return at + 1;
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Bytes that an unsigned 64-bit `value` takes as a varint. */
export function varint64Size(value: bigint): number {
  if (value <= SAFE) return varintSize(Number(value));
  return value < 1n << 56n ? 8 : value < 1n << 63n ? 9 : 10;
}

/** Writes an unsigned 64-bit `value` as a varint at `offset`; answers the offset after it. */
export function writeVarint64(target: Buffer, value: bigint, offset: number): number {
  if (value <= SAFE) return writeVarint(target, Number(value), offset);
  let at = offset;
  let rest = value;
  while (rest >= 128n) {
    target[at] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
    at += 1;
  }
  target[at] = Number(rest);
  return at + 1;
}

/** Writes small messages (answers, not events): fields are appended in the order they are written. */
export class ProtobufWriter {
  #parts: Buffer[] = [];

  /** Always written, also when zero: members of a `oneof` have to be. */
  uint64(field: number, value: bigint): this {
    const unsigned = BigInt.asUintN(64, value);
    const part = Buffer.allocUnsafe(15);
    const at = writeVarint64(part, unsigned, writeVarint(part, field * 8 + WIRE_VARINT, 0));
    this.#parts.push(part.subarray(0, at));
    return this;
  }

  uint32(field: number, value: number): this {
    return this.uint64(field, BigInt(value));
  }

  bytes(field: number, value: Buffer): this {
    const head = Buffer.allocUnsafe(15);
    const at = writeVarint(head, value.length, writeVarint(head, field * 8 + WIRE_BYTES, 0));
    this.#parts.push(head.subarray(0, at), value);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, write: (inner: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  /** An empty message, as `google.protobuf.Empty` members of a `oneof` are. */
  empty(field: number): this {
    return this.bytes(field, Buffer.alloc(0));
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** A message with gRPC's five-byte prefix: not compressed, its length. */
export function grpcFrame(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(5 + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  return frame;
}
