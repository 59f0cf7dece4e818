import type { GraphQLError } from 'graphql';
import { apiError } from './errors.js';

/** A row as it is now, and the position from which a client resumes once it has it. */
export interface Change<Row> {
  readonly position: string;
  readonly row: Row;
}

interface ChangeStreamOptions<Row extends { lastPosition: string }> {
  /** The rows that changed after a position, in that order: a page, and all of those that one event changed or none. */
  readonly read: (after: string) => Promise<readonly Row[]>;
  readonly after: string;
  /** In milliseconds since 1970: the stream then fails with UNAUTHENTICATED. */
  readonly endsAtMs: number | undefined;
  /** Called once, when the stream has ended in whatever way. */
  readonly onEnd: () => void;
}

/** The longest time that a timer can be set to, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The changes of rows, pulled one at a time: nothing is read before the last page was taken, so a slow consumer holds one
 * page, and what changes meanwhile is conflated: each row comes as it is when it is read. It is no generator, since
 * `return` must end it also while a `next` waits for news.
 */
export class ChangeStream<Row extends { lastPosition: string }> implements AsyncIterableIterator<Change<Row>> {
  readonly #options: ChangeStreamOptions<Row>;
  #expiry: NodeJS.Timeout | undefined;
  #cursor: string;
  #page: readonly Row[] = [];
  #next = 0;
  #hasNews = true;
  #ended = false;
  #failure: GraphQLError | undefined;
  #onNews: (() => void) | undefined;
  #onFinished: () => void = () => undefined;
  /** Resolves once whoever iterates was told of the end. Never for one who does not ask any more. */
  readonly finished = new Promise<void>((resolve) => {
    this.#onFinished = resolve;
  });

  constructor(options: ChangeStreamOptions<Row>) {
    this.#options = options;
    this.#cursor = options.after;
    if (options.endsAtMs !== undefined) this.#endAt(options.endsAtMs);
  }

  /** There may be news: the next pull reads again. */
  wake(): void {
    this.#hasNews = true;
    this.#onNews?.();
  }

  /** Ends the stream, with an error where there is one, also while somebody waits for it. */
  end(failure?: GraphQLError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#page = [];
    clearTimeout(this.#expiry);
    this.#options.onEnd();
    this.#onNews?.();
  }

  async next(): Promise<IteratorResult<Change<Row>>> {
    while (!this.#ended) {
      const row = this.#page[this.#next];
      if (row) {
        this.#next += 1;
        // Rows that one event changed are resumed together: only the last of them moves the cursor.
        if (this.#page[this.#next]?.lastPosition !== row.lastPosition) this.#cursor = row.lastPosition;
        return { done: false, value: { position: this.#cursor, row } };
      }
      if (this.#hasNews) await this.#read();
      else await this.#news();
    }
    return this.#done();
  }

  async return(): Promise<IteratorResult<Change<Row>>> {
    this.end();
    return this.#done();
  }

  async throw(): Promise<IteratorResult<Change<Row>>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** An end further away than a timer can be set to is waited for in steps. */
  #endAt(endsAtMs: number): void {
    const leftMs = Math.max(0, endsAtMs - Date.now());
    const expire = (): void => this.end(apiError('UNAUTHENTICATED', 'the token has expired'));
    this.#expiry = leftMs <= MAX_TIMER_MS ? setTimeout(expire, leftMs) : setTimeout(() => this.#endAt(endsAtMs), MAX_TIMER_MS);
  }

  #done(): IteratorResult<Change<Row>> {
    this.#onFinished();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    return { done: true, value: undefined };
  }

  async #read(): Promise<void> {
    this.#hasNews = false;
    try {
      const page = await this.#options.read(this.#cursor);
      this.#next = 0;
      this.#page = this.#ended ? [] : page;
      // There may be another page behind this one.
      if (page.length > 0) this.#hasNews = true;
    } catch (error) {
      this.end();
      this.#onFinished();
      throw error;
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#onNews = () => {
        this.#onNews = undefined;
        resolve();
      };
    });
  }
}
