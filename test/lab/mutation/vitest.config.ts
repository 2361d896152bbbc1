import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

/** One "test" that runs the others once for each mutant, in its own process, for there are thousands of mutants. */
export default defineConfig({
  test: {
    ...shared.test,
    include: ['test/lab/mutation/mutants.run.ts'],
    testTimeout: 3_600_000,
    retry: 0,
    disableConsoleIntercept: true,
    reporters: ['dot'],
  },
});
