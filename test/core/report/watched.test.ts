import { describe, expect, test } from 'vitest';
import type { FollowUp } from '../../../functions/core/follow-up/follow-up.ts';
import type { Progress } from '../../../functions/core/follow-up/progress.ts';
import { match } from '../../../functions/core/match/match.ts';
import { serviceArn } from '../../../functions/core/model/arn.ts';
import type { Change, Notice } from '../../../functions/core/model/change.ts';
import { type Decision, skip, type Verdict, wait } from '../../../functions/core/model/decision.ts';
import type { Rollout } from '../../../functions/core/model/rollout.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import type { Planned } from '../../../functions/core/plan/planned.ts';
import { watchedIn } from '../../../functions/core/report/watched.ts';
import {
  AFTER,
  asSubject,
  CHANGED_AT,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  notice,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

type Given = {
  readonly service?: ServiceDifference;
  readonly changes?: readonly (Change | Notice)[];
  readonly verdict: Verdict;
  /** Of the changes; by default the verdict. */
  readonly verdicts?: readonly Verdict[];
  readonly evidence?: Evidence;
};

function planned({
  service: different,
  changes = [change()],
  verdict,
  verdicts = [],
  evidence = {},
}: Given): Planned {
  const one = service(different);
  const judged = match(fleet([one]), changes.map(asSubject), 'redeploy').map((found, i) => ({
    match: found,
    verdict: verdicts[i] ?? verdict,
  }));
  const { action, reason } = verdict;
  const decision = {
    action,
    reason,
    service: one.arn,
    cluster: 'main',
    changeIds: [],
    wave: 0,
    references: [],
  } as Decision;
  return { decision, service: one, verdicts: judged, evidence };
}

const OPEN = { cluster: service().cluster.arn, name: 'api', deploymentId: null, ours: false };
function progress({
  open = [],
  givenUp = false,
  ...rest
}: Partial<Progress> & Partial<FollowUp> = {}): Progress {
  return { followUp: { open, givenUp }, closed: [], waiting: [], ...rest } as unknown as Progress;
}
/** The service as a person sees it who waits for it. */
function seen(given: Given, isOpen = true) {
  const rows = watchedIn(
    [planned(given)],
    isOpen ? [progress({ open: [OPEN] as unknown as FollowUp['open'] })] : [],
  );
  return [...rows.values()];
}
const rollout = (different: Partial<Rollout>): Rollout => ({ state: 'progressing', ...different });
const YOUNG = deployment({ id: 'ecs-svc/2', createdAt: AFTER, running: 1, pending: 1 });
const OLD = draining({ running: 2, pending: 1 });

describe('a service that something waits for', () => {
  test('is stale before there is a deployment, with all of its tasks old', () => {
    expect(seen({ verdict: { action: 'redeploy', reason: null } })).toEqual([
      {
        key: service().key,
        service: service().arn,
        wave: 0,
        state: 'stale',
        newTasks: 0,
        desired: 2,
        oldTasks: 2,
      },
    ]);
  });

  test('shows what its deployment is doing, since when and until when, and the tasks of both sides', () => {
    const failure = { class: 'image', reason: 'no' } as unknown as NonNullable<Rollout['failure']>;
    const doing = rollout({ state: 'baking', until: AFTER + 60_000, failure });
    const different = { deployments: [YOUNG, OLD], desired: 3, tags: new Map([['wave', '2']]) };
    expect(seen({ service: different, verdict: wait('rolling-out', undefined, doing) })).toEqual([
      {
        key: service().key,
        service: service().arn,
        wave: 2,
        state: 'baking',
        newTasks: 1,
        desired: 3,
        oldTasks: 3,
        startedAt: AFTER,
        deploymentId: 'ecs-svc/2',
        until: AFTER + 60_000,
        failure,
      },
    ]);
  });

  test('shows the reason where the deployment is not what it waits for', () => {
    const other = wait('rolling-out', undefined, rollout({ state: 'baking' }));
    const changes = [change(), change({ changeId: 'change-2' })];
    const [row] = seen({ changes, verdict: wait('cooldown'), verdicts: [other, wait('cooldown')] });
    expect(row?.state).toBe('cooldown');
  });

  test('shows what that of the change does that decides, of several', () => {
    const changes = [change(), change({ changeId: 'change-2' })];
    const deciding = wait('rolling-out', undefined, rollout({ state: 'draining' }));
    const [row] = seen({
      changes,
      verdict: wait('rolling-out'),
      verdicts: [wait('cooldown', undefined, rollout({ state: 'baking' })), deciding],
    });
    expect(row?.state).toBe('draining');
  });

  test('shows what its deployment does also where only a later one of several changes knows it', () => {
    const changes = [change(), change({ changeId: 'change-2' })];
    const without = wait('rolling-out');
    const verdicts = [without, wait('rolling-out', undefined, rollout({ state: 'draining' }))];
    expect(seen({ changes, verdict: without, verdicts })[0]?.state).toBe('draining');
  });

  test.each<[string, ServiceDifference, Evidence | undefined]>([
    [
      'began at the instant of the change',
      { deployments: [{ ...YOUNG, createdAt: CHANGED_AT }, OLD] },
      undefined,
    ],
    ['does not exist', { deployments: [OLD] }, undefined],
    [
      'is a rollback',
      {
        deployments: [
          { ...YOUNG, rolloutStateReason: 'ECS deployment circuit breaker: rolling back to x' },
          OLD,
        ],
      },
      undefined,
    ],
    [
      'is a rollback by the evidence',
      { deployments: [YOUNG, OLD] },
      { asOf: NOW, serviceDeployments: [{ createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' }] },
    ],
  ])('has only old tasks if the deployment since the change %s', (_, different, evidence) => {
    const [row] = seen({ service: different, verdict: wait('rolling-out'), ...(evidence && { evidence }) });
    const all = (different.deployments ?? []).reduce((sum, one) => sum + one.running + one.pending, 0);
    expect(row).toMatchObject({ newTasks: 0, oldTasks: all });
    expect(row).not.toHaveProperty('startedAt');
  });

  test('has old tasks only if they are older than the youngest change, or than the notice', () => {
    const deployments = [YOUNG, OLD];
    const later = change({ changeId: 'change-2', changedAt: AFTER + 1 });
    const [row] = seen({
      service: { deployments },
      changes: [change(), later],
      verdict: wait('rolling-out'),
    });
    expect(row).toMatchObject({ newTasks: 0 });
    const gone = notice({ at: AFTER - 1 });
    expect(
      seen({ service: { deployments }, changes: [gone], verdict: skip('secret-gone') })[0],
    ).toMatchObject({
      newTasks: 1,
    });
  });
});

describe('a service that nothing waits for ends', () => {
  test.each<[Verdict, object]>([
    [skip('already-fresh'), { state: 'fresh', end: 'fresh' }],
    [skip('rollout-failed'), { state: 'failed', end: 'failed' }],
    [skip('pinned'), { state: 'pinned', end: 'untouched' }],
    [skip('opted-out'), { state: 'opted-out', end: 'left' }],
    [skip('over-cap'), { state: 'over-cap', end: 'left', alarms: true }],
    [skip('reference-gone'), { state: 'reference-gone', end: 'left', alarms: true }],
  ])('after %o', (verdict, expected) => {
    const [row] = seen({ verdict }, false);
    expect({
      state: row?.state,
      ...(row?.end && { end: row.end }),
      ...(row?.alarms && { alarms: row.alarms }),
    }).toEqual(expected);
  });

  test('as failed with the bad end that its deployment came to', () => {
    const evidence = { serviceDeployments: [{ createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' }] };
    const verdict = skip('rollout-failed');
    expect(seen({ verdict, evidence }, false)[0]).toMatchObject({ state: 'rolled-back', end: 'failed' });
    expect(seen({ verdict, evidence })[0]).toMatchObject({ state: 'rollout-failed' });
    expect(seen({ verdict: skip('already-fresh'), evidence }, false)[0]).toMatchObject({ state: 'fresh' });
  });
});

describe('a service that ECS did not describe', () => {
  const named = serviceArn('arn:aws:ecs:eu-west-1:111122223333:service/main/web');
  const rows = (one: Parameters<typeof progress>[0]) => [...watchedIn([], [progress(one)]).values()];
  const cluster = 'main';
  const nothing = { wave: 0, newTasks: 0, oldTasks: 0, desired: 0 };

  test('is shown with the reason for which it waits, and ends when it is given up', () => {
    const waiting = [{ cluster, service: named, reason: 'unreadable' }] as unknown as Progress['waiting'];
    const row = { ...nothing, key: 'main/web', service: named, state: 'unreadable' };
    expect(rows({ waiting })).toEqual([row]);
    expect(rows({ waiting, givenUp: true })).toEqual([{ ...row, end: 'left', alarms: true }]);
  });

  test('is shown by its cluster if not even its name is known', () => {
    const waiting = [{ cluster, reason: 'unreadable' }] as unknown as Progress['waiting'];
    expect(rows({ waiting })).toStrictEqual([{ ...nothing, key: 'main/*', state: 'unreadable' }]);
  });

  test('has gone if it was closed and ECS shows nothing of it now', () => {
    const closed = [
      { cluster, service: 'web' },
      { cluster, service: 'api', now: {} },
    ] as unknown as Progress['closed'];
    expect(rows({ closed })).toEqual([{ ...nothing, key: 'main/web', state: 'gone', end: 'untouched' }]);
  });

  test('is shown once, and as it was described if another change described it', () => {
    const one = planned({ verdict: wait('cooldown') });
    const waiting = [
      { cluster: 'main', service: one.service.arn, reason: 'unreadable' },
    ] as unknown as Progress['waiting'];
    const both = watchedIn([one], [progress({ waiting }), progress({ waiting })]);
    expect([...both.values()].map(({ state }) => state)).toEqual(['cooldown']);
  });
});
