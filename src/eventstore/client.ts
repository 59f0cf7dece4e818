import { AppendCall } from './append-call.js';
import { waitBefore } from './backoff.js';
import type { Backoff } from './backoff.js';
import { prepareAppend } from './batch-messages.js';
import type { PreparedAppend } from './batch-messages.js';
import { Connection } from './connection.js';
import { EventStoreError } from './errors.js';
import type { AppendOutcome, EventBatch, EventStore, ExpectedRevision, Position, RecordedEvent, SealedEvent, SubscribeAllOptions } from './event-store.js';
import { Reads } from './reads.js';
import { Slots } from './slots.js';
import { subscribeAll } from './subscription.js';

/** How to reach a store, and how long to wait for it. Everything but `url` has a default. */
export interface EventStoreOptions {
  /** `esdb://host:port?tls=false`, several hosts, or `esdb+discover://name` for a cluster. */
  readonly url: string;
  /** How long one try of an append may take, in milliseconds (3,000). */
  readonly appendDeadlineMs?: number;
  /**
   * How long a call is tried in all until it fails with `unavailable` or `deadline`, in milliseconds (15,000); before that, how
   * long it may wait for its turn until it fails with `overloaded` and nothing was sent.
   */
  readonly giveUpAfterMs?: number;
  /** How long a read may bring nothing, or a subscription stay unconfirmed, until a new connection is tried (5,000). */
  readonly readDeadlineMs?: number;
  /** Appends that are sent and not answered at the most (256); the others wait. */
  readonly maxAppendsInFlight?: number;
  /** Appends that wait at the most (10,000); one more fails with `overloaded` at once. */
  readonly maxQueuedAppends?: number;
  /** How often an open connection is pinged, at least 10,000 ms, and how long the ping may stay unanswered (5,000). */
  readonly keepAliveIntervalMs?: number;
  readonly keepAliveTimeoutMs?: number;
  /** Waits between tries (20 ms doubling to 1 s). */
  readonly backoff?: Backoff;
  /** Told of each break of a subscription, with the number of tries since its last batch. */
  readonly onSubscriptionBreak?: (error: EventStoreError, attempt: number) => void;
}

/** Reads at a time: fewer than the 100 calls that a server gives one connection. */
const MAX_READS = 60;
const MAX_WAITING_READS = 100_000;

class EventStoreClient implements EventStore {
  readonly #appends: Connection;
  readonly #reading: Connection;
  readonly #appendCall: AppendCall;
  readonly #appendSlots: Slots;
  readonly #reads: Reads;
  readonly #subscriptions = new Set<AbortController>();
  #closed = false;

  constructor(private readonly options: Required<Omit<EventStoreOptions, 'onSubscriptionBreak'>> & Pick<EventStoreOptions, 'onSubscriptionBreak'>) {
    this.#appends = new Connection(options.url, options);
    this.#reading = new Connection(options.url, options);
    this.#appendCall = new AppendCall(this.#appends);
    this.#appendSlots = new Slots(options.maxAppendsInFlight, options.maxQueuedAppends, 'appends', options.giveUpAfterMs);
    this.#reads = new Reads(this.#reading, new Slots(MAX_READS, MAX_WAITING_READS, 'reads', options.giveUpAfterMs), options);
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly SealedEvent[]): Promise<AppendOutcome> {
    if (events.length === 0) throw new RangeError('an append needs at least one event');
    this.#assertOpen();
    const append = prepareAppend(stream, expected, events);
    return this.#appendSlots.run(() => this.#resolveAppend(append));
  }

  async *readStream(stream: string, fromRevision = 0n): AsyncGenerator<RecordedEvent> {
    this.#assertOpen();
    yield* this.#reads.readStream(stream, fromRevision);
  }

  async readLast(stream: string): Promise<RecordedEvent | undefined> {
    this.#assertOpen();
    return this.#reads.readLast(stream);
  }

  async *readAll(after: Position | undefined, streamPrefixes: readonly string[]): AsyncGenerator<EventBatch> {
    this.#assertOpen();
    yield* this.#reads.readAll(after, streamPrefixes);
  }

  async readAt(position: Position): Promise<RecordedEvent | undefined> {
    this.#assertOpen();
    return this.#reads.readAt(position);
  }

  async head(): Promise<Position | undefined> {
    this.#assertOpen();
    return this.#reads.head();
  }

  async *subscribeAll(options: SubscribeAllOptions): AsyncGenerator<EventBatch> {
    this.#assertOpen();
    const closing = new AbortController();
    this.#subscriptions.add(closing);
    const { readDeadlineMs, backoff, onSubscriptionBreak } = this.options;
    const tuning = { confirmDeadlineMs: readDeadlineMs, backoff, ...(onSubscriptionBreak ? { onBreak: onSubscriptionBreak } : {}) };
    try {
      const signal = AbortSignal.any([options.signal, closing.signal]);
      // A connection of its own: neither its calls nor its flow control meet those of others.
      yield* subscribeAll(new Connection(this.options.url, this.options), { ...options, signal }, tuning);
    } finally {
      this.#subscriptions.delete(closing);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const subscription of this.#subscriptions) subscription.abort();
    await Promise.all([this.#appends.close(), this.#reading.close()]);
  }

  /** Sends the same bytes at the same expected revision until it is known what became of them, or time is up. */
  async #resolveAppend(append: PreparedAppend): Promise<AppendOutcome> {
    const { appendDeadlineMs, giveUpAfterMs, backoff } = this.options;
    const startedAtMs = Date.now();
    for (let attempt = 1; ; attempt += 1) {
      this.#assertOpen();
      const answer = await this.#appendCall.send(append, appendDeadlineMs);
      if (answer.kind === 'conflict') return answer;
      if (answer.kind === 'appended') {
        return { kind: 'appended', revision: answer.revision, position: answer.position ?? (await this.#positionOf(append.stream, answer.revision)) };
      }
      const tookMs = Date.now() - startedAtMs;
      if (tookMs >= giveUpAfterMs) {
        const message = `append to ${append.stream} is in doubt after ${attempt} tries in ${tookMs} ms: ${answer.error.message}`;
        throw new EventStoreError(answer.error.code, message, { cause: answer.error });
      }
      await waitBefore(backoff, attempt);
    }
  }

  /** A server names no position where it found the events of a retry in a stream that was deleted since. */
  async #positionOf(stream: string, revision: bigint): Promise<Position> {
    for await (const event of this.#reads.readStream(stream, revision)) return event.position;
    throw new EventStoreError('stream_deleted', `append to ${stream}: revision ${revision} is no longer there`);
  }

  #assertOpen(): void {
    if (this.#closed) throw new EventStoreError('closed', 'the event store client is closed');
  }
}

/**
 * Connects to EventStoreDB 23.10+ or the embedded server. Nothing is sent until the first call, so a wrong address is an error
 * of that call (`unavailable`, after `giveUpAfterMs`); a malformed url throws here.
 */
export function connectEventStore(options: EventStoreOptions): EventStore {
  return new EventStoreClient({
    appendDeadlineMs: 3_000,
    giveUpAfterMs: 15_000,
    readDeadlineMs: 5_000,
    maxAppendsInFlight: 256,
    maxQueuedAppends: 10_000,
    keepAliveIntervalMs: 10_000,
    keepAliveTimeoutMs: 5_000,
    backoff: { firstMs: 20, maxMs: 1_000 },
    ...options,
  });
}
