import type { Pool } from 'pg';
import type { EventBatch, EventStore, Position } from '../eventstore/event-store.js';
import { applyBatch } from './apply-batch.js';
import { applyEvents } from './apply-events.js';
import { BulkLoad, DEFAULT_MAX_HELD_ROWS } from './bulk-load.js';
import { lastPlace, openCheckpoint } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import type { Database } from './database.js';
import type { BatchChanges, Projection, ProjectionFold, ProjectionRows, StreamFailure } from './projection.js';
import { gathered } from './gathered.js';
import { RebuildError } from './rebuild-progress.js';
import type { RebuildProgress } from './rebuild-progress.js';
import { makeIndexedShadowTables, makeShadowSchema } from './shadow-tables.js';
import type { RebuildSchemas } from './shadow-tables.js';

export interface ShadowOptions {
  readonly projection: Projection;
  readonly store: EventStore;
  readonly storeId: string;
  readonly database: Pick<Database, 'pool'>;
  readonly schemas: RebuildSchemas;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly signal?: AbortSignal;
  readonly maxHeldRows?: number;
  readonly maxCachedFacts?: number;
}

/** Facts of folded streams in memory while a whole ledger is folded: more than live, since every stream comes by. */
const DEFAULT_MAX_CACHED_FACTS = 200_000;

/** Builds a read model beside the live one, up to the end of the log as it is now. */
export async function buildShadow(options: ShadowOptions): Promise<Shadow> {
  const shadow = new Shadow(options, await options.store.head());
  await shadow.load();
  return shadow;
}

/** A read model in a schema of its own, with a checkpoint of its own. */
export class Shadow {
  readonly projection: Projection;
  readonly schemas: RebuildSchemas;
  readonly #options: ShadowOptions;
  readonly #pool: Pool;
  readonly #head: Position | undefined;
  readonly #rows: ProjectionRows;
  readonly #fold: ProjectionFold;
  readonly #setAside = new Set<string>();
  #checkpoint: Checkpoint;
  #events = 0;

  constructor(options: ShadowOptions, head: Position | undefined) {
    const { projection, store, storeId, schemas, database } = options;
    this.projection = projection;
    this.schemas = schemas;
    this.#options = options;
    this.#pool = database.pool;
    this.#head = head;
    this.#rows = { pool: database.pool, schema: schemas.shadow };
    this.#fold = projection.open({ store, rows: this.#rows, maxCachedFacts: options.maxCachedFacts ?? DEFAULT_MAX_CACHED_FACTS });
    this.#checkpoint = { name: `${projection.name}@${schemas.shadow}`, version: projection.version, storeId, position: undefined, lastEvent: undefined };
  }

  get checkpoint(): Checkpoint {
    return this.#checkpoint;
  }

  get events(): number {
    return this.#events;
  }

  /** Reads the log and loads the tables, which have their indexes after that. */
  async load(): Promise<void> {
    await this.drop();
    await makeShadowSchema(this.#pool, this.schemas);
    if (this.projection.readsOwnRows === true) return await this.#applyAll();
    const failed: StreamFailure[] = [];
    const load = await BulkLoad.open(this.#pool, this.schemas, this.projection, this.#options.maxHeldRows ?? DEFAULT_MAX_HELD_ROWS);
    try {
      for await (const batch of this.#unread()) {
        const changes = await this.#take(batch);
        failed.push(...changes.failed);
        await load.add(changes.changed);
        this.#moveTo(batch);
        this.report('reading');
      }
      this.report('indexing');
      await load.finish();
    } catch (error) {
      load.abandon();
      await this.drop();
      throw error;
    }
    await this.#begin(failed);
  }

  /** Applies what has come since, up to the end of the log as it is now. */
  async catchUp(): Promise<void> {
    for await (const batch of this.#unread()) {
      if (this.#checkpoint.position !== undefined && batch.upTo <= this.#checkpoint.position) continue;
      await this.#apply(batch);
      this.report('catching_up');
    }
  }

  async #apply(batch: EventBatch): Promise<void> {
    this.#events += batch.events.length;
    const outcome = await applyEvents({ projection: this.projection, fold: this.#fold, rows: this.#rows, setAside: this.#setAside }, this.#checkpoint, batch);
    if (outcome.kind === 'lost_race') throw new RebuildError(`another process moved the checkpoint ${this.#checkpoint.name}`);
    this.#checkpoint = outcome.checkpoint;
  }

  /** Fills the tables batch by batch, as the live ones: the fold reads what it wrote. */
  async #applyAll(): Promise<void> {
    try {
      await makeIndexedShadowTables(this.#pool, this.schemas, this.projection.tables);
      await openCheckpoint(this.#pool, this.#checkpoint);
      for await (const batch of this.#unread()) {
        await this.#apply(batch);
        this.report('reading');
      }
    } catch (error) {
      await this.drop();
      throw error;
    }
  }

  /** Removes the tables, the checkpoint and what was set aside. */
  async drop(): Promise<void> {
    const { name } = this.#checkpoint;
    await this.#pool.query(`DROP SCHEMA IF EXISTS ${this.schemas.shadow} CASCADE`);
    await this.#pool.query('DELETE FROM checkpoint WHERE name = $1', [name]);
    await this.#pool.query('DELETE FROM set_aside WHERE projection = $1', [name]);
  }

  report(phase: RebuildProgress['phase']): void {
    this.#options.onProgress?.({ phase, events: this.#events, position: this.#checkpoint.position, head: this.#head });
  }

  async *#unread(): AsyncIterable<EventBatch> {
    const { store, signal } = this.#options;
    for await (const batch of gathered(store.readAll(this.#checkpoint.position, this.projection.streamPrefixes))) {
      if (signal?.aborted === true) throw new RebuildError(`the rebuild of ${this.projection.name} was aborted`);
      yield batch;
    }
  }

  async #take({ events }: EventBatch): Promise<BatchChanges> {
    this.#events += events.length;
    const changes = await this.#fold.changes(this.#setAside.size === 0 ? events : events.filter(({ stream }) => !this.#setAside.has(stream)));
    for (const { stream } of changes.failed) this.#setAside.add(stream);
    return changes;
  }

  #placeAfter(batch: EventBatch): Pick<Checkpoint, 'position' | 'lastEvent'> {
    return { position: batch.upTo, lastEvent: lastPlace(batch.events, this.#checkpoint.lastEvent) };
  }

  #moveTo(batch: EventBatch): void {
    this.#checkpoint = { ...this.#checkpoint, ...this.#placeAfter(batch) };
  }

  /** Writes the checkpoint down, for the batches that follow. */
  async #begin(failed: readonly StreamFailure[]): Promise<void> {
    const unmoved = await openCheckpoint(this.#pool, this.#checkpoint);
    const outcome = await applyBatch(this.#rows, unmoved, this.#checkpoint, { changed: [], failed });
    if (outcome.kind === 'lost_race') throw new RebuildError(`another process moved the checkpoint ${this.#checkpoint.name}`);
  }
}
