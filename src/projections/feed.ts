import type { EventBatch, EventStore, Position } from '../eventstore/event-store.js';
import { backoffMs } from './backoff.js';
import { sleep } from './sleep.js';

export interface FeedOptions {
  readonly store: EventStore;
  readonly streamPrefixes: readonly string[];
  /** Where the subscription begins. */
  readonly after: Position | undefined;
  readonly signal: AbortSignal;
  /** Events that wait for one follower at the most, but for the last batch. */
  readonly maxQueuedEvents?: number;
  /** How long everybody waits for a follower whose queue is full before it is left behind. */
  readonly stallMs?: number;
  readonly onError: (error: unknown) => void;
}

/** On the way to the end of the log: how many events make a batch worth its transaction, and how long they are waited for. */
export const GATHER_EVENTS = 1_000;
const GATHER_MS = 20;
/** Events that the subscription gives at once, at the most. */
const MAX_BATCH_SIZE = 2_000;

/**
 * One subscription to `$all` for all projections of a process. Each follower has a bounded queue: while it is full, everybody
 * waits, so that projections that are about as fast read the log once; one that has stopped is left behind and comes back
 * by reading what it missed.
 */
export class SharedFeed {
  readonly #options: FeedOptions;
  readonly #maxQueuedEvents: number;
  readonly #stallMs: number;
  readonly #followers = new Set<FeedFollower>();
  #attached: (() => void) | undefined;
  #position: Position | undefined;
  #isLive = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#position = options.after;
    this.#maxQueuedEvents = options.maxQueuedEvents ?? 2 * MAX_BATCH_SIZE;
    this.#stallMs = options.stallMs ?? 2_000;
  }

  /** Up to where batches were handed out: a follower that joins now is given what comes after. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Whether the last batch was at the end of the log. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** Joins. The caller reads everything up to `from` elsewhere, and leaves in the end. */
  join(): FeedFollower {
    const follower = new FeedFollower(this.#position, this.#maxQueuedEvents, () => this.#followers.delete(follower));
    this.#followers.add(follower);
    this.#attached?.();
    return follower;
  }

  /** Hands out batches until the signal is aborted. */
  async run(): Promise<void> {
    const { store, streamPrefixes, signal, onError } = this.#options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        for await (const batch of store.subscribeAll({ after: this.#position, streamPrefixes, signal, maxBatchSize: MAX_BATCH_SIZE })) {
          failures = 0;
          await this.#handOut(batch);
        }
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
      await sleep(backoffMs(Math.max(1, failures)), signal);
    }
    for (const follower of this.#followers) follower.leave();
  }

  async #handOut(batch: EventBatch): Promise<void> {
    const { signal } = this.#options;
    while (this.#followers.size === 0 && !signal.aborted) await this.#someoneOrAbort();
    // Before anything is awaited: who joins from here on is told that this batch is behind.
    this.#position = batch.upTo;
    this.#isLive = batch.live;
    await Promise.all([...this.#followers].map((follower) => follower.offer(batch, this.#stallMs)));
  }

  async #someoneOrAbort(): Promise<void> {
    const { signal } = this.#options;
    await new Promise<void>((resolve) => {
      this.#attached = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#attached = undefined;
  }
}

/** One projection's place at the feed. */
export class FeedFollower {
  readonly #maxQueuedEvents: number;
  readonly #onLeave: () => void;
  #queue: EventBatch[] = [];
  #queuedEvents = 0;
  #left = false;
  #wakeReader: (() => void) | undefined;
  #wakeFeed: (() => void) | undefined;

  constructor(
    /** The first batch comes after this position. */
    readonly from: Position | undefined,
    maxQueuedEvents: number,
    onLeave: () => void,
  ) {
    this.#maxQueuedEvents = maxQueuedEvents;
    this.#onLeave = onLeave;
  }

  /**
   * Everything that waits, as one batch; waits for it. Undefined once this follower has left or was left behind. On the way to
   * the end of the log more is sure to come, and few large batches are cheaper than many small ones: it waits a little for it.
   */
  async next(): Promise<EventBatch | undefined> {
    while (this.#queue.length === 0 && !this.#left) await this.#arrival();
    const untilMs = performance.now() + GATHER_MS;
    while (!this.#left && this.#queue.at(-1)?.live === false && this.#queuedEvents < GATHER_EVENTS) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) break;
      await this.#arrival(leftMs);
    }
    if (this.#left) return undefined;
    const batches = this.#queue;
    this.#queue = [];
    this.#queuedEvents = 0;
    this.#wakeFeed?.();
    const [first, ...others] = batches;
    const last = batches.at(-1);
    if (!first || !last || others.length === 0) return first;
    return { events: batches.flatMap(({ events }) => events), upTo: last.upTo, live: last.live };
  }

  /** Queues a batch once there is room; leaves instead where there is none for `stallMs`. */
  async offer(batch: EventBatch, stallMs: number): Promise<void> {
    if (this.#queuedEvents >= this.#maxQueuedEvents && !(await this.#room(stallMs))) this.leave();
    if (this.#left) return;
    this.#queue.push(batch);
    this.#queuedEvents += batch.events.length;
    this.#wakeReader?.();
  }

  leave(): void {
    this.#left = true;
    this.#queue = [];
    this.#onLeave();
    this.#wakeReader?.();
    this.#wakeFeed?.();
  }

  async #arrival(timeoutMs?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wakeReader = resolve;
      if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.#wakeReader = undefined;
  }

  async #room(stallMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wakeFeed = resolve;
      timer = setTimeout(resolve, stallMs);
    });
    clearTimeout(timer);
    this.#wakeFeed = undefined;
    return this.#queuedEvents < this.#maxQueuedEvents;
  }
}
