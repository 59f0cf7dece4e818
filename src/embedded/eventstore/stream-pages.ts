import { PAGE_BYTES, type Page } from './all-pages.js';
import { skipFrames } from './block.js';
import { damaged } from './damage.js';
import { frameSize, readEventHead } from './event-frame.js';
import type { GrpcError } from './grpc-error.js';
import { TOMBSTONE_REVISION } from './messages.js';
import type { Run } from './storage-records.js';
import type { EventStorage } from './storage.js';
import { METASTREAM_METADATA, isMetastream, isSoftDeleted, originalOf } from './stream-metadata.js';

/** What a reader sees of a stream: nothing, a tombstone, or the revisions from `first` (by its metadata) to `last`. */
export type StreamView =
  | { readonly kind: 'none' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'readable'; readonly number: bigint; readonly first: bigint; readonly last: bigint };

/** Looks a stream up and applies its metadata: maxCount, truncateBefore, maxAge, soft delete. */
export function viewStream(storage: EventStorage, stream: string): StreamView {
  const record = storage.stream(Buffer.from(stream, 'utf8'));
  if (isMetastream(stream)) {
    const original = storage.stream(Buffer.from(originalOf(stream), 'utf8'));
    if (original?.last === TOMBSTONE_REVISION) return { kind: 'deleted' };
  }
  if (record === undefined || record.last < 0n) return { kind: 'none' };
  const { number, last } = record;
  if (last === TOMBSTONE_REVISION) return { kind: 'deleted' };
  const metadata = isMetastream(stream) ? METASTREAM_METADATA : record.metadata;
  if (isSoftDeleted(metadata)) return { kind: 'none' };
  let first = metadata.truncateBefore ?? 0n;
  if (metadata.maxCount !== undefined && last - metadata.maxCount + 1n > first) first = last - metadata.maxCount + 1n;
  if (metadata.maxAgeSeconds !== undefined) {
    first = firstCreatedSince(storage, number, first, last, Date.now() - metadata.maxAgeSeconds * 1000);
  }
  return { kind: 'readable', number, first, last };
}

/** The first revision in [low, last] that was created at `sinceMs` or later; `last + 1` if none was. Times never go back. */
function firstCreatedSince(storage: EventStorage, number: bigint, low: bigint, last: bigint, sinceMs: number): bigint {
  let from = low;
  let to = last + 1n;
  while (from < to) {
    const middle = (from + to) / 2n;
    if (createdMsAt(storage, number, middle) >= sinceMs) to = middle;
    else from = middle + 1n;
  }
  return from;
}

function createdMsAt(storage: EventStorage, number: bigint, revision: bigint): number {
  const { frames, at } = locateEvent(storage, number, revision);
  return readEventHead(frames, at).createdMs;
}

const missingRevision = (number: bigint, revision: bigint): GrpcError => damaged(`stream number ${number}: revision ${revision} is missing`);

/** Where the event at a revision stands. @throws GrpcError DATA_LOSS where it is missing: the record of its stream says that it is there. */
export function locateEvent(storage: EventStorage, number: bigint, revision: bigint): { frames: Buffer; at: number } {
  for (const run of storage.runsBackwards(number, revision)) {
    const index = revision - run.firstRevision;
    if (index >= BigInt(run.count)) break;
    const { frames } = blockOf(storage, run);
    return { frames, at: skipFrames(frames, run.offset, Number(index)) };
  }
  throw missingRevision(number, revision);
}

function blockOf(storage: EventStorage, run: Run): { frames: Buffer } {
  const block = storage.block(run.block);
  if (block === undefined) throw damaged(`the block at position ${run.block} is missing`);
  return block;
}

/** Reads a stream forwards from revision `from` on, at most `max` events, none after `last`. */
export function readStreamForwards(storage: EventStorage, number: bigint, from: bigint, last: bigint, max: number): Page<bigint> {
  const parts: Buffer[] = [];
  let events = 0;
  let bytes = 0;
  let next = from;
  for (const run of storage.runsFrom(number, from)) {
    const skipped = from > run.firstRevision ? Number(from - run.firstRevision) : 0;
    if (skipped >= run.count) continue;
    if (run.firstRevision > last) break;
    // Revisions have no gaps but the one before a tombstone.
    if (run.firstRevision > next && run.firstRevision !== TOMBSTONE_REVISION) throw missingRevision(number, next);
    const { frames } = blockOf(storage, run);
    const start = skipFrames(frames, run.offset, skipped);
    const count = Math.min(run.count - skipped, max - events);
    const part = frames.subarray(start, skipFrames(frames, start, count));
    parts.push(part);
    bytes += part.length;
    events += count;
    next = run.firstRevision + BigInt(skipped + count);
    if (events >= max || bytes >= PAGE_BYTES) return { parts, events, next, atEnd: next > last };
  }
  if (next <= last) throw missingRevision(number, next);
  return { parts, events, next, atEnd: true };
}

/** Reads a stream backwards from revision `from`, at most `max` events, none before `first`. */
export function readStreamBackwards(storage: EventStorage, number: bigint, from: bigint, first: bigint, max: number): Page<bigint> {
  const parts: Buffer[] = [];
  let bytes = 0;
  let next = from;
  for (const run of storage.runsBackwards(number, from)) {
    if (run.firstRevision + BigInt(run.count) <= next) throw missingRevision(number, next);
    const { frames } = blockOf(storage, run);
    const offsets = frameOffsets(frames, run, from);
    for (const [index, at] of offsets.entries()) {
      const revision = run.firstRevision + BigInt(offsets.length - 1 - index);
      if (revision < first) return { parts, events: parts.length, next, atEnd: true };
      const part = frames.subarray(at, at + frameSize(frames, at));
      parts.push(part);
      bytes += part.length;
      next = revision - 1n;
      if (parts.length >= max || bytes >= PAGE_BYTES) return { parts, events: parts.length, next, atEnd: next < first };
    }
  }
  if (next >= first) throw missingRevision(number, next);
  return { parts, events: parts.length, next, atEnd: true };
}

/** Offsets of a run's frames up to revision `upTo`, newest first. */
function frameOffsets(frames: Buffer, run: Run, upTo: bigint): number[] {
  const wanted = upTo - run.firstRevision + 1n;
  const count = wanted < BigInt(run.count) ? Number(wanted) : run.count;
  const offsets: number[] = [];
  for (let at = run.offset; offsets.length < count; at += frameSize(frames, at)) offsets.push(at);
  return offsets.reverse();
}
