import type { NewEvent } from '../../src/domain/decider.js';
import { commandKey } from '../../src/domain/ids.js';
import type { CommandContext } from '../../src/domain/metadata.js';
import { CHAIN_START, seal } from '../../src/eventstore/chain.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import type { EventStore, SealedEvent } from '../../src/eventstore/event-store.js';
import { ensureGenesis } from '../../src/eventstore/genesis.js';
import { PROJECTIONS } from '../../src/projections/catalogue.js';
import { openDatabase } from '../../src/projections/database.js';
import type { Database } from '../../src/projections/database.js';
import { migrate } from '../../src/projections/migrate.js';
import { startProjector } from '../../src/projections/projector.js';
import type { Projector, ProjectorOptions } from '../../src/projections/projector.js';
import { metadataOf } from '../support/events.js';
import { startTestEventStore } from '../support/event-store.js';
import type { TestEventStore } from '../support/event-store.js';
import { createTestDatabase } from '../support/postgres.js';

/** An event store and a migrated database of a test's own, and what is needed to fill the one and read the other. */
export interface TestLedger {
  readonly store: EventStore;
  readonly storeId: string;
  readonly server: TestEventStore;
  readonly database: Database;
  readonly databaseUrl: string;
  /** Appends to the end of a stream as its only writer; answers with the position of the last event. */
  append(stream: string, events: readonly NewEvent[], context?: Partial<CommandContext>): Promise<bigint>;
  startProjector(options?: Partial<ProjectorOptions>): Promise<Projector>;
  rows(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Stops every projector that was started, and both stores. */
  close(): Promise<void>;
}

export async function startTestLedger(): Promise<TestLedger> {
  const [server, databaseOfTest] = await Promise.all([startTestEventStore(), createTestDatabase()]);
  await migrate(databaseOfTest.url);
  const store = connectEventStore({ url: server.url });
  const { storeId } = await ensureGenesis(store);
  const database = openDatabase(databaseOfTest.url, { max: 20 });
  const projectors: Projector[] = [];
  const writer = new StreamWriter(store);
  return {
    store,
    storeId,
    server,
    database,
    databaseUrl: databaseOfTest.url,
    append: (stream, events, context) => writer.append(stream, events, context),
    async startProjector(options = {}) {
      const projector = await startProjector({ store, storeId, database, projections: PROJECTIONS, ...options });
      projectors.push(projector);
      return projector;
    },
    async rows(sql, values) {
      return (await database.pool.query<Record<string, unknown>>(sql, values)).rows;
    },
    async close() {
      await Promise.all(projectors.map((projector) => projector.stop()));
      await Promise.all([store.close(), database.close()]);
      await Promise.all([server.stop(), databaseOfTest.drop()]);
    },
  };
}

/** Seals events one after another, as the one writer of every stream that it writes. */
export class StreamWriter {
  readonly #store: EventStore;
  readonly #heads = new Map<string, { revision: bigint; hash: typeof CHAIN_START }>();
  #commands = 0;

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** `context` is given to all of the events, each of which gets a command key of its own. */
  async append(stream: string, events: readonly NewEvent[], context: Partial<CommandContext> = {}): Promise<bigint> {
    const head = this.#heads.get(stream);
    const first = (head?.revision ?? -1n) + 1n;
    const stamped = events.map(({ type, data }) => {
      this.#commands += 1;
      return { type, data, metadata: metadataOf({ commandKey: commandKey(`key-${this.#commands}`), ...context }) };
    });
    const sealed = seal(stream, first, head?.hash ?? CHAIN_START, stamped);
    this.#heads.set(stream, { revision: first + BigInt(events.length) - 1n, hash: sealed.head });
    return await this.appendSealed(stream, head?.revision, sealed.events);
  }

  async appendSealed(stream: string, revision: bigint | undefined, events: readonly SealedEvent[]): Promise<bigint> {
    const outcome = await this.#store.append(stream, revision ?? 'no_stream', events);
    if (outcome.kind !== 'appended') throw new Error(`another writer is in ${stream}`);
    return outcome.position;
  }
}
