/**
 * Supplies Map.groupBy, with which vitest prints failures and which Node 20 does not have: without it a failing test
 * hides its message. Every configuration of vitest calls this.
 */
export function supplyGroupBy(): void {
  if (!('groupBy' in Map)) Object.assign(Map, { groupBy });
}

function groupBy<Key, Item>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
