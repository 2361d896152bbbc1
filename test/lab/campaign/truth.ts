import type { AwsEvent } from '../../simulator/index.ts';
import type { Run } from './run.ts';
import type { ServicePlan, Use } from './scenario.ts';

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
export function movesIn({ sim }: Run): readonly Moved[] {
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
export function isMovedBy(use: Use, moved: Moved, { built, scenario }: Run): boolean {
  if (built.arnOf(use.of) !== moved.arn) return false;
  if (use.as === 'elsewhere' || use.as === 'older' || use.as === 'pinned') return false;
  if (use.in === 'pull' && scenario.settings.env['PULL_CREDENTIALS'] !== 'redeploy') return false;
  if (moved.label === undefined) return true;
  return moved.label === (use.as === 'blue' ? 'BLUE' : 'AWSCURRENT');
}

/** The changes until `at` that a service refers to. */
export function movesFor(run: Run, plan: ServicePlan, at: number): readonly Moved[] {
  const uses = usesUntil(run, plan, at);
  return movesIn(run).filter((moved) => moved.from <= at && uses.some((use) => isMovedBy(use, moved, run)));
}

/** The meaning of the tag `enabled`: any value but `true` counts as `false`. */
const isOff = (enabled: string | undefined) => enabled !== undefined && enabled !== 'true';

/** Whether a service has been opted out for so long at `at` that every look must see it. */
export function isOptedOutAt(run: Run, plan: ServicePlan, at: number): boolean {
  const { scenario } = run;
  const cluster = scenario.clusters.find(({ name }) => name === plan.cluster);
  if (isOff(cluster?.tags['enabled'])) return true;
  return enabledAt(run, plan, at).every((enabled) => isOptOut(run, enabled));
}

/** Whether a look at about this instant may have found the service opted out. */
export function mayBeOptedOutAt(run: Run, plan: ServicePlan, at: number): boolean {
  const told = enabledAt(run, plan, at + TAG_KNOWN_AFTER_MS);
  return isOptedOutAt(run, plan, at) || told.some((enabled) => isOptOut(run, enabled));
}

function isOptOut({ scenario }: Run, enabled: string | undefined): boolean {
  return isOff(enabled) || (scenario.settings.env['SELECT'] === 'tagged' && enabled !== 'true');
}

/** A process that looked this shortly before may still act on the earlier tag. */
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
export function isSelected({ scenario }: Run, cluster: string): boolean {
  const globs = (scenario.settings.env['CLUSTERS'] ?? '*').split(',');
  const fits = (glob: string) => new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(cluster);
  const [banned, wanted] = [
    globs.filter((glob) => glob.startsWith('!')),
    globs.filter((glob) => !glob.startsWith('!')),
  ];
  return wanted.some(fits) && !banned.some((glob) => fits(glob.slice(1)));
}
