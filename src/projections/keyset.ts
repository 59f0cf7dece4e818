/** A page of rows: at most `first` of them, and whether there are more behind. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
}

/** Makes a page of what a query found that asked for `first + 1` rows. */
export const pageOf = <Row>(found: readonly Row[], first: number): Page<Row> => ({
  rows: found.slice(0, first),
  hasMore: found.length > first,
});

/** The rows of each key, in the order of the keys, for a loader that was asked for many keys at once. */
export function groupBy<Row>(rows: readonly Row[], keys: readonly string[], keyOf: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>(keys.map((key) => [key, []]));
  for (const row of rows) groups.get(keyOf(row))?.push(row);
  return keys.map((key) => groups.get(key) ?? []);
}
