import { describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { checkedBy, firstProblems, problemsOf } from '../../functions/formats/problems.ts';

const issue = (message: string, ...path: readonly (string | number)[]) =>
  ({ code: 'custom', path, message }) as never;
const faults = (count: number) => ({
  issues: Array.from({ length: count }, (_, i) => issue(`fault ${i + 1}`)),
});

test('a fault is told with the path of its field, and in English', () => {
  expect(problemsOf({ issues: [issue('x', 'a', 1, 'b'), issue('y')] })).toEqual(['a.1.b: x', 'y']);
  const { error } = checkedBy(z.object({ a: z.string() }), { a: 1 });
  expect(error && problemsOf(error)).toEqual(['a: Invalid input: expected string, received number']);
});

describe('the faults of a message are one text', () => {
  test('that names up to 20 of them', () => {
    expect(firstProblems(faults(2))).toBe('fault 1; fault 2');
    expect(firstProblems(faults(20))).toMatch(/; fault 20$/);
  });

  test('that counts the others', () => {
    expect(firstProblems(faults(23))).toMatch(/; fault 20; and 3 more$/);
  });
});

test('a value on which the schema itself fails has one fault', () => {
  const fails = z.pipe(
    z.any(),
    z.transform(() => {
      throw new RangeError('Maximum call stack size exceeded');
    }),
  );
  expect(checkedBy(fails, 1)).toEqual({
    success: false,
    error: { issues: [{ code: 'custom', path: [], message: 'it has too many faults to name them' }] },
  });
  expect(checkedBy(z.number(), 1)).toEqual({ success: true, data: 1 });
});
