import { expect, test } from 'vitest';
import { instrument } from './instrument.ts';

test('the named folder and the named file are mutated, and nothing else', async () => {
  const { sources, mutants } = await instrument(['core/follow-up', 'formats/bounds']);
  const files = [...sources.keys()].map((name) => name.split('/functions/')[1]);
  expect(files).toContain('core/follow-up/advance.ts');
  expect(files.filter((file) => file?.startsWith('core/follow-up/') !== true)).toEqual(['formats/bounds.ts']);
  expect(mutants.size).toBeGreaterThan(100);
});

// A run without a mutant would say that none has survived.
test.each([['core/plann'], ['core/plan.ts'], ['functions/core/plan'], ['core/plan', 'cli/main']])(
  '%s names nothing to mutate and is refused',
  async (...names) => {
    await expect(instrument(names)).rejects.toThrow(`for ${names.at(-1)}, and found no such folder or file`);
  },
);
