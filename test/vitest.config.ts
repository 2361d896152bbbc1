import { defineConfig } from 'vitest/config';
import { supplyGroupBy } from './support/group-by.ts';

supplyGroupBy();

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    // One line a file and a summary; what fails is shown in full.
    slowTestThreshold: 600_000,
    // The SDK's notice about Node 20 is no result of a test.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // The black-box tests use the real clock and child processes, on machines that other processes use as well: a
    // failure counts only if it occurs again. A real defect fails every time.
    retry: 2,
  },
});
