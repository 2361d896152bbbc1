import type { FleetModel, GroupModel, RevisionModel, ServiceModel, TruthModel } from './fleet-model.ts';

/**
 * The required decision about a service for one change: not mentioned at all, redeployed, or left alone for one of
 * these reasons (more than one where the contract leaves it open). It is worked out from AWS's rules
 * (functions/README.md, References) and (functions/README.md, Deployments), not from the code.
 */
export type Verdict = 'unmatched' | 'redeploy' | readonly string[];

/** What a reference means for a change. */
type Effect = 'moves' | 'pinned' | 'label-not-moved' | 'pull-only';

const MINUTE = 60_000;

/** The verdict for one service and one change, at the instant at which the function looks. */
export function verdictFor(
  fleet: FleetModel,
  service: ServiceModel,
  truth: TruthModel,
  now: number,
): Verdict {
  if (service.status !== 'ACTIVE' || !isSelected(fleet.settings.clusters, service.cluster))
    return 'unmatched';
  const effects = groupsThatCount(service).flatMap((group) => effectsIn(fleet, group, truth));
  effects.push(...effectsOfTags(fleet, service, truth));
  if (effects.length === 0) return 'unmatched';
  if (isOptedOut(fleet, service, truth)) return ['opted-out'];
  if (!effects.includes('moves')) return [...new Set(effects)];
  return verdictOnTasks(fleet, service, truth, now);
}

function verdictOnTasks(fleet: FleetModel, service: ServiceModel, truth: TruthModel, now: number): Verdict {
  const { primary, others, desired, controller } = service;
  const groups = [primary, ...others].filter(hasTasks);
  if (desired === 0 && groups.length === 0) return ['no-tasks'];
  if (controller === 'CODE_DEPLOY' || controller === 'EXTERNAL') return ['unsupported-controller'];
  if (primary.createdAt > truth.changedAt) return verdictOnNewPrimary(service, now - truth.changedAt);
  const tasksAreNew = groups.every((group) => group.tasksStartedAt - 5000 > truth.changedAt);
  if (now - truth.changedAt > 2 * MINUTE && tasksAreNew) return ['already-fresh'];
  if (onlyOlderTasksAreConcerned(fleet, service, truth)) return ['rolling-out'];
  if (service.strategy !== 'ROLLING' && service.state === 'IN_PROGRESS') return ['deployment-in-progress'];
  if (isStuck(service)) return ['cannot-replace'];
  return now - primary.createdAt < fleet.settings.cooldownMs ? ['cooldown'] : 'redeploy';
}

/** At an age of one minute and a little more, the instant of the function's look decides whether the failure counts. */
function verdictOnNewPrimary(service: ServiceModel, age: number): Verdict {
  if (service.state === 'FAILED') {
    return age > MINUTE + 15_000 ? ['rollout-failed'] : ['rollout-failed', 'rolling-out'];
  }
  return [isDone(service) && !service.others.some(hasTasks) ? 'already-fresh' : 'rolling-out'];
}

function onlyOlderTasksAreConcerned(fleet: FleetModel, service: ServiceModel, truth: TruthModel): boolean {
  const moves = (group: GroupModel): boolean => effectsIn(fleet, group, truth).includes('moves');
  if (effectsOfTags(fleet, service, truth).includes('moves') || moves(service.primary)) return false;
  return service.others.filter(hasTasks).some(moves);
}

function isDone({ strategy, state, primary, desired }: ServiceModel): boolean {
  return strategy === 'ROLLING'
    ? state === 'COMPLETED'
    : primary.running === desired && primary.pending === 0;
}

function isStuck({ desired, percents, strategy }: ServiceModel): boolean {
  if (percents === undefined || desired === 0 || strategy !== 'ROLLING') return false;
  const [min, max] = percents;
  return Math.ceil((desired * min) / 100) >= desired && Math.floor((desired * max) / 100) <= desired;
}

function hasTasks({ running, pending }: GroupModel): boolean {
  return running + pending > 0;
}

function groupsThatCount({ primary, others }: ServiceModel): readonly GroupModel[] {
  return [primary, ...others.filter(hasTasks)];
}

function isOptedOut({ settings, clusters }: FleetModel, service: ServiceModel, truth: TruthModel): boolean {
  const key = `${settings.prefix}:enabled`;
  const cluster = clusters.find(({ name }) => name === service.cluster);
  const says = [service.tags[key], cluster?.tags[key]].filter((value) => value !== undefined);
  if (says.some((value) => value !== 'true')) return true;
  if (truth.kind === 'secret' && truth.optedOut) return true;
  return settings.select === 'tagged' && service.tags[key] !== 'true';
}

/** Globs by way of a regular expression for the whole name. */
export function isSelected(globs: string, cluster: string): boolean {
  const parts = globs.split(',').map((part) => part.trim());
  const fits = (glob: string): boolean =>
    new RegExp(`^${glob.split('*').map(literal).join('.*')}$`).test(cluster);
  const [banned, wanted] = [
    parts.filter((part) => part.startsWith('!')),
    parts.filter((part) => !part.startsWith('!')),
  ];
  return wanted.some(fits) && !banned.some((glob) => fits(glob.slice(1)));
}

/**
 * Whether a new task of the service may need something beside what changed that does not exist, while ECS may stop tasks
 * before a new one runs: then the service may wait for a second look.
 */
export function mayLackSomething(
  fleet: FleetModel,
  { primary, percents, daemon }: ServiceModel,
  truths: readonly TruthModel[],
): boolean {
  const minimum = percents?.[0] ?? (daemon ? 0 : 100);
  const { pull } = primary.revision;
  const needed = [...texts(primary.revision, primary.connect), ...(pull === undefined ? [] : [pull])];
  const isKnown = (text: string) =>
    truths.some(
      (truth) => effectOf(text, fleet, truth).length > 0 || pullEffect(text, fleet, truth).length > 0,
    );
  return minimum < 100 && !needed.every(isKnown);
}

function effectsIn(fleet: FleetModel, { revision, connect }: GroupModel, truth: TruthModel): Effect[] {
  return [
    ...texts(revision, connect).flatMap((text) => effectOf(text, fleet, truth)),
    ...(revision.pull === undefined ? [] : pullEffect(revision.pull, fleet, truth)),
  ];
}

function texts(revision: RevisionModel, connect: readonly string[]): readonly string[] {
  const { credentialSpecs, dockerSecurityOptions } = revision;
  // ECS takes the legacy field only for a container without the other.
  const specs = credentialSpecs.length > 0 ? credentialSpecs : dockerSecurityOptions;
  return [
    ...revision.secrets,
    ...revision.sidecarSecrets,
    ...revision.log,
    ...revision.fsx,
    ...connect,
    ...specs.flatMap((text) => /^credentialspec(?:domainless)?:(arn:.*)$/s.exec(text)?.slice(1) ?? []),
  ];
}

function effectOf(text: string, fleet: FleetModel, truth: TruthModel): Effect[] {
  if (truth.kind === 'parameter') return parameterEffect(text, fleet, truth.name);
  const arn = secretArn(fleet, truth);
  const either = `(?:${literal(arn)}|${literal(arn.slice(0, -7))})`;
  const found = new RegExp(`^${either}(?::([^:]*):([^:]*):([^:]*))?$`).exec(text);
  if (found !== null) {
    const [, , stage = '', id = ''] = found;
    if (id !== '') return ['pinned'];
    return [follows(stage === '' || stage === 'AWSPREVIOUS' ? 'AWSCURRENT' : stage, truth.labels)];
  }
  return passesThrough(text, fleet, truth.name) ? [follows('AWSCURRENT', truth.labels)] : [];
}

function follows(label: string, labels: readonly string[]): Effect {
  return labels.includes(label) ? 'moves' : 'label-not-moved';
}

/** `/aws/reference/secretsmanager/NAME`, bare or as the ARN of a parameter. */
function passesThrough(text: string, { place }: FleetModel, name: string): boolean {
  const path = `aws/reference/secretsmanager/${name}`;
  const { partition, region, account } = place;
  return [`/${path}`, `arn:${partition}:ssm:${region}:${account}:parameter/${path}`].includes(text);
}

function parameterEffect(text: string, { place }: FleetModel, name: string): Effect[] {
  const { partition, region, account } = place;
  const folded = name.replace(/^\//, '');
  const bare = folded.includes('/') ? [`/${folded}`] : [folded, `/${folded}`];
  const forms = [...bare, `arn:${partition}:ssm:${region}:${account}:parameter/${folded}`];
  if (forms.includes(text)) return ['moves'];
  return forms.some((form) => text.startsWith(`${form}:`) && text.length > form.length + 1) ? ['pinned'] : [];
}

function pullEffect(text: string, fleet: FleetModel, truth: TruthModel): Effect[] {
  if (truth.kind === 'parameter') return [];
  const arn = secretArn(fleet, truth);
  if (![arn, arn.slice(0, -7), truth.name].includes(text)) return [];
  return [fleet.settings.pull === 'ignore' ? 'pull-only' : follows('AWSCURRENT', truth.labels)];
}

function effectsOfTags(fleet: FleetModel, service: ServiceModel, truth: TruthModel): Effect[] {
  const { prefix } = fleet.settings;
  const words = ['also', 'also-1', 'also-2']
    .flatMap((key) => (service.tags[`${prefix}:${key}`] ?? '').split(' '))
    .filter((word) => word !== '');
  return words.flatMap((word) => {
    const name = word.replaceAll(/=[0-9A-F]{2}/g, (code) => decodeURIComponent(code.replace('=', '%')));
    const pattern = new RegExp(`^${literal(name)}$`);
    if (truth.kind === 'secret') {
      const arn = secretArn(fleet, truth);
      const named = [arn, arn.slice(0, -7), truth.name].some((form) => pattern.test(form));
      return named ? [follows('AWSCURRENT', truth.labels)] : [];
    }
    const { partition, region, account } = fleet.place;
    const folded = truth.name.replace(/^\//, '');
    const forms = [`/${folded}`, `arn:${partition}:ssm:${region}:${account}:parameter/${folded}`];
    if (!folded.includes('/')) forms.push(folded);
    return forms.some((form) => pattern.test(form)) ? ['moves'] : [];
  });
}

/** The full ARN of the secret that changed. */
export function secretArn(
  { place }: FleetModel,
  secret: { readonly name: string; readonly suffix: string },
): string {
  const { partition, region, account } = place;
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${secret.name}-${secret.suffix}`;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
