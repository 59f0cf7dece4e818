import { LRUCache } from 'lru-cache';
import type { DomainEvent, NewEvent } from '../domain/decider.js';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.js';

/** A stream's state up to and including a revision; -1 where the stream has no event. */
export interface FoldedStream<State> {
  readonly revision: bigint;
  readonly state: State;
}

export interface FoldCacheOptions<State, Event extends DomainEvent> {
  readonly store: EventStore;
  readonly initial: State;
  readonly decode: (recorded: RecordedEvent) => Event;
  readonly evolve: (state: State, event: Event & NewEvent) => State;
  /** Events of cached streams in all, at most. */
  readonly maxCachedEvents: number;
}

/**
 * Folded streams in a bounded cache. A cached state is only ever where a read begins: what was appended since is read from
 * the store, so that nothing here can be stale, whoever else writes.
 */
export class FoldCache<State extends object, Event extends DomainEvent> {
  readonly #options: FoldCacheOptions<State, Event>;
  readonly #cache: LRUCache<string, FoldedStream<State>>;

  constructor(options: FoldCacheOptions<State, Event>) {
    this.#options = options;
    const limit = BigInt(options.maxCachedEvents);
    const sizeCalculation = ({ revision }: FoldedStream<State>): number => Number(revision + 1n < limit ? revision + 2n : limit);
    this.#cache = new LRUCache({ maxSize: options.maxCachedEvents, sizeCalculation });
  }

  /** The state at `revision`, or a newer one that is known already: without a read where the event before it is cached. */
  async upTo(stream: string, { revision }: RecordedEvent, event: Event): Promise<FoldedStream<State>> {
    const cached = this.#cache.get(stream);
    if (cached && cached.revision >= revision) return cached;
    const before = cached?.revision ?? -1n;
    if (before !== revision - 1n) return await this.#read(stream, revision);
    const state = this.#options.evolve(cached?.state ?? this.#options.initial, event);
    return this.#keep(stream, { revision, state });
  }

  /** The state at the stream's end. */
  newest(stream: string): Promise<FoldedStream<State>> {
    return this.#read(stream, undefined);
  }

  async #read(stream: string, upTo: bigint | undefined): Promise<FoldedStream<State>> {
    const { store, initial, decode, evolve } = this.#options;
    let { revision, state } = this.#cache.get(stream) ?? { revision: -1n, state: initial };
    for await (const recorded of store.readStream(stream, revision + 1n)) {
      state = evolve(state, decode(recorded));
      revision = recorded.revision;
      if (upTo !== undefined && revision >= upTo) break;
    }
    return this.#keep(stream, { revision, state });
  }

  #keep(stream: string, folded: FoldedStream<State>): FoldedStream<State> {
    this.#cache.set(stream, folded);
    return folded;
  }
}
