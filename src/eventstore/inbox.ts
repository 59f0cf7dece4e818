import { setImmediate } from 'node:timers/promises';

/** The part of a readable stream of objects that an inbox uses. */
export interface PushSource<Chunk> {
  readonly readableLength: number;
  on(event: 'data', listener: (chunk: Chunk) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
}

/** What came out of an inbox: items, or why there are none. */
export type Taken<Item> = { readonly kind: 'items'; readonly items: readonly Item[] } | { readonly kind: 'ended' } | { readonly kind: 'idle' } | { readonly kind: 'woken' };

/**
 * Turns a stream that pushes into batches that are pulled: a batch is whatever arrived while the consumer worked. The stream
 * is paused while `maxItems` wait, so that a slow consumer slows the sender and does not fill this process's memory.
 */
export class Inbox<Chunk extends Item, Item = Chunk> {
  #items: Item[] = [];
  #held: Item[] = [];
  #ended = false;
  #error: unknown;
  #woken = false;
  #arrived: (() => void) | undefined;

  constructor(
    private readonly source: PushSource<Chunk>,
    private readonly maxItems: number,
  ) {
    source.on('data', (chunk) => {
      this.#add(chunk);
      if (this.#held.length > 0 && source.readableLength === 0) this.#addHeld();
    });
    source.on('error', (error) => {
      this.#error ??= error;
      this.#end();
    });
    source.on('end', () => this.#end());
    source.on('close', () => this.#end());
  }

  /** Puts something in its place among the items: behind everything that the stream has received until now. */
  offer(item: Item): void {
    if (this.source.readableLength === 0) this.#add(item);
    else this.#held.push(item);
  }

  /** Makes a waiting `take` return, or the next one. */
  wake(): void {
    this.#woken = true;
    this.#arrived?.();
  }

  /**
   * Waits for items and takes all that have arrived; `ended` after the last one, `idle` where nothing came within `idleMs`.
   * Throws the stream's error, after the items that came before it.
   */
  async take(idleMs?: number): Promise<Taken<Item>> {
    if (!this.#isReady()) {
      if (!(await this.#arrival(idleMs))) return { kind: 'idle' };
      // What came in the same packet comes out in the same batch.
      await setImmediate();
    }
    if (this.#woken) {
      this.#woken = false;
      return { kind: 'woken' };
    }
    if (this.#items.length > 0) {
      const items = this.#items;
      this.#items = [];
      if (this.source.isPaused()) this.source.resume();
      return { kind: 'items', items };
    }
    if (this.#error !== undefined) throw this.#error;
    return { kind: 'ended' };
  }

  #add(item: Item): void {
    this.#items.push(item);
    if (this.#items.length >= this.maxItems) this.source.pause();
    this.#arrived?.();
  }

  #addHeld(): void {
    this.#items.push(...this.#held);
    this.#held = [];
  }

  #end(): void {
    this.#ended = true;
    this.#arrived?.();
  }

  #isReady(): boolean {
    return this.#items.length > 0 || this.#ended || this.#woken;
  }

  /** Whether something arrived before `idleMs` had passed. */
  #arrival(idleMs: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = idleMs === undefined ? undefined : setTimeout(() => settle(false), idleMs);
      const settle = (arrived: boolean): void => {
        this.#arrived = undefined;
        clearTimeout(timer);
        resolve(arrived);
      };
      this.#arrived = () => settle(true);
    });
  }
}
