import { LRUCache } from 'lru-cache';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.js';
import { messageOf } from './postgres-errors.js';
import type { BatchChanges, FoldOptions, ProjectionFold, StreamChange, StreamFailure, TableChange } from './projection.js';

/** How a stream folds into what its rows are made from. Pure; `apply` throws on an event that it cannot apply. */
export interface StreamFolder<Folded> {
  readonly initial: Folded;
  apply(folded: Folded, event: RecordedEvent): Folded;
  /** What must be written and taken away so that the rows of `before` become those of `after`. */
  difference(before: Folded, after: Folded): readonly TableChange[];
  /** How many facts it holds, roughly: what the cache is bounded by. */
  weight(folded: Folded): number;
}

const DEFAULT_MAX_CACHED_FACTS = 20_000;
/** Streams that are read from the event store at once, where the cache does not have them. */
const CONCURRENT_READS = 16;

interface CachedStream<Folded> {
  /** Of the last event that is folded. */
  readonly revision: bigint;
  readonly folded: Folded;
}

/**
 * Folds whole streams: what was folded is kept in a bounded cache, and read again from the event store where it is not there.
 * So the state behind a row is never stored, and a batch's rows follow from the events alone.
 */
export class FoldedStreams<Folded extends object> implements ProjectionFold {
  readonly #folder: StreamFolder<Folded>;
  readonly #store: EventStore;
  readonly #cache: LRUCache<string, CachedStream<Folded>>;

  constructor(folder: StreamFolder<Folded>, { store, maxCachedFacts = DEFAULT_MAX_CACHED_FACTS }: FoldOptions) {
    this.#folder = folder;
    this.#store = store;
    this.#cache = new LRUCache({ maxSize: maxCachedFacts, sizeCalculation: ({ folded }) => Math.max(1, Math.min(folder.weight(folded), maxCachedFacts)) });
  }

  async changes(events: readonly RecordedEvent[]): Promise<BatchChanges> {
    const streams = groupByStream(events);
    const befores = await this.#before(streams);
    const changed: StreamChange[] = [];
    const failed: StreamFailure[] = [];
    for (const [stream, own] of streams) {
      const before = befores.get(stream) ?? this.#folder.initial;
      if (before instanceof ReadFailure) {
        failed.push({ stream, position: own[0].position, reason: before.reason });
        continue;
      }
      const { after, last, failure } = this.#foldOn(stream, before, own);
      if (failure) failed.push(failure);
      const changes = this.#folder.difference(before, after);
      if (last && changes.length > 0) changed.push({ stream, position: last.position, changes });
    }
    return { changed, failed };
  }

  reset(): void {
    this.#cache.clear();
  }

  /** Up to the first event that cannot be applied: what came before it counts, whatever batch it came in. */
  #foldOn(stream: string, before: Folded, events: NonEmpty<RecordedEvent>): FoldedOn<Folded> {
    let after = before;
    let last: RecordedEvent | undefined;
    for (const event of events) {
      try {
        after = this.#folder.apply(after, event);
        last = event;
      } catch (error) {
        this.#cache.delete(stream);
        return { after, last, failure: { stream, position: event.position, reason: messageOf(error) } };
      }
    }
    if (last) this.#cache.set(stream, { revision: last.revision, folded: after });
    return { after, last, failure: undefined };
  }

  /** The states before the batch's first event of each stream, for the streams that have one. */
  async #before(streams: ReadonlyMap<string, NonEmpty<RecordedEvent>>): Promise<Map<string, Folded | ReadFailure>> {
    const befores = new Map<string, Folded | ReadFailure>();
    const missing: { stream: string; upTo: bigint }[] = [];
    for (const [stream, [{ revision }]] of streams) {
      if (revision === 0n) continue;
      const cached = this.#cache.get(stream);
      if (cached && cached.revision === revision - 1n) befores.set(stream, cached.folded);
      else missing.push({ stream, upTo: revision });
    }
    const lanes = Array.from({ length: Math.min(CONCURRENT_READS, missing.length) }, async () => {
      for (let next = missing.pop(); next; next = missing.pop()) befores.set(next.stream, await this.#read(next.stream, next.upTo));
    });
    await Promise.all(lanes);
    return befores;
  }

  async #read(stream: string, upTo: bigint): Promise<Folded | ReadFailure> {
    let folded = this.#folder.initial;
    for await (const event of this.#store.readStream(stream)) {
      if (event.revision >= upTo) break;
      try {
        folded = this.#folder.apply(folded, event);
      } catch (error) {
        return new ReadFailure(messageOf(error));
      }
    }
    return folded;
  }
}

interface FoldedOn<Folded> {
  readonly after: Folded;
  /** The last event that is in it. */
  readonly last: RecordedEvent | undefined;
  readonly failure: StreamFailure | undefined;
}

/** An event before the batch cannot be applied: it could be once, so it is the program that changed. */
class ReadFailure {
  constructor(readonly reason: string) {}
}

type NonEmpty<Item> = readonly [Item, ...Item[]];

function groupByStream(events: readonly RecordedEvent[]): Map<string, NonEmpty<RecordedEvent>> {
  const streams = new Map<string, [RecordedEvent, ...RecordedEvent[]]>();
  for (const event of events) {
    const own = streams.get(event.stream);
    if (own) own.push(event);
    else streams.set(event.stream, [event]);
  }
  return streams;
}
