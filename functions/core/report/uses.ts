import { byService, type Match, match, referencesOf, reportedReference } from '../match/match.ts';
import { type AlsoTag, mentionsIn } from '../match/mentions.ts';
import { looksFull, SUFFIXED } from '../match/subject-index.ts';
import type { Subject } from '../model/change.ts';
import type { ReportedReference } from '../model/decision.ts';
import { type Fleet, type Service, type Unread, unreadIn } from '../model/fleet.ts';
import type { Form, Target } from '../model/reference.ts';
import { isOptedOut } from '../model/tags.ts';
import type { Policy } from '../plan/policy.ts';

/** The answer to `uses`: the services that refer to a resource, and how they do. */
export type Uses = {
  readonly uses: readonly Use[];
  /** Services whose environment names the resource although no reference of theirs follows it; absent if there is none. */
  readonly mentions?: readonly ReportedMention[];
  /** What ECS did not show: it may belong into the answer, too. Absent if there is nothing. */
  readonly unreadable?: readonly Unread[];
  /** What this answer does not cover. */
  readonly notCovered: string;
  /** How many references, and how many services, found no room in the answer. */
  readonly referencesLeftOut?: number;
  readonly usesLeftOut?: number;
  readonly mentionsLeftOut?: number;
};

/** A service that reads the resource by itself. `also`: the tag with which it would be redeployed. */
export type ReportedMention = {
  readonly service: string;
  readonly cluster: string;
  readonly optedOut: boolean;
  readonly container: string | null;
  readonly arn: string;
  readonly also?: AlsoTag;
};

type Use = {
  readonly service: string;
  readonly cluster: string;
  readonly optedOut: boolean;
  readonly references: readonly ReportedReference[];
};

/** Every reference counts here, including those that a redeploy would not change. */
export function usesOf(
  fleet: Fleet,
  subjects: readonly Subject[],
  policy: Policy,
  matches: readonly Match[] = match(fleet, subjects, 'redeploy'),
): Uses {
  const uses = [...byService(matches).values()].map((ofService) => ({
    service: ofService[0].service.arn,
    cluster: ofService[0].service.cluster.name,
    optedOut: isOptedOut(ofService[0].service, policy.select),
    references: ofService.flatMap(({ hits }) => hits.map(reportedReference)),
  }));
  const mentions = reportedMentions(fleet, subjects, matches, policy);
  return {
    ...(mentions.length > 0 && { mentions }),
    ...unreadableIn(fleet),
    uses: uses.toSorted((a, b) => (a.service < b.service ? -1 : 1)),
    notCovered: NOT_COVERED,
  };
}

function unreadableIn(fleet: Fleet): Pick<Uses, 'unreadable'> {
  const unreadable = unreadIn(fleet);
  return unreadable.length === 0 ? {} : { unreadable };
}

const NOT_COVERED =
  'Standalone and scheduled tasks (RunTask, EventBridge Scheduler) are not covered: only ECS services are read.';

/** What Secrets Manager said about ARNs in references: whether this one is a secret's full ARN. Not in it: it did not say. */
export type KnownArns = ReadonlyMap<string, boolean>;

/** The reverse: everything that the services of a fleet refer to. */
export function everythingUsedIn(fleet: Fleet, { select }: Pick<Policy, 'select'>, known: KnownArns): Uses {
  const uses = fleet.services.map((service) => ({
    service: service.arn,
    cluster: service.cluster.name,
    optedOut: isOptedOut(service, select),
    references: referencesIn(service, fleet, known),
  }));
  return { ...unreadableIn(fleet), uses, notCovered: NOT_COVERED };
}

/** The ARNs of secrets in a fleet's references that look like full ones, or may be. Only Secrets Manager knows. */
export function doubtfulArns(fleet: Fleet): ReadonlySet<string> {
  const targets = fleet.services.flatMap((service) =>
    referencesOf(service, fleet).flatMap(({ reference }) => reference.targets),
  );
  return new Set(targets.filter(isDoubtful).map(({ id }) => id));
}

const isDoubtful = ({ kind, id, named }: Target): boolean =>
  kind === 'secret' && named === 'arn' && SUFFIXED.test(id);

function referencesIn(service: Service, fleet: Fleet, known: KnownArns): readonly ReportedReference[] {
  return referencesOf(service, fleet).flatMap(({ reference: { targets, ...reference } }) =>
    targets.map(({ label, versionId, ...target }) => ({
      ...reference,
      form: formOf(target, known),
      label,
      versionId,
    })),
  );
}

function formOf({ kind, id, named }: Pick<Target, 'kind' | 'id' | 'named'>, known: KnownArns): Form {
  if (named !== 'arn') return named;
  const isFull = kind === 'parameter' || (known.get(id) ?? looksFull(id));
  return isFull ? 'full-arn' : 'partial-arn';
}

/** Sorted by ARN. */
export function reportedMentions(
  fleet: Fleet,
  subjects: readonly Subject[],
  matches: readonly Match[],
  { select, tagPrefix }: Pick<Policy, 'select' | 'tagPrefix'>,
): readonly ReportedMention[] {
  return mentionsIn(fleet, subjects, matches, tagPrefix)
    .map(({ service, ...mention }) => ({
      service: service.arn,
      cluster: service.cluster.name,
      optedOut: isOptedOut(service, select),
      ...mention,
    }))
    .toSorted((a, b) => (a.service < b.service ? -1 : 1));
}

/** Those of a plan. A service that is opted out is meant to be left alone. */
export function mentionsToTell(
  ...asked: Parameters<typeof reportedMentions>
): readonly Omit<ReportedMention, 'optedOut'>[] {
  return reportedMentions(...asked).flatMap(({ optedOut, ...mention }) => (optedOut ? [] : [mention]));
}
