import { LRUCache } from 'lru-cache';
import type { Digest } from '../domain/ids.js';
import type { Position } from './event-store.js';

/** A stream as it was folded up to a revision, with what the next append needs. */
export interface FoldedStream<State> {
  readonly state: State;
  readonly revision: bigint;
  /** The hash of the event at `revision`: the next event's `prevHash`. */
  readonly head: Digest;
  /** The position of the event at `revision`. */
  readonly position: Position;
}

/** Folded events that all cached states hold together at the most: a state grows with its stream. */
const MAX_FOLDED_EVENTS = 1_000_000;

/**
 * Folded streams, the least recently used dropped first. What it holds may be old: an append at its revision finds out,
 * and whatever is not followed by an append is decided again on a fresh read.
 */
export class StateCache<State> {
  readonly #streams: LRUCache<string, FoldedStream<State>>;

  constructor(maxStreams: number) {
    this.#streams = new LRUCache({
      max: maxStreams,
      maxSize: MAX_FOLDED_EVENTS,
      sizeCalculation: ({ revision }) => Number(revision) + 1,
    });
  }

  get(stream: string): FoldedStream<State> | undefined {
    return this.#streams.get(stream);
  }

  set(stream: string, folded: FoldedStream<State>): void {
    this.#streams.set(stream, folded);
  }

  delete(stream: string): void {
    this.#streams.delete(stream);
  }
}
