/** A page of an AWS listing; a page may be empty although another one follows. */
export type Page<Item> = {
  readonly items: readonly Item[] | undefined;
  readonly nextToken: string | undefined;
};

/** Follows `nextToken` from page to page. */
export async function* pages<Item>(
  call: (nextToken: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<readonly Item[], void> {
  let nextToken: string | undefined;
  do {
    const page = await call(nextToken);
    yield page.items ?? [];
    nextToken = page.nextToken;
  } while (nextToken !== undefined && nextToken !== '');
}

/** Splits a list into runs of `size` items; the last may be shorter. */
export function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
