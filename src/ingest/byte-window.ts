import { Buffer } from 'node:buffer';

const FIRST_CAPACITY = 65_536;

/**
 * Bytes that are read one by one and kept from some place on, to be read again or given out as text. Positions count from the
 * first kept byte. It is as large as the longest stretch that was kept, and one chunk.
 */
export class ByteWindow {
  #bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  /** The first kept byte, the next one to read, and the end of what is here. */
  #from = 0;
  #next = 0;
  #to = 0;

  append(chunk: Buffer): void {
    this.#makeRoom(chunk.length);
    chunk.copy(this.#bytes, this.#to);
    this.#to += chunk.length;
  }

  #makeRoom(length: number): void {
    if (this.#to + length <= this.#bytes.length) return;
    const held = this.#to - this.#from;
    const needed = held + length;
    const target = needed <= this.#bytes.length ? this.#bytes : Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(target, 0, this.#from, this.#to);
    [this.#bytes, this.#next, this.#from, this.#to] = [target, this.#next - this.#from, 0, held];
  }

  get hasNext(): boolean {
    return this.#next < this.#to;
  }

  /** Reads a byte; there must be one. */
  next(): number {
    const byte = this.#bytes[this.#next];
    if (byte === undefined || this.#next >= this.#to) throw new RangeError('there is no byte left');
    this.#next += 1;
    return byte;
  }

  /** The place of the next byte, which is also the number of bytes that were read and kept. */
  get position(): number {
    return this.#next - this.#from;
  }

  /** Reads the kept bytes again. */
  rewind(): void {
    this.#next = this.#from;
  }

  at(position: number): number {
    return this.#bytes[this.#from + position] ?? 0;
  }

  /** The place of a byte among those that were read, from `start` on; -1 where there is none. */
  indexOf(byte: number, start: number): number {
    const found = this.#bytes.subarray(0, this.#next).indexOf(byte, this.#from + start);
    return found === -1 ? -1 : found - this.#from;
  }

  /** The kept bytes before `end`: as they are until something is appended. */
  bytes(end: number): Buffer {
    return this.#bytes.subarray(this.#from, Math.min(this.#from + end, this.#to));
  }

  /** Lets go of the bytes before `position`. */
  dropTo(position: number): void {
    this.#from += position;
  }

  /** Lets go of all that was read. */
  drop(): void {
    this.#from = this.#next;
  }
}
