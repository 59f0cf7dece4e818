import { FELL_BEHIND_EVENTS } from './all-subscription.js';
import type { CommitFeed } from './commit-feed.js';
import type { GrpcCall } from './grpc-call.js';
import { streamDeleted } from './grpc-error.js';
import { TOMBSTONE_REVISION } from './messages.js';
import { PageSender } from './page-sender.js';
import { CAUGHT_UP, FELL_BEHIND, subscriptionConfirmation } from './read-responses.js';
import type { ReadRequest } from './read-request.js';
import type { EventStorage } from './storage.js';
import { isMetastream, metastreamOf, originalOf } from './stream-metadata.js';
import { type StreamView, readStreamForwards, viewStream } from './stream-pages.js';

/**
 * A catch-up subscription to one stream: what can be read of it after `from`, `caughtUp`, then what is appended. A stream that does
 * not exist, or is soft-deleted, is waited for without `caughtUp`, as EventStoreDB does.
 */
export class StreamSubscription {
  readonly #call: GrpcCall;
  readonly #storage: EventStorage;
  readonly #feed: CommitFeed;
  readonly #stream: string;
  /** The streams whose events can make this one readable, or end it: with a stream, its metastream is tombstoned. */
  readonly #decisive: readonly string[];
  readonly #sender: PageSender;
  /** The first revision that was not sent; undefined where the subscription starts at the end of what there is. */
  #next: bigint | undefined;
  #live = false;

  constructor(call: GrpcCall, storage: EventStorage, feed: CommitFeed, request: ReadRequest, stream: string) {
    this.#call = call;
    this.#storage = storage;
    this.#feed = feed;
    this.#stream = stream;
    this.#decisive = [stream, metastreamOf(stream), ...(isMetastream(stream) ? [originalOf(stream)] : [])];
    this.#sender = new PageSender(call, storage, request);
    this.#next = request.from === 'start' ? 0n : request.from === 'end' ? undefined : request.from + 1n;
  }

  async run(): Promise<void> {
    // From the end, EventStoreDB looks at nothing that is stored: also a tombstoned stream is waited for.
    const view = this.#next === undefined ? undefined : viewStream(this.#storage, this.#stream);
    if (view?.kind === 'deleted') throw streamDeleted(this.#stream);
    this.#call.send(subscriptionConfirmation());
    if (this.#next === undefined) {
      // Revisions go on where they were, also after a soft delete.
      this.#next = this.#lastRevision() + 1n;
      this.#goLive();
    }
    while (!this.#call.closed) await (this.#live ? this.#follow(this.#next) : this.#catchUp(this.#next));
  }

  #lastRevision(): bigint {
    return this.#storage.stream(Buffer.from(this.#stream, 'utf8'))?.last ?? -1n;
  }

  #goLive(): void {
    this.#live = true;
    this.#call.send(CAUGHT_UP);
  }

  /** Sends what is stored and can be read; the end of it makes the subscription live. */
  async #catchUp(next: bigint): Promise<void> {
    const view: StreamView = viewStream(this.#storage, this.#stream);
    if (view.kind === 'deleted') throw streamDeleted(this.#stream);
    if (view.kind === 'none') {
      await this.#feed.appended(this.#call, this.#decisive);
      return;
    }
    const from = next > view.first ? next : view.first;
    if (from > view.last) {
      // What truncateBefore hides is only hidden from what is stored: live events are sent, whatever their revision.
      this.#next = next > view.last ? next : view.last + 1n;
      this.#goLive();
      return;
    }
    const page = readStreamForwards(this.#storage, view.number, from, view.last, Number.MAX_SAFE_INTEGER);
    this.#next = page.next;
    await this.#sender.send(page.parts);
  }

  /** Sends what was appended since, whatever the metadata says of it, or waits for it. */
  async #follow(next: bigint): Promise<void> {
    const record = this.#storage.stream(Buffer.from(this.#stream, 'utf8'));
    if (record === undefined || record.last < next) {
      await this.#feed.appended(this.#call, [this.#stream]);
      return;
    }
    if (record.last !== TOMBSTONE_REVISION && record.last - next > FELL_BEHIND_EVENTS && this.#call.wasCongested) {
      this.#live = false;
      this.#call.send(FELL_BEHIND);
      return;
    }
    const page = readStreamForwards(this.#storage, record.number, next, record.last, Number.MAX_SAFE_INTEGER);
    this.#next = page.next;
    await this.#sender.send(page.parts);
    // The tombstone itself is sent, then the error.
    if (page.next > TOMBSTONE_REVISION) throw streamDeleted(this.#stream);
  }
}
