import { expect, onTestFinished, vi } from 'vitest';
import type { Ecs } from '../../functions/ports.ts';
import type { ServiceRef } from '../simulator/index.ts';
import type { Loop } from '../support/loop.ts';
import type { Ran } from './terminal.ts';
import { esrIn, type VirtualOptions } from './virtual.ts';

/** One line of a live picture, or what the simulated ECS has instead. */
type Shown = {
  readonly service: string;
  readonly newTasks: number;
  readonly oldTasks: number;
  /** No task holds an old value. */
  readonly isFresh: boolean;
};

/**
 * Runs a command whose live picture has to be, frame by frame, what ECS had when it was read last. Answers how it ended,
 * and how many frames it showed.
 */
export async function pictured(
  loop: Loop,
  args: readonly string[],
  secretArn: string,
  services: readonly ServiceRef[],
  options: VirtualOptions = {},
): Promise<Ran & { readonly frames: number }> {
  // Between two looks only the seconds move.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const now = () => truthOf(loop, secretArn, services);
  let truth = now();
  const frames: { readonly shown: readonly Shown[]; readonly truth: readonly Shown[] }[] = [];
  // What the command does besides looking on has a signal of its own.
  let looking: unknown;
  const ran = await esrIn(loop, args, {
    ...options,
    onFrame: (lines) => {
      const shown = shownIn(lines);
      if (shown.length > 0) frames.push({ shown, truth });
    },
    watch: (ports) => {
      const watched = options.watch?.(ports) ?? ports;
      const { ecs } = watched;
      const noting =
        <Asked extends readonly unknown[], Read>(read: (...asked: Asked) => Promise<Read>) =>
        async (...asked: Asked) => {
          const answer = await read(...asked);
          const signal = asked.find((one) => one instanceof AbortSignal);
          looking ??= signal;
          if (signal === looking) truth = now();
          return answer;
        };
      const noted = {
        readThese: noting((...asked: Parameters<Ecs['readThese']>) => ecs.readThese(...asked)),
        readFleet: noting((...asked: Parameters<Ecs['readFleet']>) => ecs.readFleet(...asked)),
      };
      return { ...watched, ecs: { ...ecs, ...noted } };
    },
  });
  for (const frame of frames) expect(frame.shown).toEqual(frame.truth);
  return { ...ran, frames: frames.length };
}

/** The lines of a frame that are about services. */
function shownIn(lines: readonly string[]): readonly Shown[] {
  return lines
    .flatMap((line) => {
      const [, service, state, newTasks, oldTasks] =
        /^(prod\/api-\d+) +\d +(\S+)(?: \([\w-]+\))? +(\d+)\/2 +(\d+)/.exec(line) ?? [];
      const counts = { newTasks: Number(newTasks), oldTasks: Number(oldTasks) };
      return service === undefined ? [] : [{ service, ...counts, isFresh: state === 'fresh' }];
    })
    .toSorted(byService);
}

/** How many tasks of each service hold the value of now, and how many one of before. */
function truthOf({ sim }: Loop, secretArn: string, services: readonly ServiceRef[]): readonly Shown[] {
  const stale = sim.staleTasks(secretArn);
  return services
    .map((service) => {
      const held = [...sim.heldBy(service).values()].length;
      const oldTasks = stale.filter((task) => task.serviceArn === service.arn).length;
      const newTasks = held - oldTasks;
      return {
        service: `prod/${service.name}`,
        newTasks,
        oldTasks,
        isFresh: oldTasks === 0 && newTasks === 2,
      };
    })
    .toSorted(byService);
}

const byService = (a: Shown, b: Shown) => (a.service < b.service ? -1 : 1);
