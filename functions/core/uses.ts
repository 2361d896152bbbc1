import type { ReportedReference } from './decision.ts';
import type { Fleet } from './fleet.ts';
import { byService, match } from './match.ts';
import { reportedReference } from './plan.ts';
import type { Subject } from './subject-index.ts';
import { isOptedOut } from './tags.ts';
import type { Policy } from './verdict.ts';

/** The answer to `uses`: who refers to a resource, and how. */
export type Uses = {
  readonly uses: readonly Use[];
  /** What this answer does not cover. */
  readonly notCovered: string;
};

type Use = {
  readonly service: string;
  readonly cluster: string;
  readonly optedOut: boolean;
  readonly references: readonly ReportedReference[];
};

/** Every reference counts here, those that no redeploy would change included. */
export function usesOf(fleet: Fleet, subjects: readonly Subject[], policy: Policy): Uses {
  const uses = [...byService(match(fleet, subjects, 'redeploy')).values()].map((matches) => ({
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
