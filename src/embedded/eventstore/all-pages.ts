import { type Block, skipFrames } from './block.js';
import type { EventFilter } from './event-filter.js';
import { frameSize } from './event-frame.js';
import type { EventStorage } from './storage.js';

/**
 * A page ends once it holds so many bytes: what one call has in memory while its reader is slow. Half a block's: most pages are then
 * the rest of one block, which is sent as it is stored.
 */
export const PAGE_BYTES = 32 * 1024;
/** A filtered page ends once so many bytes of events were looked at, that others get their turn. */
const SCANNED_BYTES = 512 * 1024;

/** Frames to send, in order, and where to go on. */
export interface Page<Place> {
  readonly parts: Buffer[];
  readonly events: number;
  readonly next: Place;
  /** Nothing more is stored in this direction. */
  readonly atEnd: boolean;
}

/** Told of every event that a filter considered: lets a subscription put checkpoints between the events. */
export type Considered = (position: bigint) => Buffer | undefined;

/** Reads `$all` forwards from position `from` on (inclusive), at most `max` events. `blocks` begin at or before `from`. */
export function readAllForwards(blocks: Iterable<Block>, from: bigint, max: number, filter?: EventFilter, considered?: Considered): Page<bigint> {
  const page = new PageBuilder(max);
  let next = from;
  for (const block of blocks) {
    const skipped = from > block.first ? Number(from - block.first) : 0;
    if (skipped >= block.count) continue;
    const taken =
      filter === undefined ? page.addAll(block, skipped) : page.addFiltered(block, skipped, filter, considered);
    next = block.first + BigInt(skipped + taken);
    if (page.full) return page.finish(next, false);
  }
  return page.finish(next, true);
}

/** Reads `$all` backwards from before position `before`, at most `max` events. */
export function readAllBackwards(storage: EventStorage, before: bigint, max: number, filter?: EventFilter): Page<bigint> {
  const page = new PageBuilder(max);
  let next = before;
  for (const block of storage.blocksBefore(before)) {
    const count = before - block.first < BigInt(block.count) ? Number(before - block.first) : block.count;
    const taken = page.addBackwards(block, count, filter);
    next = block.first + BigInt(count - taken);
    if (page.full) return page.finish(next, false);
  }
  return page.finish(next, true);
}

/** Collects the frames of a page up to its limits. Each method answers how many events of the block it went over. */
class PageBuilder {
  readonly #parts: Buffer[] = [];
  readonly #max: number;
  #events = 0;
  #bytes = 0;
  #scanned = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get full(): boolean {
    return this.#events >= this.#max || this.#bytes >= PAGE_BYTES || this.#scanned >= SCANNED_BYTES;
  }

  #push(part: Buffer, events: number): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    this.#events += events;
  }

  addAll(block: Block, skipped: number): number {
    const start = skipFrames(block.frames, 0, skipped);
    const count = Math.min(block.count - skipped, this.#max - this.#events);
    const end = skipped + count === block.count ? block.frames.length : skipFrames(block.frames, start, count);
    this.#push(block.frames.subarray(start, end), count);
    return count;
  }

  addFiltered({ first, count, frames }: Block, skipped: number, filter: EventFilter, considered: Considered | undefined): number {
    let at = skipFrames(frames, 0, skipped);
    for (let index = skipped; index < count; index += 1) {
      if (this.full) return index - skipped;
      const size = frameSize(frames, at);
      this.#scanned += size;
      if (filter(frames, at)) this.#push(frames.subarray(at, at + size), 1);
      const checkpoint = considered?.(first + BigInt(index));
      if (checkpoint !== undefined) this.#push(checkpoint, 0);
      at += size;
    }
    return count - skipped;
  }

  addBackwards({ frames }: Block, count: number, filter: EventFilter | undefined): number {
    const offsets: number[] = [];
    for (let at = 0; offsets.length < count; at += frameSize(frames, at)) offsets.push(at);
    for (const [taken, at] of offsets.reverse().entries()) {
      if (this.full) return taken;
      const size = frameSize(frames, at);
      this.#scanned += size;
      if (filter?.(frames, at) !== false) this.#push(frames.subarray(at, at + size), 1);
    }
    return count;
  }

  finish<Place>(next: Place, atEnd: boolean): Page<Place> {
    return { parts: this.#parts, events: this.#events, next, atEnd };
  }
}
