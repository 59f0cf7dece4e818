import type { Decider, NewEvent } from '../domain/decider.js';
import type { EventMetadata } from '../domain/metadata.js';
import { waitBefore } from './backoff.js';
import type { Backoff } from './backoff.js';
import { CHAIN_START, seal, storedHash } from './chain.js';
import { assertValidEvent } from './codec.js';
import { EventStoreError, InvalidEventError } from './errors.js';
import type { EventStore, Position, RecordedEvent } from './event-store.js';
import { StateCache } from './state-cache.js';
import type { FoldedStream } from './state-cache.js';
import { StreamQueues } from './stream-queue.js';

/** Commands that are coalesced into one append at the most. */
const MAX_COALESCED = 200;
/** Tries of an intent whose stream others write to, until it is rejected as a conflict. */
const MAX_INTENT_TRIES = 8;
const CONFLICT_BACKOFF: Backoff = { firstMs: 2, maxMs: 100 };
const OUTAGE_BACKOFF: Backoff = { firstMs: 50, maxMs: 2_000 };

/** What one command makes of a state: events to append, or an answer that needs none. */
export type Turn<Event, Answer> = { readonly kind: 'append'; readonly events: readonly Event[] } | { readonly kind: 'answer'; readonly answer: Answer };

/** One command on one stream. */
export interface Work<State, Event, Answer> {
  /** Facts retry until they are in; intents a bounded number of times. */
  readonly isFact: boolean;
  /** The stream may well be new: it is decided on the initial state first, without a read. */
  readonly startsNew: boolean;
  /**
   * Pure; called again on every newer state. `eventCount` is how many events the stream has in that state. An answer counts
   * only where the state was fresh.
   */
  decide(state: State, eventCount: bigint): Turn<Event, Answer>;
  /** Called when its events are on their way to the store: appends of other streams that are sent from then on come after it, unless it must be sent again. */
  onSent?(): void;
  /** Called when the store is away, and it is tried again. */
  onOutage?(): void;
}

export type WorkOutcome<State, Answer> =
  | { readonly kind: 'appended'; readonly state: State; readonly revision: bigint; readonly position: Position; readonly eventCount: number }
  | { readonly kind: 'answered'; readonly answer: Answer; readonly state: State; readonly revision: bigint | undefined; readonly position: Position | undefined }
  /** An intent that lost every race. */
  | { readonly kind: 'conflict' };

type Stamped<Event extends NewEvent> = Event & { readonly metadata: EventMetadata };

/** A stream's state as it is decided on: nothing folded where the stream is new. */
interface Basis<State> {
  readonly state: State;
  readonly folded: FoldedStream<State> | undefined;
  /** Read to its end just now, so an answer from it counts without an append. */
  readonly isFresh: boolean;
}

/** A command in its stream's queue, whatever its answer's type. */
interface Job<State, Event extends NewEvent> {
  readonly isFact: boolean;
  readonly startsNew: boolean;
  /** Decides; returns the events, none where it has an answer (which it keeps). */
  decide(state: State, eventCount: bigint): readonly Stamped<Event>[];
  sent(): void;
  delayed(): void;
  settle(basis: Basis<State>, appended: { readonly folded: FoldedStream<State>; readonly eventCount: number } | undefined): void;
  fail(error: unknown): void;
  conflict(): void;
}

export interface AggregateOptions<State, Event extends NewEvent> {
  readonly store: EventStore;
  readonly decider: Pick<Decider<State, never, Event>, 'initialState' | 'evolve'>;
  readonly decode: (recorded: RecordedEvent) => Stamped<Event>;
  readonly cacheSize: number;
  /** How long facts are tried again while the store is away, until the caller gets the error. */
  readonly factGiveUpAfterMs: number;
}

/**
 * The streams of one aggregate: loads, decides, appends at the revision that was read. Many commands on one stream are decided
 * one after another on the state that the former leave, and appended together.
 */
export class Aggregate<State, Event extends NewEvent> {
  readonly #cache: StateCache<State>;
  readonly #queues: StreamQueues<Job<State, Event>>;

  constructor(private readonly options: AggregateOptions<State, Event>) {
    this.#cache = new StateCache(options.cacheSize);
    this.#queues = new StreamQueues(MAX_COALESCED, (stream, jobs) => this.#work(stream, jobs));
  }

  /** Queues a command. Throws an `InvalidEventError` for events that the codec refuses, and the store's errors. */
  submit<Answer>(stream: string, work: Work<State, Stamped<Event>, Answer>): Promise<WorkOutcome<State, Answer>> {
    return new Promise((resolve, reject) => {
      let answer: { readonly value: Answer } | undefined;
      this.#queues.push(stream, {
        isFact: work.isFact,
        startsNew: work.startsNew,
        decide: (state, eventCount) => {
          const turn = work.decide(state, eventCount);
          answer = turn.kind === 'answer' ? { value: turn.answer } : undefined;
          return turn.kind === 'append' ? turn.events : [];
        },
        sent: () => work.onSent?.(),
        delayed: () => work.onOutage?.(),
        settle: ({ state, folded }, appended) => {
          if (answer) resolve({ kind: 'answered', answer: answer.value, state, revision: folded?.revision, position: folded?.position });
          else if (appended) resolve({ kind: 'appended', ...appended.folded, eventCount: appended.eventCount });
          else reject(new Error('a command gave neither events nor an answer'));
        },
        fail: reject,
        conflict: () => resolve({ kind: 'conflict' }),
      });
    });
  }

  /** The state as it is cached (it may be old), or read. */
  async load(stream: string): Promise<State> {
    const cached = this.#cache.get(stream);
    return cached ? cached.state : (await this.refresh(stream)).state;
  }

  /** The cached state, if there is one. */
  peek(stream: string): State | undefined {
    return this.#cache.get(stream)?.state;
  }

  /** Reads what is newer than the cached state, from the store. */
  async refresh(stream: string): Promise<Basis<State>> {
    const cached = this.#cache.get(stream);
    let folded = cached;
    for await (const recorded of this.options.store.readStream(stream, cached ? cached.revision + 1n : 0n)) {
      folded = this.#fold(recorded, folded);
    }
    if (folded && folded !== cached) this.#cache.set(stream, folded);
    return { state: folded?.state ?? this.options.decider.initialState, folded, isFresh: true };
  }

  whenIdle(): Promise<void> {
    return this.#queues.whenIdle();
  }

  #fold(recorded: RecordedEvent, before: FoldedStream<State> | undefined): FoldedStream<State> {
    const event = this.options.decode(recorded);
    const head = storedHash(recorded);
    if (head === undefined) throw new EventStoreError('protocol', `revision ${recorded.revision} of ${recorded.stream} has no hash`);
    const state = this.options.decider.evolve(before?.state ?? this.options.decider.initialState, event);
    return { state, revision: recorded.revision, head, position: recorded.position };
  }

  /** Works off a batch of one stream. Every job is settled in the end. */
  async #work(stream: string, batch: readonly Job<State, Event>[]): Promise<void> {
    let jobs = batch;
    let refresh = false;
    let outageSinceMs: number | undefined;
    for (let attempt = 1; jobs.length > 0; attempt += 1) {
      try {
        const basis = await this.#basis(stream, jobs, refresh);
        const result = await this.#attempt(stream, jobs, basis);
        if (result === 'settled') return;
        outageSinceMs = undefined;
        refresh = true;
        if (result === 'stale') continue;
        jobs = attempt < MAX_INTENT_TRIES ? jobs : withoutIntents(jobs);
        if (attempt > 1) await waitBefore(CONFLICT_BACKOFF, attempt);
      } catch (error) {
        this.#cache.delete(stream);
        refresh = true;
        outageSinceMs ??= Date.now();
        const split = await this.#afterError(stream, error, jobs, Date.now() - outageSinceMs);
        if (!split) return;
        jobs = split;
        await waitBefore(OUTAGE_BACKOFF, attempt);
      }
    }
  }

  async #basis(stream: string, jobs: readonly Job<State, Event>[], refresh: boolean): Promise<Basis<State>> {
    if (refresh) return this.refresh(stream);
    const folded = this.#cache.get(stream);
    if (folded) return { state: folded.state, folded, isFresh: false };
    if (jobs[0]?.startsNew) return { state: this.options.decider.initialState, folded: undefined, isFresh: false };
    return this.refresh(stream);
  }

  /** Decides all jobs and appends what they give: `stale` where that must be done again on a fresh read. */
  async #attempt(stream: string, jobs: readonly Job<State, Event>[], basis: Basis<State>): Promise<'settled' | 'stale' | 'conflict'> {
    let state = basis.state;
    const before = basis.folded ? basis.folded.revision + 1n : 0n;
    const events: Stamped<Event>[] = [];
    const decided: Array<{ readonly job: Job<State, Event>; readonly eventCount: number }> = [];
    const invalid: Array<{ readonly job: Job<State, Event>; readonly error: unknown }> = [];
    for (const job of jobs) {
      try {
        const made = job.decide(state, before + BigInt(events.length));
        for (const event of made) assertValidEvent(event, event.metadata);
        // Kept only where all of its events fold: none of the others is appended.
        let evolved = state;
        for (const event of made) evolved = this.options.decider.evolve(evolved, event);
        state = evolved;
        events.push(...made);
        decided.push({ job, eventCount: made.length });
      } catch (error) {
        // What one command does wrong is not the others' fault.
        invalid.push({ job, error });
      }
    }
    if (events.length === 0) {
      if (!basis.isFresh) return 'stale';
      for (const { job } of decided) job.settle(basis, undefined);
    } else {
      const appending = this.#append(stream, basis.folded, events, state);
      for (const { job, eventCount } of decided) if (eventCount > 0) job.sent();
      const folded = await appending;
      if (!folded) return 'conflict';
      // The append has shown that the state was current, so answers from it count too.
      for (const { job, eventCount } of decided) job.settle({ state, folded, isFresh: true }, { folded, eventCount });
    }
    for (const { job, error } of invalid) job.fail(error);
    return 'settled';
  }

  async #append(stream: string, before: FoldedStream<State> | undefined, events: readonly Stamped<Event>[], state: State): Promise<FoldedStream<State> | undefined> {
    const sealed = seal(stream, before ? before.revision + 1n : 0n, before?.head ?? CHAIN_START, events);
    const outcome = await this.options.store.append(stream, before?.revision ?? 'no_stream', sealed.events);
    if (outcome.kind === 'conflict') return undefined;
    const folded = { state, revision: outcome.revision, head: sealed.head, position: outcome.position };
    this.#cache.set(stream, folded);
    return folded;
  }

  /** Settles what an error ends; returns the jobs to try again. */
  async #afterError(stream: string, error: unknown, jobs: readonly Job<State, Event>[], outageMs: number): Promise<readonly Job<State, Event>[] | undefined> {
    if (error instanceof EventStoreError && error.code === 'too_large' && jobs.length > 1) {
      const half = Math.ceil(jobs.length / 2);
      await this.#work(stream, jobs.slice(0, half));
      return jobs.slice(half);
    }
    const isOutage = error instanceof EventStoreError && error.isTransient;
    if (isOutage) for (const job of jobs) job.delayed();
    const retried = isOutage && outageMs < this.options.factGiveUpAfterMs ? jobs.filter((job) => job.isFact) : [];
    for (const job of jobs) if (!retried.includes(job)) job.fail(asInputError(error, jobs.length));
    return retried.length > 0 ? retried : undefined;
  }
}

/** An event that is over the limit by itself is the command's fault. */
const asInputError = (error: unknown, jobs: number): unknown =>
  error instanceof EventStoreError && error.code === 'too_large' && jobs === 1 ? new InvalidEventError('event', 'data', error.message) : error;

function withoutIntents<State, Event extends NewEvent>(jobs: readonly Job<State, Event>[]): readonly Job<State, Event>[] {
  for (const job of jobs) if (!job.isFact) job.conflict();
  return jobs.filter((job) => job.isFact);
}
