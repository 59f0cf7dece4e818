import type { EventId } from './event-id.js';

/** Where an event id was last appended. */
export interface RecentEvent {
  /** Its number, not its name: names may be long. */
  readonly streamNumber: bigint;
  readonly revision: bigint;
}

/**
 * The ids of the newest appended events: all that a retry at `any` or `stream_exists` is compared with, as on EventStoreDB. Bounded,
 * first in first out, and not kept over a restart. The first use of an id stands.
 */
export class RecentEvents {
  readonly #events = new Map<EventId, RecentEvent>();
  /** Ids in the order they came, round and round: a map finds its own oldest key slowly once many were deleted. */
  readonly #order: (EventId | undefined)[];
  #next = 0;

  constructor(limit: number) {
    this.#order = Array.from({ length: limit });
  }

  get(id: EventId): RecentEvent | undefined {
    return this.#events.get(id);
  }

  add(id: EventId, event: RecentEvent): void {
    if (this.#events.has(id)) return;
    const oldest = this.#order[this.#next];
    if (oldest !== undefined) this.#events.delete(oldest);
    this.#order[this.#next] = id;
    this.#next = (this.#next + 1) % this.#order.length;
    this.#events.set(id, event);
  }

  delete(id: EventId): void {
    this.#events.delete(id);
  }
}
