import type { PolicyDocument } from '../../simulator/iam/policy.ts';
import type { ServiceSpec, Simulator, TaskDefinitionRef } from '../../simulator/index.ts';
import type { Ask, Crowd, Resource, Scenario, ServicePlan, Use } from './scenario.ts';

const DAY = 86_400_000;

/** A version that every secret of a scenario has from the beginning. */
const PINNED = 'a-version-that-is-named-for-ever';

/** The version with the labels AWSCURRENT and BLUE at the beginning. */
export const FIRST_VERSION = `${PINNED}-2`;

/** The bucket of the fleet's snapshot. */
export const BUCKET = 'snapshots';

/** A text that must never appear in a line of the log. */
export const MARKER = 'NOT-FOR-THE-LOG';

/** The ARNs of a scenario's resources and services in the world, by the scenario's names. */
export type Built = {
  /** The full ARN at the beginning, by name; undefined for a resource that shrinking has left out of the scenario. */
  readonly arnOf: (resource: string) => string | undefined;
  /** All full ARNs that it has had, the present one last: a secret that is created again has another one. */
  readonly arnsOf: (resource: string) => readonly string[];
  readonly remade: (secret: string, arn: string) => void;
  /** ARN by the plan's name, of the services that exist or existed. */
  readonly services: ReadonlyMap<string, string>;
  readonly create: (service: string, now: number) => void;
  /** The services that were created while the scenario was performed. */
  readonly created: readonly { readonly name: string; readonly at: number }[];
  /** The value of the tag `also` that names these uses. */
  readonly alsoTag: (uses: readonly Use[]) => string;
  /** The request as it is sent; undefined if shrinking has left out everything that it names. */
  readonly requestOf: (ask: Ask) => object | undefined;
  /** Registers the next revision of a service. */
  readonly revisionFor: (service: string, uses: readonly Use[]) => TaskDefinitionRef;
  /** The ids of the versions that rotations made; they are added while the scenario is performed. */
  readonly rotated: Set<string>;
};

export function buildWorld(sim: Simulator, scenario: Scenario, now: number): Built {
  sim.world.bucket(BUCKET);
  const arns = new Map(scenario.resources.map((resource) => [resource.name, [buildResource(sim, resource)]]));
  const arnsOf = (name: string) => arns.get(name) ?? [];
  const arnOf = (name: string) => arnsOf(name)[0];
  for (const cluster of scenario.clusters) sim.world.cluster(withPrefix(cluster));
  for (const crowd of scenario.crowds ?? []) buildCrowd(sim, crowd, now);
  const shared = new Map<string, TaskDefinitionRef>();
  const revisionFor = (family: string, uses: readonly Use[]) =>
    sim.world.taskDefinition({ family, ...spelledIn(uses, arnOf) });
  const services = new Map<string, string>();
  const create = (plan: ServicePlan, at: number) => {
    const key = JSON.stringify(plan.uses);
    const own = () => revisionFor(familyOf(plan), plan.uses);
    const taskDefinition = plan.shares === true ? (shared.get(key) ?? own()) : own();
    if (plan.shares === true) shared.set(key, taskDefinition);
    services.set(plan.name, sim.world.service({ ...specOf(plan, arnOf, at), taskDefinition }).arn);
  };
  for (const plan of scenario.services) if (plan.later !== true) create(plan, now);
  const created: { name: string; at: number }[] = [];
  const plans = new Map(scenario.services.map((plan) => [plan.name, plan]));
  return {
    arnOf,
    arnsOf,
    remade: (secret, arn) => void arns.set(secret, [...arnsOf(secret), arn]),
    services,
    created,
    create(name, at) {
      const plan = plans.get(name);
      if (plan === undefined) return;
      create({ ...without(plan), ageMs: 0 }, at);
      created.push({ name, at });
    },
    alsoTag: (uses) => alsoTag(uses, arnOf),
    requestOf: (ask) => requestOf(ask, plans, arnOf, now),
    rotated: new Set(),
    revisionFor(name, uses) {
      const plan = plans.get(name);
      return revisionFor(plan === undefined ? name : familyOf(plan), uses);
    },
  };
}

/** A service that is created has no older tasks. */
function without({ inProgress: _inProgress, ...plan }: ServicePlan): ServicePlan {
  return plan;
}

/** Services of three revisions that refer to a parameter that never changes. */
function buildCrowd(sim: Simulator, { cluster, count }: Crowd, now: number): void {
  const { arn } = sim.world.parameter({ name: `/crowd/${cluster}` });
  const revisions = ['a', 'b', 'c'].map((family) =>
    sim.world.taskDefinition({ family: `${cluster}-crowd-${family}`, secrets: [arn] }),
  );
  for (let index = 0; index < count; index++) {
    const taskDefinition = revisions[index % revisions.length] as TaskDefinitionRef;
    sim.world.service({ name: `crowd-${index}`, cluster, taskDefinition, startedAt: now - DAY });
  }
}

function requestOf(
  { action, secret, parameter, services, force, at }: Ask,
  plans: ReadonlyMap<string, ServicePlan>,
  arnOf: Built['arnOf'],
  startedAt: number,
): object | undefined {
  const named = (services ?? []).flatMap((name) => {
    const plan = plans.get(name);
    return plan === undefined ? [] : [`${plan.cluster}/${name}`];
  });
  const resources = [secret, parameter].filter((name) => name !== undefined && arnOf(name) !== undefined);
  if (action !== 'stale' && named.length + resources.length === 0) return undefined;
  return {
    action,
    ...(secret !== undefined && arnOf(secret) !== undefined && { secret }),
    ...(parameter !== undefined && arnOf(parameter) !== undefined && { parameter }),
    ...(named.length > 0 && { services: named }),
    ...(force === true && { force }),
    ...(at !== undefined && { at: new Date(startedAt + at).toISOString() }),
  };
}

/** The account of the foreign secrets. */
export const THEIRS = '222233334444';

const HIDES: PolicyDocument = {
  Statement: {
    Effect: 'Deny',
    // The functions; the judges and those who change the secret may.
    Principal: { AWS: 'arn:aws:sts::111122223333:assumed-role/TESTING/session' },
    Action: ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'],
    Resource: '*',
  },
};

function buildResource(sim: Simulator, { kind, name, enabled, foreign, hidden }: Resource): string {
  if (kind === 'parameter') return sim.world.parameter({ name, description: MARKER }).arn;
  const tags = { team: MARKER, ...(enabled === undefined ? {} : { 'secret-redeploy:enabled': enabled }) };
  const versions = [
    { id: PINNED, labels: ['AWSPREVIOUS'] },
    { id: FIRST_VERSION, labels: ['AWSCURRENT', 'BLUE'] },
  ];
  const { arn } = sim.world.secret({
    name,
    tags,
    versions,
    description: MARKER,
    ...(foreign && { place: { account: THEIRS } }),
    ...(hidden && { resourcePolicy: HIDES }),
  });
  return arn;
}

function withPrefix({ name, tags }: Scenario['clusters'][number]) {
  return {
    name,
    tags: Object.fromEntries(Object.entries(tags).map(([key, value]) => [`secret-redeploy:${key}`, value])),
  };
}

function familyOf({ cluster, name }: ServicePlan): string {
  return `${cluster}-${name}`;
}

type ArnOf = Built['arnOf'];

function specOf(plan: ServicePlan, arnOf: ArnOf, now: number): ServiceSpec {
  const { name, cluster, kind, desired, percents, breaker, rollout, pauses, uses, ageMs, inProgress } = plan;
  const startedAt = now - ageMs;
  return {
    name,
    cluster,
    desired,
    startedAt,
    tags: tagsOf(plan, arnOf),
    ...KIND_SPECS[kind],
    ...(percents === undefined ? {} : { minimumHealthyPercent: percents[0], maximumPercent: percents[1] }),
    ...(breaker === undefined ? {} : { circuitBreaker: { enable: true, rollback: true } }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(pauses === undefined ? {} : { pauseHooks: pauses }),
    ...(inProgress === undefined
      ? {}
      : { running: 0, pending: desired, older: [{ startedAt: startedAt - DAY, running: desired }] }),
    serviceConnectSecrets: spelled(uses, 'service-connect', arnOf),
  };
}

const KIND_SPECS: Readonly<Record<ServicePlan['kind'], ServiceSpec>> = {
  rolling: {},
  daemon: { daemon: true },
  'blue-green': { strategy: 'BLUE_GREEN' },
  linear: { strategy: 'LINEAR' },
  canary: { strategy: 'CANARY' },
  express: { express: true },
  'code-deploy': { controller: 'CODE_DEPLOY' },
  external: { controller: 'EXTERNAL' },
};

function alsoTag(uses: readonly Use[], arnOf: ArnOf): string {
  return spelled(uses, 'also', arnOf).join(' ').replaceAll('!', '=21');
}

function tagsOf({ enabled, wave, uses }: ServicePlan, arnOf: ArnOf): Readonly<Record<string, string>> {
  const also = alsoTag(uses, arnOf);
  return {
    team: MARKER,
    ...(enabled === undefined ? {} : { 'secret-redeploy:enabled': enabled }),
    ...(wave === undefined ? {} : { 'secret-redeploy:wave': String(wave) }),
    ...(also === '' ? {} : { 'secret-redeploy:also': also }),
  };
}

function spelledIn(uses: readonly Use[], arnOf: ArnOf) {
  const [pull] = spelled(uses, 'pull', arnOf);
  const [logSecrets, fsxCredentials] = [spelled(uses, 'log', arnOf), spelled(uses, 'fsx', arnOf)];
  return {
    secrets: spelled(uses, 'secrets', arnOf),
    environment: { TOKEN: MARKER },
    ...(logSecrets.length === 0 ? {} : { logSecrets }),
    ...(fsxCredentials.length === 0 ? {} : { fsxCredentials }),
    ...(pull === undefined ? {} : { pullCredentials: pull }),
  };
}

function spelled(uses: readonly Use[], place: Use['in'], arnOf: ArnOf): readonly string[] {
  return uses
    .filter((use) => use.in === place)
    .flatMap((use) => {
      const arn = arnOf(use.of);
      return arn === undefined ? [] : [spell(arn, use)];
    });
}

/**
 * The text of a reference (functions/README.md, References). A parameter has only two forms: its ARN, and in a task
 * definition its name.
 */
function spell(arn: string, { of: name, as }: Use): string {
  if (!arn.includes(':secret:')) {
    if (as === 'elsewhere') return arn.replace('eu-west-1', 'us-east-1');
    return as === 'partial' ? name : arn;
  }
  const partial = arn.slice(0, -7);
  switch (as) {
    case 'full':
      return arn;
    case 'partial':
      return partial;
    case 'key':
      return `${partial}:password::`;
    case 'current':
      return `${arn}::AWSCURRENT:`;
    case 'previous':
      return `${arn}::AWSPREVIOUS:`;
    case 'blue':
      return `${arn}:password:BLUE:`;
    case 'pinned':
      return `${arn}:::${PINNED}`;
    case 'pass-through':
      return `/aws/reference/secretsmanager/${name}`;
    case 'elsewhere':
      return arn.replace('eu-west-1', 'us-east-1');
    case 'older':
      return `${partial}-0lDer1`;
    default:
      return as satisfies never;
  }
}
