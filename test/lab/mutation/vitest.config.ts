import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

/** One "test" that runs the others for each mutant of its share, in one process, for there are thousands of mutants. */
export default defineConfig({
  test: {
    ...shared.test,
    include: ['test/lab/mutation/mutants.run.ts'],
    testTimeout: 36_000_000,
    // A mutant may leave a promise behind that nothing waits for.
    dangerouslyIgnoreUnhandledErrors: true,
    retry: 0,
    disableConsoleIntercept: true,
    reporters: ['dot'],
  },
});
