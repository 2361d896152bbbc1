import type { TaskDefinitionArn } from './arn.ts';
import type { Service, Tags } from './fleet.ts';
import type { RawReference } from './reference.ts';
import { hasWrongEscape } from './tag-text.ts';

export { asInTag } from './tag-text.ts';

/** A tag with an invalid value. The value itself is never logged. */
export type TagWarning = { readonly arn: string; readonly tag: string; readonly problem: string };

/** Whether its own tags or those of its cluster opt a service out, under the given selection. */
export function isOptedOut({ tags, cluster }: Service, select: 'all' | 'tagged'): boolean {
  if (isOff(tags) || isOff(cluster.tags)) return true;
  return select === 'tagged' && tags.get('enabled') !== 'true';
}

/** The wave of a service: an integer from 0. */
export function waveOf({ tags }: Service): number {
  const wave = tags.get('wave');
  return wave !== undefined && WAVE.test(wave) ? Number(wave) : 0;
}

/**
 * The resources that the tags `also`, `also-1` and `also-2` name, for applications that read a secret by themselves.
 */
export function alsoOf(tags: Tags, taskDefinition: TaskDefinitionArn): readonly RawReference[] {
  return ALSO.flatMap((key) => namesIn(tags.get(key))).map((valueFrom) => ({
    taskDefinition,
    container: null,
    place: 'also',
    valueFrom,
  }));
}

/** The keys, less the prefix, of the tags that name resources; a tag holds 256 characters. */
export const ALSO = ['also', 'also-1', 'also-2'] as const;

/** Warnings for the tags of a service and of its cluster whose value is invalid. */
export function tagWarnings(service: Service): readonly TagWarning[] {
  const { arn, tags, cluster } = service;
  const warnings: TagWarning[] = [];
  if (isInvalid(tags)) warnings.push(invalidTag(arn));
  if (isInvalid(cluster.tags)) warnings.push(invalidTag(cluster.arn));
  if (!WAVE.test(tags.get('wave') ?? '0'))
    warnings.push({ arn, tag: 'wave', problem: 'not an integer from 0: it counts as 0' });
  return [...warnings, ...alsoWarnings(service)];
}

/** Warnings for `also` tags that do not name what they are meant to name: without them a mistyped tag would be silent. */
export function alsoWarnings({ arn, tags, also }: Service): readonly TagWarning[] {
  const names = new Set(also.flatMap(({ valueFrom, targets }) => (targets.length === 0 ? [valueFrom] : [])));
  return ALSO.flatMap((tag) => {
    const written = namesIn(tags.get(tag));
    return [
      ...(written.some(hasWrongEscape) ? [{ arn, tag, problem: NO_CHARACTER }] : []),
      ...(written.some((name) => names.has(name)) ? [{ arn, tag, problem: NO_RESOURCE }] : []),
    ];
  });
}

const NO_CHARACTER =
  'a "=" before two hex digits that are the code of no character of a name: it counts as "=", which is written "=3D"';
const NO_RESOURCE = 'an ARN that is neither that of a secret nor that of a parameter: it names nothing';

/** The warning for an `enabled` tag of a service, a cluster or a secret that is neither "true" nor "false". */
export function invalidTag(arn: string): TagWarning {
  return { arn, tag: 'enabled', problem: 'neither "true" nor "false": it counts as false' };
}

const WAVE = /^\d{1,6}$/;

function namesIn(value = ''): readonly string[] {
  return value.split(/\s/).filter((name) => name !== '');
}

/** Any value but "true" counts as false. */
function isOff(tags: Tags): boolean {
  const enabled = tags.get('enabled');
  return enabled !== undefined && enabled !== 'true';
}

function isInvalid(tags: Tags): boolean {
  return isOff(tags) && tags.get('enabled') !== 'false';
}
