import { describe, expect, test } from 'vitest';
import { type Match, match } from '../../../functions/core/match/match.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import type { Question } from '../../../functions/core/plan/evidence.ts';
import { questionAboutDeployments, questions } from '../../../functions/core/plan/questions.ts';
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
  POLICY,
  revisionArn,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const DAY = 24 * HOUR;

type Given = {
  readonly service?: ServiceDifference;
  readonly change?: Partial<Change>;
  readonly following?: Match['following'];
  readonly now?: number;
  readonly lookBackMs?: number;
};

function withoutService({
  deploymentsSince,
  askTasks,
  askStage,
  askStopped,
  endOf,
  unanswered,
}: Question): Omit<Question, 'service'> {
  return {
    ...(deploymentsSince !== undefined && { deploymentsSince }),
    askTasks,
    ...(askStage && { askStage }),
    ...(askStopped && { askStopped }),
    ...(endOf !== undefined && { endOf }),
    ...(unanswered && { unanswered }),
  };
}

/** The questions about one service, without the service itself. */
function asked({ service: different = {}, change: changed = {}, following, now = NOW, lookBackMs }: Given) {
  const matches = match(fleet([service(different)]), [asSubject(change(changed))], 'ignore');
  const followed = matches.map((one) => (following === undefined ? one : { ...one, following }));
  return questions(followed, POLICY, now, lookBackMs).map(withoutService);
}

const fresh = { deployments: [deployment({ createdAt: AFTER })] };
const rolling = { deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' as const })] };
const since = { deploymentsSince: CHANGED_AT, askTasks: false };
const few = { ...since, unanswered: 'decide' };

/** The deployment that a rollback ended may be older than the change. */
const rollback = { ...since, deploymentsSince: CHANGED_AT - 2 * DAY };
const atOnce = { ...rollback, unanswered: 'wait' };

describe('beyond DescribeServices ECS is asked', () => {
  test.each<[string, Given, readonly object[]]>([
    [
      'whether a service that is to be redeployed at once was rolled back, if there is time',
      { service: { deployments: [deployment({ createdAt: 0 })] } },
      [few],
    ],
    [
      'whether such a service was rolled back, if there is time, up to a minute after the change',
      { service: { deployments: [deployment({ createdAt: 0 })] }, now: CHANGED_AT + MINUTE },
      [few],
    ],
    [
      'whether such a service was rolled back, in any case, later than a minute after the change',
      { service: { deployments: [deployment({ createdAt: 0 })] }, now: CHANGED_AT + MINUTE + 1 },
      [since],
    ],
    [
      'how often a service was deployed in the last hour if it was deployed in that hour',
      { service: { deployments: [deployment({ createdAt: NOW - HOUR + 1 })] } },
      [{ deploymentsSince: NOW - HOUR, askTasks: false }],
    ],
    [
      'only about a rollback if the last deployment was an hour ago',
      { service: { deployments: [deployment({ createdAt: NOW - HOUR })] } },
      [few],
    ],
    [
      'only for deployments up to two minutes after the change',
      { now: CHANGED_AT + 2 * MINUTE, service: { deployments: [deployment({ createdAt: 0 })] } },
      [since],
    ],
    [
      'for the tasks, too, later than two minutes after the change',
      { now: CHANGED_AT + 2 * MINUTE + 1, service: { deployments: [deployment({ createdAt: 0 })] } },
      [{ ...since, askTasks: true }],
    ],
    [
      'for the deployments and the tasks of a service that is possibly stale',
      {
        change: { changedAt: 1, possiblyUntil: CHANGED_AT },
        service: { deployments: [deployment({ createdAt: 2 })] },
      },
      [{ deploymentsSince: 1, askTasks: true }],
    ],
    [
      'whether a service without any deployment was rolled back, if there is time',
      { service: { deployments: [] } },
      [few],
    ],
    [
      'for the deployments, in any case, if the followed deployment was superseded',
      { following: 'superseded', service: { deployments: [deployment({ createdAt: 0 })] } },
      [since],
    ],
    ['nothing about a service that rolls out', { service: rolling }, []],
    [
      'nothing about a deployment that rolls out in the place of another one that was not followed',
      { service: rolling, following: 'waiting' },
      [],
    ],
    [
      'whether a deployment that rolls out in the place of a followed one is a rollback',
      { service: rolling, following: 'superseded' },
      [rollback],
    ],
    [
      'whether a deployment that looks fresh is a rollback, in the first minute if there is time',
      { service: fresh, now: CHANGED_AT + MINUTE },
      [atOnce],
    ],
    [
      'whether a deployment that looks fresh is a rollback, in any case, after the first minute',
      { service: fresh, now: CHANGED_AT + MINUTE + 1 },
      [rollback],
    ],
    [
      'whether a fresh deployment that we did not start is a rollback',
      { service: fresh, following: 'adopted', now: CHANGED_AT + MINUTE + 1 },
      [{ ...rollback, askStopped: true, endOf: CHANGED_AT }],
    ],
    [
      'of a fresh deployment that we started and followed only when its old tasks ended',
      { service: fresh, following: 'followed', now: CHANGED_AT + HOUR },
      [{ askTasks: false, askStopped: true, endOf: CHANGED_AT, unanswered: 'decide' }],
    ],
    [
      'whether a followed deployment that is fresh replaces a rollback as young as itself',
      {
        service: {
          deployments: [
            deployment({ createdAt: AFTER + 1, rolloutState: 'IN_PROGRESS' }),
            draining({ createdAt: AFTER }),
          ],
        },
        following: 'followed',
        now: CHANGED_AT + HOUR,
      },
      [{ ...rollback, askStopped: true, endOf: CHANGED_AT }],
    ],
    [
      'of a followed service that was scaled to zero when its old tasks ended',
      {
        service: { desired: 0, running: 0, deployments: [deployment({ desired: 0, running: 0 })] },
        following: 'followed',
      },
      [{ askTasks: false, askStopped: true, endOf: CHANGED_AT, unanswered: 'decide' }],
    ],
    [
      'for the stopped tasks of a deployment whose new tasks are not all up',
      {
        service: { deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS', running: 1 })] },
      },
      [{ askTasks: false, askStopped: true, unanswered: 'decide' }],
    ],
    [
      'for the stage of a deployment that a bake may hold up',
      {
        service: {
          strategy: 'CANARY',
          deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' })],
        },
      },
      [{ deploymentsSince: AFTER - MINUTE, askTasks: false, askStage: true, unanswered: 'decide' }],
    ],
    [
      'for the stage of a rolling deployment that a hook may hold up',
      {
        service: {
          hasHooks: true,
          deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' })],
        },
      },
      [{ deploymentsSince: AFTER - MINUTE, askTasks: false, askStage: true, unanswered: 'decide' }],
    ],
    [
      'for no stage of a deployment that a bake cannot hold up any more',
      {
        service: {
          strategy: 'CANARY',
          deployments: [deployment({ createdAt: AFTER })],
        },
        following: 'followed',
        now: CHANGED_AT + HOUR,
      },
      [{ askTasks: false, askStopped: true, endOf: CHANGED_AT, unanswered: 'decide' }],
    ],
    [
      'for the deployments since the oldest one where a bake may hold up the youngest',
      {
        service: {
          strategy: 'CANARY',
          deployments: [
            deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' }),
            deployment({ id: 'ecs-svc/0', primary: false, createdAt: CHANGED_AT - DAY }),
          ],
        },
      },
      [
        {
          deploymentsSince: CHANGED_AT - DAY - MINUTE,
          askTasks: false,
          askStage: true,
          unanswered: 'decide',
        },
      ],
    ],
    [
      'for no stopped tasks of a deployment that is as old as the change, or wants no more tasks than it has',
      {
        service: {
          deployments: [
            deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' }),
            deployment({ id: 'ecs-svc/0', primary: false, createdAt: CHANGED_AT, running: 1 }),
          ],
        },
      },
      [],
    ],
    [
      'nothing about a fresh deployment after the time to look back',
      { service: fresh, now: CHANGED_AT + DAY + 1, lookBackMs: DAY },
      [],
    ],
    [
      'whether a fresh deployment is a rollback up to the end of the time to look back',
      { service: fresh, now: CHANGED_AT + DAY, lookBackMs: DAY },
      [rollback],
    ],
    [
      'nothing about a service that is opted out',
      { service: { tags: new Map([['enabled', 'false']]) }, now: CHANGED_AT + DAY },
      [],
    ],
    [
      'nothing about a service that is opted out, even if it looks like a rollback',
      {
        service: {
          tags: new Map([['enabled', 'false']]),
          deployments: [deployment({ rolloutStateReason: 'rolling back' })],
        },
      },
      [],
    ],
    [
      'nothing about the stopped tasks of a service that is opted out',
      {
        service: {
          tags: new Map([['enabled', 'false']]),
          deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS', running: 1 })],
        },
      },
      [],
    ],
    [
      'nothing about a service that waits for its cooldown',
      { service: { deployments: [deployment({ createdAt: CHANGED_AT - 1 })] } },
      [],
    ],
  ])('%s', (_, given, questions_) => {
    expect(asked(given)).toEqual(questions_);
  });

  test('nothing for a notice', () => {
    const matches = match(fleet([service()]), [asSubject(notice())], 'ignore');
    expect(questions(matches, POLICY, NOW)).toEqual([]);
    const reminder = notice({ notice: 'rotation-failed' });
    expect(questions(match(fleet([service()]), [asSubject(reminder)], 'ignore'), POLICY, NOW)).toEqual([]);
  });

  test('once for all changes of a service: since the earliest change, and for tasks if one change needs them', () => {
    const old = { deployments: [deployment({ createdAt: 0 })] };
    const changes = [
      change({ changedAt: NOW - 1 }),
      change({ changeId: 'change-2', changedAt: NOW - 3 * MINUTE }),
    ];
    const both = questions(match(fleet([service(old)]), changes.map(asSubject), 'ignore'), POLICY, NOW);
    expect(both).toStrictEqual([
      { service: service(old), deploymentsSince: NOW - 3 * MINUTE, askTasks: true },
    ]);
    const backwards = questions(
      match(fleet([service(old)]), changes.toReversed().map(asSubject), 'ignore'),
      POLICY,
      NOW,
    );
    expect(backwards).toEqual(both);
  });

  describe('for the stopped tasks of twenty services at most', () => {
    const stopsOf = (services: readonly ServiceDifference[], following?: Match['following']) => {
      const named = services.map((one, i) => service({ name: `s${i}`, ...one }));
      const matches = match(fleet(named), [asSubject(change())], 'ignore');
      const followed = matches.map((one) => (following === undefined ? one : { ...one, following }));
      return questions(followed, POLICY, CHANGED_AT + HOUR)
        .filter(({ askStopped }) => askStopped)
        .map((one) => one.service.name)
        .toSorted();
    };
    const ages = Array.from({ length: 22 }, (_, i) => AFTER + ((i * 7) % 22) * 1_000);
    const wanted = (kept: (place: number) => boolean) =>
      ages.flatMap((_, i) => (kept((i * 7) % 22) ? [`s${i}`] : [])).toSorted();

    test('whose new tasks are not all up: those that try the longest', () => {
      const short = ages.map((createdAt) => ({
        deployments: [deployment({ createdAt, rolloutState: 'IN_PROGRESS' as const, running: 1 })],
      }));
      expect(stopsOf(short)).toEqual(wanted((place) => place < 20));
    });

    test('that are fresh after a redeploy: those that ended last', () => {
      const ended = (updatedAt: number, createdAt: number) => ({
        deployments: [deployment({ createdAt, updatedAt })],
      });
      const byEnd = ages.map((updatedAt, i) => ended(updatedAt, AFTER + i));
      expect(stopsOf(byEnd, 'followed')).toEqual(wanted((place) => place >= 2));
      const byStart = ages.map((createdAt) => ({ deployments: [deployment({ createdAt })] }));
      expect(stopsOf(byStart, 'followed')).toEqual(wanted((place) => place >= 2));
    });
  });

  test('when the last old task ended for the youngest of several changes', () => {
    const changes = [CHANGED_AT, CHANGED_AT - HOUR].map((changedAt, i) =>
      change({ changeId: `c${i}`, changedAt }),
    );
    for (const some of [changes, changes.toReversed()]) {
      const matches = match(fleet([service(fresh)]), some.map(asSubject), 'ignore');
      const followed = matches.map((one): Match => ({ ...one, following: 'followed' }));
      expect(questions(followed, POLICY, CHANGED_AT + HOUR)).toMatchObject([{ endOf: CHANGED_AT }]);
    }
  });

  test('only what matters for the decision if more than forty services are to be redeployed ', () => {
    const old = { deployments: [deployment({ createdAt: 0 })] };
    const many = (count: number, what: ServiceDifference) =>
      Array.from({ length: count }, (_, i) =>
        service({ name: `${Object.keys(what).length}-s${i}`, ...what }),
      );
    const about = (count: number) => {
      const services = [
        ...many(count, old),
        ...Array.from({ length: 5 }, (_, i) => service({ name: `f${i}`, ...fresh })),
      ];
      return questions(match(fleet(services), [asSubject(change())], 'ignore'), POLICY, NOW).filter(
        ({ unanswered }) => unanswered !== undefined,
      ).length;
    };
    expect(about(40)).toBe(45);
    expect(about(41)).toBe(5);
    const [first] = questions(match(fleet(many(41, old)), [asSubject(change())], 'ignore'), POLICY, NOW);
    expect(first).toEqual({ service: many(1, old)[0], askTasks: false });
  });
});

test('right before a redeploy ECS is asked for the deployments, and for the stage of one that may be held up', () => {
  const asked_ = { deploymentsSince: CHANGED_AT, askTasks: false, unanswered: 'decide' };
  expect(questionAboutDeployments(service(), CHANGED_AT)).toEqual({ service: service(), ...asked_ });
  const held = service({ strategy: 'CANARY' });
  expect(questionAboutDeployments(held, CHANGED_AT)).toEqual({ service: held, ...asked_, askStage: true });
});

describe('where PRIMARY was updated within the hour and is older,', () => {
  const updated = (name: string) =>
    service({ name, deployments: [deployment({ updatedAt: CHANGED_AT - 10 * MINUTE })] });
  const ask = (count: number) => {
    const services = Array.from({ length: count }, (_, i) => updated(`s${i}`));
    return questions(match(fleet(services), [asSubject(change())], 'ignore'), POLICY, NOW);
  };

  test('ECS is asked for the deployments of the hour, and the redeploy does not depend on the answer', () => {
    expect(ask(1)).toMatchObject([{ deploymentsSince: NOW - HOUR, unanswered: 'decide' }]);
  });

  test('and for nothing more than before if more than forty services are to be redeployed', () => {
    expect(ask(41).flatMap(({ deploymentsSince }) => deploymentsSince ?? [])).toEqual([]);
  });
});

test('services that may become fresh do not push out those that are', () => {
  const waiting = Array.from({ length: 20 }, (_, i) =>
    service({ name: `w${i}`, deployments: [deployment({ updatedAt: NOW - 1 })] }),
  );
  const done = service({
    name: 'done',
    deployments: [deployment({ createdAt: AFTER, updatedAt: NOW - 1_000 })],
  });
  const matches = match(fleet([...waiting, done]), [asSubject(change())], 'ignore').map((one) => ({
    ...one,
    following: one.service.name === 'done' ? ('followed' as const) : ('waiting' as const),
  }));
  const names = questions(matches, POLICY, NOW).flatMap((one) => (one.askStopped ? one.service.name : []));
  expect(names).toContain('done');
  expect(names).toHaveLength(20);
});

describe('the stopped tasks of a service whose new tasks are not all up are asked for', () => {
  const short = (different: Partial<ReturnType<typeof deployment>> = {}): ServiceDifference => ({
    deployments: [deployment({ running: 1, rolloutState: 'IN_PROGRESS', ...different })],
  });
  const held: ServiceDifference = { strategy: 'BLUE_GREEN' };
  const isAsked = (given: Given) => asked(given).some(({ askStopped }) => askStopped === true);

  test.each<[boolean, string, Given]>([
    [true, 'its deployment began after the change', { service: short({ createdAt: AFTER }) }],
    [false, 'as many run as should', { service: short({ createdAt: AFTER, running: 2 }) }],
    [false, 'a rolling deployment is older than the change, which replaces it', { service: short() }],
    [true, 'a deployment that must not be interrupted is older', { service: { ...short(), ...held } }],
    [true, 'hooks may hold up one that is older', { service: { ...short(), hasHooks: true } }],
    [false, 'the service is left alone', { service: { ...short(), ...held, status: 'DRAINING' } }],
    [false, 'there is no deployment', { service: { ...held, deployments: [] } }],
  ])('(%s) where %s', (isOne, _, given) => {
    expect(isAsked(given)).toBe(isOne);
  });

  test('where only older tasks refer to the secret, and PRIMARY, which is older than the change, has to replace them', () => {
    const old = service({
      ...short({ taskDefinition: revisionArn('api:2') }),
      taskDefinition: revisionArn('api:2'),
    });
    const leaving = { ...old, deployments: [...old.deployments, draining()] };
    const world = fleet([leaving], { 'api:1': [SECRET], 'api:2': [] });
    expect(questions(match(world, [asSubject(change())], 'ignore'), POLICY, NOW)).toEqual([
      { service: leaving, askTasks: false, askStopped: true, unanswered: 'decide' },
    ]);
  });

  test('for no notice', () => {
    const matches = match(fleet([service(short({ createdAt: AFTER }))]), [asSubject(notice())], 'ignore');
    expect(questions(matches, POLICY, NOW)).toEqual([]);
  });
});

describe('a change that followed a service asks when its last old task ended', () => {
  const ends = (given: Given) =>
    asked({ following: 'followed', ...given }).flatMap(({ endOf }) => endOf ?? []);
  const old = (different: Partial<ReturnType<typeof deployment>>): Given => ({
    service: { deployments: [deployment(different)] },
  });

  test.each<[string, Given, readonly number[]]>([
    ['where it is fresh', { service: fresh }, [CHANGED_AT]],
    [
      'where it has no tasks',
      { service: { desired: 0, running: 0, deployments: [deployment({ running: 0, desired: 0 })] } },
      [CHANGED_AT],
    ],
    ['where an older rollout has ended since', old({ updatedAt: CHANGED_AT + 1 }), [CHANGED_AT]],
    ['not where it ended at the instant of the change', old({ updatedAt: CHANGED_AT }), []],
    ['not where nothing has ended since', old({}), []],
    ['not while it waits', { service: rolling }, []],
    ['not at the first look', { service: fresh, following: undefined }, []],
  ])('%s', (_, given, expected) => {
    const { following, ...rest } = given;
    const found = 'following' in given ? asked({ ...rest }).flatMap(({ endOf }) => endOf ?? []) : ends(given);
    expect(following).toBeUndefined();
    expect(found).toEqual(expected);
  });

  test('and no notice does', () => {
    const matches = match(fleet([service(fresh)]), [asSubject(notice())], 'ignore');
    const followed = matches.map((one) => ({ ...one, following: 'followed' as const }));
    expect(questions(followed, POLICY, NOW)).toEqual([]);
  });
});
