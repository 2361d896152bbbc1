import { isPermanent } from './errors.ts';

/** A page of an AWS listing; an empty page may be followed by another one. */
export type Page<Item> = {
  readonly items: readonly Item[] | undefined;
  readonly nextToken: string | undefined;
};

/**
 * Reads page after page as long as there is a `nextToken`. A token may expire, and AWS then refuses it: the listing begins
 * anew, once. So an item may come twice.
 */
export async function* pages<Item>(
  call: (nextToken: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<readonly Item[], void> {
  let nextToken: string | undefined;
  for (let beganAnew = false; ; ) {
    let page: Page<Item>;
    try {
      page = await call(nextToken);
    } catch (error) {
      if (nextToken === undefined || beganAnew || !isPermanent(error)) throw error;
      beganAnew = true;
      nextToken = undefined;
      continue;
    }
    yield page.items ?? [];
    nextToken = page.nextToken;
    if (nextToken === undefined || nextToken === '') return;
  }
}
