import type { Logger } from 'pino';
import type { EventStore } from '../eventstore/event-store.js';
import { assertSameStore, readCheckpoints } from './checkpoint.js';
import type { Database } from './database.js';
import { SharedFeed } from './feed.js';
import type { Hints } from './hints.js';
import { holdLease } from './lease.js';
import { messageOf } from './postgres-errors.js';
import type { Projection } from './projection.js';
import { ReachedPositions } from './reached.js';
import { ProjectionRunner } from './runner.js';
import type { ProjectionState } from './runner.js';
import { sleep } from './sleep.js';
import { quoteIdentifier } from './write-rows.js';

export interface ProjectorOptions {
  readonly store: EventStore;
  /** Its pool needs a connection a projection and one for the lease, besides what else uses it. */
  readonly database: Pick<Database, 'pool'>;
  /** From the store's genesis. */
  readonly storeId: string;
  readonly projections: readonly Projection[];
  readonly hints?: Hints;
  readonly logger?: Pick<Logger, 'info' | 'warn' | 'error'>;
}

export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  readonly state: ProjectionState;
  readonly position: bigint | undefined;
  /** Streams of which an event could not be applied. */
  readonly setAsideCount: number;
  readonly lastError?: string;
}

interface ProjectorStatus {
  /** Whether this process writes, or stands by for the one that does. */
  readonly role: 'writer' | 'standby';
  readonly projections: readonly ProjectionStatus[];
}

interface WaitOptions {
  /** By name; all of them where it is left out. */
  readonly projections?: readonly string[];
  /** 10 seconds where it is left out. */
  readonly timeoutMs?: number;
}

export interface Projector {
  /**
   * Resolves when the read models have everything up to and including a position of `$all`, whichever process writes them.
   * @throws WaitTimeoutError, RangeError for a projection that there is none of, WrongStoreError where the store was replaced.
   */
  waitFor(position: bigint, options?: WaitOptions): Promise<void>;
  status(): ProjectorStatus;
  /** Finishes the batches that are being applied. */
  stop(): Promise<void>;
}

/** How often checkpoints are read while somebody waits for a position that another process may reach. */
const FOLLOW_EVERY_MS = 50;
const DEFAULT_WAIT_MS = 10_000;

/**
 * Keeps the read models up with the event store until it is stopped. Of all processes that run it on one database, one
 * writes and the others stand by. Rejects where the checkpoints are of another store (WrongStoreError).
 */
export async function startProjector(options: ProjectorOptions): Promise<Projector> {
  const { rows } = await options.database.pool.query<{ schema: string }>('SELECT current_schema() AS schema');
  const checkpoints = await readCheckpoints(
    options.database.pool,
    options.projections.map(({ name }) => name),
  );
  await Promise.all(checkpoints.map((checkpoint) => assertSameStore(options.store, options.storeId, checkpoint)));
  const projector = new RunningProjector(options, quoteIdentifier(rows[0]?.schema ?? 'public'));
  projector.start();
  return projector;
}

const noop = (): void => undefined;

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = noop;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

class RunningProjector implements Projector {
  readonly #options: ProjectorOptions;
  readonly #runners: readonly ProjectionRunner[];
  readonly #reached: ReachedPositions;
  readonly #stopping = new AbortController();
  #role: ProjectorStatus['role'] = 'standby';
  #writing: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(options: ProjectorOptions, schema: string) {
    this.#options = options;
    this.#reached = new ReachedPositions(() => this.#followCheckpoints());
    this.#runners = options.projections.map((projection) => this.#runnerOf(projection, schema));
  }

  start(): void {
    const { signal } = this.#stopping;
    const onError = (error: unknown): void => this.#options.logger?.warn({ err: error }, 'the lease of the projector cannot be had');
    this.#writing = holdLease({ pool: this.#options.database.pool, name: 'fillbook projector', signal, onError }, (lease) => this.#write(lease));
  }

  async waitFor(position: bigint, { projections, timeoutMs = DEFAULT_WAIT_MS }: WaitOptions = {}): Promise<void> {
    const names = this.#options.projections.map(({ name }) => name);
    const unknown = projections?.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new RangeError(`projections: there is no projection ${JSON.stringify(unknown)}; there are ${names.join(', ')}`);
    if (this.#failure) throw this.#failure;
    if (this.#stopping.signal.aborted) throw new Error('the projector was stopped');
    await this.#reached.wait(position, projections ?? names, timeoutMs);
  }

  status(): ProjectorStatus {
    const projections = this.#runners.map(({ projection: { name, version }, state, setAsideCount, lastError }) => ({
      name,
      version,
      state,
      position: this.#reached.of(name),
      setAsideCount,
      ...(lastError === undefined ? {} : { lastError }),
    }));
    return { role: this.#role, projections };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#reached.rejectAll(new Error('the projector was stopped'));
    await this.#writing;
    await this.#following;
  }

  #runnerOf(projection: Projection, schema: string): ProjectionRunner {
    const { store, storeId, database, hints, logger } = this.#options;
    const { name } = projection;
    return new ProjectionRunner({
      projection,
      store,
      storeId,
      pool: database.pool,
      schema,
      onMoved: (position, rowsChanged) => {
        this.#reached.advance(name, position);
        if (rowsChanged) void hints?.publish({ projection: name, position });
      },
      onSetAside: (failure) => logger?.error({ projection: name, ...failure, position: failure.position.toString() }, 'a stream was set aside'),
      onTrouble: (error) => logger?.warn({ projection: name, err: error }, 'a batch is tried again'),
      onFailed: (error) => {
        this.#failure = error;
        this.#reached.rejectAll(error);
        logger?.error({ projection: name, err: error }, 'a projection cannot go on');
      },
    });
  }

  /** While this process has the lease: one subscription, and every projection along it. */
  async #write(signal: AbortSignal): Promise<void> {
    const { store, database, projections, logger } = this.#options;
    this.#role = 'writer';
    const ended = new AbortController();
    try {
      const checkpoints = await readCheckpoints(
        database.pool,
        projections.map(({ name }) => name),
      );
      const feed = new SharedFeed({
        store,
        streamPrefixes: [...new Set(projections.flatMap(({ streamPrefixes }) => streamPrefixes))],
        // The furthest one: who is behind reads up to it alone, and nobody waits for whom starts anew.
        after: checkpoints.map(({ position }) => position).reduce((a, b) => ((b ?? -1n) > (a ?? -1n) ? b : a), undefined),
        signal: AbortSignal.any([signal, ended.signal]),
        onError: (error) => logger?.warn({ err: error }, 'the subscription to the event store is made again'),
      });
      const settled: Promise<void>[] = [];
      const running = this.#runners.map((runner) => {
        const { promise, resolve } = withResolvers();
        settled.push(promise);
        return runner.run(feed, signal, resolve);
      });
      // Nothing is handed out before everybody is there: who comes late reads the same events once more.
      await Promise.race([Promise.all(settled), ...running]);
      await Promise.all([feed.run(), ...running]);
    } finally {
      ended.abort();
      this.#role = 'standby';
    }
  }

  /** While somebody waits: what other processes reach is found in Postgres, at the next hint or after a short while. */
  #followCheckpoints(): void {
    this.#following ??= this.#followWhileAwaited().finally(() => {
      this.#following = undefined;
      if (this.#reached.hasWaiters && !this.#stopping.signal.aborted) this.#followCheckpoints();
    });
  }

  async #followWhileAwaited(): Promise<void> {
    const { database, projections, hints, logger } = this.#options;
    const { signal } = this.#stopping;
    const names = projections.map(({ name }) => name);
    let hinted = new AbortController();
    const unsubscribe = hints?.subscribe(() => hinted.abort());
    try {
      while (this.#reached.hasWaiters && !signal.aborted) {
        // The writer's own process knows without looking: it gets the time that a batch takes.
        await sleep(FOLLOW_EVERY_MS, AbortSignal.any([signal, hinted.signal]));
        hinted = new AbortController();
        if (!this.#reached.hasWaiters) return;
        try {
          for (const { name, position } of await readCheckpoints(database.pool, names)) {
            if (position !== undefined) this.#reached.advance(name, position);
          }
        } catch (error) {
          logger?.warn({ reason: messageOf(error) }, 'the checkpoints cannot be read');
        }
      }
    } finally {
      unsubscribe?.();
    }
  }
}
