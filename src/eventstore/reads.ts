import { BACKWARDS, END, FORWARDS, START, StreamNotFoundError } from '@eventstore/db-client';
import type { EventStoreDBClient, ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import { waitBefore } from './backoff.js';
import type { Backoff } from './backoff.js';
import type { Connection } from './connection.js';
import { EventStoreError } from './errors.js';
import type { EventBatch, Position, RecordedEvent } from './event-store.js';
import { Inbox } from './inbox.js';
import { toRecordedEvent } from './recorded.js';
import type { Slots } from './slots.js';
import { toStoreError } from './store-errors.js';

/** Events that a read holds in memory at the most, and the most of a page. */
const MAX_PAGE = 2_000;

export interface ReadTuning {
  /** How long the server may send nothing until the read is tried again on a new connection. */
  readonly readDeadlineMs: number;
  /** How long a read is tried without progress until it fails. */
  readonly giveUpAfterMs: number;
  readonly backoff: Backoff;
}

/** Opens a read: at its beginning, or after the last event that was received before the read broke. */
type OpenRead = (client: EventStoreDBClient, last: RecordedEvent | undefined) => StreamingRead<ResolvedEvent>;

const at = (position: Position) => ({ commit: position, prepare: position });
const fromAfter = (position: Position | undefined) => (position === undefined ? START : at(position));

/** The reads of a store, each resumed where it broke. */
export class Reads {
  constructor(
    private readonly connection: Connection,
    /** Fewer than the 100 calls that a connection has room for. */
    private readonly slots: Slots,
    private readonly tuning: ReadTuning,
  ) {}

  async *readStream(stream: string, fromRevision: bigint): AsyncGenerator<RecordedEvent> {
    const open: OpenRead = (client, last) =>
      client.readStream(stream, { direction: FORWARDS, fromRevision: last ? last.revision + 1n : fromRevision }, { highWaterMark: MAX_PAGE });
    for await (const page of this.#pages(`read of ${stream}`, open)) yield* page;
  }

  readLast(stream: string): Promise<RecordedEvent | undefined> {
    return this.#first(`read of the end of ${stream}`, (client) => client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }));
  }

  async readAt(position: Position): Promise<RecordedEvent | undefined> {
    const event = await this.#first(`read of position ${position}`, (client) =>
      client.readAll({ direction: FORWARDS, fromPosition: at(position), maxCount: 1 }),
    );
    return event?.position === position ? event : undefined;
  }

  async head(): Promise<Position | undefined> {
    const event = await this.#first('read of the end of $all', (client) => client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }));
    return event?.position;
  }

  async *readAll(after: Position | undefined, streamPrefixes: readonly string[]): AsyncGenerator<EventBatch> {
    const isWanted = (event: RecordedEvent): boolean => streamPrefixes.length === 0 || streamPrefixes.some((prefix) => event.stream.startsWith(prefix));
    const open: OpenRead = (client, last) =>
      client.readAll({ direction: FORWARDS, fromPosition: fromAfter(last?.position ?? after) }, { highWaterMark: MAX_PAGE });
    let upTo = after;
    for await (const page of this.#pages('read of $all', open)) {
      // A read from a position begins with the event at it, which was seen before.
      const seen = upTo;
      const unseen = seen === undefined ? page : page.filter((event) => event.position > seen);
      upTo = unseen.at(-1)?.position ?? upTo;
      if (upTo !== undefined) yield { events: unseen.filter((event) => isWanted(event)), upTo, live: false };
    }
    if (upTo !== undefined) yield { events: [], upTo, live: true };
  }

  async #first(doing: string, open: OpenRead): Promise<RecordedEvent | undefined> {
    for await (const page of this.#pages(doing, open)) return page[0];
    return undefined;
  }

  /** Pages of a read, which goes on after the last event where the connection breaks. */
  async *#pages(doing: string, open: OpenRead): AsyncGenerator<RecordedEvent[]> {
    let last: RecordedEvent | undefined;
    let [attempt, progressAtMs] = [0, Date.now()];
    await this.slots.acquire();
    try {
      for (;;) {
        try {
          for await (const page of this.#attempt(doing, open, last)) {
            last = page.at(-1) ?? last;
            yield page;
            [attempt, progressAtMs] = [0, Date.now()];
          }
          return;
        } catch (error) {
          if (error instanceof StreamNotFoundError) return;
          const failure = toStoreError(error, doing);
          if (!failure.isTransient || Date.now() - progressAtMs >= this.tuning.giveUpAfterMs) throw failure;
        }
        attempt += 1;
        await waitBefore(this.tuning.backoff, attempt);
      }
    } finally {
      this.slots.release();
    }
  }

  async *#attempt(doing: string, open: OpenRead, last: RecordedEvent | undefined): AsyncGenerator<RecordedEvent[]> {
    const client = this.connection.client;
    const read = open(client, last);
    const inbox = new Inbox<ResolvedEvent>(read, MAX_PAGE);
    try {
      for (;;) {
        const taken = await inbox.take(this.tuning.readDeadlineMs);
        if (taken.kind === 'ended') {
          const cutOff = this.connection.whyEnded(client);
          if (cutOff) throw cutOff;
          return;
        }
        if (taken.kind === 'idle') {
          this.connection.replace(client);
          throw new EventStoreError('deadline', `${doing}: nothing came within ${this.tuning.readDeadlineMs} ms`);
        }
        if (taken.kind === 'items') yield taken.items.flatMap((item) => toRecordedEvent(item) ?? []);
      }
    } finally {
      // Without this the call stays open at the server when a reader stops early.
      void read.cancel().catch(() => undefined);
    }
  }
}
