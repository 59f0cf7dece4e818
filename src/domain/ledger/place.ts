/** Where a trade stands in its book: the place in `$all` at which it first appeared, and its number among those of one event. */
export interface Place {
  readonly position: bigint;
  readonly index: number;
}

export const comparePlaces = (a: Place, b: Place): number => (a.position === b.position ? a.index - b.index : a.position < b.position ? -1 : 1);
