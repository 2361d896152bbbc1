// How a function is bundled, for the build and for what is compared with a bundle. This module builds nothing.

/** @type {import('esbuild').BuildOptions} */
export const esbuildOptions = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
  lineLimit: 160,
  // The notice contains the complete licences.
  legalComments: 'none',
  // Dependencies in CommonJS call `require`, which an ES module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
};
