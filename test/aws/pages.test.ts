import { expect, test } from 'vitest';
import { pages } from '../../functions/aws/pages.ts';

async function read(answers: readonly { readonly items?: readonly number[]; readonly nextToken?: string }[]) {
  const asked: (string | undefined)[] = [];
  const found: (readonly number[])[] = [];
  const call = (nextToken: string | undefined) => {
    const { items, nextToken: next } = answers[asked.length] ?? {};
    asked.push(nextToken);
    return Promise.resolve({ items, nextToken: next });
  };
  for await (const page of pages(call)) found.push(page);
  return { asked, found };
}

test('a listing is read page after page, past an empty one, to the page without a token', async () => {
  expect(await read([{ items: [1], nextToken: 'a' }, { nextToken: 'b' }, { items: [2] }])).toEqual({
    asked: [undefined, 'a', 'b'],
    found: [[1], [], [2]],
  });
});

test('an empty token ends a listing', async () => {
  expect(await read([{ items: [1], nextToken: '' }, { items: [2] }])).toMatchObject({ found: [[1]] });
});
