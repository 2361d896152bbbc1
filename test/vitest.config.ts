import { defineConfig } from 'vitest/config';
import { supplyGroupBy } from './group-by.ts';

supplyGroupBy();

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
