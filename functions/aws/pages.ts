/** Follows `nextToken` from page to page. */
export async function* pages<Page extends { readonly nextToken?: string | undefined }>(
  call: (from: { readonly nextToken: string | undefined }) => Promise<Page>,
): AsyncGenerator<Page, void> {
  let nextToken: string | undefined;
  do {
    const page = await call({ nextToken });
    yield page;
    nextToken = page.nextToken;
  } while (nextToken !== undefined && nextToken !== '');
}

/** Splits a list into runs of `size` items; the last may be shorter. */
export function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
