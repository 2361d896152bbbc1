import { type Match, referencesOf } from '../match/match.ts';
import { homeOf } from '../model/arn.ts';
import type { Fleet, Service } from '../model/fleet.ts';
import { isForeign, mayNameSecret, nameToAsk, type Reference, type Target } from '../model/reference.ts';
import type { MatchVerdict } from './verdict.ts';

/** Another reference of a service than those that moved: what it names must be there, and right, when a task starts. */
export type Need = { readonly target: Target; readonly reference: Reference };

type Judged = { readonly service: Service; readonly verdicts: readonly MatchVerdict[] };

/**
 * What the tasks of a new deployment need besides what the changes of this plan are about, as far as AWS shows it here.
 * A reference that names a version is left out: no rotation concerns it, and DescribeSecret does not show every version.
 */
export function needsOf({ service, verdicts }: Judged, fleet: Pick<Fleet, 'revisions'>): readonly Need[] {
  const home = homeOf(service.arn);
  const moved = new Set(verdicts.filter(({ verdict }) => verdict.action === 'redeploy').flatMap(movedIn));
  const others = referencesOf(service, fleet).filter(
    ({ reference, inPrimary }) => inPrimary && !moved.has(keyOf(reference)),
  );
  return others.flatMap(({ reference }) =>
    reference.targets
      .filter(
        (target) => target.versionId === null && !isForeign(target, home) && isCertain(target, reference),
      )
      .map((target) => ({ target, reference })),
  );
}

/**
 * ECS resolves every reference but those of the `also` tags, which the application reads by itself. A bare name there may
 * mean either kind of resource, and `?` may stand for any character.
 */
export function isResolvedAtStart({ place }: Reference): boolean {
  return place !== 'also';
}

/** The name by which AWS is asked for what is needed; several needs may share it. */
export function askedAs({ target }: Need): string {
  return target.kind === 'parameter' ? target.id : nameToAsk(target);
}

function isCertain(target: Target, reference: Reference): boolean {
  return isResolvedAtStart(reference) || (target.kind === 'secret' && mayNameSecret(nameToAsk(target)));
}

function movedIn({ match: { hits } }: { readonly match: Match }): readonly string[] {
  return hits.filter(({ effect }) => effect === 'moves').map(({ reference }) => keyOf(reference));
}

function keyOf({ taskDefinition, container, place, valueFrom }: Reference): string {
  return JSON.stringify([taskDefinition, container, place, valueFrom]);
}
