import type { TestProject } from 'vitest/node';
import { openFront } from './front.ts';
import { startMoto } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where moto answers, with what it lacks. */
    readonly endpoint: string;
  }
}

/** Starts moto for the steps; vitest calls what it returns when they are over, also when one failed. */
export default async function setup(project: TestProject): Promise<() => void> {
  const moto = await startMoto();
  const front = await openFront(moto.endpoint);
  project.provide('endpoint', front.endpoint);
  return () => {
    front.close();
    moto.stop();
  };
}
