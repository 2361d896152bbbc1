import { type Match, match } from '../core/match/match.ts';
import { nameOf } from '../core/model/arn.ts';
import { subjectsOf } from '../core/model/change.ts';
import { unreadIn } from '../core/model/fleet.ts';
import { makePlan } from '../core/plan/plan.ts';
import type { Plan, Planned } from '../core/plan/planned.ts';
import type { Policy } from '../core/plan/policy.ts';
import { NOTHING_EARLIER } from '../core/plan/waves.ts';
import type { FleetPart } from '../core/read/scan.ts';
import type { How } from '../core/report/sweep-report.ts';
import { isFreshByHearsay } from '../core/sweep/hidden.ts';
import {
  clustersToAsk,
  type Sweep,
  sweepPolicy,
  sweepQuestions,
  sweptIn,
  unreadableIn,
} from '../core/sweep/sweep.ts';
import type { Run } from '../pipeline/run.ts';
import { heal } from '../pipeline/sweep/heal.ts';
import { type Answers, answerQuestions, readTasks, readWholeFleet } from '../pipeline/sweep/read.ts';
import {
  type NamedResource,
  readNamedTimestamps,
  readTimestamps,
  type Timestamps,
} from '../pipeline/sweep/timestamps.ts';
import type { RecordWriter } from '../telemetry/record.ts';
import { recordSweep, type SweepDone } from '../telemetry/sweep-records.ts';

/** The second path: finds what no event told of, puts what may be healed on the queue, and records all of it. */
export async function sweep(id: string, how: How, writer: RecordWriter, run: Run): Promise<SweepDone> {
  const found = await findStale(id, [], run);
  const healed = await heal(found, how, run);
  const done = recordSweep(found, healed, run.ports.clock.now(), writer);
  await run.fleets.snapshot.save(run);
  if (healed.unsent.size > 0) throw new NotSent(healed.unsent.size);
  return done;
}

/** Everything is recorded, and what could be sent was sent; the next sweep finds the rest again. */
class NotSent extends Error {
  override readonly name = 'NotSent';

  constructor(changes: number) {
    super(`changes that could not be put on the queue: ${changes}; the next sweep finds them again`);
  }
}

/**
 * Looks for what no event told of: compares the timestamps of everything that the fleet refers to, or only of the named
 * resources, with the tasks that run. It reads everything anew, from ECS and from no snapshot, and changes nothing.
 */
export async function findStale(id: string, named: readonly NamedResource[], run: Run): Promise<Sweep> {
  const part = await readWholeFleet(run);
  const times = await readTimes(part, id, named, run);
  const matches = matchesOf(part, times, run);
  const answers = await ask(matches, named.length > 0 ? 'all' : 'stale', run);
  const plan = planFor(part, times, matches, answers, run);
  return sweepOf(id, part, times, answers, plan, run.policy);
}

function readTimes({ fleet }: FleetPart, id: string, named: readonly NamedResource[], run: Run) {
  return named.length === 0 ? readTimestamps(fleet, id, run) : readNamedTimestamps(named, fleet, id, run);
}

function matchesOf({ fleet }: FleetPart, { changes, broken }: Timestamps, { policy }: Run): readonly Match[] {
  return [...match(fleet, subjectsOf({ changes, notices: [] }), policy.pull), ...broken];
}

/** The tasks first, and then the deployments of the services for which they matter. */
async function ask(matches: readonly Match[], which: 'stale' | 'all', run: Run): Promise<Answers> {
  const policy = sweepPolicy(run.policy);
  const now = run.ports.clock.now();
  const tasks = await readTasks(clustersToAsk(matches, policy, now), matches, run);
  return answerQuestions(sweepQuestions(matches, tasks.evidence, policy, now, which), tasks, run);
}

function planFor(
  { fleet }: FleetPart,
  times: Timestamps,
  matches: readonly Match[],
  { evidence, remaining }: Answers,
  run: Run,
): Plan {
  return makePlan({
    fleet,
    subjects: subjectsOf(times),
    matches: matches.filter(({ service }) => !remaining.has(service.cluster.arn)),
    evidence,
    policy: sweepPolicy(run.policy),
    earlier: NOTHING_EARLIER,
    now: run.ports.clock.now(),
  });
}

function sweepOf(
  id: string,
  { fleet, remaining }: FleetPart,
  { changes, notices, unchecked }: Timestamps,
  answers: Answers,
  plan: Plan,
  policy: Policy,
): Sweep {
  const unread = [...remaining, ...answers.remaining];
  const leftOut = [...unread.map(nameOf), ...fleet.unreadableClusters.map(({ cluster }) => cluster)];
  const swept = sweptIn(plan).filter((one) => !isFreshByHearsay(one));
  const unseen = unreadIn(fleet);
  const errors = [...unseen, ...swept.flatMap(({ planned }) => unansweredFor(planned))];
  const refused = unchecked.filter(({ why }) => why !== undefined);
  const isKnown = [...unread, ...errors, ...refused.filter(({ hidden }) => !hidden)].length === 0;
  return {
    id,
    changes,
    notices,
    swept,
    unreadable: unreadableIn(fleet, swept, policy, id),
    errors,
    unchecked,
    remaining: leftOut,
    whole: [...unread, ...unseen].length === 0,
    complete: isKnown && refused.length === 0,
    completeButHidden: isKnown,
  };
}

/** What ECS refused to tell about the tasks or deployments of a service. */
function unansweredFor({ service, evidence }: Planned): readonly object[] {
  return evidence.unreadable === undefined ? [] : [{ service: service.arn, why: evidence.unreadable }];
}
