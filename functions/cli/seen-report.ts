import { followed } from '../core/report/followed.ts';
import type { Report, Unfinished } from '../core/report/report.ts';
import type { Row } from './render/rollout.ts';
import { serviceName } from './render/words.ts';

/**
 * The report of a redeploy that the installed service made: what it decided is what was decided here just before, and what
 * became of it is what ECS showed. `id` is that of its invocation, under which it records everything.
 */
export function seenReport(plan: Report, rows: readonly Row[], id: string): Report & Unfinished {
  const deploymentOf = new Map(rows.map(({ key, deploymentId }) => [String(key), deploymentId]));
  const decisions = plan.decisions.map((one) => ({ ...one, changeIds: one.changeIds.map(() => id) }));
  const outcomes = decisions
    .filter(({ action }) => action === 'redeploy')
    .map(({ service, cluster }) => {
      const deploymentId = deploymentOf.get(serviceName(service, cluster));
      return deploymentId === undefined
        ? { service, result: 'unknown' as const, error: NOT_SEEN }
        : { service, result: 'accepted' as const, deploymentId };
    });
  const accepted = outcomes.filter(({ result }) => result === 'accepted').length;
  const report = {
    ...plan,
    changes: plan.changes.map((change) => ({ ...change, changeId: id })),
    notices: plan.notices.map((notice) => ({ ...notice, changeId: id })),
    decisions,
    outcomes,
    summary: { ...plan.summary, accepted, failed: outcomes.length - accepted },
  };
  return { ...report, ...followed(report, id, false) };
}

const NOT_SEEN = { code: 'NotSeen', message: 'ECS shows no deployment of the service since the request' };
