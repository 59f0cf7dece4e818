/** So long reads may work in one turn of the event loop, all together. */
const SLICE_MS = 10;

/**
 * Reads take turns, the one that waits longest first. All of them together work no longer than a slice of time before sockets and
 * writes are looked at again: with a turn of the event loop for each, an append would wait for one page of every read there is.
 */
class Turns {
  readonly #waiting = new Set<() => void>();
  #until = 0;

  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      if (this.#waiting.size === 1) setImmediate(() => this.#slice());
    });
  }

  #slice(): void {
    this.#until = performance.now() + SLICE_MS;
    this.#one();
  }

  #one(): void {
    const [go] = this.#waiting;
    if (go === undefined) return;
    go();
    // What it does now runs in microtasks; a tick that is asked for in one runs once there are no more of them.
    queueMicrotask(() => process.nextTick(() => this.#done(go)));
  }

  #done(gone: () => void): void {
    this.#waiting.delete(gone);
    if (this.#waiting.size === 0) return;
    if (performance.now() < this.#until) this.#one();
    else setImmediate(() => this.#slice());
  }
}

const turns = new Turns();

/** Resolves when it is this read's turn to work on a page. */
export const nextTurn = async (): Promise<void> => turns.next();
