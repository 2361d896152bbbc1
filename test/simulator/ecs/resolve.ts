import type { Aws } from '../aws.ts';
import { Context } from '../iam/conditions.ts';
import { isAllowed } from '../iam/decide.ts';
import { trusts } from '../iam/evaluate.ts';
import { text } from '../input.ts';
import { findParameter, keyOf, parameterAt } from '../parameters/state.ts';
import { resourceIn } from '../place.ts';
import { holderOf } from '../secrets/labels.ts';
import { type SecretState, viewAt } from '../secrets/state.ts';
import { type Reference, referencesOf } from './references.ts';
import type { TaskGroup } from './state.ts';

/** The result of resolving one reference at one instant. */
export type Resolution =
  | { readonly resource: string; readonly version: string }
  /** The reference names no resource of this world. */
  | { readonly resource: undefined }
  | { readonly problem: string };

/** Resolves a reference at an instant, without any lag. */
export function resolve(aws: Aws, reference: Reference, at: number): Resolution {
  switch (reference.kind) {
    case 'elsewhere':
      return { resource: undefined };
    case 'invalid':
      return { problem: `invalid ARN format for ${reference.valueFrom}` };
    case 'parameter':
      return resolveParameter(aws, reference.name, at);
    case 'secret':
      return resolveSecret(aws, reference, at);
    default:
      return reference satisfies never;
  }
}

/** The reason why a task of this group cannot start at `at`; undefined if it can. */
export function startProblem(aws: Aws, group: TaskGroup, at: number): string | undefined {
  const definition = aws.ecs.taskDefinitions.get(group.taskDefinition);
  const role = definition === undefined ? undefined : text(definition.content, 'executionRoleArn');
  for (const reference of referencesOf(aws.place, group, definition)) {
    const resolution = resolve(aws, reference, at - aws.settings.taskLagMs);
    if ('problem' in resolution) {
      return `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ${resolution.problem}`;
    }
    const refusal = resolution.resource === undefined ? undefined : refusalOf(aws, role, resolution.resource);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Why the execution role cannot read a resource; undefined if it can, or if roles do not matter in this world. */
function refusalOf(aws: Aws, role: string | undefined, resource: string): string | undefined {
  if (!aws.settings.rolesMatter || role === undefined) return undefined;
  const found = [...aws.iam.roles.values()].find(({ arn }) => arn === role);
  if (found === undefined || !trusts(found.trust, 'ecs-tasks.amazonaws.com'))
    return `ECS was unable to assume the role '${role}' that was provided for this task.`;
  const action = resource.includes(':ssm:') ? 'ssm:GetParameters' : 'secretsmanager:GetSecretValue';
  if (isAllowed(aws, { principal: role, action, resource, context: new Context([]) })) return undefined;
  const denied = `AccessDeniedException: User: ${role} is not authorized to perform: ${action} on resource: ${resource}`;
  return `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): ${denied}`;
}

/** Every secret that a reference can ever have named: of one name, all its incarnations. */
export function secretsNamed(aws: Aws, id: string): readonly SecretState[] {
  const exact = aws.secrets.byArn.get(id);
  if (exact !== undefined) return [exact];
  const resource = resourceIn(aws.place, 'secretsmanager', id);
  return aws.secrets.byName.get(resource?.replace(/^secret:/, '') ?? id) ?? [];
}

function resolveSecret(aws: Aws, reference: Reference & { kind: 'secret' }, at: number): Resolution {
  const candidates = secretsNamed(aws, reference.id);
  if (candidates.length === 0 && reference.elsewhere) return { resource: undefined };
  if (candidates.length === 0) return unknown(aws, `ResourceNotFoundException: secret ${reference.id}`);
  const secret =
    candidates.findLast((candidate) => candidate.createdAt <= at && isReadable(candidate, at)) ??
    (candidates.length === 1 && at < Number(candidates[0]?.createdAt) ? candidates[0] : undefined);
  if (secret === undefined) return { problem: `ResourceNotFoundException: secret ${reference.id}` };
  const { versions } = viewAt(secret, at);
  const version =
    reference.versionId === undefined
      ? holderOf(versions, reference.label)
      : versions.find((candidate) => candidate.id === reference.versionId);
  if (version === undefined) {
    return {
      problem: `ResourceNotFoundException: no version ${reference.versionId ?? reference.label} of ${secret.arn}`,
    };
  }
  return { resource: secret.arn, version: version.id };
}

/** A secret that is scheduled for deletion can be described, but not read. */
function isReadable(secret: SecretState, at: number): boolean {
  return viewAt(secret, at).goneAt === undefined;
}

function resolveParameter(aws: Aws, name: string, at: number): Resolution {
  const state = aws.parameters.byKey.get(keyOf(name)) ?? findParameter(aws.parameters, name)?.state;
  if (state === undefined) return unknown(aws, `invalid parameters: ${name}`);
  const view = parameterAt(state, at) ?? (at < Number(state.history[0]?.at) ? state.history[0] : undefined);
  if (view === undefined) return { problem: `invalid parameters: ${name}` };
  // A parameter that was deleted and created again starts at version 1: the instant tells the incarnations apart.
  return { resource: state.arn, version: `${view.version}@${view.modifiedAt}` };
}

function unknown(aws: Aws, problem: string): Resolution {
  return aws.settings.unknownResourcesFail ? { problem } : { resource: undefined };
}
