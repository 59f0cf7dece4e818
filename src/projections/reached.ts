/** A read model did not reach a position in time. Not lost: it may do so later. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';

  constructor(
    readonly position: bigint,
    /** The projections that were still behind, and where they were. */
    readonly behind: readonly { readonly projection: string; readonly position: bigint | undefined }[],
    readonly timeoutMs: number,
  ) {
    const where = behind.map(({ projection, position: at }) => `${projection} is at ${at ?? 'the beginning'}`).join(', ');
    super(`the read models did not reach position ${position} within ${timeoutMs} ms: ${where}`);
  }
}

interface Waiter {
  readonly position: bigint;
  readonly names: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** How far each projection is as far as this process knows, and who waits for it to get further. */
export class ReachedPositions {
  readonly #positions = new Map<string, bigint>();
  readonly #waiters = new Set<Waiter>();
  readonly #onFirstWaiter: () => void;

  constructor(onFirstWaiter: () => void) {
    this.#onFirstWaiter = onFirstWaiter;
  }

  get hasWaiters(): boolean {
    return this.#waiters.size > 0;
  }

  of(name: string): bigint | undefined {
    return this.#positions.get(name);
  }

  /** A projection never goes back, whatever order the news come in. */
  advance(name: string, position: bigint): void {
    const known = this.#positions.get(name);
    if (known !== undefined && known >= position) return;
    this.#positions.set(name, position);
    for (const waiter of this.#waiters) {
      if (this.#isReached(waiter)) waiter.resolve();
    }
  }

  /** Resolves when all of the projections have reached the position; rejects with a WaitTimeoutError. */
  async wait(position: bigint, names: readonly string[], timeoutMs: number): Promise<void> {
    if (this.#isReached({ position, names })) return;
    let waiter: Waiter | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        waiter = { position, names, resolve, reject };
        timer = setTimeout(() => reject(new WaitTimeoutError(position, this.#behind(position, names), timeoutMs)), timeoutMs);
        this.#waiters.add(waiter);
        if (this.#waiters.size === 1) this.#onFirstWaiter();
      });
    } finally {
      clearTimeout(timer);
      if (waiter) this.#waiters.delete(waiter);
    }
  }

  /** Ends every wait with this error. */
  rejectAll(error: Error): void {
    for (const { reject } of this.#waiters) reject(error);
  }

  #isReached({ position, names }: Pick<Waiter, 'position' | 'names'>): boolean {
    return names.every((name) => (this.#positions.get(name) ?? -1n) >= position);
  }

  #behind(position: bigint, names: readonly string[]): { projection: string; position: bigint | undefined }[] {
    return names.map((projection) => ({ projection, position: this.#positions.get(projection) })).filter((one) => (one.position ?? -1n) < position);
  }
}
