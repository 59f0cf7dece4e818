import { BlockBuilder } from './block.js';
import type { CommitView } from './commit-check.js';
import { type ProposedEvent, encodeEventFrame, readEventHead } from './event-frame.js';
import type { EventId } from './event-id.js';
import { TOMBSTONE_REVISION } from './messages.js';
import type { RecentEvent, RecentEvents } from './recent-events.js';
import type { Run, StoreHead } from './storage-records.js';
import type { CommitContent, EventStorage } from './storage.js';
import { locateEvent } from './stream-pages.js';
import { METASTREAM_METADATA, NO_METADATA, type StreamMetadata, isMetastream, originalOf, parseStreamMetadata } from './stream-metadata.js';
import type { StreamRecord } from './stream-record.js';

/** An event of this commit. */
interface PendingEvent {
  readonly id: EventId;
  readonly revision: bigint;
  readonly position: bigint;
  readonly proposed: ProposedEvent;
}

/** A stream that this commit changes. */
interface PendingStream {
  readonly name: Buffer;
  record: StreamRecord;
  readonly events: PendingEvent[];
}

interface PendingRun {
  readonly streamNumber: bigint;
  readonly run: Run & { count: number };
}

/** A run of events as live subscribers of its stream take it. */
export interface CommittedRun {
  readonly stream: string;
  readonly run: Run;
}

/**
 * One group commit while it is put together: every write that is decided sees the ones decided before it, as if they were stored
 * already. Nothing of it is visible to readers until `EventStorage.commit`.
 */
export class PendingCommit implements CommitView {
  readonly #storage: EventStorage;
  readonly #recent: RecentEvents;
  readonly #streams = new Map<string, PendingStream>();
  /** Records that were read for this commit, and that there was none: a stream that is new is asked for several times. */
  readonly #looked = new Map<string, StreamRecord | undefined>();
  readonly #runs: PendingRun[] = [];
  readonly #committedRuns: CommittedRun[] = [];
  readonly #added: EventId[] = [];
  readonly #blocks: BlockBuilder[] = [];
  #block: BlockBuilder | undefined;
  #openRun: { stream: string; run: PendingRun['run'] } | undefined;
  #nextPosition: bigint;
  #nextStreamNumber: bigint;
  #lastBlock: bigint;
  readonly #createdMs: number;

  constructor(storage: EventStorage, recent: RecentEvents, head: StoreHead, createdMs: number) {
    this.#storage = storage;
    this.#recent = recent;
    this.#nextPosition = head.nextPosition;
    this.#nextStreamNumber = head.nextStreamNumber;
    this.#lastBlock = head.lastBlock;
    this.#createdMs = createdMs;
  }

  #record(stream: string): StreamRecord | undefined {
    return this.#streams.get(stream)?.record ?? this.#stored(stream);
  }

  #stored(stream: string): StreamRecord | undefined {
    if (this.#looked.has(stream)) return this.#looked.get(stream);
    const record = this.#storage.stream(Buffer.from(stream, 'utf8'));
    this.#looked.set(stream, record);
    return record;
  }

  /** A metastream without events goes with its stream's tombstone; one that has some can still be written, as on EventStoreDB. */
  lastRevision(stream: string): bigint {
    const last = this.#record(stream)?.last ?? -1n;
    const goes = last < 0n && isMetastream(stream) && this.#record(originalOf(stream))?.last === TOMBSTONE_REVISION;
    return goes ? TOMBSTONE_REVISION : last;
  }

  metadata(stream: string): StreamMetadata {
    return isMetastream(stream) ? METASTREAM_METADATA : (this.#record(stream)?.metadata ?? NO_METADATA);
  }

  streamNumber(stream: string): bigint | undefined {
    return this.#record(stream)?.number;
  }

  recent(id: EventId): RecentEvent | undefined {
    return this.#recent.get(id);
  }

  #pendingEvent(stream: string, revision: bigint): PendingEvent | undefined {
    const events = this.#streams.get(stream)?.events;
    const first = events?.[0];
    return first && events?.[Number(revision - first.revision)];
  }

  eventIdAt(stream: string, revision: bigint): string | undefined {
    return this.#pendingEvent(stream, revision)?.id ?? this.#storedHead(stream, revision)?.id;
  }

  #storedHead(stream: string, revision: bigint): { id: string; position: bigint; createdMs: number } | undefined {
    const record = this.#stored(stream);
    if (record === undefined || revision < 0n || revision > record.last) return undefined;
    const { frames, at } = locateEvent(this.#storage, record.number, revision);
    return readEventHead(frames, at);
  }

  /** The position of the event that a retry found, if it can be read; a retry's answer names it. */
  readablePosition(stream: string, revision: bigint): bigint | undefined {
    const last = this.lastRevision(stream);
    const metadata = this.metadata(stream);
    const originalGone = isMetastream(stream) && this.lastRevision(originalOf(stream)) === TOMBSTONE_REVISION;
    if (originalGone || revision > last) return undefined;
    if (metadata.maxCount !== undefined && revision <= last - metadata.maxCount) return undefined;
    if (metadata.truncateBefore !== undefined && revision < metadata.truncateBefore) return undefined;
    const pending = this.#pendingEvent(stream, revision);
    if (pending !== undefined) return pending.position;
    const stored = this.#storedHead(stream, revision);
    if (stored === undefined) return undefined;
    const expired = metadata.maxAgeSeconds !== undefined && stored.createdMs < Date.now() - metadata.maxAgeSeconds * 1000;
    return expired ? undefined : stored.position;
  }

  #pendingStream(stream: string): PendingStream {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const name = Buffer.from(stream, 'utf8');
    let record = this.#stored(stream);
    if (record === undefined) {
      record = { number: this.#nextStreamNumber, last: -1n, metadata: NO_METADATA };
      this.#nextStreamNumber += 1n;
    }
    const pending = { name, record, events: [] };
    this.#streams.set(stream, pending);
    return pending;
  }

  /** Appends events after `last`, or one at `revision`; answers the position of the last one. */
  append(stream: string, events: readonly ProposedEvent[], revision?: bigint): bigint {
    if (events.length === 0) return this.#takeEmptyPosition();
    const pending = this.#pendingStream(stream);
    let next = revision ?? pending.record.last + 1n;
    for (const event of events) {
      this.#appendOne(stream, pending, event, next);
      next += 1n;
    }
    pending.record = { ...pending.record, last: next - 1n };
    const newest = events.at(-1);
    if (newest !== undefined && isMetastream(stream)) this.#applyMetadata(originalOf(stream), newest);
    return this.#nextPosition - 1n;
  }

  /** An append of nothing takes a position at which there is no event. */
  #takeEmptyPosition(): bigint {
    const position = this.#nextPosition;
    this.#nextPosition += 1n;
    this.#block = undefined;
    this.#openRun = undefined;
    return position;
  }

  #appendOne(stream: string, pending: PendingStream, event: ProposedEvent, revision: bigint): void {
    const position = this.#nextPosition;
    this.#nextPosition += 1n;
    const frame = encodeEventFrame({ stream: pending.name, revision, position, createdMs: this.#createdMs, event });
    if (this.#block?.fits(frame.length) !== true) {
      this.#block = new BlockBuilder(position, this.#lastBlock);
      this.#lastBlock = position;
      this.#blocks.push(this.#block);
      this.#openRun = undefined;
    }
    const offset = this.#block.add(frame);
    const open = this.#openRun;
    if (open?.stream === stream && open.run.firstRevision + BigInt(open.run.count) === revision) open.run.count += 1;
    else this.#startRun(stream, pending, { firstRevision: revision, count: 1, block: this.#block.first, offset });
    pending.events.push({ id: event.id, revision, position, proposed: event });
    if (this.#recent.get(event.id) === undefined) {
      this.#recent.add(event.id, { streamNumber: pending.record.number, revision });
      this.#added.push(event.id);
    }
  }

  #startRun(stream: string, pending: PendingStream, run: PendingRun['run']): void {
    this.#openRun = { stream, run };
    this.#runs.push({ streamNumber: pending.record.number, run });
    this.#committedRuns.push({ stream, run });
  }

  #applyMetadata(original: string, event: ProposedEvent): void {
    const pending = this.#pendingStream(original);
    pending.record = { ...pending.record, metadata: parseStreamMetadata(event.data, event.isJson) };
  }

  /** Payload of the newest event of a stream that this commit writes. */
  newestPending(stream: string): ProposedEvent | undefined {
    return this.#streams.get(stream)?.events.at(-1)?.proposed;
  }

  /** All of it, to be stored. */
  content(): CommitContent {
    return {
      head: { nextPosition: this.#nextPosition, nextStreamNumber: this.#nextStreamNumber, lastBlock: this.#lastBlock },
      blocks: this.#blocks.map((block) => block.finish()),
      streams: [...this.#streams.values()],
      runs: this.#runs,
    };
  }

  committedRuns(): readonly CommittedRun[] {
    return this.#committedRuns;
  }

  /** Takes back what `RecentEvents` was told: the commit failed. */
  forget(): void {
    for (const id of this.#added) this.#recent.delete(id);
  }
}
