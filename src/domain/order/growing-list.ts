/**
 * A list that mostly gains items at its end, for state that is folded from thousands of events: `with` costs no copy,
 * and whoever holds an older list never sees what came later. The newest list shares its items with those before it; a
 * second successor of an older one, and any other change, copies.
 */
export class GrowingList<Item> {
  readonly #items: Item[];
  readonly length: number;
  #shown: readonly Item[] | undefined;

  private constructor(items: Item[], length: number) {
    this.#items = items;
    this.length = length;
  }

  static empty<Item>(): GrowingList<Item> {
    return new GrowingList<Item>([], 0);
  }

  /** `undefined` outside the list. */
  get(index: number): Item | undefined {
    return index < this.length ? this.#items[index] : undefined;
  }

  with(item: Item): GrowingList<Item> {
    const items = this.#items.length === this.length ? this.#items : this.#copy();
    items.push(item);
    return new GrowingList(items, this.length + 1);
  }

  inserted(index: number, item: Item): GrowingList<Item> {
    if (index >= this.length) return this.with(item);
    return new GrowingList(this.#copy().toSpliced(index, 0, item), this.length + 1);
  }

  replaced(index: number, item: Item): GrowingList<Item> {
    return new GrowingList(this.#copy().with(index, item), this.length);
  }

  findIndex(matches: (item: Item) => boolean): number {
    const index = this.#items.findIndex(matches);
    return index < this.length ? index : -1;
  }

  removed(index: number): GrowingList<Item> {
    return new GrowingList(this.#copy().toSpliced(index, 1), this.length - 1);
  }

  /** Its items: the same array each time it is asked for, and for as long as the list stays the same. */
  toArray(): readonly Item[] {
    this.#shown ??= this.#copy();
    return this.#shown;
  }

  #copy(): Item[] {
    return this.#items.slice(0, this.length);
  }
}
