import type { ResolvedEvent } from '@eventstore/db-client';
import { EventStoreError } from './errors.js';
import type { RecordedEvent } from './event-store.js';

/** An event as the client gives it, as ours; undefined for a link to an event that is gone. */
export function toRecordedEvent({ event }: ResolvedEvent): RecordedEvent | undefined {
  if (!event) return undefined;
  if (!event.position) throw new EventStoreError('protocol', 'an event without its position in $all: EventStoreDB 22.6 or newer is needed');
  return {
    stream: event.streamId,
    revision: event.revision,
    position: event.position.commit,
    id: event.id,
    type: event.type,
    data: event.data,
    metadata: event.metadata,
    recordedAt: event.created.toISOString(),
  };
}
