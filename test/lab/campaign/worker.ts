import { parentPort, workerData } from 'node:worker_threads';
import type { Counts } from './counts.ts';
import { generate } from './generate.ts';
import { measurePair, type Pair } from './pairs.ts';
import { replay, replayCounting } from './replay.ts';
import { type Shrunk, shrink } from './shrink.ts';
import type { Theme } from './themes.ts';
import type { Violation } from './violation.ts';

/** The tasks of a worker, each with its seed, and the answers. */
export type Task =
  | { readonly task: 'run' | 'shrink'; readonly seed: number; readonly theme?: Theme | undefined }
  | { readonly task: 'pair'; readonly seed: number };
export type Answer =
  | {
      readonly task: 'run';
      readonly seed: number;
      readonly violations: readonly Violation[];
      readonly counts: Counts;
    }
  | { readonly task: 'shrink'; readonly seed: number; readonly shrunk: Shrunk }
  | { readonly task: 'pair'; readonly seed: number; readonly pair: Pair };

async function answer(given: Task): Promise<Answer> {
  const { task, seed } = given;
  switch (task) {
    case 'run':
      return { task, seed, ...(await replayCounting(generate(seed, given.theme))) };
    case 'shrink': {
      const scenario = generate(seed, given.theme);
      return { task, seed, shrunk: await shrink(scenario, await replay(scenario), replay) };
    }
    case 'pair':
      return { task, seed, pair: await measurePair(seed) };
    default:
      return task satisfies never;
  }
}

async function respond(task: Task): Promise<void> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(await answer(task));
}

if (workerData === 'faults') parentPort?.on('message', (task: Task) => void respond(task));
