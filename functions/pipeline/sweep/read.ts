import pMap from 'p-map';
import type { Match } from '../../core/match/match.ts';
import type { ClusterArn, ServiceKey } from '../../core/model/arn.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { Evidence, EvidenceByService, Question } from '../../core/plan/evidence.ts';
import type { FleetPart } from '../../core/read/scan.ts';
import { rotateFrom } from '../../core/sweep/rotate.ts';
import { forPartOfTheTime } from '../read/part-of-the-time.ts';
import type { Run } from '../run.ts';

/** How much of the remaining time each of the two long reads may take, of the fleet and of its tasks. */
const PART_OF_THE_TIME = 0.6;

/** Reads clusters in an order that changes every hour, so that each has its turn if one sweep is too short for all. */
export async function readWholeFleet(run: Run): Promise<FleetPart> {
  const { ports, scope, fleets } = run;
  const signal = forPartOfTheTime(run, PART_OF_THE_TIME);
  const globs = [scope.configured, ...(scope.narrowed.length > 0 ? [scope.narrowed] : [])];
  const clusters = (await ports.ecs.listClusters(globs, signal)).toSorted();
  const only = rotateFrom(clusters, ports.clock.now());
  const read = await ports.ecs.readFleet(globs, signal, { only });
  if (scope.narrowed.length === 0)
    fleets.snapshot.stage(read.fleet, (cluster) => !read.remaining.includes(cluster));
  return read;
}

/** `remaining`: clusters with something that could not be asked in time; they count as not read. */
export type Answers = { readonly evidence: EvidenceByService; readonly remaining: ReadonlySet<ClusterArn> };

/** The ages of the tasks of the matched services, read by cluster. */
export async function readTasks(
  clusters: readonly ClusterArn[],
  matches: readonly Match[],
  run: Run,
): Promise<Answers> {
  const { ports } = run;
  const reading = forPartOfTheTime(run, PART_OF_THE_TIME);
  const remaining = new Set<ClusterArn>();
  const ask = async (cluster: ClusterArn) => {
    const answer = await inTime(reading, () => ports.ecs.tasksIn(cluster, reading));
    if (answer === OUT_OF_TIME) remaining.add(cluster);
    else return [[cluster, answer] as const];
    return [];
  };
  const answers = new Map((await pMap(clusters, ask, { concurrency: CONCURRENCY.clusters })).flat());
  const evidence = new Map<ServiceKey, Evidence>();
  for (const { service } of matches) {
    const answer = answers.get(service.cluster.arn);
    if (answer === undefined) continue;
    const isRefused = 'why' in answer;
    evidence.set(
      service.key,
      isRefused ? { unreadable: answer.why } : { tasks: answer.get(service.key) ?? [] },
    );
  }
  return { evidence, remaining };
}

export async function answerQuestions(
  questions: readonly Question[],
  { evidence: known, remaining: unread }: Answers,
  { ports, reading }: Run,
): Promise<Answers> {
  const remaining = new Set(unread);
  const evidence = new Map(known);
  const ask = async (question: Question) => {
    const { key, cluster, deployments } = question.service;
    const asOf = Math.max(0, ...deployments.map(({ createdAt }) => createdAt));
    const answer = await inTime(reading, () => ports.ecs.answer(question, reading));
    if (answer === OUT_OF_TIME) remaining.add(cluster.arn);
    else evidence.set(key, { ...known.get(key), ...answer, asOf });
  };
  await pMap(questions, ask, { concurrency: CONCURRENCY.ecsReads });
  return { evidence, remaining };
}

const OUT_OF_TIME = Symbol('the time for reading is over');

async function inTime<T>(reading: AbortSignal, read: () => Promise<T>): Promise<T | typeof OUT_OF_TIME> {
  try {
    return await read();
  } catch (error) {
    if (!reading.aborted) throw error;
    return OUT_OF_TIME;
  }
}
