import type { EventBatch, RecordedEvent } from '../eventstore/event-store.js';
import { GATHER_EVENTS } from './feed.js';

/** Batches of a read joined into ones that are worth a transaction; for reads that end. */
export async function* gathered(batches: AsyncIterable<EventBatch>): AsyncGenerator<EventBatch> {
  let events: RecordedEvent[] = [];
  let last: EventBatch | undefined;
  for await (const batch of batches) {
    for (const event of batch.events) events.push(event);
    last = batch;
    if (events.length >= GATHER_EVENTS) {
      yield { ...batch, events };
      events = [];
      last = undefined;
    }
  }
  if (last) yield { ...last, events };
}
