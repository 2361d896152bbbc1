import type { Question } from './evidence.ts';
import { looksLikeRollback } from './evidence.ts';
import { primaryOf, type Service } from './fleet.ts';
import { isComplete } from './freshness.ts';
import { byService, type Match } from './match.ts';
import { type Policy, TASKS_TELL_AFTER_MS, verdictOn } from './verdict.ts';

/** From this age of a change on, an earlier deployment for it may have been rolled back. */
const ROLLED_BACK_AFTER_MS = 60_000;
/** A service deployment is created at about the same time as the deployment it makes, and keeps that instant. */
const SAME_TIME_MS = 60_000;

/** What DescribeServices cannot tell about those services for which it may change the decision (DESIGN §4). */
export function questions(matches: readonly Match[], policy: Policy, now: number): readonly Question[] {
  return [...byService(matches).values()].flatMap((ofService) => {
    const asked = ofService.flatMap((match) => question(match, policy, now) ?? []);
    const [first] = asked;
    if (first === undefined) return [];
    const instants = asked.flatMap(({ deploymentsSince }) => deploymentsSince ?? []);
    return {
      service: first.service,
      ...(instants.length === 0 ? {} : { deploymentsSince: Math.min(...instants) }),
      askTasks: asked.some(({ askTasks }) => askTasks),
    };
  });
}

function question(match: Match, policy: Policy, now: number): Question | undefined {
  const { service, subject } = match;
  if ('notice' in subject) return undefined;
  const { changedAt } = subject;
  const age = now - changedAt;
  const verdict = verdictOn(match, {}, policy, now);
  if (verdict === undefined) return undefined;
  const { action, reason } = verdict;
  const rollback = { service, deploymentsSince: changedAt, askTasks: false };
  if (reason === 'rolling-out') return looksLikeRollback(service) ? rollback : undefined;
  // A rollback that is over looks like any other complete deployment.
  if (reason === 'already-fresh')
    return age > ROLLED_BACK_AFTER_MS || looksLikeRollback(service) ? rollback : undefined;
  if (action !== 'redeploy' && reason !== 'possibly-stale' && reason !== 'cannot-replace') return undefined;
  return { service, ...deploymentsToAsk(service, changedAt, age), askTasks: age > TASKS_TELL_AFTER_MS };
}

/** A deployment that runs may be a rollback, or one that must not be interrupted; one that is over may have failed. */
function deploymentsToAsk(
  service: Service,
  changedAt: number,
  age: number,
): Pick<Question, 'deploymentsSince'> {
  const primary = primaryOf(service);
  if (primary !== undefined && (service.strategy !== 'ROLLING' || !isComplete(service, primary))) {
    const started = service.deployments.map(({ createdAt }) => createdAt - SAME_TIME_MS);
    return { deploymentsSince: Math.min(changedAt, ...started) };
  }
  return age > ROLLED_BACK_AFTER_MS ? { deploymentsSince: changedAt } : {};
}
