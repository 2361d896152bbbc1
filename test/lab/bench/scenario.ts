import { z } from 'zod/mini';
import { readConfig } from '../../../functions/runtime/config.ts';
import { boundsOf, neededCalls } from './bounds.ts';
import { baseline, type Contender, cold, warm, withSnapshot } from './contender.ts';
import { whatWasSeen } from './measure.ts';
import type { Missing, Row } from './row.ts';
import { METHODS, type Scenario } from './scenarios.ts';
import { openStage, type Stage } from './stage.ts';

// One scenario in a process of its own, with its own simulator. runs.ts starts
// `node test/support/run.mjs test/lab/bench/scenario.ts <task as JSON>`, which sends a Row or a Missing to it.
const Task = z.object({
  method: z.enum(METHODS),
  services: z.number(),
  clusters: z.number(),
  affected: z.number(),
  dist: z.string(),
  baseline: z.string(),
});
type Task = z.infer<typeof Task>;

const MB = 2 ** 20;

const [, , argument = ''] = process.argv;
const task = Task.parse(JSON.parse(argument));
process.send?.(await run(task));
process.disconnect();

async function run(task: Task): Promise<Row | Missing> {
  const stage = await openStage(task);
  try {
    return await measured(task, stage);
  } catch (error) {
    console.error(error);
    const { method, services, affected } = task;
    return { method, services, affected, missing: String(error).split('\n')[0] ?? '' };
  } finally {
    await stage.sim.close();
  }
}

async function measured(task: Task, stage: Stage): Promise<Row> {
  const contender = await contenderFor(task, stage);
  try {
    stage.sim.ledger.clearCalls();
    const eventAt = Date.now();
    const end = await contender.handle(stage.rotate('shared'));
    return rowOf(task, stage, contender, eventAt, end);
  } finally {
    await contender.stop();
  }
}

async function contenderFor({ method, dist, baseline: bundle }: Task, stage: Stage): Promise<Contender> {
  switch (method) {
    case 'baseline':
      return baseline(stage, bundle);
    case 'cold':
      return cold(stage, dist);
    case 'snapshot':
      return withSnapshot(stage, dist);
    case 'warm':
      return warm(stage, dist);
    default:
      return method satisfies never;
  }
}

function rowOf(
  { method, services, clusters, affected }: Scenario,
  stage: Stage,
  contender: Contender,
  eventAt: number,
  end: number | null,
): Row {
  const { invocations, failed, cameBack, environments, memory } = contender.effort();
  return {
    method,
    services,
    clusters,
    affected,
    ...whatWasSeen(stage.sim, stage.fleet, services, eventAt),
    settled: end === null ? null : (end - eventAt) / 1000,
    invocations,
    failedInvocations: failed,
    messagesThatCameBack: cameBack,
    environments,
    peakRssMb: memory.rss / MB,
    peakHeapMb: memory.heap / MB,
    bound: boundsOf(neededCalls({ method, services, clusters, affected }), readConfig([], {}).rates),
  };
}
