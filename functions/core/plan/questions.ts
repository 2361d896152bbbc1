import type { Match } from '../match/match.ts';
import type { ServiceKey } from '../model/arn.ts';
import type { Change } from '../model/change.ts';
import type { Verdict } from '../model/decision.ts';
import { primaryOf, type Service } from '../model/fleet.ts';
import { grouped } from '../model/lists.ts';
import { looksLikeRollback, type Question, TASKS_TELL_AFTER_MS } from './evidence.ts';
import { isComplete } from './freshness.ts';
import { HOUR_MS, type Policy } from './policy.ts';
import { verdictOnChange } from './verdict.ts';

/**
 * Only for a change older than this is ECS always asked whether a deployment for it was rolled back: a margin, not a
 * fact.
 */
const ROLLED_BACK_AFTER_MS = 60_000;

/** The number of calls that a full token bucket allows at once by default. */
const FEW = 40;

/** A generous margin: a service deployment is created at about the same time as the deployment that it makes. */
const SAME_TIME_MS = 60_000;

/**
 * A rollback makes no service deployment. The service deployment that was rolled back shows the rollback, and it may be
 * older than the change by this much.
 */
const LONGEST_ROLLOUT_MS = 48 * HOUR_MS;

/**
 * What to ask beyond DescribeServices about the services for which the answer may change the decision. A service that
 * looks fresh is asked about too, because a completed rollback looks the same, but not for changes that are older
 * than `lookBackMs`.
 */
export function questions(
  matches: readonly Match[],
  policy: Policy,
  now: number,
  lookBackMs = Number.POSITIVE_INFINITY,
): readonly Question[] {
  const judged = matches.flatMap((match) => judgedAlone(match, policy, now));
  const few = judged.filter(({ verdict }) => verdict.action === 'redeploy').length <= FEW;
  const stopped = askedForStopped(judged);
  return [...grouped(judged, ({ match }) => match.service.key).values()].flatMap((ofService) => {
    const [{ match }] = ofService;
    const asked = ofService.flatMap((one) => question(one, { few, lookBackMs }, now) ?? []);
    if (stopped.has(match.service.key)) asked.push(...aboutStopped(match.service, ofService));
    return asked.length === 0 ? [] : joined(match.service, asked);
  });
}

/** A change that concerns a service, and what DescribeServices alone says about it. Nothing is asked for a notice. */
type Judged = { readonly match: Match; readonly change: Change; readonly verdict: Verdict };

function judgedAlone(match: Match, policy: Policy, now: number): readonly Judged[] {
  const { subject } = match;
  if (subject.kind === 'notice') return [];
  const { change } = subject;
  return [{ match, change, verdict: verdictOnChange(match, change, {}, policy, now) }];
}

function joined(service: Service, asked: readonly Question[]): Question {
  const instants = asked.flatMap(({ deploymentsSince }) => deploymentsSince ?? []);
  return {
    service,
    ...(instants.length === 0 ? {} : { deploymentsSince: Math.min(...instants) }),
    askTasks: asked.some(({ askTasks }) => askTasks),
    ...(instants.length > 0 && mayBeHeldUp(service) && { askStage: true }),
    ...(asked.some(({ askStopped }) => askStopped) && { askStopped: true }),
    ...endIn(asked),
    ...unansweredIn(asked),
  };
}

function endIn(asked: readonly Question[]): Pick<Question, 'endOf'> {
  const ends = asked.flatMap(({ endOf }) => endOf ?? []);
  return ends.length === 0 ? {} : { endOf: Math.max(...ends) };
}

function aboutStopped(service: Service, ofService: readonly Judged[]): readonly Question[] {
  const asked: Question = { service, askTasks: false, askStopped: true, unanswered: 'decide' };
  return [asked, ...ofService.filter(isEnding).map(({ change }) => ({ ...asked, endOf: change.changedAt }))];
}

/** What is asked about a service right before it is redeployed, if nothing has been asked before. */
export function questionAboutDeployments(service: Service, deploymentsSince: number): Question {
  return joined(service, [{ service, deploymentsSince, askTasks: false, unanswered: 'decide' }]);
}

/** A bake or a hook may hold up its deployment. */
function mayBeHeldUp({ strategy, hasHooks }: Service): boolean {
  return strategy !== 'ROLLING' || hasHooks;
}

/** The most services of one look about whose stopped tasks ECS is asked for one purpose. */
const MAX_STOPPED = 20;

/**
 * The services whose stopped tasks matter: those whose new tasks are not all up, the longest first, and those that a change
 * no longer waits for, because the end of their last old task is the end of its exposure: the youngest ends first.
 */
function askedForStopped(judged: readonly Judged[]): ReadonlySet<ServiceKey> {
  const services = (isOne: (one: Judged) => boolean) => [
    ...new Map(judged.filter(isOne).map(({ match }) => [match.service.key, match.service])).values(),
  ];
  const short = services(isShort);
  const fresh = services((one) => isEnding(one) && one.verdict.reason === 'already-fresh');
  const ended = [fresh, services(isEnding)].flatMap((some) =>
    some.toSorted((a, b) => changed(b) - changed(a)),
  );
  return new Set([
    ...short
      .toSorted((a, b) => began(a) - began(b))
      .slice(0, MAX_STOPPED)
      .map(({ key }) => key),
    ...[...new Set(ended.map(({ key }) => key))].slice(0, MAX_STOPPED),
  ]);
}

const began = (one: Service) => primaryOf(one)?.createdAt ?? 0;
const changed = (one: Service) => primaryOf(one)?.updatedAt ?? began(one);

/** Whether PRIMARY, whose state is told while the change waits for it, has fewer tasks running than it should have. */
function isShort({ match: { service }, verdict }: Judged): boolean {
  const primary = primaryOf(service);
  if (primary === undefined || primary.running >= primary.desired) return false;
  // Only the service deployments show whether one goes on that must not be interrupted.
  return (
    verdict.reason === 'rolling-out' ||
    verdict.reason === 'deployment-in-progress' ||
    (verdict.action === 'redeploy' && mayBeHeldUp(service))
  );
}

/**
 * The change followed the service, and is about to wait for it no longer: so it may be, too, where a rollout that was older
 * than the change has ended since, because the tasks that it started last may be younger.
 */
function isEnding({ match: { following, service }, change, verdict: { action, reason } }: Judged): boolean {
  if (following === undefined) return false;
  const mayBeFresh = action === 'redeploy' && changed(service) > change.changedAt;
  return reason === 'already-fresh' || reason === 'no-tasks' || mayBeFresh;
}

function question(
  { match, change, verdict: { action, reason } }: Judged,
  { few, lookBackMs }: Circumstances,
  now: number,
): Question | undefined {
  const { service } = match;
  const { changedAt } = change;
  if (action === 'redeploy' || reason === 'possibly-stale' || reason === 'cannot-replace')
    return questionBeforeRedeploy(match, changedAt, few, now);
  if (reason !== 'rolling-out' && reason !== 'already-fresh') return undefined;
  if (reason === 'rolling-out' && mayBeHeldUp(service)) {
    const since = Math.min(...service.deployments.map(({ createdAt }) => createdAt - SAME_TIME_MS));
    return { service, deploymentsSince: Math.min(since, changedAt), askTasks: false, unanswered: 'decide' };
  }
  return questionAboutRollback(match, change, reason === 'already-fresh', { few, lookBackMs }, now);
}

/**
 * A deployment may have been rolled back within the first minute. To ask about a few services costs no time; about many,
 * `apply` asks right before it redeploys them. After some rollbacks the earlier PRIMARY is PRIMARY again: that it was
 * updated is all that shows the deployments between.
 */
function questionBeforeRedeploy(match: Match, changedAt: number, few: boolean, now: number): Question {
  const { service } = match;
  const since = deploymentsToAsk(match, changedAt, now);
  const hourAgo = changed(service) > now - HOUR_MS ? now - HOUR_MS : now;
  const deploymentsSince = Math.min(since < now ? since : changedAt, hourAgo);
  if (since >= now && few) return { service, deploymentsSince, askTasks: false, unanswered: 'decide' };
  return {
    service,
    ...(since < now && { deploymentsSince }),
    askTasks: now - changedAt > TASKS_TELL_AFTER_MS,
  };
}

function questionAboutRollback(
  match: Match,
  { changedAt, possiblyUntil = changedAt }: Change,
  isFresh: boolean,
  { lookBackMs }: Circumstances,
  now: number,
): Question | undefined {
  const age = now - possiblyUntil;
  const isYoung = age <= ROLLED_BACK_AFTER_MS;
  const isOver = isFresh && age <= lookBackMs;
  if (!mayBeRollback(match, isOver)) return undefined;
  const deploymentsSince = possiblyUntil - LONGEST_ROLLOUT_MS;
  const asked = { service: match.service, deploymentsSince, askTasks: false };
  return isYoung && isOver ? { ...asked, unanswered: 'wait' } : asked;
}

/** One service may be asked about for several changes: the strictest of them counts. */
function unansweredIn(asked: readonly Question[]): Pick<Question, 'unanswered'> {
  const all = new Set(asked.map(({ unanswered }) => unanswered));
  const strictest = ([undefined, 'wait', 'decide'] as const).find((one) => all.has(one));
  return strictest === undefined ? {} : { unanswered: strictest };
}

/**
 * A completed rollback looks like any other completed deployment. A deployment that was followed to its end is not a
 * rollback, but the deployment that it still replaces may be one.
 */
function mayBeRollback({ service, following }: Match, isOver: boolean): boolean {
  if (looksLikeRollback(service) || following === 'superseded') return true;
  const primary = primaryOf(service);
  return isOver && (following !== 'followed' || (primary !== undefined && !isComplete(service, primary)));
}

/** The facts about the whole plan that each question depends on. */
type Circumstances = { readonly few: boolean; readonly lookBackMs: number };

/**
 * The instant since which service deployments must be asked for; `now` means not at all. A running deployment may be a
 * rollback, or one that must not be interrupted. An ended one may have failed. And there may have been too many.
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
