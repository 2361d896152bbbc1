import type { ContainerDefinition, LogConfiguration, TaskDefinition, Volume } from '@aws-sdk/client-ecs';
import { type Home, homeOf, type TaskDefinitionArn } from '../../core/model/arn.ts';
import { type Mention, namedIn } from '../../core/model/mention.ts';
import { type Place, parseReference, type RawReference, type Reference } from '../../core/model/reference.ts';

/**
 * Every reference of a task definition (functions/README.md, References). An ARN in `environment` is plain text for the
 * application: it is no reference.
 */
export function referencesOf(taskDefinition: TaskDefinition, arn: TaskDefinitionArn): readonly Reference[] {
  const raw = [
    ...(taskDefinition.containerDefinitions ?? []).flatMap((container) =>
      containerReferences(container, arn),
    ),
    ...(taskDefinition.volumes ?? []).flatMap((volume) => volumeReferences(volume, arn)),
  ];
  return parsed(raw, homeOf(arn));
}

/** What the environments of its containers name. No other value of them is kept, and no name of a variable. */
export function mentionsOf({ containerDefinitions = [] }: TaskDefinition): readonly Mention[] {
  return containerDefinitions.flatMap(({ name, environment = [] }) => {
    const named = new Set(environment.flatMap(({ value }) => namedIn(value ?? '') ?? []));
    return [...named].map((names) => ({ container: name ?? null, names }));
  });
}

/** The secrets of Service Connect's log configuration, which is part of the deployment and not of a revision. */
export function serviceConnectReferences(
  logConfiguration: LogConfiguration | undefined,
  taskDefinition: TaskDefinitionArn,
): readonly Reference[] {
  return parsed(
    secretOptions(logConfiguration, { taskDefinition, container: null, place: 'service-connect' }),
    homeOf(taskDefinition),
  );
}

export function parsed(raw: readonly RawReference[], home: Home): readonly Reference[] {
  return raw.map((reference) => parseReference(reference, home));
}

function containerReferences(
  container: ContainerDefinition,
  taskDefinition: TaskDefinitionArn,
): readonly RawReference[] {
  const at = (place: Place) => ({ taskDefinition, container: container.name ?? null, place });
  const secrets = (container.secrets ?? []).map(({ valueFrom }) => valueFrom);
  return [
    ...written(secrets, at('secrets')),
    ...secretOptions(container.logConfiguration, at('log')),
    ...written(credentialSpecsOf(container), at('credential-spec')),
    ...written([container.repositoryCredentials?.credentialsParameter], at('pull')),
  ];
}

function volumeReferences(volume: Volume, taskDefinition: TaskDefinitionArn): readonly RawReference[] {
  const { authorizationConfig } = volume.fsxWindowsFileServerVolumeConfiguration ?? {};
  return written([authorizationConfig?.credentialsParameter], {
    taskDefinition,
    container: null,
    place: 'fsx',
  });
}

function secretOptions(
  log: LogConfiguration | undefined,
  at: Omit<RawReference, 'valueFrom'>,
): readonly RawReference[] {
  return written(
    (log?.secretOptions ?? []).map(({ valueFrom }) => valueFrom),
    at,
  );
}

function written(
  values: readonly (string | undefined)[],
  at: Omit<RawReference, 'valueFrom'>,
): readonly RawReference[] {
  return values.flatMap((valueFrom) => (valueFrom ? [{ ...at, valueFrom }] : []));
}

/**
 * A container has one credential spec: `credentialSpecs`, or else the legacy `dockerSecurityOptions`, which holds SELinux
 * and AppArmor options, too (functions/README.md, References).
 */
function credentialSpecsOf({ credentialSpecs = [], dockerSecurityOptions = [] }: ContainerDefinition) {
  return credentialSpecs.length > 0 ? credentialSpecs : dockerSecurityOptions.filter(isCredentialSpec);
}

function isCredentialSpec(option: string): boolean {
  return option.startsWith('credentialspec');
}
