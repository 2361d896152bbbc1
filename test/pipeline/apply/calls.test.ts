import { describe, expect, test, vi } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import type { Service } from '../../../functions/core/model/fleet.ts';
import type { Outcome } from '../../../functions/core/model/outcome.ts';
import type { Evidence, Question } from '../../../functions/core/plan/evidence.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import { NOTHING_EARLIER } from '../../../functions/core/plan/waves.ts';
import { apply, applyEarly, notExecuted } from '../../../functions/pipeline/apply/apply.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import type { Recheck } from '../../../functions/ports.ts';
import {
  AFTER,
  asSubject,
  CHANGED_AT,
  change,
  deployment,
  fleet,
  NOW,
  notice,
  POLICY,
  service,
} from '../../support/build.ts';
import { atOnce, fakeRun } from '../../support/fake-run.ts';

type Ecs = Run['ports']['ecs'];
type Given = {
  readonly services?: readonly Service[];
  readonly changes?: readonly Change[];
  readonly evidence?: Evidence;
  readonly following?: 'followed';
  /** When it is, in milliseconds. */
  readonly now?: number;
  /** What the jitter is made from. */
  readonly random?: number;
  readonly remainingMs?: (now: number) => number;
  readonly lostAnswers?: Run['lostAnswers'];
  readonly ecs?: Partial<Ecs>;
};

const accepted = (one: Service): Outcome => ({
  service: one.arn,
  result: 'accepted',
  deploymentId: `of ${one.name}`,
  acceptedAt: 0,
});
const failing = (
  one: Service,
  error: Partial<{ throttled: boolean; retryable: boolean; missingAction: string }>,
): Outcome => ({
  service: one.arn,
  result: 'failed',
  error: { code: 'C', message: 'm', retryable: false, throttled: false, ...error },
});
const seenAs = (services: readonly Service[]): ReadonlyMap<Service['key'], Recheck> =>
  new Map(services.map((one) => [one.key, { service: one }]));

/** A plan, and a run of which the test says what ECS answers. */
function scene({
  services = [service()],
  changes = [change()],
  evidence,
  following,
  now = NOW,
  random = 0,
  ecs,
  ...given
}: Given = {}) {
  vi.spyOn(Math, 'random').mockReturnValue(random);
  const world = fleet(services);
  const subjects = changes.map(asSubject);
  const matches = match(world, subjects, 'ignore').map((one) => (following ? { ...one, following } : one));
  const known = new Map(evidence === undefined ? [] : services.map((one) => [one.key, evidence] as const));
  const basis = { fleet: world, subjects, matches, evidence: known, policy: POLICY, now };
  const answers: Partial<Ecs> = {
    acquireUpdates: (most) => Promise.resolve(most),
    recheck: (some) => Promise.resolve(seenAs(some)),
    answer: () => Promise.resolve({ serviceDeployments: [] }),
    forceNewDeployment: (one) => Promise.resolve(accepted(one)),
    ...ecs,
  };
  return {
    plan: makePlan({ ...basis, earlier: NOTHING_EARLIER }),
    ...fakeRun({ ecs: answers }, { now, ...given }, inShort),
  };
}

/** The names of services, the instant of a question, or a number. */
function inShort(input: unknown): string {
  if (Array.isArray(input)) return input.map(inShort).join();
  if (typeof input !== 'object' || input === null) return String(input);
  const { name, deploymentsSince } = input as Partial<Service & Question>;
  return name ?? `${(deploymentsSince ?? 0) - CHANGED_AT}`;
}

const KNOWN: Evidence = { serviceDeployments: [], asOf: CHANGED_AT };
const names = (count: number) =>
  Array.from({ length: count }, (_, i) => service({ name: `s${String(i).padStart(2, '0')}` }));
/** The same service with a deployment that began after the change. */
const renewed = (one: Service) => ({
  ...one,
  deployments: [deployment({ id: 'ecs-svc/2', createdAt: AFTER })],
});
const outcomes = (results: Awaited<ReturnType<typeof apply>>) => results.map(({ outcome }) => outcome);

describe('a redeploy', () => {
  test('is made once there is a permit, after the service was looked at and its deployments were asked for, and is recorded', async () => {
    const { plan, run, did, told } = scene();
    const [one] = plan.redeploys;
    const result = { decision: one?.decision, outcome: accepted(service()) };
    expect(await apply(plan, run)).toMatchObject([result]);
    expect(did).toEqual(['sleep 1', 'acquireUpdates 1', 'recheck api', 'answer 0', 'forceNewDeployment api']);
    expect(told).toEqual([['executed', result.decision, result.outcome]]);
    expect(run.lostAnswers.size).toBe(0);
  });

  test('does not ask for deployments that are known', async () => {
    const { plan, run, did } = scene({ evidence: KNOWN });
    await apply(plan, run);
    expect(did).toEqual(['sleep 1', 'acquireUpdates 1', 'recheck api', 'forceNewDeployment api']);
  });

  test('asks for the deployments since the oldest of its changes, and waits for the youngest', async () => {
    const changes = [change(), change({ changeId: 'change-2', changedAt: CHANGED_AT + 9_000 })];
    const { plan, run, did } = scene({ changes });
    await apply(plan, run);
    expect(did).toEqual([
      'sleep 1001',
      'acquireUpdates 1',
      'recheck api',
      'answer 0',
      'forceNewDeployment api',
    ]);
  });

  test.each([
    ['is made two seconds after the change', { now: CHANGED_AT + 500 }, 1_501],
    ['that is late is made at once', { now: CHANGED_AT + 2_000 }, 1],
    [
      'whose last answer was lost waits until ECS is certain to show it',
      { lostAnswers: new Map([[service().key, NOW - 4_000]]) },
      6_001,
    ],
    [
      'whose answer was lost long ago waits no longer',
      { lostAnswers: new Map([[service().key, NOW - 10_000]]) },
      1,
    ],
  ])('%s', async (_, given, slept) => {
    const { plan, run, did } = scene(given);
    await apply(plan, run);
    expect(did[0]).toBe(`sleep ${slept}`);
  });

  test('waits for jitter of at most seven steps of 125 ms', async () => {
    const { plan, run, did } = scene({ random: 0.999 });
    await apply(plan, run);
    expect(did[0]).toBe('sleep 876');
  });

  test('of another group does not wait for the jitter a second time', async () => {
    const { plan, run, did } = scene({
      random: 0.999,
      services: names(11),
      ecs: { acquireUpdates: (most) => Promise.resolve(Math.min(most, 1)) },
    });
    await apply(plan, run);
    expect(did.filter((one) => one.startsWith('sleep'))).toEqual(['sleep 876']);
  });
});

test('what ECS answers about the deployments of a service decides', async () => {
  const rolledBack = { createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' };
  const { plan, run, did } = scene({
    ecs: { answer: () => Promise.resolve({ serviceDeployments: [rolledBack] }) },
  });
  expect(await apply(plan, run)).toMatchObject([{ decision: { action: 'skip', reason: 'rollout-failed' } }]);
  expect(did).not.toContain('forceNewDeployment api');
});

test('ECS is asked for the deployments since a change, and not since a notice beside it', async () => {
  const { plan, run, did } = scene();
  const redeploys = plan.redeploys.map((one) => {
    const [judged] = one.verdicts;
    if (judged === undefined) throw new Error('a redeploy has a verdict');
    const noticed = { ...judged, match: { ...judged.match, subject: asSubject(notice()) } };
    return { ...one, verdicts: [judged, noticed] };
  });
  await apply({ ...plan, redeploys }, run);
  expect(did).toContain('answer 0');
});

describe('services are looked at and redeployed', () => {
  test('in at most sixteen groups at once', async () => {
    const { during, most } = atOnce();
    const services = Array.from({ length: 17 }, (_, i) =>
      service({ cluster: { ...service().cluster, arn: `${service().cluster.arn}-${i}` as never } }),
    ).map((one, i) => ({ ...one, key: `${one.key}-${i}` as Service['key'] }));
    const { plan, run } = scene({
      services,
      ecs: {
        acquireUpdates: (wanted) => during(wanted),
      },
    });
    await apply(plan, run);
    expect(most()).toBe(16);
  });

  test('ten at a time, as many as one call describes', async () => {
    const { plan, run, did } = scene({ services: names(11), evidence: KNOWN });
    expect(await apply(plan, run)).toHaveLength(11);
    expect(did.filter((one) => one.startsWith('acquireUpdates'))).toEqual([
      'acquireUpdates 10',
      'acquireUpdates 1',
    ]);
    expect(did.filter((one) => one.startsWith('forceNewDeployment'))).toHaveLength(11);
  });

  test('those of each cluster by themselves', async () => {
    const other = { ...service().cluster, arn: `${service().cluster.arn}-2` as never, name: 'main-2' };
    const services = [service(), service({ name: 'b', cluster: other })];
    const { plan, run, did } = scene({ services, evidence: KNOWN });
    await apply(plan, run);
    expect(did.filter((one) => one.startsWith('recheck'))).toEqual(['recheck api', 'recheck b']);
  });

  test('as many as there are permits for, and then the next ones', async () => {
    const { plan, run, did } = scene({
      services: names(3),
      evidence: KNOWN,
      ecs: { acquireUpdates: (most) => Promise.resolve(Math.min(most, 2)) },
    });
    expect(await apply(plan, run)).toHaveLength(3);
    expect(did.filter((one) => !one.startsWith('sleep'))).toEqual([
      'acquireUpdates 3',
      'recheck s00,s01',
      'forceNewDeployment s00',
      'forceNewDeployment s01',
      'acquireUpdates 1',
      'recheck s02',
      'forceNewDeployment s02',
    ]);
  });
});

describe('without time', () => {
  const undone = { service: service().arn, result: 'not-executed', why: 'out-of-time' };

  test.each([
    ['the wait leaves less than the reserve', { now: CHANGED_AT + 500, remainingMs: () => 31_499 }, []],
    [
      'getting a permit took the time',
      { remainingMs: (now: number) => (now > NOW ? 29_999 : 60_000) },
      ['sleep 1', 'acquireUpdates 1'],
    ],
    [
      'there is no permit',
      { ecs: { acquireUpdates: () => Promise.resolve(0) } },
      ['sleep 1', 'acquireUpdates 1'],
    ],
  ])('nothing is redeployed, and that is recorded: %s', async (_, given, done) => {
    const { plan, run, did, told } = scene(given);
    expect(outcomes(await apply(plan, run))).toEqual([undone]);
    expect(did).toEqual(done);
    expect(told).toEqual([['executed', plan.redeploys[0]?.decision, undone]]);
  });

  test.each([
    ['the wait leaves the reserve', { now: CHANGED_AT + 500, remainingMs: () => 31_500 }],
    ['the permit leaves the reserve', { remainingMs: (now: number) => (now > NOW ? 30_000 : 60_000) }],
  ])('a redeploy is still made where %s', async (_, given) => {
    const { plan, run } = scene(given);
    expect(outcomes(await apply(plan, run))).toEqual([accepted(service())]);
  });

  test('of two services the one is redeployed that has a permit', async () => {
    let permits = 1;
    const { plan, run } = scene({
      services: names(2),
      ecs: { acquireUpdates: () => Promise.resolve(permits--) },
    });
    expect(outcomes(await apply(plan, run))).toMatchObject([
      { result: 'accepted', deploymentId: 'of s00' },
      { result: 'not-executed', why: 'out-of-time' },
    ]);
  });

  test('a look that ended with the time for reading is out of time, and one that failed is a failure to repeat', async () => {
    const broken = { ecs: { recheck: () => Promise.reject(new Error('no answer')) } };
    const { plan, run, endReading } = scene(broken);
    const error = { code: 'ReadFailed', message: 'no answer', retryable: true, throttled: false };
    expect(outcomes(await apply(plan, run))).toEqual([{ service: service().arn, result: 'failed', error }]);
    endReading();
    expect(outcomes(await apply(plan, run))).toEqual([undone]);
  });

  test('what is no error is told, too', async () => {
    const { plan, run } = scene({ ecs: { recheck: () => Promise.reject('no answer') } });
    expect(outcomes(await apply(plan, run))).toMatchObject([{ error: { message: 'no answer' } }]);
  });
});

describe('right before its redeploy', () => {
  test('a service is gone', async () => {
    const { plan, run, did, told } = scene({ ecs: { recheck: () => Promise.resolve(new Map()) } });
    const outcome = { service: service().arn, result: 'gone' };
    const [{ decision } = {}] = plan.redeploys;
    expect(await apply(plan, run)).toEqual([{ planned: expect.anything(), decision, outcome }]);
    expect(did).not.toContain('forceNewDeployment api');
    expect(told).toEqual([['executed', decision, outcome]]);
  });

  test('ECS refuses to show it: that is a failure to repeat', async () => {
    const look = new Map([[service().key, { refused: 'AccessDenied' }]]);
    const { plan, run, did } = scene({ ecs: { recheck: () => Promise.resolve(look) } });
    const error = { code: 'Unreadable', message: 'AccessDenied', retryable: true, throttled: false };
    expect(outcomes(await apply(plan, run))).toEqual([{ service: service().arn, result: 'failed', error }]);
    expect(did).not.toContain('forceNewDeployment api');
  });

  test.each([
    ['older than what ECS was asked about counts as fresh', AFTER, 'skip', 'already-fresh'],
    ['younger may be a rollback, and the next look asks', AFTER - 1, 'wait', 'rolling-out'],
  ])('a deployment of another one that is %s', async (_, asOf, action, reason) => {
    const { plan, run, did, told } = scene({
      evidence: { ...KNOWN, asOf },
      ecs: { recheck: (some) => Promise.resolve(seenAs(some.map(renewed))) },
    });
    const [{ decision, outcome, planned } = {}] = await apply(plan, run);
    expect({ decision, outcome }).toMatchObject({ decision: { action, reason }, outcome: undefined });
    expect(planned?.service).toEqual(renewed(service()));
    expect(did).not.toContain('forceNewDeployment api');
    expect(told).toEqual([['decided', decision]]);
  });

  test('a PRIMARY about which ECS was not asked is redeployed where it is stale', async () => {
    const { plan, run } = scene({ evidence: { serviceDeployments: [] } });
    expect(outcomes(await apply(plan, run))).toMatchObject([{ result: 'accepted' }]);
  });

  test('a deployment of another one, about which ECS was not asked, may be a rollback', async () => {
    const { plan, run } = scene({
      ecs: {
        recheck: (some) => Promise.resolve(seenAs(some.map(renewed))),
        answer: () => Promise.resolve({}),
      },
    });
    expect(await apply(plan, run)).toMatchObject([{ decision: { action: 'wait', reason: 'rolling-out' } }]);
  });

  test('a service that is opted out meanwhile is left alone', async () => {
    const optedOut = (one: Service) => ({ ...one, tags: new Map([['enabled', 'false']]) });
    const { plan, run, did } = scene({
      ecs: { recheck: (some) => Promise.resolve(seenAs(some.map(optedOut))) },
    });
    expect(await apply(plan, run)).toMatchObject([{ decision: { action: 'skip', reason: 'opted-out' } }]);
    expect(did).not.toContain('forceNewDeployment api');
  });

  test('what is decided anew in a later look is recorded by the follow-up', async () => {
    const { plan, run, told } = scene({
      following: 'followed',
      evidence: { ...KNOWN, asOf: AFTER },
      ecs: { recheck: (some) => Promise.resolve(seenAs(some.map(renewed))) },
    });
    expect(await apply(plan, run)).toMatchObject([{ decision: { reason: 'already-fresh' } }]);
    expect(told).toEqual([]);
  });
});

describe('UpdateService', () => {
  test('that makes no deployment beside another one lets the service wait', async () => {
    const { plan, run, told } = scene({ ecs: { forceNewDeployment: () => Promise.resolve(undefined) } });
    const decision = { action: 'wait', reason: 'deployment-in-progress' };
    expect(await apply(plan, run)).toMatchObject([{ decision }]);
    expect(told).toMatchObject([['decided', decision]]);
  });

  test('whose answer was lost is remembered with its instant, and others are not', async () => {
    const error = { code: 'ECONNRESET', message: 'm', retryable: true, throttled: false };
    const { plan, run } = scene({
      services: names(2),
      ecs: {
        forceNewDeployment: (one) =>
          Promise.resolve(
            one.name === 's00' ? { service: one.arn, result: 'unknown', error } : accepted(one),
          ),
      },
    });
    await apply(plan, run);
    expect([...run.lostAnswers]).toEqual([[names(1)[0]?.key, NOW + 1]]);
  });

  test('that is throttled is made again when the quota has room, and is recorded once', async () => {
    let calls = 0;
    const { plan, run, did, told } = scene({
      services: names(2),
      evidence: KNOWN,
      ecs: {
        forceNewDeployment: (one) =>
          Promise.resolve(
            one.name === 's00' && calls++ < 2 ? failing(one, { throttled: true }) : accepted(one),
          ),
      },
    });
    expect(outcomes(await apply(plan, run))).toMatchObject([
      { deploymentId: 'of s01' },
      { deploymentId: 'of s00' },
    ]);
    expect(did.filter((one) => one.startsWith('forceNewDeployment'))).toEqual([
      'forceNewDeployment s00',
      'forceNewDeployment s01',
      'forceNewDeployment s00',
      'forceNewDeployment s00',
    ]);
    expect(told).toHaveLength(2);
  });

  test('that fails otherwise is not made again', async () => {
    const { plan, run, did } = scene({
      ecs: { forceNewDeployment: (one) => Promise.resolve(failing(one, { retryable: true })) },
    });
    expect(await apply(plan, run)).toMatchObject([{ outcome: { result: 'failed' } }]);
    expect(did.filter((one) => one === 'forceNewDeployment api')).toHaveLength(1);
  });

  test('that is throttled twelve times has no time left', async () => {
    const { plan, run, did } = scene({
      evidence: KNOWN,
      ecs: { forceNewDeployment: (one) => Promise.resolve(failing(one, { throttled: true })) },
    });
    expect(outcomes(await apply(plan, run))).toMatchObject([{ result: 'not-executed', why: 'out-of-time' }]);
    expect(did.filter((one) => one === 'forceNewDeployment api')).toHaveLength(12);
  });

  test('is given up for throttled calls only: calls that one permit after the other allows are no reason', async () => {
    let throttled = 0;
    const { plan, run } = scene({
      services: names(10),
      evidence: KNOWN,
      ecs: {
        acquireUpdates: () => Promise.resolve(1),
        forceNewDeployment: (one) =>
          Promise.resolve(throttled++ < 3 ? failing(one, { throttled: true }) : accepted(one)),
      },
    });
    expect(outcomes(await apply(plan, run)).map((one) => one?.result)).toEqual(
      names(10).map(() => 'accepted'),
    );
  });
});

describe('before the whole fleet is planned', () => {
  const early = (outcome: (one: Service) => Outcome | undefined, given: Given = {}) => {
    const made = scene({ ...given, ecs: { forceNewDeployment: (one) => Promise.resolve(outcome(one)) } });
    return applyEarly(made.plan, made.run).then((results) => ({ results, told: made.told }));
  };

  test.each<[string, (one: Service) => Outcome]>([
    ['was accepted', accepted],
    ['was lost', (one) => ({ ...failing(one, {}), result: 'unknown' }) as Outcome],
    ['was refused for good', (one) => failing(one, {})],
    ['lacks a permission', (one) => failing(one, { retryable: true, missingAction: 'ecs:UpdateService' })],
  ])('a redeploy counts that %s, and is recorded', async (_, outcome) => {
    const { results, told } = await early(outcome);
    expect(outcomes(results)).toEqual([outcome(service())]);
    expect(told).toHaveLength(1);
  });

  test.each<[string, (one: Service) => Outcome | undefined, Given]>([
    ['failed and may be repeated', (one) => failing(one, { retryable: true }), {}],
    ['waits for another deployment', () => undefined, {}],
    ['has no time left', accepted, { remainingMs: () => 29_999 }],
  ])('one does not that %s: it is planned again', async (_, outcome, given) => {
    expect(await early(outcome, given)).toEqual({ results: [], told: [] });
  });
});

describe('a plan that must not be carried out', () => {
  test.each(['plan', 'observe'] as const)('is recorded as not executed: %s', (why) => {
    const waiting = service({
      name: 'waiting',
      deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' })],
    });
    const { plan, run, did, told } = scene({ services: [service(), waiting] });
    const [redeployed] = plan.redeploys;
    const [other] = plan.others;
    expect(notExecuted(plan, why, run)).toEqual([
      {
        planned: redeployed,
        decision: redeployed?.decision,
        outcome: { service: service().arn, result: 'not-executed', why },
      },
      { planned: other, decision: other?.decision },
    ]);
    expect(did).toEqual([]);
    expect(told).toEqual([['notExecuted', redeployed?.decision, why]]);
  });
});
