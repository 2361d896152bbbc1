import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { AwsEvent } from '../../simulator/index.ts';
import { startEventSource } from '../../support/event-source.ts';
import { answerOf, startFunction, startLambda } from '../../support/lambda.ts';
import { simulatedQueue, sqsEvent } from '../../support/queue.ts';
import { endOf, listenTo } from './news.ts';
import { createPool, type Memory } from './pool.ts';
import type { Stage } from './stage.ts';

/** A client that handles changes, ready for one. */
export type Contender = {
  /** Handles the change to its end. Resolves to the instant of the end (epoch ms), or to null if it is unknown. */
  handle(event: AwsEvent): Promise<number | null>;
  /** What was used since the last `handle` began; environments and memory since the start. */
  effort(): Effort;
  stop(): Promise<void>;
};

/** The counts so far. */
type Tally = {
  readonly invocations: number;
  /** Invocations that threw or were killed. */
  readonly failed: number;
  /** Messages that a handler reported as failed. */
  readonly cameBack: number;
};

export type Effort = Tally & { readonly environments: number; readonly memory: Memory };

/** All buckets are full again after this time: those of AWS take 5 s. */
const REST_MS = 6_000;
/** Longer than the longest chain of follow-ups of a scenario. */
const PATIENCE_MS = 25 * 60_000;
/** The timeout of on-change (serverless.yml), and the longest that Lambda offers. */
const LIMIT_MS = 270_000;
const LONGEST_LAMBDA_MS = 900_000;
const CONCURRENCY = 2;

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
    if (existsSync(join(dist, 'on-schedule', 'index.mjs')))
      await once(stage, dist, 'on-schedule', snapshot, {});
    if (stage.sim.objects(stage.bucket).keys.length > 0) return;
    const body = JSON.stringify(stage.rotate('unused'));
    const message = { MessageId: 'priming', ReceiptHandle: 'priming', Body: body };
    await once(stage, dist, 'on-change', snapshot, sqsEvent([message]));
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
  const pool = createPool((onUsed) =>
    startLambda(pathToFileURL(bundle).href, { env: stage.sim.env, onUsed }),
  );
  const event = { secret: stage.fleet.shared.arn };
  let invocations = 0;
  let failed = 0;
  return {
    async handle() {
      for (const pauseMs of [60_000, 120_000, 0]) {
        invocations += 1;
        const isDone = await pool.invoke(event, LONGEST_LAMBDA_MS).then(
          () => true,
          () => false,
        );
        if (isDone) break;
        failed += 1;
        await sleep(pauseMs);
      }
      return null;
    },
    effort: () => ({ invocations, failed, cameBack: 0, environments: pool.started, memory: pool.memory }),
    stop: () => pool.stop(),
  };
}

function functions(stage: Stage, dist: string, extra: Readonly<Record<string, string>>): Contender {
  const { sim, queue } = stage;
  const news = listenTo();
  const env = { ...sim.env, CHANGE_QUEUE_URL: queue.url, ...extra };
  const pool = createPool((onUsed) => startFunction('on-change', { env, onLine: news.onLine, onUsed }, dist));
  const tally = { invocations: 0, failed: 0, cameBack: 0 };
  // Without a batching window, because it would add the same time to every scenario.
  const source = startEventSource({
    queue: simulatedQueue(sim, queue),
    concurrency: CONCURRENCY,
    invoke: (event) => pool.invoke(event, LIMIT_MS),
    onBatch: () => void tally.invocations++,
    onDone(_size, comeBack, problem) {
      if (problem === undefined) tally.cameBack += comeBack;
      else {
        tally.failed++;
        console.error('an invocation failed:', problem);
      }
    },
  });
  let before: Tally = { ...tally };
  return {
    async handle(event) {
      before = { ...tally };
      sim.act('sqs', 'SendMessage', { QueueUrl: queue.url, MessageBody: JSON.stringify(event) });
      return endOf(news, event.id, PATIENCE_MS);
    },
    effort: () => ({
      invocations: tally.invocations - before.invocations,
      failed: tally.failed - before.failed,
      cameBack: tally.cameBack - before.cameBack,
      environments: pool.started,
      memory: pool.memory,
    }),
    async stop() {
      await source.stop();
      await pool.stop();
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
  const env = { ...sim.env, CHANGE_QUEUE_URL: queue.url, ...UNHURRIED, ...extra };
  const environment = await startFunction(name, { env }, dist);
  try {
    answerOf(await environment.invoke(event, LONGEST_LAMBDA_MS));
  } catch (cause) {
    throw new Error(`${name} was to write a snapshot and failed:\n${environment.output()}`, { cause });
  } finally {
    await environment.stop();
  }
}

const UNHURRIED = { READ_RATE: '100000', READ_BURST: '100000' };
