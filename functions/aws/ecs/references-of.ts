import type { ContainerDefinition, LogConfiguration, TaskDefinition, Volume } from '@aws-sdk/client-ecs';
import { type Home, homeOf, type TaskDefinitionArn } from '../../core/model/arn.ts';
import { type Place, parseReference, type RawReference, type Reference } from '../../core/model/reference.ts';

/**
 * Every reference of a task definition (AWS-FACTS §3). An ARN in `environment` is plain text that the application reads
 * itself: no reference, and never looked at.
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

/** The secrets of a deployment's Service Connect log configuration, which stands on the deployment and not in a revision. */
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
  const specs = [
    ...(container.credentialSpecs ?? []),
    ...(container.dockerSecurityOptions ?? []).filter(isCredentialSpec),
  ];
  return [
    ...written(secrets, at('secrets')),
    ...secretOptions(container.logConfiguration, at('log')),
    ...written(specs, at('credential-spec')),
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

/** The legacy place holds SELinux and AppArmor options as well. */
function isCredentialSpec(option: string): boolean {
  return option.startsWith('credentialspec');
}
