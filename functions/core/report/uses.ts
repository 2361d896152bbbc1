import { byService, type Match, match, reportedReference } from '../match/match.ts';
import type { Subject } from '../model/change.ts';
import type { ReportedReference } from '../model/decision.ts';
import type { Fleet } from '../model/fleet.ts';
import { isOptedOut } from '../model/tags.ts';
import type { Policy } from '../plan/policy.ts';

/** The answer to `uses`: the services that refer to a resource, and how they do. */
export type Uses = {
  readonly uses: readonly Use[];
  /** What this answer does not cover. */
  readonly notCovered: string;
  /** How many references, and how many services, found no room in the answer. */
  readonly referencesLeftOut?: number;
  readonly usesLeftOut?: number;
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
  const uses = [...byService(matches).values()].map((matches) => ({
    service: matches[0].service.arn,
    cluster: matches[0].service.cluster.name,
    optedOut: isOptedOut(matches[0].service, policy.select),
    references: matches.flatMap(({ hits }) => hits.map(reportedReference)),
  }));
  return {
    uses: uses.toSorted((a, b) => (a.service < b.service ? -1 : 1)),
    notCovered:
      'Standalone and scheduled tasks (RunTask, EventBridge Scheduler) are not covered: only ECS services are read.',
  };
}
