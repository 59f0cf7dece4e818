import type { Digest } from '../ids.js';
import { InsertOnlyMap } from './insert-only-map.js';
import type { AppliedCommands } from './state.js';

/** Which commands were applied: the first digest under each key, and the digests that conflicted with it. */
export class AppliedKeys implements AppliedCommands {
  readonly #first: InsertOnlyMap<string, Digest>;
  /** All digests of the keys that have more than one: few, so they are copied. */
  readonly #conflicting: ReadonlyMap<string, readonly Digest[]>;

  private constructor(first: InsertOnlyMap<string, Digest>, conflicting: ReadonlyMap<string, readonly Digest[]>) {
    this.#first = first;
    this.#conflicting = conflicting;
  }

  static readonly none = new AppliedKeys(InsertOnlyMap.empty(), new Map());

  get size(): number {
    return this.#first.size;
  }

  has(key: string): boolean {
    return this.#first.has(key);
  }

  get(key: string): readonly Digest[] | undefined {
    const first = this.#first.get(key);
    return first === undefined ? undefined : (this.#conflicting.get(key) ?? [first]);
  }

  with(key: string, digest: Digest): AppliedKeys {
    const known = this.get(key);
    if (!known) return new AppliedKeys(this.#first.with(key, digest), this.#conflicting);
    if (known.includes(digest)) return this;
    return new AppliedKeys(this.#first, new Map(this.#conflicting).set(key, [...known, digest]));
  }
}
