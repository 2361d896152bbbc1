import { referencesOf } from '../match/match.ts';
import type { ContextEntry, KeyFact, ReadAction, ResourceFact, Simulation } from '../model/access.ts';
import { homeOf, parseArn } from '../model/arn.ts';
import type { Fleet, Service } from '../model/fleet.ts';
import { isForeign, nameInArn, parameterArn, type Target } from '../model/reference.ts';
import { isResolvedAtStart, type Need } from './needs.ts';

/** What the execution role of a service must be able to read, and which role that is. */
export type RoleNeed = Need & {
  /** Null if the task definition names none; undefined if ECS does not show the task definition. */
  readonly role: string | null | undefined;
};

/**
 * Every reference that ECS resolves with the execution role when a task of a new deployment starts; what an application
 * reads by itself, it reads with the task role.
 */
export function roleNeedsOf(service: Service, fleet: Pick<Fleet, 'revisions'>): readonly RoleNeed[] {
  return referencesOf(service, fleet).flatMap(({ reference, inPrimary }) => {
    if (!inPrimary || !isResolvedAtStart(reference)) return [];
    const revision = fleet.revisions.get(reference.taskDefinition);
    const role = revision?.kind === 'readable' ? (revision.executionRole ?? null) : undefined;
    return reference.targets.map((target) => ({ target, reference, role }));
  });
}

/** Whether AWS is asked about the resource: it belongs to the account and Region of the service. */
export function isShownHere({ target, reference }: Need): boolean {
  return !isForeign(target, homeOf(reference.taskDefinition));
}

/** Whether the role belongs to another account than the task definition: nothing can be asked about it. */
export function isRoleElsewhere(role: string, { reference }: Need): boolean {
  return parseArn(role)?.account !== homeOf(reference.taskDefinition).account;
}

/** The keys that AWS keeps for a store: every role of the account may use them through it. */
const OF_THE_STORE = /(?:^|:)alias\/aws\//;

/** What a resource's key is known to be without asking KMS; undefined: the key that AWS keeps for the store. */
export function keyAsNamed(
  keyId: string | undefined,
  { reference }: Need,
): KeyFact | { kind: 'ask'; id: string } | undefined {
  if (keyId === undefined || OF_THE_STORE.test(keyId)) return undefined;
  const arn = parseArn(keyId);
  const home = homeOf(reference.taskDefinition);
  if (arn === undefined || (arn.account === home.account && arn.region === home.region))
    return { kind: 'ask', id: keyId };
  return arn.resource.startsWith('key/')
    ? { kind: 'key', arn: keyId, ofAws: false, usable: true }
    : { kind: 'unanswered', why: 'the key belongs to another account or Region, and is named by an alias' };
}

/** What KMS says to a key that was named by an alias is less certain. */
export function asNamedBy(id: string, key: KeyFact): KeyFact {
  return /(?:^|:)alias\//.test(id) && key.kind !== 'unanswered' ? { ...key, byAlias: true } : key;
}

/** The key of a resource, if that has one of its own and AWS shows the resource. */
export function keyFactOf(resource: ResourceFact): KeyFact | undefined {
  return 'key' in resource ? resource.key : undefined;
}

/** Everything that the role must be allowed to do to read this. */
export function simulationsFor(role: string, need: Need, resource: ResourceFact): readonly Simulation[] {
  if (resource.kind === 'gone' || resource.kind === 'unanswered') return [];
  const { arn } = resource;
  const reads = [
    simulation(role, actionOn(need.target), arn),
    ...passThrough(need).map((parameter) => simulation(role, 'ssm:GetParameters', parameter)),
  ];
  const key = keyFactOf(resource);
  return key?.kind === 'key' && !key.ofAws
    ? [...reads, simulation(role, 'kms:Decrypt', key.arn, ...decryptContext(need.target, arn, role))]
    : reads;
}

function actionOn({ kind }: Target): ReadAction {
  return kind === 'secret' ? 'secretsmanager:GetSecretValue' : 'ssm:GetParameters';
}

/** The parameter under which Parameter Store passes a secret through: ECS reads that one. */
export function passThrough({ target, reference }: Need): readonly string[] {
  if (target.named !== 'pass-through') return [];
  const name = `/aws/reference/secretsmanager/${nameInArn(target.id)}`;
  return [parameterArn(name, homeOf(reference.taskDefinition))];
}

function simulation(
  role: string,
  action: ReadAction,
  resource: string,
  ...more: readonly ContextEntry[]
): Simulation {
  return { role, action, resource, context: [...commonContext(role, resource), ...more] };
}

/**
 * What is certain of every request that ECS makes with an execution role (functions/README.md, Access). All other keys are left
 * out, so that IAM names them where a policy asks for them.
 */
function commonContext(role: string, resource: string): readonly ContextEntry[] {
  const { region = '', account = '' } = parseArn(resource) ?? {};
  return [
    { key: 'aws:PrincipalArn', type: 'string', value: role },
    { key: 'aws:PrincipalAccount', type: 'string', value: parseArn(role)?.account ?? '' },
    { key: 'aws:RequestedRegion', type: 'string', value: region },
    ...(account === ''
      ? []
      : [{ key: 'aws:ResourceAccount', type: 'string', value: account } satisfies ContextEntry]),
    { key: 'aws:SecureTransport', type: 'boolean', value: 'true' },
  ];
}

/** The partitions in which the host names of services are known to end as `kms:ViaService` says. */
const AMAZONAWS = ['aws', 'aws-us-gov'];

/** Decryption happens on behalf of the store, which names itself and the resource. */
function decryptContext({ kind }: Target, arn: string, role: string): readonly ContextEntry[] {
  const home = parseArn(arn);
  const store = kind === 'secret' ? 'secretsmanager' : 'ssm';
  const named = kind === 'secret' ? 'SecretARN' : 'PARAMETER_ARN';
  return [
    ...(home !== undefined && AMAZONAWS.includes(home.partition)
      ? [{ key: 'kms:ViaService', type: 'string', value: `${store}.${home.region}.amazonaws.com` } as const]
      : []),
    { key: 'kms:CallerAccount', type: 'string', value: parseArn(role)?.account ?? '' },
    { key: `kms:EncryptionContext:${named}`, type: 'string', value: arn },
  ];
}

/** By which a question and its answer are known for the run. */
export function simulationKey({ role, action, resource, context }: Simulation): string {
  return JSON.stringify([role, action, resource, context]);
}
