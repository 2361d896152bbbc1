import type { TaskDefinitionArn } from './arn.ts';
import type { Service, Tags } from './fleet.ts';
import type { RawReference } from './reference.ts';

/** A tag whose value means nothing; the value itself is never logged. */
export type TagWarning = { readonly arn: string; readonly tag: string; readonly problem: string };

/** What a service's tags and its cluster's say of it, under the given selection. */
export function isOptedOut({ tags, cluster }: Service, select: 'all' | 'tagged'): boolean {
  if (isOff(tags) || isOff(cluster.tags)) return true;
  return select === 'tagged' && tags.get('enabled') !== 'true';
}

/** The wave that a service belongs to: an integer from 0. */
export function waveOf({ tags }: Service): number {
  const wave = tags.get('wave');
  return wave !== undefined && WAVE.test(wave) ? Number(wave) : 0;
}

/** The resources that the `also`, `also-1` and `also-2` tags name, for applications that read a secret themselves. */
export function alsoOf(tags: Tags, taskDefinition: TaskDefinitionArn): readonly RawReference[] {
  return ['also', 'also-1', 'also-2']
    .flatMap((key) => (tags.get(key) ?? '').split(/\s/))
    .filter((name) => name !== '')
    .map((valueFrom) => ({ taskDefinition, container: null, place: 'also', valueFrom }));
}

/**
 * A text as a tag can hold it: `?` in the place of each character that a tag cannot (letters, digits, white space and
 * `_ . : / = + - @` are what it can). A name from a tag stands for every text that looks like it.
 */
export function asInTag(text: string): string {
  return text.replaceAll(NOT_IN_A_TAG, '?');
}

/** Tags of a service whose value is none of those that mean something. */
export function tagWarnings({ arn, tags, cluster }: Service): readonly TagWarning[] {
  const warnings: TagWarning[] = [];
  if (isInvalid(tags)) warnings.push(invalidTag(arn));
  if (isInvalid(cluster.tags)) warnings.push(invalidTag(cluster.arn));
  if (!WAVE.test(tags.get('wave') ?? '0'))
    warnings.push({ arn, tag: 'wave', problem: 'no integer from 0: taken as 0' });
  return warnings;
}

/** An `enabled` tag of a service, a cluster or a secret that says neither. */
export function invalidTag(arn: string): TagWarning {
  return { arn, tag: 'enabled', problem: 'neither "true" nor "false": taken as false' };
}

const WAVE = /^\d{1,6}$/;
const NOT_IN_A_TAG = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu;

/** Any value but "true" counts as false. */
function isOff(tags: Tags): boolean {
  const enabled = tags.get('enabled');
  return enabled !== undefined && enabled !== 'true';
}

function isInvalid(tags: Tags): boolean {
  return isOff(tags) && tags.get('enabled') !== 'false';
}
