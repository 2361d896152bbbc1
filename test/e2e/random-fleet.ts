import { type Dice, dice } from '../support/dice.ts';
import type { Place } from '../support/events.ts';
import {
  type FleetModel,
  type GroupModel,
  NOTHING,
  type RevisionModel,
  type ServiceModel,
  type SettingsModel,
} from './fleet-model.ts';
import type { RandomChange } from './random-change.ts';

export const PARTITIONS = [
  { partition: 'aws', region: 'eu-west-1' },
  { partition: 'aws-cn', region: 'cn-north-1' },
  { partition: 'aws-us-gov', region: 'us-gov-west-1' },
  { partition: 'aws-iso', region: 'us-iso-east-1' },
  { partition: 'aws-iso-b', region: 'us-isob-east-1' },
  { partition: 'aws-iso-e', region: 'eu-isoe-west-1' },
  { partition: 'aws-iso-f', region: 'us-isof-south-1' },
  { partition: 'aws-eusc', region: 'eusc-de-east-1' },
] as const;

const CLUSTERS = ['prod-a', 'prod-b', 'dev-a', 'shared', 'prod'] as const;
const HOUR = 3_600_000;

export function randomSettings(roll: Dice): SettingsModel {
  return {
    prefix: roll.pick(['secret-redeploy', 'acme']),
    select: roll.chance(0.2) ? 'tagged' : 'all',
    pull: roll.pick(['ignore', 'redeploy']),
    clusters: roll.pick([
      '*',
      '*',
      '*',
      '*',
      'prod-*',
      '*,!dev-*',
      'prod,shared',
      '*-a, !dev-a',
      'p*d-*,dev-a',
    ]),
    // These values are far from every age that a deployment can have here.
    cooldownMs: roll.pick([0, 0, 150_000]),
  };
}

/** 30 to 60 services, in all states, that refer to the changed resources in all ways. */
export function randomFleet(
  seed: number,
  place: Place,
  settings: SettingsModel,
  changes: readonly RandomChange[],
): FleetModel {
  const roll = dice(seed);
  const names = CLUSTERS.slice(0, roll.int(1, 5));
  const changedAt = Math.max(...changes.map(({ truth }) => truth.changedAt));
  const clusters = names.map((name) => ({
    name,
    tags: roll.chance(0.1) ? { [`${settings.prefix}:enabled`]: roll.pick(['false', 'maybe', 'true']) } : {},
  }));
  const services = Array.from({ length: roll.int(30, 60) }, (_, index) =>
    randomService(roll, `service-${index}`, roll.pick(names), settings, changes, changedAt),
  );
  return { place, settings, clusters, services };
}

function randomService(
  roll: Dice,
  name: string,
  cluster: string,
  settings: SettingsModel,
  changes: readonly RandomChange[],
  changedAt: number,
): ServiceModel {
  const kind = roll.pick(KINDS);
  const desired = kind === 'empty' ? 0 : roll.int(1, 3);
  const plain: ServiceModel = {
    name,
    cluster,
    tags: randomTags(roll, settings, changes),
    status: 'ACTIVE',
    desired,
    controller: roll.chance(0.5) ? 'ECS' : undefined,
    strategy: 'ROLLING',
    daemon: false,
    express: false,
    oldArn: roll.chance(0.1),
    percents: undefined,
    state: 'COMPLETED',
    primary: group(randomRevision(roll, changes), randomConnect(roll, changes), changedAt - HOUR, desired),
    others: [],
  };
  return { ...plain, ...SCENES[kind](plain, roll, changes, changedAt) };
}

type Scene = (
  plain: ServiceModel,
  roll: Dice,
  changes: readonly RandomChange[],
  changedAt: number,
) => Partial<ServiceModel>;

/** The differences from a service that has run for an hour. */
const SCENES = {
  stale: () => ({}),
  boundary: ({ primary }, roll, _changes, changedAt) => ({
    primary: { ...primary, ...since(changedAt - roll.pick([1, 300, 999, 1500])) },
  }),
  fresh: ({ primary }, roll, _changes, changedAt) => ({
    primary: { ...primary, ...since(changedAt + roll.pick([1, 2, 500, 1000])) },
  }),
  rolling: ({ primary, desired }, _roll, _changes, changedAt) => ({
    state: 'IN_PROGRESS',
    primary: { ...primary, ...since(changedAt + 500), running: 0, pending: desired },
    others: [{ ...primary, running: desired }],
  }),
  rollingFromBefore: ({ primary, desired }, roll, changes, changedAt) => ({
    state: 'IN_PROGRESS',
    primary: { ...primary, running: 0, pending: desired },
    others: [group(randomRevision(roll, changes), [], changedAt - 2 * HOUR, desired)],
  }),
  drained: ({ primary }, roll, changes, changedAt) => ({
    primary,
    others: [group(randomRevision(roll, changes), randomConnect(roll, changes), changedAt - 2 * HOUR, 0)],
  }),
  failed: ({ primary, desired }, _roll, _changes, changedAt) => ({
    state: 'FAILED',
    primary: { ...primary, ...since(changedAt + 800), running: 0, pending: 0 },
    others: [{ ...primary, running: desired }],
  }),
  newTasks: ({ primary }, _roll, _changes, changedAt) => ({
    primary: { ...primary, tasksStartedAt: changedAt + 6000 },
  }),
  empty: ({ primary }) => ({ primary: { ...primary, running: 0 } }),
  draining: () => ({ status: 'DRAINING' }),
  inactive: () => ({ status: 'INACTIVE' }),
  codeDeploy: ({ primary }, roll, changes, changedAt) => ({
    controller: 'CODE_DEPLOY',
    others: [{ ...group(randomRevision(roll, changes), [], changedAt - HOUR, 1) }],
    primary: { ...primary, connect: [] },
  }),
  external: ({ primary }) => ({ controller: 'EXTERNAL', primary: { ...primary, connect: [] } }),
  daemon: () => ({ daemon: true }),
  express: () => ({ express: true, strategy: 'CANARY' }),
  blueGreen: (_plain, roll) => ({ strategy: roll.pick(['BLUE_GREEN', 'LINEAR', 'CANARY']) }),
  blueGreenBusy: ({ primary, desired }, roll, _changes, changedAt) => ({
    strategy: roll.pick(['BLUE_GREEN', 'LINEAR', 'CANARY']),
    state: 'IN_PROGRESS',
    primary: { ...primary, pending: 0 },
    others: [{ ...primary, ...since(changedAt - 2 * HOUR), running: desired }],
  }),
  tight: (_plain, roll) => ({
    percents: roll.pick([
      [100, 100],
      [100, 150],
      [50, 100],
      [0, 100],
      [80, 120],
    ] as const),
  }),
} satisfies Record<string, Scene>;

type Kind = keyof typeof SCENES;
const TWICE = 'boundary express daemon blueGreen drained fresh rollingFromBefore tight'.split(' ') as Kind[];
/** Every kind, some of them twice, and ten times what is simply stale. */
const KINDS = [
  ...(Object.keys(SCENES) as Kind[]),
  ...TWICE,
  ...Array.from({ length: 9 }, (): Kind => 'stale'),
];

function since(createdAt: number) {
  return { createdAt, tasksStartedAt: createdAt };
}

function group(
  revision: RevisionModel,
  connect: readonly string[],
  createdAt: number,
  running: number,
): GroupModel {
  return { revision, connect, createdAt, tasksStartedAt: createdAt, running, pending: 0 };
}

function randomTags(roll: Dice, { prefix, select }: SettingsModel, changes: readonly RandomChange[]) {
  const tags: Record<string, string> = { team: 'a b', 'other:enabled': 'false' };
  const change = roll.pick(changes);
  if (roll.chance(select === 'tagged' ? 0.6 : 0.1)) tags[`${prefix}:enabled`] = 'true';
  else if (roll.chance(0.1)) tags[`${prefix}:enabled`] = roll.pick(['false', 'no', '', 'TRUE', '0', 'FALSE']);
  if (roll.chance(0.1)) {
    const word = roll.pick([...change.also, `${change.also[0]}2`, `${change.also[0]}=21`]);
    tags[`${prefix}:${roll.pick(['also', 'also-1', 'also-2'])}`] = roll.pick([
      word,
      `x/y ${word}`,
      `${word} zz`,
    ]);
  }
  if (roll.chance(0.05)) tags['other:also'] = change.also[0] ?? '';
  if (roll.chance(0.05)) tags[`${prefix}:also-3x`] = change.also[0] ?? '';
  return tags;
}

function randomConnect(roll: Dice, changes: readonly RandomChange[]): readonly string[] {
  return roll.chance(0.1) ? [word(roll, changes)] : [];
}

function randomRevision(roll: Dice, changes: readonly RandomChange[]): RevisionModel {
  const maybe = (share: number): readonly string[] => (roll.chance(share) ? [word(roll, changes)] : []);
  return {
    ...NOTHING,
    secrets: [...maybe(0.75), ...maybe(0.25)],
    sidecarSecrets: maybe(0.15),
    log: maybe(0.15),
    fsx: maybe(0.1).filter(isPlainArn),
    environment: maybe(0.3),
    pull: roll.chance(0.15) ? roll.pick(roll.pick(changes).pull) : undefined,
    credentialSpecs: maybe(0.15)
      .filter(isParameterArn)
      .map(
        (arn) => `${roll.pick(['credentialspec:', 'credentialspecdomainless:', 'credentialspecs:'])}${arn}`,
      ),
    dockerSecurityOptions: maybe(0.1)
      .filter(isParameterArn)
      .map((arn) => `credentialspec:${arn}`),
  };
}

function word(roll: Dice, changes: readonly RandomChange[]): string {
  const { references, lookAlikes } = roll.pick(changes);
  return roll.chance(0.6) ? roll.pick(references) : roll.pick(lookAlikes);
}

/** FSx takes an ARN without the fields that follow it in `secrets`. */
function isPlainArn(text: string): boolean {
  return /^arn:[^:]*:(?:secretsmanager:[^:]*:[^:]*:secret:[^:]*|ssm:[^:]*:[^:]*:parameter\/(?!aws\/reference)[^:]*)$/.test(
    text,
  );
}

function isParameterArn(text: string): boolean {
  return /^arn:[^:]*:ssm:[^:]*:[^:]*:parameter\/(?!aws\/reference)/.test(text);
}
