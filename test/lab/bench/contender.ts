import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsEvent } from '../../simulator/index.ts';
import { type Memory, startEnvironment } from './environment.ts';
import { endOf, listenTo } from './news.ts';
import { createPool } from './pool.ts';
import { startPump, type Tally } from './pump.ts';
import type { Stage } from './stage.ts';

/** A client that handles changes, ready for one. */
export type Contender = {
  /** Handles the change to its end. Resolves to the instant of the end (epoch ms), or to null if it is unknown. */
  handle(event: AwsEvent): Promise<number | null>;
  /** What was used since the last `handle` began; environments and memory since the start. */
  effort(): Effort;
  stop(): Promise<void>;
};

export type Effort = Tally & { readonly environments: number; readonly memory: Memory };

/** All buckets are full again after this time: those of AWS take 5 s. */
const REST_MS = 6_000;
/** Longer than the longest chain of follow-ups of a scenario. */
const PATIENCE_MS = 25 * 60_000;
const LONGEST_LAMBDA_MS = 900_000;

/** Our functions in new processes without a snapshot. */
export function cold(stage: Stage, dist: string): Contender {
  return functions(stage, dist, {});
}

/**
 * Our functions in new processes, with a snapshot that a sweep has just written or, if there is no sweep, an earlier
 * change. Throws if there is no snapshot.
 */
export async function withSnapshot(stage: Stage, dist: string): Promise<Contender> {
  const snapshot = { SNAPSHOT_BUCKET: stage.bucket };
  await stage.hurry(async () => {
    if (existsSync(bundleIn(dist, 'on-schedule'))) await once(stage, dist, 'on-schedule', snapshot, {});
    if (stage.sim.objects(stage.bucket).keys.length > 0) return;
    const body = JSON.stringify(stage.rotate('unused'));
    await once(stage, dist, 'on-change', snapshot, {
      Records: [{ messageId: 'priming', body, attributes: {} }],
    });
  });
  if (stage.sim.objects(stage.bucket).keys.length === 0)
    throw new Error('there is no snapshot: neither on-schedule nor on-change wrote one');
  return functions(stage, dist, snapshot);
}

/** Our functions in a process that has read the whole fleet for an earlier change, and has rested since. */
export async function warm(stage: Stage, dist: string): Promise<Contender> {
  const ready = functions(stage, dist, {});
  await ready.handle(stage.rotate('unused'));
  await sleep(REST_MS);
  return ready;
}

/** EventBridge calls this function directly and, if a call fails, up to twice more after a pause. */
export function baseline(stage: Stage, bundle: string): Contender {
  const pool = createPool(() => startEnvironment(bundle, { ...stage.sim.env }, () => {}));
  const event = { secret: stage.fleet.shared.arn };
  let invocations = 0;
  let failed = 0;
  return {
    async handle() {
      for (const pauseMs of [60_000, 120_000, 0]) {
        invocations += 1;
        const result = await pool.lend((environment) => environment.invoke(event, LONGEST_LAMBDA_MS));
        if ('answer' in result) break;
        failed += 1;
        await sleep(pauseMs);
      }
      return null;
    },
    effort: () => ({ invocations, failed, cameBack: 0, environments: pool.started, memory: pool.memory }),
    stop: async () => pool.stop(),
  };
}

function functions(stage: Stage, dist: string, extra: Readonly<Record<string, string>>): Contender {
  const { sim, queue } = stage;
  const news = listenTo();
  const environment = { ...sim.env, CHANGE_QUEUE_URL: queue.url, ...extra };
  const pool = createPool(() => startEnvironment(bundleIn(dist, 'on-change'), environment, news.onLine));
  const pump = startPump(sim, queue, pool);
  let before: Tally = pump.tally;
  return {
    async handle(event) {
      before = { ...pump.tally };
      sim.act('sqs', 'SendMessage', { QueueUrl: queue.url, MessageBody: JSON.stringify(event) });
      return endOf(news, event.id, PATIENCE_MS);
    },
    effort: () => ({
      invocations: pump.tally.invocations - before.invocations,
      failed: pump.tally.failed - before.failed,
      cameBack: pump.tally.cameBack - before.cameBack,
      environments: pool.started,
      memory: pool.memory,
    }),
    async stop() {
      await pump.stop();
      pool.stop();
    },
  };
}

/** Makes one invocation, without a limit of its own on the rates. */
async function once(
  { sim, queue }: Stage,
  dist: string,
  name: 'on-change' | 'on-schedule',
  extra: Readonly<Record<string, string>>,
  event: unknown,
): Promise<void> {
  const lines: string[] = [];
  const environment = startEnvironment(
    bundleIn(dist, name),
    { ...sim.env, CHANGE_QUEUE_URL: queue.url, ...UNHURRIED, ...extra },
    (line) => lines.push(line),
  );
  const result = await environment.invoke(event, LONGEST_LAMBDA_MS);
  environment.stop();
  if ('problem' in result)
    throw new Error(`${name} was to write a snapshot and failed: ${result.problem}\n${lines.join('\n')}`);
}

const UNHURRIED = { READ_RATE: '100000', READ_BURST: '100000' };

function bundleIn(dist: string, name: string): string {
  return join(dist, name, 'index.mjs');
}
