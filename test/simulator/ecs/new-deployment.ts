import type { Aws } from '../aws.ts';
import type { DeploymentState, ServiceState } from './state.ts';

/** The properties of a new deployment, and its caller. */
export interface DeploymentRequest {
  readonly at: number;
  /** The caller for the ledger: an access key id, `circuit-breaker`, or the name that the test gave. */
  readonly by: string;
  readonly forced: boolean;
  readonly taskDefinition: string;
  readonly serviceConnectSecrets: readonly string[];
}

/** A PRIMARY deployment without tasks, entered in the ledger. */
export function newDeployment(aws: Aws, service: ServiceState, request: DeploymentRequest): DeploymentState {
  const { at, by, forced, taskDefinition, serviceConnectSecrets } = request;
  const id = `ecs-svc/${aws.ids.digits(19)}`;
  aws.ledger.deploymentStarted({
    serviceArn: service.arn,
    deploymentId: id,
    taskDefinition,
    createdAt: at,
    by,
    forced,
    outcome: 'in-progress',
    finishedAt: undefined,
  });
  return {
    id,
    taskDefinition,
    createdAt: at,
    updatedAt: at,
    tasks: [],
    dormant: [],
    serviceConnectSecrets,
    status: 'PRIMARY',
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    failedTasks: 0,
    hasRun: false,
  };
}
