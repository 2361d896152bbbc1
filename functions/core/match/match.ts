import type { ServiceKey, TaskDefinitionArn } from '../model/arn.ts';
import { about, CURRENT, PREVIOUS, type Subject } from '../model/change.ts';
import type { ReportedReference } from '../model/decision.ts';
import { deploymentsInUse, type Fleet, isUnreadable, primaryOf, type Service } from '../model/fleet.ts';
import { grouped } from '../model/lists.ts';
import { type Form, followedLabel, type Reference, type Target } from '../model/reference.ts';
import { looksFull, SUFFIX_LENGTH, SUFFIXED, SubjectIndex } from './subject-index.ts';

/** Whether a redeploy makes this reference deliver what the change brought (`moves`), or why it does not. */
export type Effect = 'moves' | 'pinned' | 'other-label' | 'pull-only';

/** A reference of a service that names the subject. */
export type Hit = {
  readonly reference: Reference;
  readonly form: Form;
  readonly label: string | null;
  readonly versionId: string | null;
  readonly effect: Effect;
  /** The reference stands in the revision that a new deployment would run. */
  readonly inPrimary: boolean;
  /**
   * Only for a secret that is gone, if the reference may name another one: what Secrets Manager has to be asked for before
   * anything follows from it.
   */
  readonly guess?: string;
};

/** A service and one subject that it refers to. A service named by hand has no hits. */
export type Match = {
  readonly service: Service;
  readonly subject: Subject;
  readonly hits: readonly Hit[];
  /** A revision that the service uses could not be described: the service may refer to more than is known. */
  readonly partlyUnreadable: boolean;
  /**
   * Only in a later look. `followed`, `adopted`: the followed deployment, ours or one that we adopted from another
   * process, is still PRIMARY; the match then needs no hits, because it was made when the service began to follow the
   * deployment. `superseded`: another deployment has taken its place. `waiting`: there is no followed deployment.
   * `newly-read`: no look before has seen whether the service is stale.
   */
  readonly following?: 'followed' | 'adopted' | 'superseded' | 'waiting' | 'newly-read';
  /** Only for a followed deployment, whose hits are not read again: nothing but the `also` tags names the subject. */
  readonly byTagAlone?: true;
};

/** A reference to an older, deleted secret of the same name: it does not match, and the next task cannot start. */
export type SuffixWarning = {
  readonly service: string;
  readonly valueFrom: string;
  readonly problem: string;
};

export type PullPolicy = 'ignore' | 'redeploy';

/** Every service that refers to a subject, once for each subject (functions/README.md, References). */
export function match(fleet: Fleet, subjects: readonly Subject[], pull: PullPolicy): readonly Match[] {
  const index = new SubjectIndex(subjects, fleet);
  return fleet.services.flatMap((service) => [
    ...index.of(service).map((subject) => ({ service, subject, hits: [], partlyUnreadable: false })),
    ...matchesOf(service, fleet, index, pull),
  ]);
}

/** Every service that refers to a subject, and every service that may refer to it. */
export function possibleMatches(
  fleet: Fleet,
  subjects: readonly Subject[],
  pull: PullPolicy,
): readonly Match[] {
  const matches = match(fleet, subjects, pull);
  return [...matches, ...doubtful(fleet, subjects, matches)];
}

/**
 * The services that may refer to a change although no reference is known: a revision that they use could not be
 * described. `known`: the matches that were found.
 */
function doubtful(fleet: Fleet, subjects: readonly Subject[], known: readonly Match[]): readonly Match[] {
  const unreadable = fleet.services.filter((service) => isUnreadable(service, fleet));
  if (unreadable.length === 0) return [];
  const found = grouped(known, ({ subject }) => subject);
  const isFound = (service: Service, subject: Subject) =>
    found.get(subject)?.some((one) => one.service.key === service.key) === true;
  return unreadable.flatMap((service) =>
    subjects
      .filter((subject) => subject.kind === 'change' && subject.change.kind !== 'service')
      .filter((subject) => !isFound(service, subject))
      .map((subject) => ({ service, subject, hits: [], partlyUnreadable: true })),
  );
}

/**
 * Whether nothing but the `also` tags of a service names the subject. Everybody who may tag a service can name any secret
 * there, so such a service holds no other service back.
 */
export function isByTagAlone({ hits, byTagAlone, partlyUnreadable }: Match): boolean {
  if (byTagAlone) return true;
  return !partlyUnreadable && hits.length > 0 && hits.every(({ reference }) => reference.place === 'also');
}

/** The unreadable part of a service may refer to anything, unless the readable part already requires a redeploy. */
export function isInDoubt({ partlyUnreadable, hits }: Match): boolean {
  return partlyUnreadable && !hits.some(({ effect, inPrimary }) => effect === 'moves' && inPrimary);
}

/**
 * References to the name of a subject that carry the suffix of another secret of the same name. `spared`: the ARNs, as
 * `suspects` gives them, that are not known to name no living secret.
 */
export function suffixWarnings(
  fleet: Fleet,
  subjects: readonly Subject[],
  spared: ReadonlySet<string> = new Set(),
): readonly SuffixWarning[] {
  return olderNames(fleet, subjects).flatMap(({ service, reference, older }) =>
    older.every((id) => spared.has(id))
      ? []
      : [
          {
            service: service.arn,
            valueFrom: reference.valueFrom,
            problem:
              'has the name of the changed secret but another suffix: it may name an older, deleted secret',
          },
        ],
  );
}

/** The ARNs that look like those of older secrets of the same name; each may be the partial ARN of a living one. */
export function suspects(fleet: Fleet, subjects: readonly Subject[]): readonly string[] {
  return [...new Set(olderNames(fleet, subjects).flatMap(({ older }) => older))];
}

function olderNames(fleet: Fleet, subjects: readonly Subject[]) {
  const byName = new Map(
    subjects
      .map(about)
      .filter(({ kind, arn }) => kind === 'secret' && SUFFIXED.test(arn))
      .map(({ arn }) => [arn.slice(0, -SUFFIX_LENGTH), arn]),
  );
  const isOlder = ({ id, named }: Target) =>
    named === 'arn' && looksFull(id) && (byName.get(id.slice(0, -SUFFIX_LENGTH)) ?? id) !== id;
  if (byName.size === 0) return [];
  return fleet.services.flatMap((service) =>
    referencesOf(service, fleet).flatMap(({ reference }) => {
      const older = reference.targets.filter(isOlder).map(({ id }) => id);
      return older.length === 0 ? [] : [{ service, reference, older }];
    }),
  );
}

/** The matches grouped by service, in the order in which they were found. */
export function byService(matches: readonly Match[]): ReadonlyMap<ServiceKey, readonly [Match, ...Match[]]> {
  return grouped(matches, ({ service }) => service.key);
}

function matchesOf(service: Service, fleet: Fleet, index: SubjectIndex, pull: PullPolicy): readonly Match[] {
  const hits = new Map<Subject, Hit[]>();
  for (const { reference, inPrimary } of referencesOf(service, fleet)) {
    for (const target of reference.targets) {
      for (const { subject, form, guess } of index.namedBy(target, reference)) {
        const { label, versionId } = target;
        const effect = effectOf(reference, target, subject, pull);
        const hit = {
          reference,
          form,
          label,
          versionId,
          effect,
          inPrimary,
          ...(guess !== undefined && { guess }),
        };
        hits.set(subject, [...(hits.get(subject) ?? []), hit]);
      }
    }
  }
  const partlyUnreadable = isUnreadable(service, fleet);
  return [...hits].map(([subject, found]) => ({ service, subject, hits: found, partlyUnreadable }));
}

type Found = { readonly reference: Reference; readonly inPrimary: boolean };

/** The references of every revision and deployment of which the service has tasks or would start tasks. */
export function referencesOf(service: Service, { revisions }: Pick<Fleet, 'revisions'>): readonly Found[] {
  const inPrimary = new Set<TaskDefinitionArn>();
  const primary = primaryOf(service);
  if (service.taskDefinition !== null) inPrimary.add(service.taskDefinition);
  if (primary !== undefined) inPrimary.add(primary.taskDefinition);
  const used = deploymentsInUse(service);
  const arns = new Set([...inPrimary, ...used.map((deployment) => deployment.taskDefinition)]);
  return [
    ...[...arns].flatMap((arn) => {
      const revision = revisions.get(arn);
      const references = revision?.kind === 'readable' ? revision.references : [];
      return references.map((reference) => ({ reference, inPrimary: inPrimary.has(arn) }));
    }),
    ...used.flatMap((deployment) =>
      deployment.references.map((reference) => ({ reference, inPrimary: deployment.primary })),
    ),
    ...service.also.map((reference) => ({ reference, inPrimary: true })),
  ];
}

function effectOf({ place }: Reference, target: Target, subject: Subject, pull: PullPolicy): Effect {
  if (place === 'pull' && pull === 'ignore') return 'pull-only';
  if (target.versionId !== null) return 'pinned';
  if (target.kind === 'parameter' || subject.kind === 'notice' || subject.change.label === undefined)
    return 'moves';
  const { label } = subject.change;
  const followed = followedLabel(target);
  // AWSPREVIOUS moves whenever AWSCURRENT does.
  const moves = followed === label || (followed === PREVIOUS && label === CURRENT);
  return moves ? 'moves' : 'other-label';
}

export function reportedReference(hit: Match['hits'][number]): ReportedReference {
  const { reference, form, label, versionId } = hit;
  const { taskDefinition, container, place, valueFrom } = reference;
  return { taskDefinition, container, place, valueFrom, form, label, versionId };
}
