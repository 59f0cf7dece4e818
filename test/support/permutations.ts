export function* permutations<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  if (items.length <= 1) yield items;
  for (const [index, item] of items.entries()) {
    for (const rest of items.length > 1 ? permutations(items.toSpliced(index, 1)) : []) yield [item, ...rest];
  }
}
