import type { Aws } from '../aws.ts';
import { addCluster, addService } from '../ecs/build.ts';
import type { PauseHook } from '../ecs/state.ts';
import { checkedTags } from '../tags.ts';
import { addDeployments, HOUR, instant, needRevision, taskSetOf } from './deployments.ts';
import type {
  ClusterRef,
  PauseHookSpec,
  RolloutSpec,
  ServiceRef,
  ServiceSpec,
  TaskDefinitionRef,
} from './specs.ts';
import { buildTaskDefinition } from './task-definitions.ts';

/** Builds a service with its earlier deployments; no event is emitted for it. */
export function buildService(aws: Aws, spec: ServiceSpec): ServiceRef {
  const now = aws.now();
  const startedAt = instant(spec.startedAt, now - HOUR);
  const cluster = addCluster(aws, nameOf(spec.cluster ?? 'main'), {});
  const name = spec.name ?? `service-${cluster.services.size + 1}`;
  const revision = revisionOf(aws, spec, `${cluster.name}-${name}`);
  const service = addService(aws, {
    cluster,
    name,
    at: startedAt,
    desired: spec.desired ?? 1,
    taskDefinition: revision.arn,
    ...traitsOf(spec),
  });
  service.status = spec.status ?? 'ACTIVE';
  if (service.controller === 'CODE_DEPLOY' || service.controller === 'EXTERNAL') {
    const taskSets = spec.taskSets ?? [{ running: service.desired, startedAt }];
    service.taskSets.push(
      ...taskSets.map((taskSet, index) => taskSetOf(aws, service, revision, taskSet, index, now)),
    );
  } else {
    addDeployments(aws, service, spec, revision, startedAt, now);
  }
  return {
    arn: service.arn,
    name,
    cluster: { arn: cluster.arn, name: cluster.name },
    taskDefinition: revision.arn,
  };
}

function nameOf(cluster: string | ClusterRef): string {
  return typeof cluster === 'string' ? cluster : cluster.name;
}

function traitsOf(spec: ServiceSpec) {
  const { controller, strategy, circuitBreaker, tags, pauseHooks } = spec;
  return {
    daemon: spec.daemon ?? false,
    express: spec.express ?? false,
    oldArn: spec.oldArn ?? false,
    minimumHealthyPercent: spec.minimumHealthyPercent,
    maximumPercent: spec.maximumPercent,
    ...(controller === undefined ? {} : { controller }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(circuitBreaker === undefined ? {} : { circuitBreaker }),
    ...(tags === undefined ? {} : { tags: checkedTags(tags) }),
    behaviour: behaviourIn(spec),
    ...(pauseHooks === undefined ? {} : { pauseHooks: pauseHooks.map(pauseHookOf) }),
  };
}

function behaviourIn({ rollout, protectMs, protectedTasks }: ServiceSpec): RolloutSpec {
  return {
    ...(protectMs === undefined ? {} : { protectMs }),
    ...(protectedTasks === undefined ? {} : { protectedTasks }),
    ...rollout,
  };
}

const A_DAY_MINUTES = 1440;

function pauseHookOf({ stage, timeoutMinutes, timeoutAction }: PauseHookSpec): PauseHook {
  return {
    stages: [stage],
    timeoutMinutes: timeoutMinutes ?? A_DAY_MINUTES,
    timeoutAction: timeoutAction ?? 'ROLLBACK',
  };
}

function revisionOf(aws: Aws, spec: ServiceSpec, family: string): TaskDefinitionRef {
  if (spec.taskDefinition !== undefined) return needRevision(aws, spec.taskDefinition);
  return buildTaskDefinition(aws, {
    family,
    secrets: spec.secrets ?? [],
    ...(spec.executionRole !== undefined && { executionRole: spec.executionRole }),
  });
}
