import { homeOf, parseArn, type ServiceKey } from '../model/arn.ts';
import { type Change, CURRENT, type Subject } from '../model/change.ts';
import { type Fleet, revisionsInUse, type Service } from '../model/fleet.ts';
import type { Mention } from '../model/mention.ts';
import { nameInArn, partialSecretArn } from '../model/reference.ts';
import { encodeForTag } from '../model/tag-text.ts';
import { ALSO } from '../model/tags.ts';
import type { Match } from './match.ts';
import { SUFFIX_LENGTH } from './subject-index.ts';

/**
 * A service whose environment names a resource that changed, although no reference of it moves: the application reads the
 * resource by itself, and the service is redeployed only with the `also` tag.
 */
export type Mentioned = {
  readonly service: Service;
  readonly container: string | null;
  /** The resource that changed. */
  readonly arn: string;
  /** Absent if the service can hold no such tag. */
  readonly also?: AlsoTag;
};

/** A tag of the service. `append`: all such tags exist, and the value belongs behind that of this one, after a space. */
export type AlsoTag = { readonly key: string; readonly value: string; readonly append?: true };

/** `matches`: a service that one of them redeploys anyway is left out. */
export function mentionsIn(
  fleet: Fleet,
  subjects: readonly Subject[],
  matches: readonly Match[],
  tagPrefix: string,
): readonly Mentioned[] {
  const changes = changesById(subjects);
  if (changes.size === 0) return [];
  const moved = movedBy(matches);
  return fleet.services.flatMap((service) => {
    const found = new Map<string, Mentioned>();
    for (const { container, names } of mentionsOf(service, fleet)) {
      const arn = changes.get(idOf(names, service));
      if (arn === undefined || moved.get(service.key)?.has(arn)) continue;
      const also = alsoTag([names, shortName(arn, service)], service, tagPrefix);
      const key = `${container} ${arn}`;
      if (!found.has(key)) found.set(key, { service, container, arn, ...(also && { also }) });
    }
    return [...found.values()];
  });
}

/** The ARN of each resource that changed, by every ARN that names it. An application reads AWSCURRENT unless it asks otherwise. */
function changesById(subjects: readonly Subject[]): ReadonlyMap<string, string> {
  const changes = subjects.flatMap((one) => (one.kind === 'change' ? [one.change] : []));
  return new Map(
    changes.filter(isOfCurrent).flatMap(({ kind, arn }): readonly (readonly [string, string])[] => {
      if (kind === 'service') return [];
      return kind === 'secret'
        ? [
            [arn.slice(0, -SUFFIX_LENGTH), arn],
            [arn, arn],
          ]
        : [[arn, arn]];
    }),
  );
}

const isOfCurrent = ({ label }: Change): boolean => label === undefined || label === CURRENT;

function mentionsOf(service: Service, { revisions }: Fleet): readonly Mention[] {
  return revisionsInUse(service).flatMap((arn) => {
    const revision = revisions.get(arn);
    return revision?.kind === 'readable' ? (revision.mentions ?? []) : [];
  });
}

function movedBy(matches: readonly Match[]): ReadonlyMap<ServiceKey, ReadonlySet<string>> {
  const moved = new Map<ServiceKey, Set<string>>();
  for (const { service, subject, hits } of matches) {
    if (subject.kind === 'notice' || !hits.some(({ effect }) => effect === 'moves')) continue;
    moved.set(service.key, (moved.get(service.key) ?? new Set()).add(subject.change.arn));
  }
  return moved;
}

/** A name belongs to the account and the Region of the service. */
function idOf(names: string, { arn }: Service): string {
  return names.startsWith('arn:') ? names : partialSecretArn(names, homeOf(arn));
}

const TAG_LENGTH = 256;

/** What is in the environment, or the name alone if the ARN is too long for a tag. */
function alsoTag(names: readonly string[], service: Service, prefix: string): AlsoTag | undefined {
  const value = names.map(encodeForTag).find((text) => text.length <= TAG_LENGTH);
  if (value === undefined || !canHaveTags(service)) return undefined;
  const { tags } = service;
  const unused = ALSO.find((key) => !tags.has(key));
  if (unused !== undefined) return { key: `${prefix}:${unused}`, value };
  const roomy = ALSO.find((key) => `${tags.get(key)} ${value}`.length <= TAG_LENGTH);
  return roomy === undefined ? undefined : { key: `${prefix}:${roomy}`, value, append: true };
}

/** The name of a resource of the service's own account and Region, for a tag that cannot hold its ARN. */
function shortName(arn: string, service: Service): string {
  const [found, home] = [parseArn(arn), homeOf(service.arn)];
  if (found === undefined || found.account !== home.account || found.region !== home.region) return arn;
  if (found.service === 'ssm') return found.resource.slice('parameter'.length);
  return nameInArn(arn).slice(0, -SUFFIX_LENGTH);
}

/** A service with an ARN in the old form, which lacks the cluster, can have no tags. */
function canHaveTags({ arn }: Service): boolean {
  return arn.split('/').length > 2;
}
