import { readAllBackwards, readAllForwards } from './all-pages.js';
import type { GrpcCall } from './grpc-call.js';
import { GrpcCode, GrpcError, streamDeleted } from './grpc-error.js';
import { PageSender } from './page-sender.js';
import { firstStreamPosition, lastStreamPosition, streamNotFound } from './read-responses.js';
import type { ReadRequest } from './read-request.js';
import type { EventStorage } from './storage.js';
import { readStreamBackwards, readStreamForwards, viewStream } from './stream-pages.js';

/** EventStoreDB reads streams in pages of so many events; what it says of a stream's first position depends on it. */
const REAL_PAGE_EVENTS = 32n;

const refused = (result: string): GrpcError => new GrpcError(GrpcCode.unknown, `Unexpected ${result}: Error`);

/** Answers a read that ends: of a stream or of `$all`, either way, at most `maxCount` events. */
export async function read(call: GrpcCall, storage: EventStorage, request: ReadRequest, maxCount: bigint): Promise<void> {
  const sender = new PageSender(call, storage, request);
  if (request.stream === undefined) await readAll(sender, storage, request, maxCount);
  else await readStream(call, sender, storage, request, request.stream, maxCount);
  call.end();
}

const LAST_POSITION = 1n << 63n;

async function readAll(sender: PageSender, storage: EventStorage, request: ReadRequest, maxCount: bigint): Promise<void> {
  const { backwards, from } = request;
  if (maxCount <= 0n || (!backwards && from === 'end')) throw refused('ReadAllResult');
  let next = from === 'start' ? 0n : from === 'end' ? LAST_POSITION : from;
  let left = clampCount(maxCount);
  const end = storage.head().nextPosition;
  while (left > 0 && !sender.closed) {
    const page = backwards
      ? readAllBackwards(storage, next, left, request.filter?.filter)
      : readAllForwards(storage.blocksFrom(next), next, left, request.filter?.filter);
    await sender.send(page.parts);
    left -= page.events;
    next = page.next;
    // A read forwards goes to the end that there was when it started: a writer that never rests would never let it end.
    if (page.atEnd || (!backwards && next >= end)) return;
  }
}

/** A count as a number: nobody reads 2^53 events in one call. */
const clampCount = (count: bigint): number => (count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count));

async function readStream(
  call: GrpcCall,
  sender: PageSender,
  storage: EventStorage,
  request: ReadRequest,
  stream: string,
  maxCount: bigint,
): Promise<void> {
  const { backwards } = request;
  if (maxCount <= 0n || (!backwards && request.from === 'end')) throw refused('ReadStreamResult');
  const view = viewStream(storage, stream);
  if (view.kind === 'deleted') throw streamDeleted(stream);
  if (view.kind === 'none') {
    call.send(streamNotFound(stream));
    return;
  }
  const from = request.from === 'start' ? 0n : request.from === 'end' ? view.last : request.from;
  const { number, first, last } = view;
  if (backwards) await sendBackwards(sender, storage, number, from < last ? from : last, first, clampCount(maxCount));
  else {
    if (request.compatibility >= 1) {
      for (const position of firstPositions(from, first, last, maxCount)) call.send(firstStreamPosition(position));
    }
    await sendForwards(sender, storage, number, from > first ? from : first, last, clampCount(maxCount));
  }
  if (request.compatibility >= 1) call.send(lastStreamPosition(last));
}

/**
 * The positions that a reader is told to go on at before it gets its first event, one for each page of EventStoreDB's that is empty:
 * one that ends before the first event that can be read, then one that starts after the last.
 */
function* firstPositions(from: bigint, first: bigint, last: bigint, maxCount: bigint): Generator<bigint> {
  const pageSize = maxCount < REAL_PAGE_EVENTS ? maxCount : REAL_PAGE_EVENTS;
  const endsBefore = from + pageSize - 1n < first;
  const start = endsBefore ? first : from;
  if (endsBefore) yield first;
  if ((start > last || first > last) && start !== last + 1n) yield last + 1n;
}

async function sendForwards(sender: PageSender, storage: EventStorage, number: bigint, from: bigint, last: bigint, max: number): Promise<void> {
  let next = from;
  let left = max;
  while (left > 0 && next <= last && !sender.closed) {
    const page = readStreamForwards(storage, number, next, last, left);
    await sender.send(page.parts);
    left -= page.events;
    next = page.next;
    if (page.atEnd) return;
  }
}

async function sendBackwards(sender: PageSender, storage: EventStorage, number: bigint, from: bigint, first: bigint, max: number): Promise<void> {
  let next = from;
  let left = max;
  while (left > 0 && next >= first && !sender.closed) {
    const page = readStreamBackwards(storage, number, next, first, left);
    await sender.send(page.parts);
    left -= page.events;
    next = page.next;
    if (page.atEnd) return;
  }
}
