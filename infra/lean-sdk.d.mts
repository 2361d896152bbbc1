import type { Plugin } from 'esbuild';

export declare const jsonProtocolsAlone: Plugin;
export declare const versionsAlone: Plugin;
