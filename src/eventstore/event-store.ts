import type { ChainMetadata, EventMetadata } from '../domain/metadata.js';

/** The place of an event in `$all`: its commit position. Monotonic, never contiguous, never a JavaScript number. */
export type Position = bigint;

/** An event as it is sent: its JSON is fixed, so that sending it again sends the same bytes. */
export interface SealedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata & ChainMetadata;
}

/** An event as it was read. `data` and `metadata` are the stored JSON, before upcasting. */
export interface RecordedEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: Position;
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  /** When the store recorded it, ISO-8601. */
  readonly recordedAt: string;
}

export type ExpectedRevision = bigint | 'no_stream';

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly revision: bigint; readonly position: Position }
  /** Another writer was first: `actual` is the stream's revision, undefined where it has no event. */
  | { readonly kind: 'conflict'; readonly actual: bigint | undefined };

export interface SubscribeAllOptions {
  /** The last position that was processed; undefined to begin at the beginning. */
  readonly after: Position | undefined;
  /** Only streams whose names begin with one of these. */
  readonly streamPrefixes: readonly string[];
  readonly signal: AbortSignal;
  /** Events a batch at the most, 1 to 10,000. */
  readonly maxBatchSize: number;
}

/** What a catch-up subscription yields: events in the order of `$all`, and how far it has looked. */
export interface EventBatch {
  readonly events: readonly RecordedEvent[];
  /** Everything up to and including this position was seen, also what the filter left out. */
  readonly upTo: Position;
  /** Whether the subscription has reached the end of the log at this batch. */
  readonly live: boolean;
}

/** Our side of EventStoreDB. Errors are `EventStoreError`s (see `errors.ts`): unavailable, deadline, too large, stream deleted. */
export interface EventStore {
  /** Appends all events or none. An append whose answer was lost is resolved by sending the same bytes again. */
  append(stream: string, expected: ExpectedRevision, events: readonly SealedEvent[]): Promise<AppendOutcome>;
  /** All events of a stream from a revision on; none where the stream does not exist. */
  readStream(stream: string, fromRevision?: bigint): AsyncIterable<RecordedEvent>;
  /** The newest event of a stream. */
  readLast(stream: string): Promise<RecordedEvent | undefined>;
  /** Events of `$all` after a position, in pages, to the end of the log as it is now. */
  readAll(after: Position | undefined, streamPrefixes: readonly string[]): AsyncIterable<EventBatch>;
  /** The event at this very position, if it is one. */
  readAt(position: Position): Promise<RecordedEvent | undefined>;
  /** The position of the newest event in `$all`, undefined in an empty store. */
  head(): Promise<Position | undefined>;
  /** Never ends by itself: reconnects with backoff and resumes after the last batch that was taken. */
  subscribeAll(options: SubscribeAllOptions): AsyncIterable<EventBatch>;
  close(): Promise<void>;
}
