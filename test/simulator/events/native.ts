import type { Aws } from '../aws.ts';
import { placeOf } from '../place.ts';
import type { LabelMove } from '../secrets/labels.ts';
import type { SecretState } from '../secrets/state.ts';

const SILENT: ReadonlySet<string> = new Set(['AWSPENDING', 'AWSPREVIOUS']);

/** Emits one `Secret Label Updated` for each label that moved to a version, except AWSPENDING and AWSPREVIOUS. */
export function emitLabelMoves(aws: Aws, secret: SecretState, moves: readonly LabelMove[], at: number): void {
  for (const { label, versionId } of moves) {
    if (SILENT.has(label)) continue;
    aws.bus.emit({
      at,
      place: placeOf(secret.arn),
      type: 'Secret Label Updated',
      source: 'aws.secretsmanager',
      resources: [secret.arn],
      detail: { name: secret.name, labelUpdated: label, versionId },
    });
  }
}

/** `Parameter Store Change`; with `exception` it reports an operation that failed. */
export function emitParameterChange(
  aws: Aws,
  parameter: { readonly arn: string; readonly name: string },
  change: {
    readonly operation: 'Create' | 'Update' | 'Delete' | 'LabelParameterVersion';
    readonly type: string;
    readonly description?: string | undefined;
    readonly exception?: string;
  },
  at: number,
): void {
  const { operation, type, description, exception } = change;
  aws.bus.emit({
    at,
    type: 'Parameter Store Change',
    source: 'aws.ssm',
    resources: [parameter.arn],
    detail: {
      ...(exception === undefined ? {} : { exception }),
      ...(description === undefined ? {} : { description }),
      operation,
      name: parameter.name,
      type,
    },
  });
}

/** `Parameter Store Policy Action` of a parameter that expired. */
export function emitExpiration(
  aws: Aws,
  parameter: { readonly arn: string; readonly name: string },
  type: string,
  at: number,
): void {
  aws.bus.emit({
    at,
    type: 'Parameter Store Policy Action',
    source: 'aws.ssm',
    resources: [parameter.arn],
    detail: {
      'parameter-name': parameter.name,
      'parameter-type': type,
      'policy-type': 'Expiration',
      'policy-content': '{"Type":"Expiration","Version":"1.0"}',
      'action-status': 'Success',
      'action-reason': 'The parameter reached its expiration time',
    },
  });
}

/** `ECS Task State Change` of a task that stopped; `task` has the form of DescribeTasks. */
export function emitTaskStopped(aws: Aws, task: { readonly taskArn: string }, at: number): void {
  aws.bus.emit({
    at,
    type: 'ECS Task State Change',
    source: 'aws.ecs',
    resources: [task.taskArn],
    detail: { ...task, updatedAt: new Date(at).toISOString() },
  });
}

/**
 * `ECS Hook State Change` of a PAUSE hook
 * ({@link https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_hook_state_change_events.html}).
 */
export function emitHook(
  aws: Aws,
  hook: { readonly eventName: string; readonly serviceDeploymentArn: string } & Readonly<
    Record<'hookId' | 'expiresAt' | 'lifecycleStage' | 'clusterArn' | 'serviceArn', string>
  >,
  at: number,
): void {
  aws.bus.emit({
    at,
    type: 'ECS Hook State Change',
    source: 'aws.ecs',
    resources: [hook.serviceDeploymentArn],
    detail: { eventType: 'INFO', hookType: 'PAUSE', ...hook, updatedAt: new Date(at).toISOString() },
  });
}

type EcsDeploymentEventName =
  | 'SERVICE_DEPLOYMENT_IN_PROGRESS'
  | 'SERVICE_DEPLOYMENT_COMPLETED'
  | 'SERVICE_DEPLOYMENT_FAILED';

/** `ECS Deployment State Change`. */
export function emitEcsDeployment(
  aws: Aws,
  serviceArn: string,
  deploymentId: string,
  eventName: EcsDeploymentEventName,
  reason: string,
  at: number,
): void {
  aws.bus.emit({
    at,
    type: 'ECS Deployment State Change',
    source: 'aws.ecs',
    resources: [serviceArn],
    detail: {
      eventType: eventName === 'SERVICE_DEPLOYMENT_FAILED' ? 'ERROR' : 'INFO',
      eventName,
      deploymentId,
      updatedAt: new Date(at).toISOString(),
      reason,
    },
  });
}
