import type { Block } from './block.js';
import { checkCommit } from './commit-check.js';
import { type ProposedEvent, readEventData } from './event-frame.js';
import { newEventId } from './event-id.js';
import { GrpcCode, GrpcError, unavailable } from './grpc-error.js';
import { MemoryBudget } from './memory-budget.js';
import { TOMBSTONE_REVISION } from './messages.js';
import { newestCreatedMs } from './newest-created.js';
import { type CommittedRun, PendingCommit } from './pending-commit.js';
import { RecentEvents } from './recent-events.js';
import type { StoreHead } from './storage-records.js';
import type { EventStorage } from './storage.js';
import { locateEvent } from './stream-pages.js';
import { SOFT_DELETED_JSON, isMetastream, isSoftDeleted, metastreamOf, originalOf, withTruncateBefore } from './stream-metadata.js';

export type WriteOutcome =
  | { readonly kind: 'written'; readonly revision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'wrong-expected-version'; readonly current: bigint }
  | { readonly kind: 'stream-deleted' }
  /** The store could not write: a full disk, a fault of the file. */
  | { readonly kind: 'failed'; readonly error: GrpcError };

export interface WriteRequest {
  readonly kind: 'append' | 'delete' | 'tombstone';
  readonly stream: string;
  readonly expected: bigint;
  readonly events: readonly ProposedEvent[];
  /** Bytes that the request holds in memory while it waits. */
  readonly sizeBytes: number;
  /** Whether nobody waits any more (deadline passed, client gone): such a write is dropped. */
  abandoned(): boolean;
  /** Called once, when the write is on disk or refused. */
  answer(outcome: WriteOutcome): void;
}

/** What a commit brought, for live subscribers. */
export interface Committed {
  readonly blocks: readonly Block[];
  readonly runs: readonly CommittedRun[];
  /** Positions before this one are committed. */
  readonly nextPosition: bigint;
}

/** Ids of so many newest events are compared with retries at `any`. */
const RECENT_EVENTS = 100_000;
/** So many turns of the event loop at most gather requests for one commit. */
const MAX_GATHER_TURNS = 8;
/** Bytes of requests that may wait; batch appends are held back long before. */
const MAX_QUEUED_BYTES = 256 * 1024 * 1024;
/** Bytes of appends, over all calls, of which messages are still to come. */
const MAX_UNFINISHED_BYTES = 64 * 1024 * 1024;
/** A group commit takes no more than so many bytes of requests, that a reader does not wait for long. */
const GROUP_BYTES = 8 * 1024 * 1024;

const event = (type: string, isJson: boolean, data: Buffer): ProposedEvent => ({
  id: newEventId(),
  type,
  isJson,
  data,
  customMetadata: Buffer.alloc(0),
});

/** Decides and stores writes in the order they came in: all that wait go into one commit, with one sync of the disk. */
export class Writer {
  readonly #storage: EventStorage;
  readonly #recent = new RecentEvents(RECENT_EVENTS);
  readonly #queue: WriteRequest[] = [];
  readonly #committed: (committed: Committed) => void;
  #head: StoreHead;
  #createdMs: number;
  #scheduled = false;
  #closed = false;
  readonly unfinished = new MemoryBudget(MAX_UNFINISHED_BYTES);
  /** Bytes of the requests that wait. */
  queuedBytes = 0;

  constructor(storage: EventStorage, committed: (committed: Committed) => void) {
    this.#storage = storage;
    this.#committed = committed;
    this.#head = storage.head();
    this.#createdMs = newestCreatedMs(storage);
  }

  get nextPosition(): bigint {
    return this.#head.nextPosition;
  }

  submit(request: WriteRequest): void {
    if (this.#closed) {
      request.answer({ kind: 'failed', error: unavailable('the server is shutting down') });
      return;
    }
    if (this.queuedBytes + request.sizeBytes > MAX_QUEUED_BYTES) {
      request.answer({ kind: 'failed', error: unavailable('Server Is Too Busy') });
      return;
    }
    this.#queue.push(request);
    this.queuedBytes += request.sizeBytes;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const waiting = this.#queue.length;
    setImmediate(() => this.#commitWhenSettled(waiting, MAX_GATHER_TURNS));
  }

  /** Commits once a turn of the event loop brought no further request, or after a few turns: a larger group costs one sync as well. */
  #commitWhenSettled(waiting: number, turns: number): void {
    if (this.#queue.length > waiting && turns > 0) {
      const now = this.#queue.length;
      setImmediate(() => this.#commitWhenSettled(now, turns - 1));
      return;
    }
    this.#scheduled = false;
    this.#commitGroup();
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Refuses what comes from now on, and stores what came before. */
  close(): void {
    this.#closed = true;
    while (this.#queue.length > 0) this.#commitGroup();
  }

  #takeGroup(): WriteRequest[] {
    let bytes = 0;
    let count = 0;
    for (const request of this.#queue) {
      if (count > 0 && bytes + request.sizeBytes > GROUP_BYTES) break;
      bytes += request.sizeBytes;
      count += 1;
    }
    this.queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  #commitGroup(): void {
    const group = this.#takeGroup().filter((request) => !request.abandoned());
    if (group.length === 0) return;
    // Never back, also where the clock was set back or over a restart: reading by age relies on it.
    this.#createdMs = Math.max(this.#createdMs, Date.now());
    const pending = new PendingCommit(this.#storage, this.#recent, this.#head, this.#createdMs);
    const before = this.#head.nextPosition;
    let outcomes: readonly WriteOutcome[];
    let blocks: readonly Block[];
    try {
      outcomes = group.map((request) => decide(pending, this.#storage, request));
      const content = pending.content();
      if (content.head.nextPosition !== before) this.#storage.commit(content);
      this.#head = content.head;
      blocks = content.blocks.map(({ block }) => block);
    } catch (error) {
      pending.forget();
      const failure = writeFailure(error);
      for (const request of group) request.answer({ kind: 'failed', error: failure });
      return;
    }
    // From here on it is stored, whatever becomes of an answer.
    for (const [index, request] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) request.answer(outcome);
    }
    const { nextPosition } = this.#head;
    if (nextPosition !== before) this.#committed({ blocks, runs: pending.committedRuns(), nextPosition });
  }
}

function writeFailure(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GrpcError(GrpcCode.internal, `the event store could not write (is the disk full?): ${reason}`);
}

/** A write that is decided: puts its events into the commit. */
type Apply = () => WriteOutcome;

/**
 * What the store is asked about a write is asked before anything of it is put into the commit: where a block is damaged, this
 * write cannot be decided, others of the group can.
 */
function decide(pending: PendingCommit, storage: EventStorage, request: WriteRequest): WriteOutcome {
  let apply: Apply;
  try {
    apply = plan(pending, storage, request);
  } catch (error) {
    return { kind: 'failed', error: writeFailure(error) };
  }
  return apply();
}

function plan(pending: PendingCommit, storage: EventStorage, request: WriteRequest): Apply {
  const { stream, expected } = request;
  const ids = request.kind === 'append' ? request.events.map(({ id }) => id) : [newEventId()];
  const decision = checkCommit(pending, stream, expected, ids);
  switch (decision.kind) {
    case 'stream-deleted':
      return () => decision;
    case 'wrong-expected-version':
      return () => ({ kind: 'wrong-expected-version', current: decision.last });
    case 'idempotent': {
      const position = pending.readablePosition(stream, decision.revision);
      return () => ({ kind: 'written', revision: decision.revision, position });
    }
    case 'append':
      if (request.kind === 'append') return append(pending, storage, request, decision);
      return request.kind === 'delete' ? softDelete(pending, stream) : () => tombstone(pending, stream);
    default:
      return decision satisfies never;
  }
}

function append(
  pending: PendingCommit,
  storage: EventStorage,
  { stream, events }: WriteRequest,
  { last, undeletes }: { last: bigint; undeletes: boolean },
): Apply {
  const original = isMetastream(stream) ? originalOf(stream) : undefined;
  let back: Undelete | undefined;
  if (undeletes) back = undelete(pending, storage, stream, last + 1n);
  // Metadata that is written to a stream that is soft-deleted brings it back.
  else if (original !== undefined && isSoftDeleted(pending.metadata(original))) {
    back = undelete(pending, storage, original, pending.lastRevision(original) + 1n, events.at(-1)?.data);
  }
  return () => {
    const position = pending.append(stream, events);
    if (back) pending.append(back.metastream, [event('$metadata', true, back.data)]);
    return { kind: 'written', revision: last + BigInt(events.length), position };
  };
}

interface Undelete {
  readonly metastream: string;
  readonly data: Buffer;
}

/**
 * A soft-deleted stream comes back: its metadata is written again, truncated before what it had. `newest` is its metadata where
 * this very write brings it.
 */
function undelete(pending: PendingCommit, storage: EventStorage, stream: string, from: bigint, newest?: Buffer): Undelete | undefined {
  const metastream = metastreamOf(stream);
  const stored = newest ?? pending.newestPending(metastream)?.data ?? newestStoredData(storage, metastream);
  const data = stored && withTruncateBefore(stored, from);
  return data && { metastream, data };
}

function newestStoredData(storage: EventStorage, stream: string): Buffer | undefined {
  const record = storage.stream(Buffer.from(stream, 'utf8'));
  if (record === undefined || record.last < 0n) return undefined;
  const { frames, at } = locateEvent(storage, record.number, record.last);
  return readEventData(frames, at).data;
}

function softDelete(pending: PendingCommit, stream: string): Apply {
  const metastream = metastreamOf(stream);
  const lastMetadata = pending.lastRevision(metastream);
  // There is nothing left to which the deletion could be written.
  if (lastMetadata === TOMBSTONE_REVISION) return () => ({ kind: 'stream-deleted' });
  if (pending.lastRevision(stream) < 0n && lastMetadata < 0n) return () => ({ kind: 'wrong-expected-version', current: -1n });
  return () => {
    const position = pending.append(metastream, [event('$metadata', true, SOFT_DELETED_JSON)]);
    return { kind: 'written', revision: lastMetadata + 1n, position };
  };
}

function tombstone(pending: PendingCommit, stream: string): WriteOutcome {
  const position = pending.append(stream, [event('$streamDeleted', false, Buffer.alloc(0))], TOMBSTONE_REVISION);
  return { kind: 'written', revision: TOMBSTONE_REVISION, position };
}

