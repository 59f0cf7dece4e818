import { EventStoreError } from './errors.js';

/** At most `limit` tasks at a time, and at most `maxWaiting` that wait for their turn, first come first served. */
export class Slots {
  #running = 0;
  readonly #waiting: Array<() => void> = [];

  constructor(
    private readonly limit: number,
    private readonly maxWaiting: number,
    private readonly what: string,
  ) {}

  /** Waits for a place. Throws `overloaded` at once where too many wait already. The caller must `release` it. */
  async acquire(): Promise<void> {
    if (this.#running < this.limit) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.maxWaiting) {
      throw new EventStoreError('overloaded', `${this.maxWaiting} ${this.what} wait already`);
    }
    // The place is handed over by `release`, so nobody who comes in between can take it.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    await this.acquire();
    try {
      return await task();
    } finally {
      this.release();
    }
  }
}
