import type { AwsEvent, DeploymentRecord } from '../../simulator/index.ts';
import type { Run } from './run.ts';
import type { ServicePlan, Settings, Use } from './scenario.ts';

/** The access key id of the functions in the simulator's environment. */
export const US = 'TESTING';

/** Every deployment of a service, oldest first. */
export function deploymentsOf({ sim, built }: Run, { name }: ServicePlan): readonly DeploymentRecord[] {
  return sim.deploymentsOf(built.services.get(name) ?? '').toSorted((a, b) => a.createdAt - b.createdAt);
}

type Env = Settings['env'];

/** The settings with which an invocation ran, by its number. */
export function settingsOf({ invocations, scenario }: Run, invocation: number | undefined): Env {
  return invocations[(invocation ?? 0) - 1]?.env ?? scenario.settings.env;
}

/** The number of the invocation whose call made a deployment. */
export function makerOf(run: Run, { serviceArn, createdAt }: DeploymentRecord): number | undefined {
  return run.calls.findLast(
    ({ operation, input, performed, at }) =>
      operation === 'UpdateService' && performed && input['service'] === serviceArn && at <= createdAt,
  )?.invocation;
}

/** By how much the clock of a process is wrong at most. */
export function skewOf({ scenario }: Run): number {
  return Math.max(...scenario.settings.skewsMs.map(Math.abs));
}

/** All settings that were in force at some time of the run. */
export function everySettings({ invocations, scenario }: Run): readonly Env[] {
  return [...new Set([scenario.settings.env, ...invocations.map(({ env }) => env)])];
}

/** A label that moved, or a parameter that was written, according to the events of the simulated AWS. */
export type Moved = {
  readonly arn: string;
  /** Undefined for a parameter. */
  readonly label: string | undefined;
  /** The first and the last millisecond of the second in which it happened: events carry whole seconds. */
  readonly from: number;
  readonly to: number;
};

/** All real changes, in order. */
export function movesIn(run: Run): readonly Moved[] {
  const known = MOVES.get(run) ?? movesAmong(run);
  MOVES.set(run, known);
  return known;
}

const MOVES = new WeakMap<Run, readonly Moved[]>();

function movesAmong({ sim }: Run): readonly Moved[] {
  return sim.events.flatMap((event) => {
    const from = Date.parse(event.time);
    const [arn = ''] = event.resources;
    const moved = { arn, from, to: from + 999 };
    if (event['detail-type'] === 'Secret Label Updated')
      return { ...moved, label: String(event.detail['labelUpdated']) };
    const written = ['Create', 'Update'].includes(String(event.detail['operation']));
    const isWrite =
      event['detail-type'] === 'Parameter Store Change' && written && !('exception' in event.detail);
    return isWrite ? { ...moved, label: undefined } : [];
  });
}

/** The full ARN of the event's subject; undefined if it is neither a secret nor a parameter. */
export function subjectOf({ resources, detail }: AwsEvent, { built, scenario }: Run): string | undefined {
  const [arn] = resources;
  if (arn !== undefined) return arn;
  const asked = detail['requestParameters'] as { secretId?: string } | null | undefined;
  const service = detail['additionalEventData'] as { SecretId?: string } | undefined;
  const told = service?.SecretId ?? asked?.secretId;
  const named = scenario.resources.find(({ name }) => told === name || told === built.arnOf(name));
  return named === undefined ? told : built.arnOf(named.name);
}

/** All uses of a service until `at`: those of its first revision, and those of the revisions that CI deployed. */
export function usesUntil({ scenario, startedAt }: Run, plan: ServicePlan, at: number): readonly Use[] {
  const later = scenario.actions.flatMap((action) =>
    action.do === 'deploy' && action.service === plan.name && startedAt + action.at <= at
      ? (action.uses ?? [])
      : [],
  );
  // A use in a tag or in the service itself does not change with the revision.
  return [...plan.uses, ...later.filter((use) => use.in !== 'also' && use.in !== 'service-connect')];
}

/** Whether a task that starts after this change gets a new value for this use. */
export function isMovedBy(
  use: Use,
  moved: Moved,
  { built, scenario }: Run,
  env: Env = scenario.settings.env,
): boolean {
  if (built.arnOf(use.of) !== moved.arn) return false;
  if (use.as === 'elsewhere' || use.as === 'older' || use.as === 'pinned') return false;
  if (use.in === 'pull' && env['PULL_CREDENTIALS'] !== 'redeploy') return false;
  if (moved.label === undefined) return true;
  return moved.label === (use.as === 'blue' ? 'BLUE' : 'AWSCURRENT');
}

/** The changes until `at` that a service refers to. */
export function movesFor(
  run: Run,
  plan: ServicePlan,
  at: number,
  env: Env = run.scenario.settings.env,
): readonly Moved[] {
  const uses = usesUntil(run, plan, at);
  return movesIn(run).filter(
    (moved) => moved.from <= at && uses.some((use) => isMovedBy(use, moved, run, env)),
  );
}

/**
 * The changes for which a service was stale right before a deployment: it had not been deployed since. A rollback keeps
 * the tasks that ran before, so it does not count as a deployment.
 */
export function reasonsFor(
  run: Run,
  plan: ServicePlan,
  deployment: DeploymentRecord,
  env: Env,
): readonly Moved[] {
  const { createdAt } = deployment;
  const before = deploymentsOf(run, plan).filter(
    (one) => one.createdAt < createdAt && one.by !== 'circuit-breaker',
  );
  return movesFor(run, plan, createdAt, env).filter(
    ({ arn, to }) => !isSecretOptedOut(run, arn) && !before.some((one) => one.createdAt > to),
  );
}

/** Whether a task of the service that held the value from before a change ran at an instant. */
export function isStaleAt(
  { sim, built }: Run,
  { name }: ServicePlan,
  { arn, to }: Moved,
  at: number,
): boolean {
  const { running, stoppedAt = -Infinity } = sim.lastStaleStop(
    arn,
    { arn: built.services.get(name) ?? '' },
    to,
  );
  return running > 0 || stoppedAt > at;
}

/** The meaning of the tag `enabled`: any value but `true` counts as `false`. */
const isOff = (enabled: string | undefined) => enabled !== undefined && enabled !== 'true';

/** Whether a service has been opted out for so long at `at` that every look must see it. */
export function isOptedOutAt(run: Run, plan: ServicePlan, at: number, env: Env): boolean {
  const { scenario } = run;
  const cluster = scenario.clusters.find(({ name }) => name === plan.cluster);
  if (isOff(cluster?.tags['enabled'])) return true;
  return enabledAt(run, plan, at).every((enabled) => isOptOut(env, enabled));
}

/** Whether a look at about this instant may have found the service opted out. */
export function mayBeOptedOutAt(run: Run, plan: ServicePlan, at: number, env: Env): boolean {
  const told = enabledAt(run, plan, at + TAG_KNOWN_AFTER_MS);
  return isOptedOutAt(run, plan, at, env) || told.some((enabled) => isOptOut(env, enabled));
}

/** Whether a look at any instant between the two may have found the service opted out. */
export function mayBeOptedOutBetween(
  run: Run,
  plan: ServicePlan,
  from: number,
  to: number,
  env: Env,
): boolean {
  const instants = run.scenario.actions.flatMap((action) =>
    action.do === 'tag' && action.service === plan.name ? [run.startedAt + action.at] : [],
  );
  return [from, to, ...instants.filter((at) => at > from && at < to)].some((at) =>
    mayBeOptedOutAt(run, plan, at, env),
  );
}

/** The waves that a service had between two instants. */
export function wavesOf(_run: Run, { wave = 0 }: ServicePlan, _from: number, _to: number): readonly number[] {
  return [wave];
}

function isOptOut(env: Env, enabled: string | undefined): boolean {
  return isOff(enabled) || (env['SELECT'] === 'tagged' && enabled !== 'true');
}

/** The last look is at most a second before the call: a process that looked this shortly before may act on the earlier tag. */
const TAG_KNOWN_AFTER_MS = 3_000;

function enabledAt(
  { scenario, startedAt }: Run,
  plan: ServicePlan,
  at: number,
): readonly (string | undefined)[] {
  const values = [{ at: -Infinity, enabled: plan.enabled }];
  for (const action of scenario.actions)
    if (action.do === 'tag' && action.service === plan.name)
      values.push({ at: startedAt + action.at, enabled: action.enabled });
  const recent = values.filter((value) => value.at <= at && value.at > at - TAG_KNOWN_AFTER_MS);
  const before = values.filter((value) => value.at <= at - TAG_KNOWN_AFTER_MS).slice(-1);
  return [...before, ...recent].map(({ enabled }) => enabled);
}

/** Whether the secret is opted out, which it is for the whole run. */
export function isSecretOptedOut({ scenario, built }: Run, arn: string): boolean {
  const resource = scenario.resources.find(({ name }) => built.arnOf(name) === arn);
  return isOff(resource?.enabled);
}

/** Whether the globs of CLUSTERS select this cluster. */
export function isSelected(env: Env, cluster: string): boolean {
  const globs = (env['CLUSTERS'] || '*').split(',');
  const fits = (glob: string) => new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(cluster);
  const [banned, wanted] = [
    globs.filter((glob) => glob.startsWith('!')),
    globs.filter((glob) => !glob.startsWith('!')),
  ];
  return wanted.some(fits) && !banned.some((glob) => fits(glob.slice(1)));
}

/** The instants between which a resource did not exist or was scheduled for deletion. */
export function goneTimes(run: Run, arn: string): readonly { readonly from: number; readonly to: number }[] {
  const times: { from: number; to: number }[] = [];
  for (const event of run.sim.events) {
    if (subjectOf(event, run) !== arn) continue;
    const { eventName, operation, errorCode } = event.detail;
    if (errorCode !== undefined || 'exception' in event.detail) continue;
    const at = Date.parse(event.time);
    const open = times.findLast(({ to }) => to === Infinity);
    const isEnd = eventName === 'DeleteSecret' || operation === 'Delete';
    if (isEnd && open === undefined) times.push({ from: at, to: Infinity });
    if (open !== undefined && (eventName === 'RestoreSecret' || operation === 'Create')) open.to = at + 999;
  }
  return times;
}

/** Whether it was gone at an instant between the two, or is none of the run's resources. */
export function wasGoneBetween(run: Run, arn: string, from: number, to: number): boolean {
  const known = run.scenario.resources.map(({ name }) => run.built.arnOf(name) ?? '');
  const meant = known.find((one) => one === arn || one.slice(0, -7) === arn);
  return meant === undefined || goneTimes(run, meant).some((time) => time.from <= to && time.to >= from);
}

/**
 * The changes that the event of this id tells of. RotationSucceeded counts for none: it is dated by the secret, which may have
 * been rotated again before the event is read.
 */
export function movesOf(run: Run, changeId: string): readonly Moved[] {
  const event = run.sim.events.find(({ id }) => id === changeId);
  if (event === undefined || event.detail['eventName'] === 'RotationSucceeded') return [];
  const at = Date.parse(event.time);
  const arn = subjectOf(event, run);
  const label = event.detail['labelUpdated'];
  return movesIn(run).filter(
    (moved) => moved.arn === arn && moved.from === at && (label === undefined || moved.label === label),
  );
}

/** The ARN of what a change id is about; undefined if it is unknown. */
export function resourceOf(run: Run, changeId: string): string | undefined {
  const event = run.sim.events.find(({ id }) => id === changeId);
  if (event !== undefined) return subjectOf(event, run);
  return /^invocation-\d+:(.+)$/.exec(changeId)?.[1];
}

/** Whether tasks that started right after a change may have read the value from before it. */
export function mayLag(run: Run, plan: ServicePlan, { from, to }: Moved): boolean {
  const { taskLagMs } = run.scenario.settings;
  return (
    taskLagMs > 0 &&
    deploymentsOf(run, plan).some(({ createdAt }) => createdAt > from && createdAt <= to + taskLagMs)
  );
}
