import { START, streamNameFilter } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, AllStreamSubscription, EventStoreDBClient } from '@eventstore/db-client';
import { waitBefore } from './backoff.js';
import type { Backoff } from './backoff.js';
import type { Connection } from './connection.js';
import { EventStoreError } from './errors.js';
import type { EventBatch, Position, RecordedEvent, SubscribeAllOptions } from './event-store.js';
import { Inbox } from './inbox.js';
import { toRecordedEvent } from './recorded.js';
import { toStoreError } from './store-errors.js';

/** The server tells how far it has looked every so many times 32 events. */
const CHECKPOINT_INTERVAL = 8;

export interface SubscriptionTuning {
  /** How long the server may take to confirm a subscription until it is tried again on a new connection. */
  readonly confirmDeadlineMs: number;
  readonly backoff: Backoff;
  /** Told of each break, with the error and the number of tries since the last batch. */
  readonly onBreak?: (error: EventStoreError, attempt: number) => void;
}

/** What happens between events, in its place among them. */
type Mark =
  | { readonly mark: 'confirmed' }
  | { readonly mark: 'checkpoint'; readonly position: Position }
  | { readonly mark: 'live'; readonly live: boolean };
type Arrival = AllStreamResolvedEvent | Mark;

function subscribe(client: EventStoreDBClient, after: Position | undefined, prefixes: readonly string[], onMark: (mark: Mark) => void): AllStreamSubscription {
  const filter = streamNameFilter({
    prefixes: [...prefixes],
    checkpointInterval: CHECKPOINT_INTERVAL,
    checkpointReached: (_, { commit }) => onMark({ mark: 'checkpoint', position: commit }),
  });
  const subscription = client.subscribeToAll(
    { fromPosition: after === undefined ? START : { commit: after, prepare: after }, ...(prefixes.length > 0 ? { filter } : {}) },
    // A buffer that lets a batch build up while the consumer works.
    { highWaterMark: 256 },
  );
  subscription.on('confirmation', () => onMark({ mark: 'confirmed' }));
  subscription.on('caughtUp', () => onMark({ mark: 'live', live: true }));
  subscription.on('fellBehind', () => onMark({ mark: 'live', live: false }));
  return subscription;
}

/** What arrived, as one batch: its events, and what the marks among them say. */
class BatchBuilder {
  confirmed = false;
  #upTo: Position | undefined;
  #live = false;

  constructor(after: Position | undefined) {
    this.#upTo = after;
  }

  /** The batch, or undefined where nothing has changed for the consumer. */
  add(arrivals: readonly Arrival[]): EventBatch | undefined {
    const [wasUpTo, wasLive] = [this.#upTo, this.#live];
    const events: RecordedEvent[] = [];
    for (const arrival of arrivals) {
      if ('mark' in arrival) this.#take(arrival);
      else {
        const event = toRecordedEvent(arrival);
        if (!event) continue;
        events.push(event);
        this.#moveTo(event.position);
      }
    }
    const changed = events.length > 0 || this.#upTo !== wasUpTo || this.#live !== wasLive;
    return changed && this.#upTo !== undefined ? { events, upTo: this.#upTo, live: this.#live } : undefined;
  }

  #take(mark: Mark): void {
    if (mark.mark === 'confirmed') this.confirmed = true;
    else if (mark.mark === 'live') this.#live = mark.live;
    else this.#moveTo(mark.position);
  }

  #moveTo(position: Position): void {
    if (this.#upTo === undefined || position > this.#upTo) this.#upTo = position;
  }
}

/** One subscription, until it breaks (throws) or is aborted (returns). */
async function* session(connection: Connection, after: Position | undefined, options: SubscribeAllOptions, tuning: SubscriptionTuning): AsyncGenerator<EventBatch> {
  const client = connection.client;
  let inbox: Inbox<AllStreamResolvedEvent, Arrival> | undefined;
  const subscription = subscribe(client, after, options.streamPrefixes, (mark) => inbox?.offer(mark));
  const mail = new Inbox<AllStreamResolvedEvent, Arrival>(subscription, options.maxBatchSize);
  inbox = mail;
  const stop = (): void => mail.wake();
  options.signal.addEventListener('abort', stop);
  const builder = new BatchBuilder(after);
  try {
    while (!options.signal.aborted) {
      // A dead connection is found by the pings of the channel; only the first answer needs a deadline of its own.
      const taken = await mail.take(builder.confirmed ? undefined : tuning.confirmDeadlineMs);
      if (taken.kind === 'idle') {
        connection.replace(client);
        throw new EventStoreError('deadline', `the subscription was not confirmed within ${tuning.confirmDeadlineMs} ms`);
      }
      if (taken.kind === 'ended') throw new EventStoreError('unavailable', 'the server ended the subscription');
      const batch = taken.kind === 'items' ? builder.add(taken.items) : undefined;
      if (batch) yield batch;
    }
  } finally {
    options.signal.removeEventListener('abort', stop);
    void subscription.unsubscribe().catch(() => undefined);
  }
}

/**
 * A subscription to `$all` that never ends by itself: it reconnects with backoff and resumes after the last batch that was
 * taken. Ends where the signal is aborted; throws only what another try cannot change (access denied).
 */
export async function* subscribeAll(connection: Connection, options: SubscribeAllOptions, tuning: SubscriptionTuning): AsyncGenerator<EventBatch> {
  if (!Number.isInteger(options.maxBatchSize) || options.maxBatchSize < 1 || options.maxBatchSize > 10_000) {
    throw new RangeError(`maxBatchSize is ${options.maxBatchSize}, not a whole number from 1 to 10,000`);
  }
  let after = options.after;
  let attempt = 0;
  try {
    while (!options.signal.aborted) {
      try {
        for await (const batch of session(connection, after, options, tuning)) {
          attempt = 0;
          after = batch.upTo;
          yield batch;
        }
      } catch (error) {
        const failure = toStoreError(error, 'subscription to $all');
        if (!failure.isTransient) throw failure;
        attempt += 1;
        tuning.onBreak?.(failure, attempt);
        await waitBefore(tuning.backoff, attempt, options.signal);
      }
    }
  } finally {
    void connection.close();
  }
}
