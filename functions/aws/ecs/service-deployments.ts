import type {
  DeploymentConfiguration,
  DeploymentLifecycleHookDetail,
  ServiceDeployment as SdkServiceDeployment,
  ServiceDeploymentBrief,
} from '@aws-sdk/client-ecs';
import type { Approval } from '../../core/model/rollout.ts';
import type { Question, ServiceDeployment } from '../../core/plan/evidence.ts';
import type { EcsReads } from './calls.ts';

/** The service deployments that a question asks for; the one that runs with its stage, where that is asked for. */
export async function serviceDeploymentsOf(
  reads: EcsReads,
  { service: { arn, cluster }, deploymentsSince, askStage }: Question,
  signal: AbortSignal,
): Promise<readonly ServiceDeployment[] | undefined> {
  if (deploymentsSince === undefined) return undefined;
  const found = new Map<string, ServiceDeploymentBrief>();
  const since = new Date(deploymentsSince);
  for await (const page of reads.listServiceDeployments(cluster.arn, arn, since, signal))
    for (const one of page) found.set(one.serviceDeploymentArn ?? '', one);
  const running = askStage ? [...found.values()].filter(({ status }) => status === 'IN_PROGRESS') : [];
  const stages = running.length > 0 ? await stagesOf(reads, running, signal) : new Map<string, Stage>();
  return [...found].map(([id, one]) => ({
    ...deploymentOf(one),
    ...(stages.get(id) ?? (running.includes(one) && STAGE_UNKNOWN)),
  }));
}

type Stage = Pick<ServiceDeployment, 'stage' | 'stageEndsAt' | 'approval'>;
const STAGE_UNKNOWN = { stageUnknown: true } as const;

function deploymentOf({ createdAt, status, finishedAt }: ServiceDeploymentBrief): ServiceDeployment {
  return {
    createdAt: createdAt?.getTime() ?? 0,
    status: status ?? '',
    ...(finishedAt && { finishedAt: finishedAt.getTime() }),
  };
}

/** A deployment whose stage ECS does not tell is left alone where it may wait for a person. */
async function stagesOf(
  reads: EcsReads,
  running: readonly ServiceDeploymentBrief[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Stage>> {
  try {
    const arns = running.map(({ serviceDeploymentArn = '' }) => serviceDeploymentArn);
    const described = await reads.describeServiceDeployments(arns.slice(0, MOST_DESCRIBED), signal);
    return new Map(described.map((one) => [one.serviceDeploymentArn ?? '', stageOf(one)]));
  } catch (error) {
    if (signal.aborted) throw error;
    return new Map();
  }
}

/** What one call of DescribeServiceDeployments takes (functions/README.md, Quotas). */
const MOST_DESCRIBED = 20;

function stageOf({
  serviceDeploymentArn = '',
  lifecycleStage,
  lifecycleHookDetails = [],
  deploymentConfiguration,
  updatedAt,
}: SdkServiceDeployment): Stage {
  const paused = lifecycleHookDetails.find(
    ({ targetType, status }) => targetType === 'PAUSE' && status === 'AWAITING_ACTION',
  );
  const bakeMs = lifecycleStage === 'BAKE_TIME' ? bakeMsOf(deploymentConfiguration) : undefined;
  return {
    ...(lifecycleStage && { stage: lifecycleStage }),
    ...(bakeMs !== undefined && updatedAt && { stageEndsAt: updatedAt.getTime() + bakeMs }),
    ...(paused && { approval: approvalOf(serviceDeploymentArn, paused) }),
  };
}

function bakeMsOf(configuration: DeploymentConfiguration | undefined): number | undefined {
  const minutes = configuration?.bakeTimeInMinutes;
  return minutes === undefined ? undefined : minutes * 60_000;
}

/** Without a decision of its own, ECS rolls back when the time is over (functions/README.md, Deployments). */
function approvalOf(
  serviceDeployment: string,
  { hookId = '', expiresAt, timeoutAction }: DeploymentLifecycleHookDetail,
): Approval {
  return {
    serviceDeployment,
    hookId,
    ...(expiresAt && { expiresAt: expiresAt.getTime() }),
    timeoutAction: timeoutAction === 'CONTINUE' ? 'CONTINUE' : 'ROLLBACK',
  };
}
