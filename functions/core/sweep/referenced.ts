import { forcedChange } from '../confirm/confirm.ts';
import { type Hit, type Match, match, type PullPolicy, referencesOf } from '../match/match.ts';
import { SubjectIndex } from '../match/subject-index.ts';
import { homeOf } from '../model/arn.ts';
import { about, type Change, endOfSecond, type Notice, SWEEP, subjectsOf } from '../model/change.ts';
import type { Fleet } from '../model/fleet.ts';
import { isForeign, type Reference, type Target } from '../model/reference.ts';
import type { SecretDescription } from '../model/secret.ts';

/** A resource, and a reference in the fleet that names it. */
export type Referenced = { readonly target: Target; readonly reference: Reference };

/** Everything that the fleet refers to, once for each way of naming it. */
export type ReferencedByFleet = {
  readonly secrets: readonly Referenced[];
  readonly parameters: readonly Referenced[];
  /** ARNs of another account or Region, or of AWS: whether they exist, and since when, cannot be read from here. */
  readonly foreign: readonly string[];
  /** The secrets among them. */
  readonly elsewhere: readonly Referenced[];
};

/** Collects the targets of all references in the revisions that are in use, whatever their place. */
export function referencedBy(fleet: Fleet): ReferencedByFleet {
  const here = new Map<string, Referenced>();
  const foreign = new Map<string, Referenced>();
  for (const service of fleet.services) {
    const home = homeOf(service.arn);
    for (const { reference } of referencesOf(service, fleet)) {
      for (const target of reference.targets) {
        if (isForeign(target, home)) foreign.set(target.id, { target, reference });
        else here.set(`${reference.place === 'also'} ${keyOf(target)}`, { target, reference });
      }
    }
  }
  const ofKind = (kind: Target['kind']) => [...here.values()].filter(({ target }) => target.kind === kind);
  return {
    secrets: ofKind('secret'),
    parameters: ofKind('parameter'),
    foreign: [...foreign.keys()],
    elsewhere: [...foreign.values()].filter(({ target }) => target.kind === 'secret'),
  };
}

/** Which of these secrets the references name (functions/README.md, References). */
export function namedAmong(
  secrets: readonly SecretDescription[],
  referred: readonly Referenced[],
  fleet: Fleet,
): readonly { readonly referred: Referenced; readonly secret: SecretDescription }[] {
  const byArn = new Map(secrets.map((secret) => [secret.arn, secret]));
  const index = new SubjectIndex(
    subjectsOf({ changes: secrets.map((secret) => latestChange('', secret)), notices: [] }),
    fleet,
  );
  return referred.flatMap((one) =>
    index.namedBy(one.target, one.reference).flatMap(({ subject }) => {
      const secret = byArn.get(about(subject).arn);
      return secret === undefined ? [] : [{ referred: one, secret }];
    }),
  );
}

/** No label of the secret moved after this change. A service fresh for it is fresh whatever the version dates are. */
export function latestChange(changeId: string, secret: SecretDescription): Change {
  const at = endOfSecond(Math.max(secret.lastChangedAt ?? 0, secret.lastRotatedAt ?? 0));
  return forcedChange({ changeId, at, source: SWEEP }, secret);
}

/**
 * The services in which a new task could not start because of a notice, or whose application would not find what an `also`
 * tag names. For a resource that was not found, only the references that found nothing count: a partial ARN in the same
 * service may name a secret that was created again, and a bare name in a tag may be meant for the other kind of resource.
 */
export function broken(
  fleet: Fleet,
  notices: readonly Notice[],
  notFound: readonly Referenced[],
  pull: PullPolicy,
): readonly Match[] {
  const keys = new Set(notFound.map(({ target }) => keyOf(target)));
  return match(fleet, subjectsOf({ changes: [], notices }), pull).flatMap((one) => {
    const { subject } = one;
    const isVanished = subject.kind === 'notice' && subject.notice.notice === 'not-found';
    const concerned = (target: Target) => target.id === about(subject).arn && keys.has(keyOf(target));
    const hits = one.hits.filter(
      ({ reference, inPrimary }) =>
        inPrimary && (!isVanished || (reference.place !== 'also' && reference.targets.some(concerned))),
    );
    return hits.length === 0 ? [] : [{ ...one, hits: isVanished ? hits.map(withoutGuess) : hits }];
  });
}

/** What was asked for and found nothing is no guess any more. */
function withoutGuess(hit: Hit): Hit {
  const { guess: _, ...rest } = hit;
  return rest;
}

function keyOf({ kind, named, id }: Target): string {
  return `${kind} ${named === 'arn'} ${id}`;
}
