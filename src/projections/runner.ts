import type { Pool } from 'pg';
import type { EventBatch, EventStore } from '../eventstore/event-store.js';
import { applyEvents } from './apply-events.js';
import { backoffMs } from './backoff.js';
import { assertSameStore, openCheckpoint, WrongStoreError } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import type { SharedFeed } from './feed.js';
import { gathered } from './gathered.js';
import { messageOf } from './postgres-errors.js';
import { handlesStream } from './projection.js';
import type { Projection, ProjectionFold, StreamFailure } from './projection.js';
import { sleep } from './sleep.js';

/**
 * - `standby`: another process writes
 * - `catching_up`: reading what it has missed
 * - `live`: following the end of the log
 * - `outdated`: its rows are of another version; they wait for a rebuild
 * - `retrying`: Postgres or the event store cannot be used at the moment
 * - `failed`: it cannot go on by itself (another store behind the address)
 */
export type ProjectionState = 'standby' | 'catching_up' | 'live' | 'outdated' | 'retrying' | 'failed';

export interface RunnerOptions {
  readonly projection: Projection;
  readonly store: EventStore;
  readonly storeId: string;
  readonly pool: Pool;
  /** A quoted identifier. */
  readonly schema: string;
  readonly onMoved: (position: bigint, rowsChanged: boolean) => void;
  readonly onSetAside: (failure: StreamFailure) => void;
  readonly onTrouble: (error: unknown) => void;
  readonly onFailed: (error: Error) => void;
}

/** How often a projection of another version looks whether it was rebuilt. */
const LOOK_AGAIN_MS = 1_000;

/** The checkpoint was moved by another process: what is in memory is not what is in the tables. */
class LostRaceError extends Error {
  override readonly name = 'LostRaceError';
}

/** Applies one projection's batches, from where its checkpoint is, for as long as it may. */
export class ProjectionRunner {
  readonly #options: RunnerOptions;
  readonly #fold: ProjectionFold;
  #checkpoint: Checkpoint | undefined;
  #setAside = new Set<string>();
  #state: ProjectionState = 'standby';
  #lastError: string | undefined;
  /** Since the last batch that was applied. */
  #failures = 0;
  #onSettled: (() => void) | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#fold = options.projection.open({ store: options.store, rows: options });
  }

  get projection(): Projection {
    return this.#options.projection;
  }

  get state(): ProjectionState {
    return this.#state;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  get setAsideCount(): number {
    return this.#setAside.size;
  }

  /** Reads the checkpoint; checks that it is of this store. */
  async #open(): Promise<Checkpoint> {
    const { projection, store, storeId, pool } = this.#options;
    const checkpoint = await openCheckpoint(pool, { ...projection, storeId });
    await assertSameStore(store, storeId, checkpoint);
    this.#checkpoint = checkpoint;
    if (checkpoint.position !== undefined) this.#options.onMoved(checkpoint.position, false);
    return checkpoint;
  }

  /**
   * Until the signal is aborted, whatever happens to Postgres and the event store meanwhile. `onSettled` is called once it is
   * known whether it goes along with the feed from its beginning.
   */
  async run(feed: SharedFeed, signal: AbortSignal, onSettled: () => void): Promise<void> {
    this.#onSettled = onSettled;
    while (!signal.aborted) {
      try {
        await this.#follow(feed, signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#lastError = messageOf(error);
        if (error instanceof WrongStoreError) {
          this.#state = 'failed';
          this.#onSettled();
          this.#options.onFailed(error);
          return;
        }
        this.#failures += 1;
        this.#onSettled?.();
        this.#state = 'retrying';
        this.#options.onTrouble(error);
        await sleep(backoffMs(this.#failures), signal);
      }
    }
    this.#state = 'standby';
  }

  /** From the checkpoint to the feed and along with it, until it is left behind or something throws. */
  async #follow(feed: SharedFeed, signal: AbortSignal): Promise<void> {
    const { version } = await this.#open();
    if (version !== this.projection.version) {
      this.#state = 'outdated';
      this.#onSettled?.();
      await sleep(LOOK_AGAIN_MS, signal);
      return;
    }
    this.#fold.reset();
    await this.#readSetAside();
    this.#state = 'catching_up';
    if (this.#isBehind(feed.position)) await this.#catchUp(signal);
    const follower = feed.join();
    this.#onSettled?.();
    const leave = (): void => follower.leave();
    signal.addEventListener('abort', leave, { once: true });
    try {
      if (this.#isBehind(follower.from)) await this.#catchUp(signal);
      if (feed.isLive) this.#state = 'live';
      for (let batch = await nextOf(follower, signal); batch; batch = await nextOf(follower, signal)) {
        await this.#step(batch);
        this.#state = batch.live ? 'live' : 'catching_up';
      }
    } finally {
      signal.removeEventListener('abort', leave);
      follower.leave();
    }
  }

  #isBehind(position: bigint | undefined): boolean {
    return position !== undefined && (this.#checkpoint?.position ?? -1n) < position;
  }

  /** To the end of the log as it is now, without the feed. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    this.#onSettled?.();
    for await (const batch of gathered(this.#options.store.readAll(this.#checkpoint?.position, this.projection.streamPrefixes))) {
      if (signal.aborted) return;
      await this.#step(batch);
    }
  }

  async #step(batch: EventBatch): Promise<void> {
    const from = this.#checkpoint;
    if (!from) throw new Error(`${this.projection.name} has no checkpoint yet`);
    if (!this.#isBehind(batch.upTo)) return;
    const seen = from.position ?? -1n;
    const events = batch.events.filter(({ position, stream }) => position > seen && handlesStream(this.projection, stream));
    const applier = { projection: this.projection, fold: this.#fold, rows: this.#options, setAside: this.#setAside };
    const outcome = await applyEvents(applier, from, { events, upTo: batch.upTo });
    if (outcome.kind === 'lost_race') throw new LostRaceError(`another process moved the checkpoint of ${from.name}`);
    this.#checkpoint = outcome.checkpoint;
    this.#failures = 0;
    this.#lastError = undefined;
    for (const failure of outcome.setAside) this.#options.onSetAside(failure);
    this.#options.onMoved(batch.upTo, outcome.rowsChanged);
  }

  async #readSetAside(): Promise<void> {
    const { rows } = await this.#options.pool.query<{ stream: string }>('SELECT stream FROM set_aside WHERE projection = $1', [this.projection.name]);
    this.#setAside = new Set(rows.map(({ stream }) => stream));
  }
}

const nextOf = async (follower: { next(): Promise<EventBatch | undefined> }, signal: AbortSignal): Promise<EventBatch | undefined> =>
  signal.aborted ? undefined : await follower.next();
