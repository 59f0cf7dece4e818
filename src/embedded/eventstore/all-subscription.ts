import { type Page, readAllForwards } from './all-pages.js';
import type { CommitFeed } from './commit-feed.js';
import type { GrpcCall } from './grpc-call.js';
import { PageSender } from './page-sender.js';
import { CAUGHT_UP, FELL_BEHIND, checkpointReached, subscriptionConfirmation } from './read-responses.js';
import type { ReadRequest } from './read-request.js';
import type { EventStorage } from './storage.js';
import { nextTurn } from './turns.js';

/** A live subscriber that is so many events behind is told that it fell behind. */
export const FELL_BEHIND_EVENTS = 4_096n;

/** Puts a checkpoint after every so many considered events, and one at the end where the last is not one. */
class Checkpoints {
  readonly #interval: number;
  #considered = 0;
  #newest: bigint | undefined;

  constructor(interval: number) {
    this.#interval = interval;
  }

  readonly considered = (position: bigint): Buffer | undefined => {
    this.#considered += 1;
    this.#newest = position;
    return this.#considered >= this.#interval ? this.take() : undefined;
  };

  take(): Buffer | undefined {
    const position = this.#newest;
    this.#newest = undefined;
    this.#considered = 0;
    return position === undefined ? undefined : checkpointReached(position);
  }
}

/** A catch-up subscription to `$all`: what is stored after `from`, `caughtUp`, then what is committed, until the call is over. */
export class AllSubscription {
  readonly #call: GrpcCall;
  readonly #storage: EventStorage;
  readonly #feed: CommitFeed;
  readonly #request: ReadRequest;
  readonly #sender: PageSender;
  readonly #checkpoints: Checkpoints | undefined;
  /** The first position that was not considered yet. */
  #next: bigint;
  #live = false;

  constructor(call: GrpcCall, storage: EventStorage, feed: CommitFeed, request: ReadRequest) {
    this.#call = call;
    this.#storage = storage;
    this.#feed = feed;
    this.#request = request;
    this.#sender = new PageSender(call, storage, request);
    this.#checkpoints = request.filter && new Checkpoints(request.filter.checkpointInterval);
    const { from } = request;
    // A subscription starts after the position that it names, but no later than with what is committed next: the position of
    // another store, beyond the end of this one, holds nothing back.
    if (from === 'start') this.#next = 0n;
    else this.#next = from === 'end' || from >= feed.nextPosition ? feed.nextPosition : from + 1n;
  }

  async run(): Promise<void> {
    this.#call.send(subscriptionConfirmation());
    while (!this.#call.closed) {
      if (this.#next < this.#feed.nextPosition) await this.#advance();
      else {
        if (!this.#live) this.#goLive();
        // No commit is missed: nothing was awaited since the comparison.
        await this.#feed.committed(this.#call);
      }
    }
  }

  async #advance(): Promise<void> {
    if (this.#live && this.#feed.nextPosition - this.#next > FELL_BEHIND_EVENTS && this.#call.wasCongested) {
      this.#live = false;
      this.#call.send(FELL_BEHIND);
    }
    const page = this.#readPage();
    // At the end of what is stored there may be positions without an event.
    this.#next = page.atEnd && page.next < this.#feed.nextPosition ? this.#feed.nextPosition : page.next;
    if (page.parts.length > 0) await this.#sender.send(page.parts);
    else await nextTurn();
  }

  #readPage(): Page<bigint> {
    const blocks = this.#feed.newestFrom(this.#next) ?? this.#storage.blocksFrom(this.#next);
    return readAllForwards(blocks, this.#next, Number.MAX_SAFE_INTEGER, this.#request.filter?.filter, this.#checkpoints?.considered);
  }

  #goLive(): void {
    this.#live = true;
    const checkpoint = this.#checkpoints?.take();
    if (checkpoint !== undefined) this.#call.send(checkpoint);
    this.#call.send(CAUGHT_UP);
  }
}
