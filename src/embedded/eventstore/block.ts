import { crc32 } from 'node:zlib';
import { damaged } from './damage.js';
import { frameSize } from './event-frame.js';
import type { GrpcError } from './grpc-error.js';

/**
 * Events that were committed together, in the order of `$all`, as the bytes that readers are sent. The event at index i has the
 * position `first + i`: positions inside a block have no holes.
 */
export interface Block {
  readonly first: bigint;
  /** First position of the block before; 0 in the first block. A block that is missing is noticed by it. */
  readonly previous: bigint;
  readonly count: number;
  /** The frames, without the header that is stored before them. */
  readonly frames: Buffer;
}

/** A block is closed once it is as large as this, in bytes; an event that is larger has a block of its own. */
const BLOCK_TARGET_BYTES = 64 * 1024;

/** Checksum of all that follows, format, count, size of the frames, first position of the block before, and of this one. */
const HEADER_BYTES = 32;
const BLOCK_FORMAT = 2;

const damagedBlock = (first: bigint, what: string): GrpcError => damaged(`block at position ${first}: ${what}`);

/** Builds the blocks of one commit. */
export class BlockBuilder {
  readonly first: bigint;
  readonly #previous: bigint;
  count = 0;
  #parts: Buffer[] = [];
  sizeBytes = 0;

  constructor(first: bigint, previous: bigint) {
    this.first = first;
    this.#previous = previous;
  }

  /** Whether a frame of `size` bytes still belongs here. */
  fits(size: number): boolean {
    return this.count === 0 || this.sizeBytes + size <= BLOCK_TARGET_BYTES;
  }

  /** Adds a frame; answers its offset among the frames. */
  add(frame: Buffer): number {
    const offset = this.sizeBytes;
    this.#parts.push(frame);
    this.sizeBytes += frame.length;
    this.count += 1;
    return offset;
  }

  /** The block, and the bytes that are stored of it: a header with count and checksum, and the frames. */
  finish(): { block: Block; stored: Buffer } {
    const stored = Buffer.allocUnsafe(HEADER_BYTES + this.sizeBytes);
    let at = HEADER_BYTES;
    for (const part of this.#parts) at += part.copy(stored, at);
    const frames = stored.subarray(HEADER_BYTES);
    stored.writeUInt32BE(BLOCK_FORMAT, 4);
    stored.writeUInt32BE(this.count, 8);
    stored.writeUInt32BE(this.sizeBytes, 12);
    stored.writeBigUInt64BE(this.#previous, 16);
    stored.writeBigUInt64BE(this.first, 24);
    stored.writeUInt32BE(crc32(stored.subarray(4)), 0);
    return { block: { first: this.first, previous: this.#previous, count: this.count, frames }, stored };
  }
}

/** Reads what is stored of a block. @throws GrpcError DATA_LOSS where the checksum does not fit, or the block is another one. */
export function decodeBlock(first: bigint, stored: Buffer): Block {
  if (stored.length < HEADER_BYTES || stored.readUInt32BE(4) !== BLOCK_FORMAT) throw damagedBlock(first, 'not a block');
  const frames = stored.subarray(HEADER_BYTES);
  if (frames.length !== stored.readUInt32BE(12)) throw damagedBlock(first, 'cut short');
  if (crc32(stored.subarray(4)) !== stored.readUInt32BE(0)) throw damagedBlock(first, 'its checksum does not fit');
  if (stored.readBigUInt64BE(24) !== first) throw damagedBlock(first, `the block of position ${stored.readBigUInt64BE(24)} stands there`);
  return { first, previous: stored.readBigUInt64BE(16), count: stored.readUInt32BE(8), frames };
}

/** Offset of the frame that is `count` frames after the one at `from`. */
export function skipFrames(frames: Buffer, from: number, count: number): number {
  let at = from;
  for (let index = 0; index < count; index += 1) at += frameSize(frames, at);
  return at;
}
