import type { BuildOptions } from 'esbuild';

export declare const esbuildOptions: BuildOptions;
