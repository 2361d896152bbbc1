import { type Input, record, records, requiredText, text, texts } from '../input.ts';
import { type Place, resourceIn } from '../place.ts';
import type { TaskDefinitionState, TaskGroup } from './state.ts';

/** The resource that a `valueFrom` names, seen from inside one account and Region. */
export type Reference =
  | {
      readonly kind: 'secret';
      readonly id: string;
      readonly label: string;
      readonly versionId: string | undefined;
      /** Of another account or Region: it may be unknown here. */
      readonly elsewhere?: true;
    }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'invalid'; readonly valueFrom: string };

const known = new WeakMap<TaskDefinitionState, readonly string[]>();

/**
 * Every `valueFrom` that ECS resolves when a task of this revision starts (functions/README.md, Task start). The
 * credentials of image pulls are not among them.
 */
function valuesOf(definition: TaskDefinitionState): readonly string[] {
  const cached = known.get(definition);
  if (cached !== undefined) return cached;
  const values = [
    ...records(definition.content, 'containerDefinitions').flatMap(containerValues),
    ...records(definition.content, 'volumes').flatMap(volumeValues),
  ];
  known.set(definition, values);
  return values;
}

/** The references of one group: its revision's and its own service-connect configuration's. */
export function referencesOf(
  place: Place,
  group: Pick<TaskGroup, 'serviceConnectSecrets'>,
  definition: TaskDefinitionState | undefined,
): readonly Reference[] {
  const values = definition === undefined ? [] : valuesOf(definition);
  return [...values, ...group.serviceConnectSecrets].map((value) => parse(place, value));
}

/** Reads a `valueFrom` by ECS's grammar (functions/README.md, References). */
export function parse(place: Place, valueFrom: string): Reference {
  const secret = resourceIn(place, 'secretsmanager', valueFrom);
  if (secret !== undefined) return parseSecret(place, valueFrom, secret);
  const elsewhere = /^arn:[^:]+:secretsmanager:([^:]+):([^:]+):(secret:.*)$/.exec(valueFrom);
  if (elsewhere !== null) {
    const [, region = '', account = '', resource = ''] = elsewhere;
    const reference = parseSecret({ ...place, region, account }, valueFrom, resource);
    return reference.kind === 'secret' ? { ...reference, elsewhere: true } : reference;
  }
  const parameter = resourceIn(place, 'ssm', valueFrom);
  if (parameter !== undefined) return parseParameter(parameter.replace(/^parameter/, ''));
  return valueFrom.startsWith('arn:') ? { kind: 'elsewhere' } : parseParameter(valueFrom);
}

function parseSecret(place: Place, valueFrom: string, resource: string): Reference {
  const parts = resource.split(':');
  if (parts[0] !== 'secret' || (parts.length !== 2 && parts.length !== 5))
    return { kind: 'invalid', valueFrom };
  const [, name = '', , label = '', versionId = ''] = parts;
  return {
    kind: 'secret',
    id: `arn:${place.partition}:secretsmanager:${place.region}:${place.account}:secret:${name}`,
    label: label === '' ? 'AWSCURRENT' : label,
    versionId: versionId === '' ? undefined : versionId,
  };
}

const PASS_THROUGH = '/aws/reference/secretsmanager/';

function parseParameter(name: string): Reference {
  if (!name.startsWith(PASS_THROUGH)) return { kind: 'parameter', name };
  return { kind: 'secret', id: name.slice(PASS_THROUGH.length), label: 'AWSCURRENT', versionId: undefined };
}

function containerValues(container: Input): readonly string[] {
  const log = record(container, 'logConfiguration') ?? {};
  return [
    ...records(container, 'secrets').map((secret) => requiredText(secret, 'valueFrom')),
    ...records(log, 'secretOptions').map((option) => requiredText(option, 'valueFrom')),
    ...credentialSpecs(container).flatMap(credentialSpec),
  ];
}

/** ECS takes the legacy `dockerSecurityOptions` only for a container without `credentialSpecs`. */
function credentialSpecs(container: Input): readonly string[] {
  const specs = texts(container, 'credentialSpecs');
  return specs.length > 0 ? specs : texts(container, 'dockerSecurityOptions');
}

/** The `valueFrom`s in a service's own service-connect log configuration. */
export function serviceConnectSecretsIn(input: Input): readonly string[] {
  const log = record(record(input, 'serviceConnectConfiguration') ?? {}, 'logConfiguration') ?? {};
  return records(log, 'secretOptions').map((option) => requiredText(option, 'valueFrom'));
}

function credentialSpec(option: string): readonly string[] {
  const arn = /^credentialspec(?:domainless)?:(arn:.*:ssm:.*)$/.exec(option)?.[1];
  return arn === undefined ? [] : [arn];
}

function volumeValues(volume: Input): readonly string[] {
  const configuration = record(volume, 'fsxWindowsFileServerVolumeConfiguration') ?? {};
  const credentials = text(record(configuration, 'authorizationConfig') ?? {}, 'credentialsParameter');
  return credentials === undefined ? [] : [credentials];
}
