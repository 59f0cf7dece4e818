/** A bound on memory that many share, in bytes. */
export class MemoryBudget {
  readonly #limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Takes so many bytes; false where that is more than is left, and nothing is taken. */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/** One holder's part of a budget, which grows and shrinks with what it holds. */
export class BudgetPart {
  readonly #budget: MemoryBudget;
  #heldBytes = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Holds so many bytes from now on, more or fewer than before; false where there is no room for that, and nothing changes. */
  hold(bytes: number): boolean {
    const more = bytes - this.#heldBytes;
    if (more > 0 && !this.#budget.take(more)) return false;
    if (more < 0) this.#budget.give(-more);
    this.#heldBytes = bytes;
    return true;
  }
}
