import pMap from 'p-map';
import { match } from '../core/match/match.ts';
import { type ClusterArn, nameOf } from '../core/model/arn.ts';
import { subjectsOf } from '../core/model/change.ts';
import { unreadableOf } from '../core/model/fleet.ts';
import { CONCURRENCY, RESERVE_MS } from '../core/model/limits.ts';
import type { EvidenceByService, Question } from '../core/plan/evidence.ts';
import { makePlan } from '../core/plan/plan.ts';
import { NOTHING_EARLIER } from '../core/plan/waves.ts';
import type { FleetPart } from '../core/read/scan.ts';
import type { How } from '../core/report/sweep-report.ts';
import { rotateFrom } from '../core/sweep/rotate.ts';
import { type Sweep, sweepPolicy, sweepQuestions, sweptIn } from '../core/sweep/sweep.ts';
import type { Run } from '../pipeline/run.ts';
import { heal } from '../pipeline/sweep/heal.ts';
import { type NamedResource, readNamedResources, readResources } from '../pipeline/sweep/timestamps.ts';
import type { RecordWriter } from '../telemetry/record.ts';
import { recordSweep, type SweepDone } from '../telemetry/sweep-records.ts';

/** Of the time there is for reading: the rest is for dating what the fleet refers to and for looking at tasks. */
const PART_FOR_THE_FLEET = 0.6;

export type { SweepDone } from '../telemetry/sweep-records.ts';

/** The second path: finds what no event told of, puts what may be healed on the queue, and tells of all of it. */
export async function sweep(id: string, how: How, writer: RecordWriter, run: Run): Promise<SweepDone> {
  const found = await findStale(id, [], run);
  const healed = await heal(found, how, run);
  const done = recordSweep(found, healed, run.ports.clock.now(), writer);
  await run.fleets.snapshot.save(run);
  if (healed.unsent.size > 0) throw new NotSent(healed.unsent.size);
  return done;
}

/** All has been told and what could be sent was sent; the next sweep finds the rest again. */
class NotSent extends Error {
  override readonly name = 'NotSent';

  constructor(changes: number) {
    super(`${changes} changes could not be put on the queue`);
  }
}

/**
 * Looks for what no event told of: holds the dates of everything that the fleet refers to, or of what is named alone, against
 * the tasks that run. It reads everything anew, from ECS and from no snapshot, and changes nothing.
 */
export async function findStale(id: string, named: readonly NamedResource[], run: Run): Promise<Sweep> {
  const policy = sweepPolicy(run.policy);
  const { fleet, remaining } = await readWholeFleet(run);
  const resources =
    named.length === 0
      ? await readResources(fleet, id, run)
      : await readNamedResources(named, fleet, id, run);
  const { changes, notices, unchecked } = resources;
  const matches = [...match(fleet, subjectsOf({ changes, notices: [] }), policy.pull), ...resources.bitten];
  const asked = await ask(sweepQuestions(matches, policy, run.ports.clock.now()), run);
  const isAnswered = (cluster: ClusterArn) => !asked.remaining.has(cluster);
  const plan = makePlan({
    fleet,
    subjects: subjectsOf({ changes, notices }),
    matches: matches.filter(({ service }) => isAnswered(service.cluster.arn)),
    evidence: asked.evidence,
    policy,
    earlier: NOTHING_EARLIER,
    now: run.ports.clock.now(),
  });
  const leftOut = [
    ...[...remaining, ...asked.remaining].map(nameOf),
    ...fleet.unreadableClusters.map(({ cluster }) => cluster),
  ];
  return {
    id,
    changes,
    notices,
    swept: sweptIn(plan),
    unreadable: plan.unmatched.map((decision) => ({ ...decision, changeIds: [id] })),
    errors: [...unreadableOf(fleet), ...fleet.unreadableClusters],
    unchecked,
    remaining: leftOut,
    complete: leftOut.length === 0 && unchecked.every(({ why }) => why === undefined),
  };
}

/** In an order that is another one each hour, so that every cluster has its turn where one sweep is too short for all. */
async function readWholeFleet(run: Run): Promise<FleetPart> {
  const { ports: world, scope, reading, remainingMs, fleets } = run;
  const ms = Math.max(0, remainingMs() - RESERVE_MS) * PART_FOR_THE_FLEET;
  const signal = Number.isFinite(ms)
    ? AbortSignal.any([reading, AbortSignal.timeout(Math.floor(ms))])
    : reading;
  const globs = [scope.configured, ...(scope.narrowed.length > 0 ? [scope.narrowed] : [])];
  const clusters = (await world.ecs.listClusters(globs, signal)).toSorted();
  const read = await world.ecs.readFleet(globs, signal, { only: rotateFrom(clusters, world.clock.now()) });
  if (scope.narrowed.length === 0)
    fleets.snapshot.stage(read.fleet, (cluster) => !read.remaining.includes(cluster));
  return read;
}

type Answers = { readonly evidence: EvidenceByService; readonly remaining: ReadonlySet<ClusterArn> };

/** A cluster with a question for which there was no time counts as not read. */
async function ask(questions: readonly Question[], { ports: world, reading }: Run): Promise<Answers> {
  const remaining = new Set<ClusterArn>();
  const answers = await pMap(
    questions,
    async (question) => {
      try {
        return [[question.service.key, await world.ecs.answer(question, reading)] as const];
      } catch (error) {
        if (!reading.aborted) throw error;
        remaining.add(question.service.cluster.arn);
        return [];
      }
    },
    { concurrency: CONCURRENCY.ecsReads },
  );
  return { evidence: new Map(answers.flat()), remaining };
}
