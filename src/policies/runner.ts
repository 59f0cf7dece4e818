import type { CommandHandler } from '../eventstore/commands.js';
import type { EventStore, Position } from '../eventstore/event-store.js';
import { LEDGER_PREFIXES } from '../eventstore/identity.js';
import { backoffMs } from '../projections/backoff.js';
import { readCheckpoints, WrongStoreError } from '../projections/checkpoint.js';
import type { Database } from '../projections/database.js';
import { holdLease } from '../projections/lease.js';
import { messageOf } from '../projections/postgres-errors.js';
import { ReachedPositions } from '../projections/reached.js';
import { sleep } from '../projections/sleep.js';
import { closePositions } from './close-positions.js';
import { fillTargets } from './fill-targets.js';
import { parkedFacts } from './parked-facts.js';
import { PolicyRun } from './policy-run.js';
import type { Policy } from './policy.js';
import { newestReaction } from './policy-tables.js';

export interface PoliciesOptions {
  readonly store: EventStore;
  readonly handler: CommandHandler;
  readonly database: Pick<Database, 'pool'>;
  /** The id in the store's genesis: checkpoints over another store are refused. */
  readonly storeId: string;
  /** All of them, where not given. */
  readonly policies?: readonly Policy[];
  /** Told of what is tried again, and of what is given up. */
  readonly logger?: PolicyLogger;
  /** Events in one transaction, 1 to 10,000. */
  readonly maxBatchSize?: number;
  readonly now?: () => string;
}

/** The part of a pino logger that is used. */
interface PolicyLogger {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/**
 * - `standby`: another process reacts
 * - `running`: this one does
 * - `failed`: another store is behind the address; nothing is reacted to
 * - `stopped`
 */
type PoliciesState = 'standby' | 'running' | 'failed' | 'stopped';

interface PoliciesStatus {
  readonly state: PoliciesState;
  readonly lastError: string | undefined;
  /** How far each policy is, as far as this process knows. */
  readonly positions: Readonly<Record<string, Position | undefined>>;
}

export interface Policies {
  /**
   * Waits until the policies have reacted to everything up to a position, and to what their own reactions set off (a target's
   * order attached, and then its fills). Gives the position that a read model must pass to show all of it. Rejects with a
   * `WaitTimeoutError`, and with a `WrongStoreError` where the policies have failed.
   */
  waitFor(position: Position, timeoutMs?: number): Promise<Position>;
  status(): PoliciesStatus;
  /** Finishes the event at hand; of a parked order's facts, those that are on their way. */
  stop(): Promise<void>;
}

const ALL_POLICIES: readonly Policy[] = [parkedFacts, fillTargets, closePositions];
const LEASE = 'fillbook policies';
const DEFAULT_BATCH_SIZE = 500;
const DEFAULT_WAIT_MS = 10_000;
/** How often a process that is not the active one looks for the news that somebody waits for. */
const LOOK_EVERY_MS = 50;
/** A reaction sets off another one, that one a third: no chain is longer. */
const MAX_CHAIN = 5;

/** Starts the policies. Of all processes on one database, one reacts at a time; another one takes over when it ends. */
export function startPolicies(options: PoliciesOptions): Policies {
  return new PolicyHost(options);
}

class PolicyHost implements Policies {
  readonly #options: PoliciesOptions;
  readonly #names: readonly string[];
  readonly #runs: readonly PolicyRun[];
  readonly #reached = new ReachedPositions(() => this.#look());
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #looking: Promise<void> | undefined;
  #state: PoliciesState = 'standby';
  #failure: Error | undefined;
  #lastError: string | undefined;

  constructor(options: PoliciesOptions) {
    this.#options = options;
    const { store, handler, storeId, policies = ALL_POLICIES, now = () => new Date().toISOString() } = options;
    const shared = { store, handler, storeId, now, pool: options.database.pool, onTrouble: (error: unknown) => this.#trouble(error) };
    this.#runs = policies.map((policy) => new PolicyRun({ ...shared, policy }));
    this.#names = policies.map(({ name }) => name);
    const lease = { pool: options.database.pool, name: LEASE, signal: this.#stopping.signal, onError: (error: unknown) => this.#trouble(error) };
    this.#ended = holdLease(lease, (signal) => this.#work(signal));
  }

  async waitFor(position: Position, timeoutMs = DEFAULT_WAIT_MS): Promise<Position> {
    if (this.#failure) throw this.#failure;
    const deadline = performance.now() + timeoutMs;
    let settled = position;
    for (let chain = 0; chain < MAX_CHAIN; chain += 1) {
      await this.#reached.wait(settled, this.#names, Math.max(1, Math.round(deadline - performance.now())));
      const reaction = await newestReaction(this.#options.database.pool);
      if (reaction === undefined || reaction <= settled) break;
      settled = reaction;
    }
    return settled;
  }

  status(): PoliciesStatus {
    return { state: this.#state, lastError: this.#lastError, positions: Object.fromEntries(this.#names.map((name) => [name, this.#reached.of(name)])) };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
    this.#state = this.#state === 'failed' ? 'failed' : 'stopped';
    this.#reached.rejectAll(new Error('the policies were stopped'));
    await this.#looking;
  }

  /** While the lease is held. */
  async #work(signal: AbortSignal): Promise<void> {
    this.#state = 'running';
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await this.#follow(signal, () => (failures = 0));
      } catch (error) {
        if (signal.aborted) break;
        this.#trouble(error);
        if (error instanceof WrongStoreError) return await this.#fail(error, signal);
        await sleep(backoffMs(failures), signal);
      }
    }
    this.#state = 'standby';
  }

  /** From the policy that is furthest behind, each batch to each of them. */
  async #follow(signal: AbortSignal, onProgress: () => void): Promise<void> {
    const positions: (Position | undefined)[] = [];
    for (const run of this.#runs) positions.push(await run.open(signal));
    const after = positions.reduce((least, position) => (least === undefined || position === undefined ? undefined : position < least ? position : least), positions[0]);
    const maxBatchSize = this.#options.maxBatchSize ?? DEFAULT_BATCH_SIZE;
    // All of the ledger, whatever they react to: who waits for a position then waits for no filter.
    for await (const batch of this.#options.store.subscribeAll({ after, streamPrefixes: LEDGER_PREFIXES, signal, maxBatchSize })) {
      for (const run of this.#runs) this.#reached.advance(run.name, await run.step(batch, signal));
      this.#lastError = undefined;
      onProgress();
    }
  }

  /** Keeps the lease, so that the failure stays with this process, until it is stopped. */
  async #fail(error: Error, signal: AbortSignal): Promise<void> {
    this.#state = 'failed';
    this.#failure = error;
    this.#reached.rejectAll(error);
    this.#options.logger?.error({ err: error }, 'the policies cannot go on');
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  }

  /** While somebody waits: another process may be the one that moves the checkpoints. */
  #look(): void {
    this.#looking ??= this.#lookWhileAwaited().finally(() => {
      this.#looking = undefined;
      if (this.#reached.hasWaiters && !this.#stopping.signal.aborted) this.#look();
    });
  }

  async #lookWhileAwaited(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#reached.hasWaiters && !signal.aborted) {
      try {
        for (const { name, position } of await readCheckpoints(this.#options.database.pool, this.#names)) {
          if (position !== undefined) this.#reached.advance(name, position);
        }
      } catch (error) {
        this.#trouble(error);
      }
      await sleep(LOOK_EVERY_MS, signal);
    }
  }

  #trouble(error: unknown): void {
    this.#lastError = messageOf(error);
    this.#options.logger?.warn({ err: error }, 'a policy tries again');
  }
}
