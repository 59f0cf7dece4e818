import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { CommandHandler } from '../eventstore/commands.js';
import { connectEventStore } from '../eventstore/client.js';
import type { EventStore, Position } from '../eventstore/event-store.js';
import { ensureGenesis } from '../eventstore/genesis.js';
import { createCommandHandler } from '../eventstore/handle-command.js';
import { startPolicies } from '../policies/runner.js';
import type { Policies } from '../policies/runner.js';
import { PROJECTIONS } from '../projections/catalogue.js';
import { openDatabase } from '../projections/database.js';
import type { Database } from '../projections/database.js';
import type { Hints } from '../projections/hints.js';
import { migrate } from '../projections/migrate.js';
import { postgresHints } from '../projections/postgres-hints.js';
import { startProjector } from '../projections/projector.js';
import type { Projector } from '../projections/projector.js';
import { redisHints } from '../projections/redis-hints.js';
import { PRODUCER } from '../version.js';
import { CommandError, EXIT } from './exit-codes.js';
import { openStores, requireEventStore } from './stores.js';
import { isUnreachable, messageOf } from './unreachable.js';
import type { Stores } from './stores.js';

/** Everything between the stores and a command: one process may have it beside others on the same stores. */
export interface Spine {
  readonly stores: Stores;
  readonly store: EventStore;
  readonly storeId: string;
  readonly database: Database;
  readonly hints: Hints;
  readonly handler: CommandHandler;
  readonly projector: Projector;
  readonly policies: Policies;
  /** Ends it in the order in which nothing that was acknowledged is lost: commands, policies, projections, then the stores. */
  close(): Promise<void>;
}

/** A read model that is far behind catches up at some 10,000 events a second: this is enough for a long absence. */
const SETTLE_TIMEOUT_MS = 30 * 60_000;

/** Folded orders and positions that are kept: more hardly saves a read, and costs memory (20,000 double an import's). */
const CACHED_STREAMS = 4_000;

type Closing = () => Promise<unknown>;

/** Runs the steps last to first; an error of one does not keep the others from running, and is thrown at the end. */
async function closeAll(steps: readonly Closing[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps.toReversed()) {
    await step().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}

/** An outage is told once a minute, not at every try. */
function oncePerMinute(tell: (error: Error) => void): (error: Error) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - toldMs < 60_000) return;
    toldMs = performance.now();
    tell(error);
  };
}

/** A store that cannot be reached is named as the configuration names it. */
async function named<Result>(store: string, asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    if (isUnreachable(error)) throw new CommandError(`${store} cannot be reached: ${messageOf(error)}`, EXIT.unavailable);
    throw error;
  }
}

/** Opens the stores, brings the read models' schema up to date, and starts projections and policies. */
export async function openSpine(config: Config, logger: Logger): Promise<Spine> {
  const closing: Closing[] = [];
  try {
    const stores = await openStores(config);
    closing.push(() => stores.close());
    const store = connectEventStore({ url: stores.eventStoreUrl });
    closing.push(() => store.close());
    const [{ storeId }] = await Promise.all([
      named('the event store (EVENTSTORE_URL)', ensureGenesis(store, PRODUCER)),
      named('Postgres (DATABASE_URL)', migrate(stores.databaseUrl)),
    ]);
    const database = openDatabase(stores.databaseUrl, { max: 20, onIdleError: (error) => logger.warn({ err: error }, 'a connection to Postgres was lost') });
    closing.push(() => database.close());
    const onHintError = oncePerMinute((error) => logger.warn({ err: error }, 'hints are interrupted: changes are seen by polling until they are back'));
    const hints = config.redisUrl === undefined ? postgresHints(stores.databaseUrl, onHintError) : redisHints(config.redisUrl, { onError: onHintError });
    closing.push(() => hints.close());
    const projector = await startProjector({ store, database, storeId, projections: PROJECTIONS, hints, logger });
    closing.push(() => projector.stop());
    const handler = createCommandHandler({ store, producer: PRODUCER, cacheSize: CACHED_STREAMS });
    const policies = startPolicies({ store, handler, database, storeId, logger });
    closing.push(() => policies.stop());
    closing.push(() => handler.close());
    return { stores, store, storeId, database, hints, handler, projector, policies, close: () => closeAll(closing) };
  } catch (error) {
    await closeAll(closing).catch(() => undefined);
    throw error;
  }
}

/** Waits until a position, all that it set off, and the read models of both are there. Rejects when the signal aborts. */
async function settle({ policies, projector }: Spine, position: Position, signal: AbortSignal): Promise<void> {
  const settled = policies.waitFor(position, SETTLE_TIMEOUT_MS).then((reached) => projector.waitFor(reached, { timeoutMs: SETTLE_TIMEOUT_MS }));
  // The waiting that was given up must not become an unhandled rejection when the spine is closed under it.
  settled.catch(() => undefined);
  await Promise.race([settled, rejectOnAbort(signal)]);
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** As `settle`, for everything that is in the store now. */
export async function settleAll(spine: Spine, signal: AbortSignal): Promise<void> {
  const head = await spine.store.head();
  if (head !== undefined) await settle(spine, head, signal);
}

/** Opens the spine, runs the work, and closes the spine whatever happened. */
export async function withSpine<Result>(config: Config, logger: Logger, work: (spine: Spine) => Promise<Result>): Promise<Result> {
  const spine = await openSpine(config, logger);
  const [outcome] = await Promise.allSettled([work(spine)]);
  await spine.close();
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/** As `withSpine`, for commands that read what is there: without an event store they throw, and nothing is made. */
export async function withSpineOfStore<Result>(config: Config, logger: Logger, work: (spine: Spine) => Promise<Result>): Promise<Result> {
  requireEventStore(config);
  return withSpine(config, logger, work);
}
