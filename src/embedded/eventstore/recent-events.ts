import type { EventId } from './event-id.js';

/** Where an event id was last appended. */
export interface RecentEvent {
  readonly stream: string;
  readonly revision: bigint;
}

/**
 * The ids of the newest appended events: all that a retry at `any` or `stream_exists` is compared with, as on EventStoreDB. Bounded,
 * first in first out, and not kept over a restart. The first use of an id stands.
 */
export class RecentEvents {
  readonly #events = new Map<EventId, RecentEvent>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(id: EventId): RecentEvent | undefined {
    return this.#events.get(id);
  }

  add(id: EventId, event: RecentEvent): void {
    if (this.#events.has(id)) return;
    if (this.#events.size >= this.#limit) {
      const [oldest] = this.#events.keys();
      if (oldest !== undefined) this.#events.delete(oldest);
    }
    this.#events.set(id, event);
  }

  delete(id: EventId): void {
    this.#events.delete(id);
  }
}
