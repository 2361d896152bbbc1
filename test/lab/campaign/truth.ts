import type { AwsEvent, DeploymentRecord } from '../../simulator/index.ts';
import type { Call } from './carry.ts';
import type { Invocation } from './processes.ts';
import type { Run, Told } from './run.ts';
import { type Ask, REFUSALS, type ServicePlan, type Settings, type Use } from './scenario.ts';

/** The access key id of the functions in the simulator's environment. */
export const US = 'TESTING';

/** Whether AWS refused a call; every other fault is repeated, or fails the whole look. */
export function isRefused({ fault }: Call): boolean {
  return fault === 'access-denied' || REFUSALS.includes(fault);
}

/** When the invocation began that wrote a record. */
export function beganAt({ invocations }: Run, { invocation, at }: Told): number {
  return invocations[invocation - 1]?.startedAt ?? at;
}

/** The changes that a record is about. */
export function idsIn({ record: { changeId = '', changeIds = [changeId] } }: Told): readonly string[] {
  return changeIds;
}

/** Every deployment of a service, oldest first. */
export function deploymentsOf({ sim, built }: Run, { name }: ServicePlan): readonly DeploymentRecord[] {
  return sim.deploymentsOf(built.services.get(name) ?? '').toSorted((a, b) => a.createdAt - b.createdAt);
}

/** Those that our functions made. */
export function oursOf(run: Run, plan: ServicePlan): readonly DeploymentRecord[] {
  return deploymentsOf(run, plan).filter(({ by }) => by === US);
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

/** How late ECS shows at most what others have done: the last look is up to a second before the call, and reads lag. */
export function unseenMs({ scenario }: Run): number {
  return 3_000 + (scenario.settings.ecsLagMs ?? 0);
}

/**
 * Whether ECS did not yet show what makes a service refer to the resource when the change was looked at first: only a
 * sweep finds such a service.
 */
export function mayBeUnseen(run: Run, plan: ServicePlan, { from, to }: Moved): boolean {
  const { ecsLagMs = 0 } = run.scenario.settings;
  return deploymentsOf(run, plan).some(({ createdAt }) => createdAt > from - ecsLagMs && createdAt <= to);
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

/** All uses of a service until `at`: those of its first revision and tags, and those that CI and retagging added. */
export function usesUntil({ scenario, startedAt }: Run, plan: ServicePlan, at: number): readonly Use[] {
  const done = scenario.actions.filter(
    (action) => 'service' in action && action.service === plan.name && startedAt + action.at <= at,
  );
  const revised = done.flatMap((action) => (action.do === 'deploy' ? (action.uses ?? []) : []));
  const tagged = done.flatMap((action) => (action.do === 'retag' ? (action.also ?? []) : []));
  // A use in a tag or in the service itself does not change with the revision.
  const ofRevisions = revised.filter((use) => use.in !== 'also' && use.in !== 'service-connect');
  return [...plan.uses, ...ofRevisions, ...tagged];
}

/** The forms of a reference that name whichever secret has the name now. */
const BY_NAME: readonly Use['as'][] = ['partial', 'key', 'pass-through'];

/** The ARNs of everything that a use has named, or could have. */
export function namedBy({ of, as }: Use, { built }: Run): readonly string[] {
  return BY_NAME.includes(as) ? built.arnsOf(of) : built.arnsOf(of).slice(0, 1);
}

/** Whether a task that starts after this change gets a new value for this use. */
export function isMovedBy(use: Use, moved: Moved, run: Run, env: Env = run.scenario.settings.env): boolean {
  if (!namedBy(use, run).includes(moved.arn)) return false;
  if (use.as === 'elsewhere' || use.as === 'older' || use.as === 'pinned') return false;
  if (use.in === 'pull' && env['PULL_CREDENTIALS'] !== 'redeploy') return false;
  if (moved.label === undefined) return true;
  return moved.label === (use.as === 'blue' ? 'BLUE' : 'AWSCURRENT');
}

/** The changes until `at` that a service refers to, and the requests that demand its redeploy. */
export function movesFor(
  run: Run,
  plan: ServicePlan,
  at: number,
  env: Env = run.scenario.settings.env,
): readonly Moved[] {
  const uses = usesUntil(run, plan, at);
  const moves = movesIn(run).filter((moved) => uses.some((use) => isMovedBy(use, moved, run, env)));
  return [...moves, ...demandsFor(run, plan, uses)].filter(({ from }) => from <= at);
}

/** A request by hand that demands deployments whatever has changed: of what is older than its instant. */
export type Demand = Moved & { readonly ask: Ask };

export function isDemand(moved: Moved): moved is Demand {
  return 'ask' in moved;
}

function demandsFor(run: Run, { name }: ServicePlan, uses: readonly Use[]): readonly Demand[] {
  return demandsIn(run).filter(({ ask: { services, secret, parameter } }) =>
    services === undefined
      ? uses.some(({ of }) => of === secret || of === parameter)
      : services.includes(name),
  );
}

const DEMANDS = new WeakMap<Run, readonly Demand[]>();

function demandsIn(run: Run): readonly Demand[] {
  const known = DEMANDS.get(run) ?? run.invocations.flatMap((one) => demandOf(run, one));
  DEMANDS.set(run, known);
  return known;
}

function demandOf({ startedAt: begin }: Run, { ask, id, startedAt }: Invocation): readonly Demand[] {
  if (ask?.action !== 'redeploy' || (ask.services === undefined && ask.force !== true)) return [];
  const at = ask.at === undefined ? startedAt : begin + ask.at;
  return [{ ask, arn: `request ${id}`, label: undefined, from: at, to: at }];
}

/** The last look at a service is so shortly before the call: what others deploy after it is unseen. */
const LAST_LOOK_MS = 1_000;

/**
 * The changes for which a service was stale at the last look before a deployment: it had not been deployed since. A rollback
 * keeps the tasks that ran before, so it does not count as a deployment.
 */
export function reasonsFor(
  run: Run,
  plan: ServicePlan,
  deployment: DeploymentRecord,
  env: Env,
): readonly Moved[] {
  const { createdAt } = deployment;
  const seen = createdAt - LAST_LOOK_MS - (run.scenario.settings.ecsLagMs ?? 0);
  const before = deploymentsOf(run, plan).filter(
    (one) => one.createdAt < (one.by === US ? createdAt : seen) && one.by !== 'circuit-breaker',
  );
  return movesFor(run, plan, createdAt, env).filter(
    ({ arn, to }) => !isSecretOptedOutFor(run, arn, deployment) && !before.some((one) => one.createdAt > to),
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
  const told = enabledAt(run, plan, at + unseenMs(run));
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
  const instants = taggings(run, plan).map(({ at }) => at);
  return [from, to, ...instants.filter((at) => at > from && at < to)].some((at) =>
    mayBeOptedOutAt(run, plan, at, env),
  );
}

/** The waves that a look between two instants may have found. */
export function wavesOf(run: Run, plan: ServicePlan, from: number, to: number): readonly number[] {
  return valuesBetween(
    taggings(run, plan).flatMap(({ at, wave }) => (wave === undefined ? [] : [{ at, value: wave }])),
    from - unseenMs(run),
    to,
  );
}

type Tagging = { readonly at: number; readonly enabled?: string | undefined; readonly wave?: number };

/** What was set in the tags of a service, in order: by its creation, and by tagging. */
function taggings({ scenario, startedAt, built }: Run, plan: ServicePlan): readonly Tagging[] {
  const { enabled, wave = 0 } = plan;
  const born = built.created.filter(({ name }) => name === plan.name).map(({ at }) => at);
  const tagged = scenario.actions.flatMap((action): readonly Tagging[] => {
    const at = startedAt + action.at;
    if (action.do === 'tag' && action.service === plan.name) return [{ at, enabled: action.enabled }];
    return action.do === 'retag' && action.service === plan.name && action.wave !== undefined
      ? [{ at, wave: action.wave }]
      : [];
  });
  return [-Infinity, ...born]
    .map((at): Tagging => ({ at, enabled, wave }))
    .concat(tagged)
    .toSorted((a, b) => a.at - b.at);
}

/** The values that were in force at some time between two instants. */
function valuesBetween<T>(
  values: readonly { readonly at: number; readonly value: T }[],
  from: number,
  to: number,
): readonly T[] {
  const within = values.filter(({ at }) => at > from && at <= to);
  return [...values.filter(({ at }) => at <= from).slice(-1), ...within].map(({ value }) => value);
}

function isOptOut(env: Env, enabled: string | undefined): boolean {
  return isOff(enabled) || (env['SELECT'] === 'tagged' && enabled !== 'true');
}

function enabledAt(run: Run, plan: ServicePlan, at: number): readonly (string | undefined)[] {
  const values = taggings(run, plan).flatMap((one) =>
    'enabled' in one ? [{ at: one.at, value: one.enabled }] : [],
  );
  return valuesBetween(values, at - unseenMs(run), at);
}

/** Whether the secret was opted out at some time of the run. */
export function maySecretBeOptedOut(run: Run, arn: string): boolean {
  return secretTagsOf(run, arn, -Infinity, Infinity).some(isOff);
}

/**
 * Whether the secret was opted out for so long that the invocation that made a deployment must have known it: it asks about
 * the secret when it begins.
 */
export function isSecretOptedOutFor(run: Run, arn: string, deployment: DeploymentRecord): boolean {
  const { createdAt } = deployment;
  const { startedAt = createdAt } = run.invocations[(makerOf(run, deployment) ?? 0) - 1] ?? {};
  const tags = secretTagsOf(run, arn, startedAt - run.scenario.settings.lagMs, createdAt);
  return tags.length > 0 && tags.every(isOff) && !wasDenied(run, arn, startedAt, createdAt);
}

/** Whether the description of a secret was denied, so that its tag was not seen: then its event alone counts. */
function wasDenied({ calls }: Run, arn: string, from: number, to: number): boolean {
  return calls.some(
    ({ operation, fault, input, at }) =>
      operation === 'DescribeSecret' &&
      fault === 'access-denied' &&
      input['SecretId'] === arn &&
      at >= from &&
      at <= to,
  );
}

/** The values that the tag `enabled` of a secret had between two instants. */
function secretTagsOf(
  { scenario, built, startedAt }: Run,
  arn: string,
  from: number,
  to: number,
): readonly (string | undefined)[] {
  const resource = scenario.resources.find(({ name }) => built.arnsOf(name).includes(arn));
  if (resource === undefined) return [];
  const isFirst = built.arnOf(resource.name) === arn;
  const tagged = scenario.actions.flatMap((action) =>
    action.do === 'tag-secret' && action.secret === resource.name
      ? [{ at: startedAt + action.at, value: action.enabled }]
      : [],
  );
  return valuesBetween(
    [{ at: -Infinity, value: isFirst ? resource.enabled : undefined }, ...tagged],
    from,
    to,
  );
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

/** Whether the secret of this ARN is gone for good, and another one has its name or will. */
export function isRemade({ scenario, built }: Run, arn: string): boolean {
  const resource = scenario.resources.find(({ name }) => built.arnsOf(name).includes(arn));
  const remakings = scenario.actions.filter(
    (action) => action.do === 'recreate-secret' && action.secret === resource?.name,
  );
  return resource !== undefined && built.arnsOf(resource.name).indexOf(arn) < remakings.length;
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

/** Whether what a use names was gone between two instants: a name is gone until another secret has it. */
export function wasUseGoneBetween(run: Run, use: Use, from: number, to: number): boolean {
  const arns = namedBy(use, run);
  return arns.some((arn, index) => {
    const next = arns[index + 1];
    const end = next === undefined ? Infinity : createdAt(run, next);
    return goneTimes(run, arn).some((time) => time.from <= to && Math.min(time.to, end) >= from);
  });
}

/** When a secret was made while the scenario was performed. */
function createdAt(run: Run, arn: string): number {
  const isCreation = ({ detail }: AwsEvent) =>
    JSON.stringify(detail['responseElements'] ?? null).includes(arn) &&
    detail['eventName'] === 'CreateSecret';
  const event = run.sim.events.find(isCreation);
  return event === undefined ? Infinity : Date.parse(event.time) + 999;
}

/** Whether it was gone at an instant between the two, or is none of the run's resources. */
export function wasGoneBetween(run: Run, arn: string, from: number, to: number): boolean {
  const known = run.scenario.resources.flatMap(({ name }) => run.built.arnsOf(name));
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
  const { settings, actions } = run.scenario;
  const isRightAfter = (at: number) => at > from && at <= to + settings.taskLagMs;
  const isReplaced = actions.some(
    (action) =>
      (action.do === 'replace' || action.do === 'scale') &&
      action.service === plan.name &&
      isRightAfter(run.startedAt + action.at),
  );
  return (
    settings.taskLagMs > 0 &&
    (isReplaced || deploymentsOf(run, plan).some(({ createdAt }) => isRightAfter(createdAt)))
  );
}
