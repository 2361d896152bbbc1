import { hasTasks, primaryOf, type Service } from '../model/fleet.ts';
import { isDeploying, isRollingBack, type ServiceDeployment } from '../plan/evidence.ts';
import type { Candidate, Rule } from '../plan/rules.ts';

/** The fact that a rule looked at, in words: `PRIMARY was created at 2026-11-22 03:10:00Z, before the change`. */
export function factFor({ reasons: [first = 'opted-out'] }: Rule, candidate: Candidate): string {
  const fact: Fact | undefined = FACTS[first];
  return fact === undefined ? '' : fact(candidate);
}

type Fact = (candidate: Candidate) => string;

/** One for each rule of core/plan/rules.ts, by the first of its reasons. */
const FACTS: Readonly<Partial<Record<Rule['reasons'][number], Fact>>> = {
  'opted-out': ({ service, change, policy: { select, tagPrefix } }) => {
    const tags = [
      ['service', service.tags.get('enabled')],
      ['cluster', service.cluster.tags.get('enabled')],
    ].flatMap(([of, value]) => (value === undefined ? [] : [`${tagPrefix}:enabled=${value} on the ${of}`]));
    const secret = change.optedOut ? [`${tagPrefix}:enabled on the secret`] : [];
    const found = [...tags, ...secret];
    return `${found.length === 0 ? `no tag ${tagPrefix}:enabled` : found.join(', ')}; select is ${select}`;
  },
  'secret-gone': ({ change: { gone } }) => (gone === undefined ? 'it exists' : 'it is gone'),
  unreadable: ({ evidence: { unreadable }, match: { partlyUnreadable }, change: { unsure, behind } }) =>
    unreadable ??
    (partlyUnreadable
      ? 'a revision of the service could not be read'
      : unsure
        ? 'AWS did not say whether the change still stands'
        : behind
          ? 'the replica of the secret here has not received the version yet'
          : 'AWS has shown everything'),
  'label-not-moved': ({ match: { hits }, change: { label } }) => {
    const how = new Set(hits.map(({ reference: { place }, effect }) => `${place} ${effect}`));
    const what = label === undefined ? 'the value changed' : `${label} moved`;
    return how.size === 0 ? 'the service itself is named' : `${what}; references: ${[...how].join(', ')}`;
  },
  'not-active': ({ service: { status } }) => `status ${status}`,
  'no-tasks': ({ service: { desired, running, pending } }) =>
    `desired ${desired}, running ${running}, pending ${pending}`,
  'unsupported-controller': ({ service: { controller } }) => `deployment controller ${controller}`,
  'rollout-failed': ({ service, change, evidence: { serviceDeployments } }) => {
    const youngest = youngestSince(serviceDeployments, change.changedAt);
    if (youngest !== undefined) return `the youngest deployment since the change is ${youngest.status}`;
    return `${serviceDeployments === undefined ? 'not asked' : 'no deployment since the change'}; ${rollout(service)}`;
  },
  'already-fresh': (candidate) => ages(candidate),
  'rolling-out': ({ service, freshness }) =>
    freshness === 'rolling-out'
      ? `a deployment younger than the change is in progress: ${rollout(service)}`
      : `no deployment younger than the change is in progress; ${rollout(service)}`,
  'deployment-in-progress': ({ service: { strategy }, evidence }) => {
    const now = isRollingBack(evidence) ? 'a rollback' : isDeploying(evidence) ? 'a deployment' : 'nothing';
    return `strategy ${strategy}; ${now} is in progress`;
  },
  'cannot-replace': ({ service: { desired, minimumHealthyPercent, maximumPercent } }) =>
    `desired ${desired}, healthy percent ${minimumHealthyPercent} to ${maximumPercent}`,
  'possibly-stale': ({ change: { changedAt, possiblyUntil } }) =>
    possiblyUntil === undefined
      ? 'the instant of the change is known'
      : `the value moved between ${instant(changedAt)} and ${instant(possiblyUntil)}`,
  cooldown: ({ service, policy: { cooldownMs } }) =>
    `PRIMARY was created at ${instant(primaryOf(service)?.createdAt)}; cooldown ${cooldownMs / 1000} s`,
  'too-often': ({ evidence: { serviceDeployments }, policy: { maxPerHour } }) =>
    `${serviceDeployments === undefined ? 'not asked for deployments' : `${serviceDeployments.length} deployments are known`}; ${maxPerHour} an hour are allowed`,
};

/** The age of what runs, beside the change. */
export function ages({ service, change: { changedAt }, evidence: { tasks } }: Candidate): string {
  const primary = primaryOf(service)?.createdAt;
  const [oldest] = (tasks ?? []).map(({ createdAt }) => createdAt).toSorted((a, b) => a - b);
  const old = service.deployments.filter((one) => !one.primary && hasTasks(one)).length;
  return [
    `the change was at ${instant(changedAt)}`,
    `PRIMARY was created at ${instant(primary)}, ${side(primary, changedAt)}`,
    ...(oldest === undefined ? [] : [`the oldest task at ${instant(oldest)}, ${side(oldest, changedAt)}`]),
    ...(old === 0 ? [] : [`${old} older deployments still have tasks`]),
  ].join('; ');
}

function side(at: number | undefined, changedAt: number): string {
  if (at === undefined) return 'and is not known';
  return at > changedAt ? 'after it' : 'before it';
}

function rollout(service: Service): string {
  const primary = primaryOf(service);
  if (primary === undefined) return 'no PRIMARY deployment';
  const { rolloutState, running, desired } = primary;
  return `PRIMARY is ${rolloutState ?? 'in no known state'} with ${running} of ${desired} tasks`;
}

function youngestSince(
  deployments: readonly ServiceDeployment[] | undefined,
  changedAt: number,
): ServiceDeployment | undefined {
  return deployments
    ?.filter(({ createdAt }) => createdAt > changedAt)
    .toSorted((a, b) => b.createdAt - a.createdAt)[0];
}

/** `2026-11-22 03:10:00Z`. */
export function instant(at: number | undefined): string {
  if (at === undefined) return 'an unknown time';
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z/, 'Z');
}
