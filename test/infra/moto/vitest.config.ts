import { defineConfig } from 'vitest/config';
import { supplyGroupBy } from '../../support/group-by.ts';

supplyGroupBy();

// The SDK's notice about Node 20 is no result of a test; vitest itself makes the cloud, so its workers are not enough.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** The steps of each end-to-end test run in order, each once, and end with the first that fails. */
export default defineConfig({
  test: {
    root: new URL('../../..', import.meta.url).pathname,
    include: ['test/infra/moto/*.steps.ts'],
    fileParallelism: false,
    globalSetup: ['test/infra/moto/setup.ts'],
    reporters: ['verbose'],
    sequence: { concurrent: false, shuffle: false },
    bail: 1,
    retry: 0,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
