import type { TaskDefinitionArn } from './arn.ts';
import type { Service, Tags } from './fleet.ts';
import type { RawReference } from './reference.ts';

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
  return ['also', 'also-1', 'also-2']
    .flatMap((key) => (tags.get(key) ?? '').split(/\s/))
    .filter((name) => name !== '')
    .map((valueFrom) => ({ taskDefinition, container: null, place: 'also', valueFrom }));
}

/**
 * A text as a tag can hold it: each character that a tag cannot hold is replaced by `?`. A tag holds letters, digits,
 * white space and `_ . : / = + - @` (functions/README.md, References). A name from a tag stands for every text that
 * becomes this name.
 */
export function asInTag(text: string): string {
  return text.replaceAll(NOT_IN_A_TAG, '?');
}

/** Warnings for the tags of a service and of its cluster whose value is invalid. */
export function tagWarnings({ arn, tags, cluster }: Service): readonly TagWarning[] {
  const warnings: TagWarning[] = [];
  if (isInvalid(tags)) warnings.push(invalidTag(arn));
  if (isInvalid(cluster.tags)) warnings.push(invalidTag(cluster.arn));
  if (!WAVE.test(tags.get('wave') ?? '0'))
    warnings.push({ arn, tag: 'wave', problem: 'not an integer from 0: it counts as 0' });
  return warnings;
}

/** The warning for an `enabled` tag of a service, a cluster or a secret that is neither "true" nor "false". */
export function invalidTag(arn: string): TagWarning {
  return { arn, tag: 'enabled', problem: 'neither "true" nor "false": it counts as false' };
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
