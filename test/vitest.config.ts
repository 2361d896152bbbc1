import { defineConfig } from 'vitest/config';

// vitest prints failures with Map.groupBy, which Node 20 does not have: without it a failing test hides its message.
function groupBy<Key, Item>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
if (!('groupBy' in Map)) Object.assign(Map, { groupBy });

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    // The black-box tests live by the real clock, in child processes, on machines that others use as well: what fails there
    // counts if it fails again. What is wrong in itself fails every time.
    retry: 2,
  },
});
