import type { ClientBase, Pool } from 'pg';
import { InvalidEventError, UndecodableEventError } from '../eventstore/errors.js';
import { EventStoreError } from '../eventstore/errors.js';
import type { EventBatch, Position, RecordedEvent } from '../eventstore/event-store.js';
import { backoffMs } from '../projections/backoff.js';
import { assertSameStore, lastPlace, moveCheckpoint } from '../projections/checkpoint.js';
import type { Checkpoint, Queryable } from '../projections/checkpoint.js';
import { isRowError, messageOf, sqlStateOf } from '../projections/postgres-errors.js';
import { sleep } from '../projections/sleep.js';
import { inTransaction, RolledBack } from '../projections/transaction.js';
import type { Policy, PolicyTools, ReactionLog, Reactor } from './policy.js';
import { clearSetAside, noteReaction, openPolicy, readSetAside, setAside } from './policy-tables.js';
import type { SetAside } from './policy-tables.js';

export interface PolicyRunOptions extends PolicyTools {
  readonly policy: Policy;
  readonly pool: Pool;
  readonly storeId: string;
  readonly onTrouble: (error: unknown) => void;
}

/** Tries of an event whose reaction fails for a reason that is neither the store's nor the database's, until it is set aside. */
const MAX_TRIES = 5;
/** Events that were set aside and are tried once more when the policy starts, at most. */
const MAX_RETRIED_EVENTS = 10_000;

/** The checkpoint was moved by another process. */
class LostRaceError extends Error {
  override readonly name = 'LostRaceError';
}

/** A reaction to this event failed. */
class ReactionError extends Error {
  override readonly name = 'ReactionError';

  constructor(
    readonly event: RecordedEvent,
    override readonly cause: unknown,
  ) {
    super(`the reaction to ${event.type} at revision ${event.revision} of ${event.stream} failed: ${messageOf(cause)}`, { cause });
  }
}

/** What a batch did: where its newest reaction is, and what has to be set aside. */
class BatchLog implements ReactionLog {
  newest: Position | undefined;
  readonly asides: SetAside[] = [];

  appended(position: Position): void {
    if (this.newest === undefined || position > this.newest) this.newest = position;
  }

  setAside(stream: string, position: Position, { message }: { readonly message: string }): void {
    this.asides.push({ stream, position, reason: message });
  }
}

/**
 * One policy on its way through `$all`. The transaction that moves the checkpoint ends after the last reaction of its batch is
 * in the store: what is behind the checkpoint has been reacted to. A batch that is given again, because the process or Postgres
 * ended in between, makes the same keyed reactions again, which the fold of their stream ignores.
 */
export class PolicyRun {
  readonly #options: PolicyRunOptions;
  readonly #reactor: Reactor;
  #checkpoint: Checkpoint | undefined;

  constructor(options: PolicyRunOptions) {
    this.#options = options;
    this.#reactor = options.policy.open(options);
  }

  get name(): string {
    return this.#options.policy.name;
  }

  /**
   * Reads the checkpoint, checks that it is of this store, and tries again what was set aside. Where what is remembered is of
   * another version of the policy, it begins anew: its reactions are keyed, and count once all the same.
   */
  async open(signal: AbortSignal): Promise<Position | undefined> {
    const { policy, store, storeId, pool } = this.#options;
    const checkpoint = await inTransaction(pool, (client) => openPolicy(client, policy, storeId));
    await assertSameStore(store, storeId, checkpoint);
    this.#checkpoint = checkpoint;
    await this.#retrySetAside(signal);
    return checkpoint.position;
  }

  /** Reacts to the events of a batch that are new to this policy; gives the position up to which it has. */
  async step(batch: EventBatch, signal: AbortSignal): Promise<Position> {
    const from = this.#checkpoint;
    if (!from) throw new Error(`${this.name} has no checkpoint yet`);
    const seen = from.position ?? -1n;
    if (batch.upTo <= seen) return seen;
    const events = batch.events.filter(({ position, stream }) => position > seen && this.#options.policy.streamPrefixes.some((prefix) => stream.startsWith(prefix)));
    const to = { ...from, position: batch.upTo, lastEvent: lastPlace(events, from.lastEvent) };
    if (events.length > 0) await this.#reactUntilDone(from, to, events, signal);
    else if (!(await moveCheckpoint(this.#options.pool, from, to))) throw this.#lostRace();
    this.#checkpoint = to;
    return batch.upTo;
  }

  /** Facts retry until they are in: only what no retry can change is left out, and recorded. */
  async #reactUntilDone(from: Checkpoint, to: Checkpoint, events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    const tries = new Map<string, number>();
    const hopeless = new Map<string, SetAside>();
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#react(from, to, events, hopeless, signal);
        return;
      } catch (error) {
        if (!(error instanceof ReactionError) || signal.aborted) throw error;
        this.#options.onTrouble(error);
        const { event, cause } = error;
        if (!isTransient(cause)) tries.set(event.id, (tries.get(event.id) ?? 0) + 1);
        if (isFinal(cause) || (tries.get(event.id) ?? 0) >= MAX_TRIES) {
          hopeless.set(event.id, { stream: event.stream, position: event.position, reason: messageOf(cause) });
        } else {
          await sleep(backoffMs(failures), signal);
        }
      }
    }
  }

  async #react(from: Checkpoint, to: Checkpoint, events: readonly RecordedEvent[], hopeless: ReadonlyMap<string, SetAside>, signal: AbortSignal): Promise<void> {
    // Takes the checkpoint's row, so that a second process waits there and then finds that it lost.
    const move = async (client: ClientBase): Promise<void> => {
      if (!(await moveCheckpoint(client, from, to))) throw new RolledBack();
    };
    try {
      const left = events.filter(({ id }) => !hopeless.has(id));
      await this.#reactAnd(move, left, [...hopeless.values()], signal);
    } catch (error) {
      if (error instanceof RolledBack) throw this.#lostRace();
      throw error;
    }
  }

  /** Reacts, and does `begin` and records what became of the reactions in one transaction: the reactions are in it, or before it. */
  async #reactAnd(begin: (client: ClientBase) => Promise<void>, events: readonly RecordedEvent[], asides: readonly SetAside[], signal: AbortSignal): Promise<void> {
    const { pool, policy } = this.#options;
    const log = new BatchLog();
    if (!policy.isTransactional) await this.#reactTo(pool, events, log, signal);
    await inTransaction(pool, async (client) => {
      await begin(client);
      if (policy.isTransactional) await this.#reactTo(client, events, log, signal);
      await setAside(client, policy.name, [...log.asides, ...asides]);
      if (log.newest !== undefined) await noteReaction(client, policy.name, log.newest);
    });
  }

  async #reactTo(client: Queryable, events: readonly RecordedEvent[], log: ReactionLog, signal: AbortSignal): Promise<void> {
    const batch = await this.#reactor.openBatch(client, events, log, signal);
    for (const event of events) {
      signal.throwIfAborted();
      try {
        await batch.react(event);
      } catch (error) {
        throw isDatabaseTrouble(error) ? error : new ReactionError(event, error);
      }
    }
  }

  /** From the first event that could not be reacted to on: later ones of its stream may have failed as well. */
  async #retrySetAside(signal: AbortSignal): Promise<void> {
    const { pool, store, onTrouble } = this.#options;
    const before = this.#checkpoint?.position ?? -1n;
    for (const { stream, position } of await readSetAside(pool, this.name)) {
      const events: RecordedEvent[] = [];
      for await (const event of store.readStream(stream)) {
        if (event.position >= position && event.position <= before) events.push(event);
        if (event.position > before || events.length >= MAX_RETRIED_EVENTS) break;
      }
      try {
        await this.#reactAnd((client) => clearSetAside(client, this.name, stream), events, [], signal);
      } catch (error) {
        signal.throwIfAborted();
        // It stays set aside.
        onTrouble(error);
      }
    }
  }

  #lostRace(): LostRaceError {
    return new LostRaceError(`another process moved the checkpoint of ${this.name}`);
  }
}

/** A connection that is gone or a server that cannot do it now, as opposed to a statement or row that is wrong. */
const isDatabaseTrouble = (error: unknown): boolean => {
  const state = sqlStateOf(error);
  if (state !== undefined) return !isRowError(error);
  return error instanceof Error && !(error instanceof EventStoreError) && /connection|ECONN|EPIPE|ETIMEDOUT|timeout/i.test(error.message);
};

const isTransient = (error: unknown): boolean => error instanceof EventStoreError && error.isTransient;
/** The same event will fail in the same way for ever. */
const isFinal = (error: unknown): boolean => error instanceof UndecodableEventError || error instanceof InvalidEventError;
