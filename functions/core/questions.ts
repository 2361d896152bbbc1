import type { Question } from './evidence.ts';
import { looksLikeRollback } from './evidence.ts';
import { primaryOf } from './fleet.ts';
import { isComplete } from './freshness.ts';
import { byService, type Match } from './match.ts';
import { waveOf } from './tags.ts';
import { HOUR_MS, type Policy, TASKS_TELL_AFTER_MS, verdictOn } from './verdict.ts';

/** From this age of a change on, an earlier deployment for it may have been rolled back. */
const ROLLED_BACK_AFTER_MS = 60_000;
/** As many calls as a full token bucket allows at once, by default. */
const FEW = 40;
/** A service deployment is created at about the same time as the deployment it makes, and keeps that instant. */
const SAME_TIME_MS = 60_000;

/** What DescribeServices cannot tell about those services for which it may change the decision (DESIGN §4). */
export function questions(matches: readonly Match[], policy: Policy, now: number): readonly Question[] {
  const redeploys = matches.filter((match) => verdictOn(match, {}, policy, now)?.action === 'redeploy');
  const opening = wavesToOpen(redeploys);
  const few = redeploys.length <= FEW;
  return [...byService(matches).values()].flatMap((ofService) => {
    const asked = ofService.flatMap((match) => question(match, { opening, few }, policy, now) ?? []);
    const [first] = asked;
    if (first === undefined) return [];
    const instants = asked.flatMap(({ deploymentsSince }) => deploymentsSince ?? []);
    return {
      service: first.service,
      ...(instants.length === 0 ? {} : { deploymentsSince: Math.min(...instants) }),
      askTasks: asked.some(({ askTasks }) => askTasks),
      ...(asked.every(({ optional }) => optional) && { optional: true as const }),
    };
  });
}

function question(
  match: Match,
  { opening, few }: Circumstances,
  policy: Policy,
  now: number,
): Question | undefined {
  const { service, subject } = match;
  const verdict = verdictOn(match, {}, policy, now);
  if (verdict === undefined || 'notice' in subject) return undefined;
  const { changedAt, changeId } = subject;
  const { action, reason } = verdict;
  if (action === 'redeploy' || reason === 'possibly-stale' || reason === 'cannot-replace') {
    const since = deploymentsToAsk(match, changedAt, now);
    // Rolled back already, within a minute? To ask of a few services costs no time.
    if (since >= now && few) return { service, deploymentsSince: changedAt, askTasks: false, optional: true };
    return {
      service,
      ...(since < now && { deploymentsSince: since }),
      askTasks: now - changedAt > TASKS_TELL_AFTER_MS,
    };
  }
  if (reason !== 'rolling-out' && reason !== 'already-fresh') return undefined;
  const opens = waveOf(service) < (opening.get(changeId) ?? 0);
  const isOver =
    reason === 'already-fresh' &&
    (opens || match.following === 'adopted' || now - changedAt > ROLLED_BACK_AFTER_MS);
  return mayBeRollback(match, isOver) ? { service, deploymentsSince: changedAt, askTasks: false } : undefined;
}

/** A rollback that is over looks like any other complete deployment; one that was followed to its end is none. */
function mayBeRollback({ service, following }: Match, isOver: boolean): boolean {
  if (looksLikeRollback(service) || following === 'superseded') return true;
  return isOver && following !== 'followed';
}

/** Of the whole plan, what bears on each question in it. */
type Circumstances = { readonly opening: Opening; readonly few: boolean };

/** By change, the latest wave that would be redeployed: before it opens, the earlier ones must have come through. */
type Opening = ReadonlyMap<string, number>;

function wavesToOpen(redeploys: readonly Match[]): Opening {
  const opening = new Map<string, number>();
  for (const match of redeploys) {
    const { changeId } = match.subject;
    opening.set(changeId, Math.max(waveOf(match.service), opening.get(changeId) ?? 0));
  }
  return opening;
}

/**
 * From when on deployments must be asked for; `now` for not at all. One that runs may be a rollback, or must not be
 * interrupted; one that is over may have failed; and there may have been too many.
 */
function deploymentsToAsk({ service, following }: Match, changedAt: number, now: number): number {
  const primary = primaryOf(service);
  const instants = [now];
  if (following === 'superseded' || now - changedAt > ROLLED_BACK_AFTER_MS) instants.push(changedAt);
  if (primary !== undefined && primary.createdAt > now - HOUR_MS) instants.push(now - HOUR_MS);
  if (primary !== undefined && (service.strategy !== 'ROLLING' || !isComplete(service, primary))) {
    instants.push(...service.deployments.map(({ createdAt }) => createdAt - SAME_TIME_MS), changedAt);
  }
  return Math.min(...instants);
}
