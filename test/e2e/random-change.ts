import type { SecretSpec } from '../simulator/index.ts';
import { type Dice, dice } from '../support/dice.ts';
import {
  apiCall,
  labelUpdated,
  type Place,
  parameterChange,
  type RawEvent,
  serviceEvent,
} from '../support/events.ts';
import type { TruthModel } from './fleet-model.ts';
import { looksLikeParameter, looksLikeSecret, waysToNameParameter, waysToNameSecret } from './spellings.ts';

/** One change of a random run: what changed, the event that reports it, and the references that services may hold. */
export interface RandomChange {
  readonly truth: TruthModel;
  readonly event: RawEvent;
  readonly secret: SecretSpec | undefined;
  readonly parameter: { readonly name: string } | undefined;
  readonly references: readonly string[];
  readonly lookAlikes: readonly string[];
  readonly pull: readonly string[];
  /** What the `also` tags may hold. */
  readonly also: readonly string[];
}

const SECRET_NAMES = [
  'prod/db',
  'db',
  'prod/db-a1B2c3',
  'rds!db-0c9f',
  'a.b+c=d@e_f',
  'Prod/DB',
  '/lead/x',
] as const;
const PARAMETER_NAMES = ['/app/db/password', '/root-one', 'rootTwo', '/a/b', '/app/db.url_x-1'] as const;

/** A change of a secret or a parameter that happens at `at` (a whole second). */
export function randomChange(seed: number, place: Place, at: number, prefix: string): RandomChange {
  const roll = dice(seed);
  return roll.chance(0.65) ? secretChange(roll, place, at, prefix) : parameterChangeOf(roll, place, at);
}

function parameterChangeOf(roll: Dice, place: Place, at: number): RandomChange {
  const name = roll.pick(PARAMETER_NAMES);
  const { partition, region, account } = place;
  const arn = `arn:${partition}:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`;
  const operation = roll.pick(['Update', 'Update', 'Create']);
  return {
    truth: { kind: 'parameter', name, changedAt: at + 999 },
    event: parameterChange({ place, at }, { arn, name }, { operation }),
    secret: undefined,
    parameter: { name },
    references: waysToNameParameter(arn, name),
    lookAlikes: looksLikeParameter(arn, name, place),
    pull: [name],
    also: [name, arn],
  };
}

function secretChange(roll: Dice, place: Place, at: number, prefix: string): RandomChange {
  const name = roll.pick(SECRET_NAMES);
  const suffix = roll.pick(['a1B2c3', 'ZZtop9', 'Qwerty']);
  const { partition, region, account } = place;
  const arn = `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
  const [previous, current] = [id(roll), id(roll)];
  const optedOut = roll.chance(0.07);
  const telling = roll.pick(TELLINGS)({ roll, place, at, arn, name, versionId: current });
  const { labels, event, changedAt = at + 999, rotated = false } = telling;
  const kept = labels.includes('AWSCURRENT') ? ['AWSPREVIOUS'] : ['AWSCURRENT'];
  return {
    truth: { kind: 'secret', name, suffix, labels, optedOut, changedAt },
    event,
    secret: {
      name,
      suffix,
      versions: [
        { id: previous, createdAt: at - 90_000_000, labels: kept },
        { id: current, createdAt: changedAt - 999, labels },
      ],
      lastChangedAt: changedAt,
      lastRotatedAt: rotated ? changedAt : at - 90_000_000,
      tags: optedOut ? { [`${prefix}:enabled`]: roll.pick(['false', 'no', 'FALSE']) } : { team: 'x' },
    },
    parameter: undefined,
    references: waysToNameSecret(arn, name, place, previous),
    lookAlikes: looksLikeSecret(arn, name, place),
    pull: [arn, arn.slice(0, -7), name, `${name}2`, `/${name}`, `${arn}x`],
    also: [name, arn, arn.slice(0, -7)].map((text) => text.replaceAll('!', '=21')),
  };
}

interface Happened {
  readonly roll: Dice;
  readonly place: Place;
  readonly at: number;
  readonly arn: string;
  readonly name: string;
  readonly versionId: string;
}

interface Telling {
  readonly labels: readonly string[];
  readonly event: RawEvent;
  readonly changedAt?: number;
  readonly rotated?: boolean;
}

function native(happened: Happened): Telling {
  const { roll, place, at, arn, name, versionId } = happened;
  const label = roll.pick(['AWSCURRENT', 'AWSCURRENT', 'BLUE']);
  return {
    labels: [label],
    event: labelUpdated({ place, at }, { arn, name }, versionId, label),
    rotated: roll.chance(0.5),
  };
}

function putSecretValue(happened: Happened): Telling {
  const { roll, place, at, versionId } = happened;
  const stages = roll.pick([['AWSCURRENT'], ['BLUE'], ['AWSCURRENT', 'BLUE'], ['BLUE', 'GREEN']]);
  const versionStages = roll.chance(0.3) ? undefined : stages;
  const asked = { ...target(happened), clientRequestToken: versionId };
  const event = apiCall(
    { place, at },
    'PutSecretValue',
    versionStages === undefined ? asked : { ...asked, versionStages },
    answer(happened),
  );
  return { labels: versionStages ?? ['AWSCURRENT'], event };
}

function updateSecret(happened: Happened): Telling {
  const { place, at, versionId } = happened;
  const asked = { ...target(happened), clientRequestToken: versionId, description: 'edited, too' };
  return { labels: ['AWSCURRENT'], event: apiCall({ place, at }, 'UpdateSecret', asked, answer(happened)) };
}

function updateSecretVersionStage(happened: Happened): Telling {
  const { roll, place, at, versionId } = happened;
  const versionStage = roll.pick(['AWSCURRENT', 'AWSCURRENT', 'BLUE']);
  const asked = {
    ...target(happened),
    versionStage,
    moveToVersionId: versionId,
    removeFromVersionId: id(roll),
  };
  return {
    labels: [versionStage],
    event: apiCall({ place, at }, 'UpdateSecretVersionStage', asked, answer(happened)),
  };
}

/** The event's time is later than the move of the label; the time that counts is LastRotatedDate. */
function rotationSucceeded(happened: Happened): Telling {
  const { roll, place, at, arn } = happened;
  const changedAt = at - roll.int(0, 1500);
  return {
    labels: ['AWSCURRENT'],
    event: serviceEvent({ place, at }, 'RotationSucceeded', arn),
    changedAt,
    rotated: true,
  };
}

const TELLINGS = [
  native,
  native,
  native,
  putSecretValue,
  updateSecret,
  updateSecretVersionStage,
  rotationSucceeded,
] as const;

function target({ roll, arn, name }: Happened) {
  return { secretId: roll.pick([name, arn, arn.slice(0, -7)]) };
}

function answer({ roll, arn, name }: Happened) {
  return roll.pick([
    { responseElements: { arn, name } },
    { responseElements: { aRN: arn } },
    { responseElements: null },
  ]);
}

function id(roll: Dice): string {
  const hex = (length: number): string => Array.from({ length }, () => roll.int(0, 15).toString(16)).join('');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
}
