import { AwsError } from '../errors.ts';
import { arnOf, type Place, resourceIn } from '../place.ts';

/** One version of a secret; `digest` stands for the value, which is not kept. */
export interface SecretVersion {
  readonly id: string;
  readonly createdAt: number;
  readonly labels: readonly string[];
  readonly digest: string;
}

/** A secret as it was from `at` until the next view. */
export interface SecretView {
  readonly at: number;
  readonly versions: readonly SecretVersion[];
  readonly description: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly rotationEnabled: boolean | undefined;
  readonly lastChangedAt: number;
  readonly lastRotatedAt: number | undefined;
  /** The instant of the final deletion; undefined if no deletion is planned. */
  readonly goneAt: number | undefined;
}

/** A secret with its whole history, so that its state at any earlier instant is known. */
export interface SecretState {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  readonly owningService: string | undefined;
  readonly history: SecretView[];
}

/** All secrets that ever existed; of several with one name, only the last can still exist. */
export interface SecretsState {
  readonly byArn: Map<string, SecretState>;
  /** Those of another place by their partial ARN. */
  readonly byName: Map<string, SecretState[]>;
}

/** A hyphen and six characters. */
const SUFFIX = 7;

/** No secrets. */
export function createSecretsState(): SecretsState {
  return { byArn: new Map(), byName: new Map() };
}

/** Adds a secret; its ARN ends in the name, a hyphen and six characters. `here`: the place of the simulator. */
export function addSecret(
  secrets: SecretsState,
  place: Place,
  here: Place,
  secret: Omit<SecretState, 'arn' | 'history'> & { readonly suffix: string; readonly first: SecretView },
): SecretState {
  const { name, suffix, first, createdAt, owningService } = secret;
  const arn = arnOf(place, 'secretsmanager', `secret:${name}-${suffix}`);
  const state: SecretState = { arn, name, createdAt, owningService, history: [first] };
  secrets.byArn.set(arn, state);
  const key = resourceIn(here, 'secretsmanager', arn) === undefined ? arn.slice(0, -SUFFIX) : name;
  secrets.byName.set(key, [...(secrets.byName.get(key) ?? []), state]);
  return state;
}

/** The secret as it was at `at`; before its creation, its first view. */
export function viewAt(secret: SecretState, at: number): SecretView {
  const view = secret.history.findLast((candidate) => candidate.at <= at) ?? secret.history[0];
  if (view === undefined) throw new Error(`secret ${secret.arn} has no history`);
  return view;
}

/** The secret as it is after every change so far. */
export function latest(secret: SecretState): SecretView {
  return viewAt(secret, Number.POSITIVE_INFINITY);
}

/** Records a change, which also sets `lastChangedAt` unless the patch has its own. */
export function change(secret: SecretState, at: number, patch: Partial<SecretView>): SecretView {
  const view = { ...latest(secret), lastChangedAt: at, ...patch, at };
  secret.history.push(view);
  return view;
}

/** Whether the secret has been removed for good. */
export function isGone(secret: SecretState, at: number): boolean {
  const { goneAt } = latest(secret);
  return goneAt !== undefined && goneAt <= at;
}

/** Finds an existing secret by name, partial ARN or full ARN. */
export function findSecret(
  secrets: SecretsState,
  place: Place,
  id: string,
  at: number,
): SecretState | undefined {
  const byArn = secrets.byArn.get(id);
  if (byArn !== undefined) return isGone(byArn, at) ? undefined : byArn;
  const resource = resourceIn(place, 'secretsmanager', id);
  const name = resource?.startsWith('secret:') ? resource.slice('secret:'.length) : id;
  return secrets.byName.get(name)?.findLast((secret) => !isGone(secret, at));
}

const NAME = /^[\w/+=.@!-]+$/;

/** Like `findSecret`, but throws Secrets Manager's error for a secret that does not exist. */
export function needSecret(secrets: SecretsState, place: Place, id: string, at: number): SecretState {
  if (!/^arn:[\w-]+:secretsmanager:/i.test(id) && !NAME.test(id))
    throw new AwsError(
      'ValidationException',
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    );
  const secret = findSecret(secrets, place, id, at);
  if (secret === undefined) {
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  return secret;
}
