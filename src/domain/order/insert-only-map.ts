interface Entry<Value> {
  /** How many entries were there before it: a map of size n sees the entries from 0 to n - 1. */
  readonly at: number;
  readonly value: Value;
}

/**
 * A map that only gains keys, for state that is folded from thousands of events: `with` costs no copy, and whoever holds
 * an older map never sees what came later. The newest map shares its entries with the ones before it; a second
 * successor of an older one copies what that one sees.
 */
export class InsertOnlyMap<Key, Value> {
  readonly #entries: Map<Key, Entry<Value>>;
  readonly size: number;

  private constructor(entries: Map<Key, Entry<Value>>, size: number) {
    this.#entries = entries;
    this.size = size;
  }

  static empty<Key, Value>(): InsertOnlyMap<Key, Value> {
    return new InsertOnlyMap(new Map<Key, Entry<Value>>(), 0);
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.at < this.size ? entry.value : undefined;
  }

  has(key: Key): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.at < this.size;
  }

  /** This map with one key more; itself where it has the key: values never change. */
  with(key: Key, value: Value): InsertOnlyMap<Key, Value> {
    if (this.has(key)) return this;
    const isNewest = this.#entries.size === this.size;
    const entries = isNewest ? this.#entries : this.#copy();
    entries.set(key, { at: this.size, value });
    return new InsertOnlyMap(entries, this.size + 1);
  }

  #copy(): Map<Key, Entry<Value>> {
    const copy = new Map<Key, Entry<Value>>();
    for (const [key, entry] of this.#entries) if (entry.at < this.size) copy.set(key, entry);
    return copy;
  }
}
