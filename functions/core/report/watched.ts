import type { FollowUp } from '../follow-up/follow-up.ts';
import { openKey } from '../follow-up/follow-up.ts';
import type { Progress } from '../follow-up/progress.ts';
import { keyOf, nameOf, type ServiceArn, type ServiceKey } from '../model/arn.ts';
import type { about } from '../model/change.ts';
import { type Deployment, primaryOf } from '../model/fleet.ts';
import type { Rollout } from '../model/rollout.ts';
import { waveOf } from '../model/tags.ts';
import { badEndOf, isOfRollback, looksLikeRollback } from '../plan/evidence.ts';
import type { Planned } from '../plan/planned.ts';
import { reasonHas } from '../plan/reasons.ts';
import type { Explained } from './advice.ts';

/** How it ended for a service: `left` may still run on the old value, and `untouched` has nothing to do with it. */
export type End = 'fresh' | 'failed' | 'left' | 'untouched';

/** A service as one look shows it to a person who waits for it. Instants are in milliseconds. */
export type Watched = {
  readonly key: ServiceKey;
  readonly service?: ServiceArn;
  readonly wave: number;
  /** The state of its deployment, or `stale` before there is one, or the reason of the decision. */
  readonly state: string;
  /** Undefined as long as something waits for the service. */
  readonly end?: End;
  /** A person should look, because it stays as it is. */
  readonly alarms?: true;
  /** Running tasks of the deployment that is younger than the change, and how many of them there should be. */
  readonly newTasks: number;
  readonly desired: number;
  /** Tasks of all older deployments. */
  readonly oldTasks: number;
  /** When the younger deployment began, and its id. */
  readonly startedAt?: number;
  readonly deploymentId?: string;
  /** Until when a bake or a pause lasts, if it is known. */
  readonly until?: number;
} & Partial<Explained>;

/** Every service that a look is about: those that ECS described, and those that it did not. */
export function watchedIn(
  planned: readonly Planned[],
  progress: readonly Progress[],
): ReadonlyMap<ServiceKey, Watched> {
  const open = new Set(progress.flatMap(({ followUp }) => followUp.open.map(openKey)));
  const described = planned.map((one) => watchedService(one, open.has(one.service.key)));
  const rows = new Map(described.map((one) => [one.key, one]));
  for (const { followUp, waiting, closed } of progress) {
    for (const one of waiting) add(rows, undescribed(one, followUp));
    for (const { service, cluster, now } of closed)
      if (now === undefined) add(rows, { ...NO_TASKS, key: keyOf(cluster, service), ...GONE });
  }
  return rows;
}

const NO_TASKS = { wave: 0, newTasks: 0, oldTasks: 0, desired: 0 };
/** It no longer exists, or no longer refers to what changed. */
const GONE = { state: 'gone', end: 'untouched' } as const;

function add(rows: Map<ServiceKey, Watched>, one: Watched): void {
  if (!rows.has(one.key)) rows.set(one.key, one);
}

/** A service, or all that is unread of a cluster. What is given up ends so. */
function undescribed(
  { cluster, service, reason }: Progress['waiting'][number],
  { givenUp }: FollowUp,
): Watched {
  const named = service !== undefined && { service };
  const left = givenUp && ({ end: 'left', alarms: true } as const);
  return { ...NO_TASKS, key: keyOf(cluster, nameOf(service ?? '*')), ...named, state: reason, ...left };
}

function watchedService(planned: Planned, isOpen: boolean): Watched {
  const { service, decision, evidence, verdicts } = planned;
  const changedAt = Math.max(...verdicts.map(({ match }) => instantOf(match.subject)));
  const rollout = rolloutIn(planned);
  const young = youngIn(planned, changedAt);
  const ending = isOpen ? undefined : endOf(decision.reason);
  const failed = ending === 'failed' ? badEndOf(service, evidence, changedAt) : undefined;
  return {
    key: service.key,
    service: service.arn,
    wave: waveOf(service),
    state: failed ?? rollout?.state ?? stateOf(decision.reason),
    ...(ending && { end: ending }),
    ...(ending === 'left' && reasonHas('alarms', decision.reason) && { alarms: true }),
    newTasks: young?.running ?? 0,
    desired: service.desired,
    oldTasks: tasksOf(service.deployments.filter((one) => one !== young)),
    ...(young && { startedAt: young.createdAt, deploymentId: young.id }),
    ...(rollout?.failure && { failure: rollout.failure }),
    ...(rollout?.until !== undefined && { until: rollout.until }),
  };
}

function instantOf(subject: Parameters<typeof about>[0]): number {
  return subject.kind === 'change' ? subject.change.changedAt : subject.notice.at;
}

/** What the deployment is doing for which the service waits. */
function rolloutIn({ decision, verdicts }: Planned): Rollout | undefined {
  return verdicts.flatMap(({ verdict }) =>
    verdict.action === 'wait' && verdict.reason === decision.reason ? (verdict.rollout ?? []) : [],
  )[0];
}

/** A rollback makes a deployment that takes over tasks which are as old as before. */
function youngIn({ service, evidence }: Planned, changedAt: number): Deployment | undefined {
  const primary = primaryOf(service);
  if (primary === undefined || primary.createdAt <= changedAt || looksLikeRollback(service)) return undefined;
  return isOfRollback(primary, service, evidence, changedAt) ? undefined : primary;
}

const tasksOf = (some: readonly Deployment[]): number =>
  some.reduce((sum, { running, pending }) => sum + running + pending, 0);

function stateOf(reason: string | null): string {
  if (reason === null) return 'stale';
  return reason === 'already-fresh' ? 'fresh' : reason;
}

function endOf(reason: string | null): End {
  if (reason === 'already-fresh') return 'fresh';
  if (reason === 'rollout-failed') return 'failed';
  return reasonHas('leavesStale', reason) ? 'left' : 'untouched';
}
