import { describe, expect, test } from 'vitest';
import { type Match, match } from '../../functions/core/match/match.ts';
import type { Change } from '../../functions/core/model/change.ts';
import { questions } from '../../functions/core/plan/questions.ts';
import {
  AFTER,
  asSubject,
  CHANGED_AT,
  change,
  deployment,
  fleet,
  NOW,
  POLICY,
  SECRET,
  type ServiceDifference,
  service,
} from '../build.ts';

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

/** The questions about one service, without the service itself. */
function asked({ service: different = {}, change: changed = {}, following, now = NOW, lookBackMs }: Given) {
  const matches = match(fleet([service(different)]), [asSubject(change(changed))], 'ignore');
  const followed = matches.map((one) => (following === undefined ? one : { ...one, following }));
  return questions(followed, POLICY, now, lookBackMs).map(({ deploymentsSince, askTasks, optional }) => ({
    ...(deploymentsSince !== undefined && { deploymentsSince }),
    askTasks,
    ...(optional && { optional }),
  }));
}

const fresh = { deployments: [deployment({ createdAt: AFTER })] };
const rolling = { deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' as const })] };
const since = { deploymentsSince: CHANGED_AT, askTasks: false };
const few = { ...since, optional: true };

/** What a rollback took over may have been deployed before the change. */
const rollback = { ...since, deploymentsSince: CHANGED_AT - 2 * DAY };
const atOnce = { ...rollback, optional: true };

describe('beyond DescribeServices ECS is asked', () => {
  test.each<[string, Given, readonly object[]]>([
    [
      'of who is to be redeployed at once whether it was rolled back, if there is time',
      { service: { deployments: [deployment({ createdAt: 0 })] } },
      [few],
    ],
    [
      'the same a minute after the change',
      { service: { deployments: [deployment({ createdAt: 0 })] }, now: CHANGED_AT + MINUTE },
      [few],
    ],
    [
      'and for certain later',
      { service: { deployments: [deployment({ createdAt: 0 })] }, now: CHANGED_AT + MINUTE + 1 },
      [since],
    ],
    [
      'how often it was deployed in the hour, if it was',
      { service: { deployments: [deployment({ createdAt: NOW - HOUR + 1 })] } },
      [{ deploymentsSince: NOW - HOUR, askTasks: false }],
    ],
    [
      'not if that was an hour ago',
      { service: { deployments: [deployment({ createdAt: NOW - HOUR })] } },
      [few],
    ],
    [
      'no tasks up to two minutes after the change',
      { now: CHANGED_AT + 2 * MINUTE, service: { deployments: [deployment({ createdAt: 0 })] } },
      [since],
    ],
    [
      'its tasks from then on',
      { now: CHANGED_AT + 2 * MINUTE + 1, service: { deployments: [deployment({ createdAt: 0 })] } },
      [{ ...since, askTasks: true }],
    ],
    [
      'of who is possibly stale the same',
      {
        change: { changedAt: 1, possiblyUntil: CHANGED_AT },
        service: { deployments: [deployment({ createdAt: 2 })] },
      },
      [{ deploymentsSince: 1, askTasks: true }],
    ],
    ['of a service without any deployment', { service: { deployments: [] } }, [few]],
    [
      'of a deployment that was superseded, at once',
      { following: 'superseded', service: { deployments: [deployment({ createdAt: 0 })] } },
      [since],
    ],
    ['nothing of what rolls out', { service: rolling }, []],
    [
      'nor of what rolls out in the place of another, unless that was followed',
      { service: rolling, following: 'waiting' },
      [],
    ],
    ['whether it is a rollback if that was', { service: rolling, following: 'superseded' }, [rollback]],
    [
      'whether what is fresh is a rollback, in the first minute if there is time',
      { service: fresh, now: CHANGED_AT + MINUTE },
      [atOnce],
    ],
    ['and for certain afterwards', { service: fresh, now: CHANGED_AT + MINUTE + 1 }, [rollback]],
    [
      'the same of what somebody else deployed',
      { service: fresh, following: 'adopted', now: CHANGED_AT + MINUTE + 1 },
      [rollback],
    ],
    [
      'never if it was ours and has come through',
      { service: fresh, following: 'followed', now: CHANGED_AT + HOUR },
      [],
    ],
    ['nor longer than is looked back', { service: fresh, now: CHANGED_AT + DAY + 1, lookBackMs: DAY }, []],
    ['but as long', { service: fresh, now: CHANGED_AT + DAY, lookBackMs: DAY }, [rollback]],
    [
      'nothing of who is opted out',
      { service: { tags: new Map([['enabled', 'false']]) }, now: CHANGED_AT + DAY },
      [],
    ],
    [
      'nothing of who waits for its cooldown',
      { service: { deployments: [deployment({ createdAt: CHANGED_AT - 1 })] } },
      [],
    ],
  ])('%s', (_, given, questions_) => {
    expect(asked(given)).toEqual(questions_);
  });

  test('nothing for a notice', () => {
    const notice = {
      changeId: 'n',
      kind: 'secret',
      arn: SECRET,
      notice: 'deleted',
      at: NOW,
      source: 'x',
    } as const;
    const matches = match(fleet([service()]), [asSubject(notice)], 'ignore');
    expect(questions(matches, POLICY, NOW)).toEqual([]);
    const reminder = { ...notice, notice: 'rotation-failed' } as const;
    expect(questions(match(fleet([service()]), [asSubject(reminder)], 'ignore'), POLICY, NOW)).toEqual([]);
  });

  test('once for all changes of a service: since the earliest, and for its tasks if one needs them', () => {
    const old = { deployments: [deployment({ createdAt: 0 })] };
    const changes = [
      change({ changedAt: NOW - 1 }),
      change({ changeId: 'change-2', changedAt: NOW - 3 * MINUTE }),
    ];
    const both = questions(match(fleet([service(old)]), changes.map(asSubject), 'ignore'), POLICY, NOW);
    expect(both).toEqual([{ service: service(old), deploymentsSince: NOW - 3 * MINUTE, askTasks: true }]);
    const backwards = questions(
      match(fleet([service(old)]), changes.toReversed().map(asSubject), 'ignore'),
      POLICY,
      NOW,
    );
    expect(backwards).toEqual(both);
  });

  test('only whoever has an answer that matters if more than forty are to be redeployed or look fresh', () => {
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
        ({ optional }) => optional,
      ).length;
    };
    expect(about(35)).toBe(40);
    expect(about(36)).toBe(0);
    const [first] = questions(match(fleet(many(41, old)), [asSubject(change())], 'ignore'), POLICY, NOW);
    expect(first).toEqual({ service: many(1, old)[0], askTasks: false });
  });
});
