import pMap from 'p-map';
import type { ClusterArn } from '../../core/model/arn.ts';
import { CONCURRENCY, RESERVE_MS } from '../../core/model/limits.ts';
import type { EvidenceByService, Question } from '../../core/plan/evidence.ts';
import type { FleetPart } from '../../core/read/scan.ts';
import { rotateFrom } from '../../core/sweep/rotate.ts';
import type { Run } from '../run.ts';

/**
 * The fleet's part of the time for reading; the rest is for the timestamps of secrets and parameters, and for tasks.
 */
const PART_FOR_THE_FLEET = 0.6;

/** Reads clusters in an order that changes every hour, so that each has its turn if one sweep is too short for all. */
export async function readWholeFleet(run: Run): Promise<FleetPart> {
  const { ports, scope, reading, remainingMs, fleets } = run;
  const ms = Math.max(0, remainingMs() - RESERVE_MS) * PART_FOR_THE_FLEET;
  const signal = Number.isFinite(ms)
    ? AbortSignal.any([reading, AbortSignal.timeout(Math.floor(ms))])
    : reading;
  const globs = [scope.configured, ...(scope.narrowed.length > 0 ? [scope.narrowed] : [])];
  const clusters = (await ports.ecs.listClusters(globs, signal)).toSorted();
  const only = rotateFrom(clusters, ports.clock.now());
  const read = await ports.ecs.readFleet(globs, signal, { only });
  if (scope.narrowed.length === 0)
    fleets.snapshot.stage(read.fleet, (cluster) => !read.remaining.includes(cluster));
  return read;
}

/** `remaining`: clusters with a question that could not be asked in time; they count as not read. */
export type Answers = { readonly evidence: EvidenceByService; readonly remaining: ReadonlySet<ClusterArn> };

export async function answerQuestions(
  questions: readonly Question[],
  { ports, reading }: Run,
): Promise<Answers> {
  const remaining = new Set<ClusterArn>();
  const answer = async (question: Question) => {
    try {
      return [[question.service.key, await ports.ecs.answer(question, reading)] as const];
    } catch (error) {
      if (!reading.aborted) throw error;
      remaining.add(question.service.cluster.arn);
      return [];
    }
  };
  const answers = await pMap(questions, answer, { concurrency: CONCURRENCY.ecsReads });
  return { evidence: new Map(answers.flat()), remaining };
}
