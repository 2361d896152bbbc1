import { type Change, CURRENT } from '../model/change.ts';
import type { Failure, FailureClass, StoppedTask } from '../model/failure.ts';
import type { ShownRollout } from '../model/rollout.ts';
import type { ServiceDeployment } from '../plan/evidence.ts';

/** What helps a service whose new tasks do not come up; docs/operate.md has a sentence for each. */
export const ADVICE = [
  /** The new value may be the cause, and the version before is known: `restore` is the command that puts it back. */
  'restore',
  /** A rotation made the value, and the database has it already: the old one works no longer. */
  'rotate-again',
  /** The value has changed again since: what became of the newer change counts. */
  'newer-version',
  /** The new value may be the cause, but which version was there before is not certain. */
  'compare-versions',
  /** No value is the cause: what the class of the failure names has to be mended. */
  'repair',
  /** The service failed before the change, too. */
  'failed-before',
  /** ECS shows no reason. */
  'look-at-tasks',
] as const;
export type Advice = (typeof ADVICE)[number];
export type Advised = { readonly advice: Advice; readonly restore?: string };

/** What a record says about a failure. */
export type Explained = Advised & { readonly failure?: Failure };

/**
 * Whether the new value can explain a failure of this class. ECS reads the value, and where that fails or never comes to
 * it, the value that was there before would fare no better; only what is said about the value, or by the application that
 * has got it, may be its fault.
 */
const VALUE_EXPLAINS: Readonly<Record<FailureClass, boolean>> = {
  role: false,
  'kms-denied': false,
  denied: false,
  'not-found': false,
  'json-key': true,
  'not-json': true,
  'bad-reference': false,
  network: false,
  image: false,
  placement: false,
  'health-check': true,
  'essential-exit': true,
  // A log driver, for instance, refuses an option that comes from a secret.
  other: true,
};

/** What ECS shows of the service beyond DescribeServices. */
export type Shown = {
  readonly tasks: readonly StoppedTask[];
  readonly deployments: readonly ServiceDeployment[];
};

/** Either what helps, or the change whose value may be the cause: then it depends on what AWS shows of the resource. */
export type Suspicion = Advised | { readonly suspect: Change };

/** What helps while a deployment is in a state that no value can explain; undefined where nothing needs to be done. */
export function adviceIn(state: ShownRollout['state']): Advised | undefined {
  return state === 'cannot-place' ? { advice: 'repair' } : undefined;
}

export function suspicion(failure: Failure | undefined, changes: readonly Change[], shown: Shown): Suspicion {
  const [first] = changes;
  if (first === undefined) return { advice: 'look-at-tasks' };
  if (failedBefore(failure, first.changedAt, shown)) return { advice: 'failed-before' };
  if (failure === undefined) return { advice: 'look-at-tasks' };
  if (!VALUE_EXPLAINS[failure.class]) return { advice: 'repair' };
  return suspectOf(changes, failure.arn);
}

/** A failure that names another resource is not the fault of one that changed. */
function suspectOf(changes: readonly Change[], named: string | undefined): Suspicion {
  const changed = changes.filter(({ kind }) => kind !== 'service');
  if (changed.length === 0) return { advice: 'look-at-tasks' };
  const meant = changed.filter(({ arn }) => named === undefined || arn === named);
  const suspect = meant.find(({ label }) => label === CURRENT) ?? meant[0];
  if (suspect === undefined) return { advice: 'repair' };
  return meant.every(({ arn }) => arn === suspect.arn) ? { suspect } : { advice: 'compare-versions' };
}

/** A single crash in the hour before says nothing. */
const CRASH_LOOP = 2;
const LEFT_FAILED = ['STOPPED', 'ROLLBACK_FAILED'];

/**
 * Whether the last deployment before the change had failed by then and was not rolled back, so that a redeploy starts what
 * had failed; or tasks stopped for the same reason before.
 */
function failedBefore(
  failure: Failure | undefined,
  changedAt: number,
  { tasks, deployments }: Shown,
): boolean {
  const [last] = deployments
    .filter(({ createdAt }) => createdAt <= changedAt)
    .toSorted((a, b) => b.createdAt - a.createdAt);
  const hadEnded = last?.finishedAt !== undefined && last.finishedAt <= changedAt;
  if (hadEnded && LEFT_FAILED.includes(last.status)) return true;
  const alike = tasks.filter(
    (task) =>
      failure !== undefined &&
      task.failure?.class === failure.class &&
      (task.stoppedAt ?? Infinity) <= changedAt,
  );
  return alike.length >= CRASH_LOOP;
}
