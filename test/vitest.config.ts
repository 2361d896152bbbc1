import { defineConfig } from 'vitest/config';
import { supplyGroupBy } from './support/group-by.ts';

supplyGroupBy();

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // What hangs is a defect; what is only slow, on a machine that other processes use as well, is not.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One worker a core: by default vitest leaves one core idle, and half of a machine with two.
    maxWorkers: '100%',
    // Each concurrent test of e2e/ has processes of its own, and there are as many workers as cores.
    maxConcurrency: 4,
    restoreMocks: true,
    // One line a file and a summary; what fails is shown in full.
    slowTestThreshold: 600_000,
    // Nor advice on how vitest could be faster.
    experimental: { diagnostics: false },
    // The SDK's notice about Node 20 is no result of a test.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
