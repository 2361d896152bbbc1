import type { Aws } from '../aws.ts';
import { addTaskDefinition } from '../ecs/build.ts';
import { checkedTags } from '../tags.ts';
import type { TaskDefinitionRef, TaskDefinitionSpec } from './specs.ts';

/** Registers a revision with one container `app` that has the references of the spec. */
export function buildTaskDefinition(aws: Aws, spec: TaskDefinitionSpec): TaskDefinitionRef {
  const { arn, family, revision } = addTaskDefinition(aws, {
    family: spec.family ?? `family-${aws.ecs.families.size + 1}`,
    status: spec.status ?? 'ACTIVE',
    registeredAt: Number(spec.registeredAt ?? aws.now() - 86_400_000),
    tags: checkedTags(spec.tags ?? {}),
    content: {
      containerDefinitions: [appContainer(spec), ...(spec.containers ?? [])],
      volumes: (spec.fsxCredentials ?? []).map(fsxVolume),
      networkMode: 'awsvpc',
      compatibilities: ['EC2', 'FARGATE'],
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      ...(spec.executionRole !== undefined && { executionRoleArn: spec.executionRole }),
    },
  });
  return { arn, family, revision };
}

function appContainer(spec: TaskDefinitionSpec) {
  const { credentialSpecs, dockerSecurityOptions, logSecrets, pullCredentials } = spec;
  return {
    name: 'app',
    image: 'registry.example.com/app:latest',
    essential: true,
    environment: Object.entries(spec.environment ?? {}).map(([name, value]) => ({ name, value })),
    secrets: (spec.secrets ?? []).map((secret, index) =>
      typeof secret === 'string' ? { name: `SECRET_${index}`, valueFrom: secret } : secret,
    ),
    ...(logSecrets === undefined
      ? {}
      : {
          logConfiguration: {
            logDriver: 'splunk',
            secretOptions: logSecrets.map((valueFrom, index) => ({ name: `option-${index}`, valueFrom })),
          },
        }),
    ...(pullCredentials === undefined
      ? {}
      : { repositoryCredentials: { credentialsParameter: pullCredentials } }),
    ...(credentialSpecs === undefined ? {} : { credentialSpecs }),
    ...(dockerSecurityOptions === undefined ? {} : { dockerSecurityOptions }),
  };
}

function fsxVolume(credentialsParameter: string, index: number) {
  return {
    name: `share-${index}`,
    fsxWindowsFileServerVolumeConfiguration: {
      fileSystemId: 'fs-0123456789abcdef0',
      rootDirectory: 'share',
      authorizationConfig: { credentialsParameter, domain: 'example.com' },
    },
  };
}
