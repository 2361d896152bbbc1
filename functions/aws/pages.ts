/** A page of an AWS listing; an empty page may be followed by another one. */
export type Page<Item> = {
  readonly items: readonly Item[] | undefined;
  readonly nextToken: string | undefined;
};

/** Reads page after page as long as there is a `nextToken`. */
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
