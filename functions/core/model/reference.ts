import { type Home, parseArn, type TaskDefinitionArn } from './arn.ts';
import { CURRENT } from './change.ts';
import { decodeFromTag } from './tag-text.ts';

/**
 * Where in a service a reference stands (functions/README.md, References). `also` is the tag for an application that
 * reads a resource by itself.
 */
export const PLACES = [
  'secrets',
  'log',
  'service-connect',
  'credential-spec',
  'fsx',
  'pull',
  'also',
] as const;
export type Place = (typeof PLACES)[number];

/** How a reference names its resource. Only the resource's own ARN shows whether an ARN is full or partial. */
export const FORMS = ['full-arn', 'partial-arn', 'name', 'pass-through'] as const;
export type Form = (typeof FORMS)[number];

/** A place in a service that names a resource, with the name as it is written there. */
export type RawReference = {
  readonly taskDefinition: TaskDefinitionArn;
  readonly container: string | null;
  readonly place: Place;
  readonly valueFrom: string;
};

/** What a reference points to. `id` is the ARN of a parameter, or of a secret with or without its suffix. */
export type Target = {
  readonly kind: 'secret' | 'parameter';
  readonly id: string;
  readonly named: 'arn' | 'name' | 'pass-through';
  /** The staging label that a reference to a secret follows; null means AWSCURRENT, the default. */
  readonly label: string | null;
  /** Set if the reference names a fixed version: a redeploy then changes nothing. */
  readonly versionId: string | null;
};

export type Reference = RawReference & {
  /** Usually one. None if ECS rejects the reference or it points elsewhere; two for a bare name in the `also` tag. */
  readonly targets: readonly Target[];
};

const CREDENTIAL_SPEC = /^credentialspec(?:domainless)?:/;
const PASS_THROUGH = 'aws/reference/secretsmanager/';

/** Parses a reference (functions/README.md, References). A bare name belongs to `home`. */
export function parseReference(raw: RawReference, home: Home): Reference {
  return { ...raw, targets: targetsOf(raw.place, raw.valueFrom, home) };
}

/** The label whose move changes the value that this target delivers. */
export function followedLabel(target: Target): string {
  return target.label ?? CURRENT;
}

/** How to ask Secrets Manager for what a target names: as ECS does, by the ARN as it is written or by the name. */
export function nameToAsk({ id, named }: Pick<Target, 'id' | 'named'>): string {
  return named === 'arn' ? id : nameInArn(id);
}

const SECRET_NAME = /^[\w/+=.@!-]{1,2048}$/;
const SECRET_ARN = /^[\w/+=.@!:-]{1,2048}$/;

/** Whether a secret can have this name or ARN. Secrets Manager refuses a call with any other text, such as a name with a colon. */
export function mayNameSecret(text: string): boolean {
  return (text.startsWith('arn:') ? SECRET_ARN : SECRET_NAME).test(text);
}

/** The key of a JSON value that a reference asks for, by which ECS picks a part of a secret. */
export function jsonKeyOf({ valueFrom }: RawReference): string | undefined {
  const [key] = secretArnTarget(valueFrom).length === 0 ? [] : valueFrom.split(':').slice(7);
  return key === '' ? undefined : key;
}

/** Why this text is neither the name nor the ARN of such a resource; undefined if it may be one. */
export function misnamed(text: string, kind: Target['kind']): string | undefined {
  const [service, type] = kind === 'secret' ? ['secretsmanager', 'secret:'] : ['ssm', 'parameter/'];
  const arn = parseArn(text);
  const isArn = text.startsWith('arn:');
  if (isArn && (arn?.service !== service || !arn.resource.startsWith(type)))
    return `${text} is not the ARN of a ${kind}`;
  const name = isArn ? arn?.resource.slice(type.length) : text;
  if (name?.includes(':'))
    return `${text} is a reference: leave out what stands behind the ${isArn ? 'ARN' : 'name'} of the ${kind}`;
  if (kind === 'secret' && !mayNameSecret(text)) return `${text} can be the name of no secret`;
  const secret = kind === 'parameter' ? passedThrough(name ?? '') : undefined;
  return secret === undefined
    ? undefined
    : `${text} is no parameter of its own: Parameter Store passes the secret ${secret} through; name it as a secret`;
}

/** The secret that Parameter Store passes through under this name, with or without its first slash. */
function passedThrough(name: string): string | undefined {
  const rest = name.replace(/^\//, '');
  return rest.startsWith(PASS_THROUGH) ? rest.slice(PASS_THROUGH.length) : undefined;
}

/** The name at the end of the ARN of a secret, with the suffix if the ARN has one. */
export function nameInArn(arn: string): string {
  return parseArn(arn)?.resource.replace(/^secret:/, '') ?? arn;
}

/** The ARN of the parameter of this name. `/foo` and `foo` are the same parameter; a nested name starts with `/`. */
export function parameterArn(name: string, home: Home): string {
  return parameterId(name.replace(/^\//, ''), home);
}

/** The ARN of a secret without the seven characters that Secrets Manager appends to its name. */
export function partialSecretArn(name: string, { partition, region, account }: Home): string {
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}`;
}

/**
 * Whether AWS shows nothing of the resource here: it belongs to another account or Region, or to AWS (parameters under
 * `/aws/`, which are in no list).
 */
export function isForeign({ kind, id }: Target, home: Home): boolean {
  const arn = parseArn(id);
  const isHome =
    arn?.partition === home.partition && arn.region === home.region && arn.account === home.account;
  return !isHome || (kind === 'parameter' && isOfAws(id));
}

/** Whether a name or an ARN is that of a parameter of AWS: no list shows it, and none but AWS can make one of such a name. */
export function isOfAws(parameter: string): boolean {
  return /^(?:\/?|arn:.*:parameter\/)aws\//.test(parameter);
}

function targetsOf(place: Place, valueFrom: string, home: Home): readonly Target[] {
  switch (place) {
    case 'secrets':
    case 'log':
    case 'service-connect':
      return valueFrom.startsWith('arn:') ? arnTarget(valueFrom) : parameterNamed(valueFrom, home);
    case 'credential-spec':
      // `credentialspec:file://…` and S3 objects are neither secrets nor parameters.
      return arnTarget(valueFrom.replace(CREDENTIAL_SPEC, '')).filter(
        (target) => target.kind === 'parameter',
      );
    case 'fsx':
      return arnTarget(valueFrom);
    case 'pull':
      return valueFrom.startsWith('arn:') ? arnTarget(valueFrom) : [secretNamed(valueFrom, 'name', home)];
    case 'also':
      return alsoTargets(decodeFromTag(valueFrom), home);
    default:
      return place satisfies never;
  }
}

/** A bare name in a tag means a secret or a parameter. */
function alsoTargets(name: string, home: Home): readonly Target[] {
  return name.startsWith('arn:')
    ? arnTarget(name)
    : [secretNamed(name, 'name', home), ...parameterNamed(name, home)];
}

function arnTarget(text: string): readonly Target[] {
  const arn = parseArn(text);
  if (arn?.service === 'secretsmanager') return secretArnTarget(text);
  if (arn?.service !== 'ssm' || !arn.resource.startsWith('parameter/')) return [];
  const [name = '', ...selector] = arn.resource.slice('parameter/'.length).split(':');
  return parameterTarget(name, selector, arn, 'arn');
}

/** `…:secret:NAME`, alone or with exactly three more fields, each possibly empty. Otherwise no task can start. */
function secretArnTarget(text: string): readonly Target[] {
  const parts = text.split(':');
  if (parts[5] !== 'secret' || !parts[6] || (parts.length !== 7 && parts.length !== 10)) return [];
  const [, label = '', versionId = ''] = parts.slice(7);
  return [
    {
      kind: 'secret',
      id: parts.slice(0, 7).join(':'),
      named: 'arn',
      label: label === '' ? null : label,
      versionId: versionId === '' ? null : versionId,
    },
  ];
}

/** A bare name. A nested name, which contains slashes, is valid only if it starts with a slash. */
function parameterNamed(text: string, home: Home): readonly Target[] {
  const [name = '', ...selector] = text.split(':');
  const nested = name.lastIndexOf('/') > 0;
  if (name === '' || (nested && !name.startsWith('/'))) return [];
  return parameterTarget(name.replace(/^\//, ''), selector, home, 'name');
}

/** ECS accepts no `:version` or `:label` after a parameter; a reference that has one counts as pinned. */
function parameterTarget(
  name: string,
  selector: readonly string[],
  home: Home,
  named: 'arn' | 'name',
): readonly Target[] {
  const versionId = selector.length === 0 ? null : selector.join(':');
  if (name.startsWith(PASS_THROUGH)) {
    return [{ ...secretNamed(name.slice(PASS_THROUGH.length), 'pass-through', home), versionId }];
  }
  return [{ kind: 'parameter', id: parameterId(name, home), named, label: null, versionId }];
}

function parameterId(nameWithoutSlash: string, { partition, region, account }: Home): string {
  return `arn:${partition}:ssm:${region}:${account}:parameter/${nameWithoutSlash}`;
}

function secretNamed(name: string, named: 'name' | 'pass-through', home: Home): Target {
  return { kind: 'secret', id: partialSecretArn(name, home), named, label: null, versionId: null };
}
