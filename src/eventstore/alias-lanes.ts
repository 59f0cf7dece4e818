/** A place in the lanes of some names. */
export interface LanePlace {
  /** Resolves when all who came earlier under any of the names have left; undefined where there are none. */
  readonly turn: Promise<unknown> | undefined;
  /** Lets those behind go on. May be called twice. */
  leave(): void;
}

function departure(): { readonly left: Promise<void>; readonly resolveLeft: () => void } {
  const resolvers: Array<() => void> = [];
  const left = new Promise<void>((resolve) => resolvers.push(resolve));
  return { left, resolveLeft: () => resolvers.forEach((resolve) => resolve()) };
}

/**
 * Keeps what shares a name in the order in which it came: whoever enters waits for everyone who entered before under one of
 * the same names. Nobody can wait in a circle, since everyone waits only for those before.
 */
export class AliasLanes {
  readonly #last = new Map<string, Promise<void>>();
  readonly #present = new Set<() => void>();

  /** Names of which someone has not left yet. */
  get size(): number {
    return this.#last.size;
  }

  enter(names: readonly string[]): LanePlace {
    const before = new Set<Promise<void>>();
    for (const name of names) {
      const last = this.#last.get(name);
      if (last) before.add(last);
    }
    const { left, resolveLeft } = departure();
    this.#present.add(resolveLeft);
    for (const name of names) this.#last.set(name, left);
    return {
      turn: before.size > 0 ? Promise.all(before) : undefined,
      leave: () => {
        resolveLeft();
        this.#present.delete(resolveLeft);
        for (const name of names) if (this.#last.get(name) === left) this.#last.delete(name);
      },
    };
  }

  /** Lets everyone who waits now go on at once, whoever is before them. */
  open(): void {
    for (const resolveLeft of this.#present) resolveLeft();
    this.#present.clear();
  }
}
