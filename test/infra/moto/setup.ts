import type { TestProject } from 'vitest/node';
import { openFront } from './front.ts';
import { startMoto } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The endpoint of moto, behind the front that fills its gaps. */
    readonly endpoint: string;
  }
}

/** Starts moto for the steps; vitest calls the returned function after the last step, even if one failed. */
export default async function setup(project: TestProject): Promise<() => void> {
  const moto = await startMoto();
  const front = await openFront(moto.endpoint);
  project.provide('endpoint', front.endpoint);
  return () => {
    front.close();
    moto.stop();
  };
}
