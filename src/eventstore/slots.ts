import { EventStoreError } from './errors.js';

interface Waiting {
  readonly sinceMs: number;
  readonly take: () => void;
  readonly giveUp: (error: EventStoreError) => void;
}

/**
 * At most `limit` tasks at a time, and at most `maxWaiting` that wait for their turn, first come first served, each no longer
 * than `maxWaitMs`.
 */
export class Slots {
  #running = 0;
  readonly #waiting: Waiting[] = [];
  /** Of the one that has waited for longest. */
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limit: number,
    private readonly maxWaiting: number,
    private readonly what: string,
    private readonly maxWaitMs = Infinity,
  ) {}

  /**
   * Waits for a place; the caller must `release` it. Throws `overloaded` at once where too many wait already, and after
   * `maxWaitMs` without a place: nothing was begun then.
   */
  async acquire(): Promise<void> {
    if (this.#running < this.limit) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.maxWaiting) {
      throw new EventStoreError('overloaded', `${this.maxWaiting} ${this.what} wait already`);
    }
    // The place is handed over by `release`, so nobody who comes in between can take it.
    await new Promise<void>((take, giveUp) => {
      this.#waiting.push({ sinceMs: Date.now(), take, giveUp });
      this.#watch();
    });
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next) next.take();
    else this.#running -= 1;
    if (this.#waiting.length === 0) this.#unwatch();
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    await this.acquire();
    try {
      return await task();
    } finally {
      this.release();
    }
  }

  /** One timer for all: who came first gives up first. */
  #watch(): void {
    const [oldest] = this.#waiting;
    if (this.#timer || !oldest || this.maxWaitMs === Infinity) return;
    const leftMs = oldest.sinceMs + this.maxWaitMs - Date.now();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#giveUpOld();
      this.#watch();
    }, Math.max(1, leftMs));
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #giveUpOld(): void {
    const before = Date.now() - this.maxWaitMs;
    let count = 0;
    for (const { sinceMs } of this.#waiting) {
      if (sinceMs > before) break;
      count += 1;
    }
    for (const { giveUp } of this.#waiting.splice(0, count)) {
      giveUp(new EventStoreError('overloaded', `the store was not asked: it answers too slowly, and ${this.limit} ${this.what} came before for ${this.maxWaitMs} ms`));
    }
  }
}
