import { describe, expect, test } from 'vitest';
import { match } from '../../functions/core/match/match.ts';
import type { Change, Notice } from '../../functions/core/model/change.ts';
import { redeploy } from '../../functions/core/model/decision.ts';
import type { RawReference } from '../../functions/core/model/reference.ts';
import type { Evidence } from '../../functions/core/plan/evidence.ts';
import type { Policy } from '../../functions/core/plan/policy.ts';
import { REASONS } from '../../functions/core/plan/reasons.ts';
import { RULES } from '../../functions/core/plan/rules.ts';
import { explain, verdictOn } from '../../functions/core/plan/verdict.ts';
import {
  AFTER,
  asSubject,
  BEFORE,
  CHANGED_AT,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  PARAMETER,
  POLICY,
  reference,
  revisionArn,
  SECRET,
  type ServiceDifference,
  service,
} from '../build.ts';

type Row = {
  readonly title: string;
  readonly verdict: string | undefined;
  readonly service?: ServiceDifference;
  readonly references?: readonly (Partial<RawReference> | string)[];
  readonly change?: Partial<Change>;
  readonly notice?: Partial<Notice>;
  readonly evidence?: Evidence;
  readonly policy?: Partial<Policy>;
  readonly now?: number;
};

const tags = (entries: Record<string, string>) => new Map(Object.entries(entries));
const cluster = (entries: Record<string, string>) => ({ ...service().cluster, tags: tags(entries) });
const LONG_AFTER = CHANGED_AT + 121_000;
const LATER = CHANGED_AT + 5_000;
const notice: Notice = {
  changeId: 'change-1',
  kind: 'secret',
  arn: SECRET,
  notice: 'deleted',
  at: CHANGED_AT,
  source: 'DeleteSecret',
};
const inProgress = { rolloutState: 'IN_PROGRESS' } as const;
const after = { createdAt: AFTER } as const;

/** DESIGN §4, the table of decisions: one or more rows here for each of its rows, in its order. */
const TABLE: readonly Row[] = [
  { title: 'tasks started before the change', verdict: 'redeploy' },
  {
    title: 'opted out by its own tag',
    verdict: 'skip opted-out',
    service: { tags: tags({ enabled: 'false' }) },
  },
  {
    title: 'any other value of the tag counts as false',
    verdict: 'skip opted-out',
    service: { tags: tags({ enabled: 'False' }) },
  },
  { title: 'the tag set to true', verdict: 'redeploy', service: { tags: tags({ enabled: 'true' }) } },
  {
    title: 'opted out by its cluster',
    verdict: 'skip opted-out',
    service: { cluster: cluster({ enabled: 'false' }) },
  },
  { title: 'opted out by the secret', verdict: 'skip opted-out', change: { optedOut: true } },
  { title: 'SELECT=tagged without a tag', verdict: 'skip opted-out', policy: { select: 'tagged' } },
  {
    title: 'SELECT=tagged with the tag',
    verdict: 'redeploy',
    policy: { select: 'tagged' },
    service: { tags: tags({ enabled: 'true' }) },
  },
  {
    title: 'SELECT=tagged is asked of the service, not of its cluster',
    verdict: 'skip opted-out',
    policy: { select: 'tagged' },
    service: { cluster: cluster({ enabled: 'true' }) },
  },
  {
    title: 'opted out but named by hand',
    verdict: 'redeploy',
    change: { kind: 'service', arn: service().arn },
    service: { tags: tags({ enabled: 'false' }) },
  },
  { title: 'the secret is gone', verdict: 'skip secret-gone', notice: {} },
  {
    title: 'the parameter is gone',
    verdict: 'skip secret-gone',
    notice: { kind: 'parameter', arn: PARAMETER },
    references: [PARAMETER],
  },
  {
    title: 'the secret is gone and the service opted out',
    verdict: 'skip opted-out',
    notice: {},
    service: { tags: tags({ enabled: 'no' }) },
  },
  { title: 'a failed rotation decides nothing', verdict: undefined, notice: { notice: 'rotation-failed' } },
  { title: 'ECS does not tell enough', verdict: 'skip unreadable', evidence: { unreadable: 'refused' } },
  {
    title: 'every reference names a version id',
    verdict: 'skip pinned',
    references: [`${SECRET}:::version-1`],
  },
  {
    title: 'one of two references is pinned',
    verdict: 'redeploy',
    references: [`${SECRET}:::version-1`, SECRET],
  },
  {
    title: 'every reference follows another label',
    verdict: 'skip label-not-moved',
    references: [`${SECRET}::BLUE:`],
  },
  {
    title: 'the label that it follows moved',
    verdict: 'redeploy',
    references: [`${SECRET}::BLUE:`],
    change: { label: 'BLUE' },
  },
  {
    title: 'AWSPREVIOUS moves with AWSCURRENT',
    verdict: 'redeploy',
    references: [`${SECRET}::AWSPREVIOUS:`],
  },
  { title: 'AWSCURRENT by name', verdict: 'redeploy', references: [`${SECRET}:key:AWSCURRENT:`] },
  { title: 'another label moved', verdict: 'skip label-not-moved', change: { label: 'BLUE' } },
  {
    title: 'pinned and another label',
    verdict: 'skip label-not-moved',
    references: [`${SECRET}:::v`, `${SECRET}::BLUE:`],
  },
  { title: 'only the registry credentials', verdict: 'skip pull-only', references: [{ place: 'pull' }] },
  {
    title: 'only the registry credentials, which count',
    verdict: 'redeploy',
    references: [{ place: 'pull' }],
    policy: { pull: 'redeploy' },
  },
  { title: 'not active', verdict: 'skip not-active', service: { status: 'DRAINING' } },
  {
    title: 'no tasks',
    verdict: 'skip no-tasks',
    service: { desired: 0, running: 0, deployments: [deployment({ desired: 0, running: 0 })] },
  },
  { title: 'desired 0, but a task still runs', verdict: 'redeploy', service: { desired: 0, running: 1 } },
  { title: 'CODE_DEPLOY', verdict: 'skip unsupported-controller', service: { controller: 'CODE_DEPLOY' } },
  { title: 'EXTERNAL', verdict: 'skip unsupported-controller', service: { controller: 'EXTERNAL' } },
  {
    title: 'the youngest deployment since the change was rolled back',
    verdict: 'skip rollout-failed',
    evidence: { serviceDeployments: [{ createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' }] },
  },
  {
    title: 'a younger one than the one that was rolled back succeeded',
    verdict: 'redeploy',
    evidence: {
      serviceDeployments: [
        { createdAt: AFTER + 1, status: 'SUCCESSFUL' },
        { createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' },
      ],
    },
  },
  {
    title: 'a deployment before the change was rolled back',
    verdict: 'redeploy',
    evidence: { serviceDeployments: [{ createdAt: BEFORE, status: 'ROLLBACK_FAILED' }] },
  },
  {
    title: 'stopped by somebody since the change',
    verdict: 'skip rollout-failed',
    evidence: { serviceDeployments: [{ createdAt: AFTER, status: 'STOPPED' }] },
  },
  {
    title: 'PRIMARY, younger than the change, failed',
    verdict: 'skip rollout-failed',
    service: { deployments: [deployment({ ...after, rolloutState: 'FAILED' })] },
  },
  {
    title: 'PRIMARY, older than the change, failed',
    verdict: 'redeploy',
    service: { deployments: [deployment({ rolloutState: 'FAILED' })] },
  },
  {
    title: 'PRIMARY created after the change',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment(after)] },
  },
  {
    title: 'PRIMARY created after the change, by the rollback of a deployment from before it',
    policy: { cooldownMs: 0 },
    verdict: 'redeploy',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: { asOf: LATER, serviceDeployments: [{ createdAt: BEFORE, status: 'ROLLBACK_SUCCESSFUL' }] },
  },
  {
    title: 'PRIMARY created after the change, ECS knowing of no service deployment at all',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: { asOf: LATER, serviceDeployments: [] },
  },
  {
    title: 'PRIMARY created after the change, one rolled back before, and one of its own',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: {
      asOf: LATER,
      serviceDeployments: [
        { createdAt: BEFORE, status: 'ROLLBACK_SUCCESSFUL' },
        { createdAt: LATER + 500, status: 'SUCCESSFUL' },
      ],
    },
  },
  {
    title: 'PRIMARY created after the change, with a service deployment of its own',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: { asOf: LATER, serviceDeployments: [{ createdAt: LATER - 500, status: 'SUCCESSFUL' }] },
  },
  {
    title: 'PRIMARY created since its service deployments were asked for',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: { asOf: BEFORE, serviceDeployments: [{ createdAt: BEFORE, status: 'ROLLBACK_SUCCESSFUL' }] },
  },
  {
    title: 'a young deployment replaces another, which a rollback made',
    verdict: 'wait rolling-out',
    service: {
      deployments: [
        deployment({ createdAt: LATER + 60_000, rolloutState: 'IN_PROGRESS' }),
        draining({ createdAt: LATER }),
      ],
    },
    evidence: {
      asOf: LATER + 60_000,
      serviceDeployments: [
        { createdAt: BEFORE, status: 'ROLLBACK_SUCCESSFUL' },
        { createdAt: LATER + 60_000, status: 'IN_PROGRESS' },
      ],
    },
  },
  {
    title: 'PRIMARY created in the millisecond of the change',
    policy: { cooldownMs: 0 },
    verdict: 'redeploy',
    service: { deployments: [deployment({ createdAt: CHANGED_AT })] },
  },
  {
    title: 'ECS tells no rollout state, but all tasks run',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ ...after, rolloutState: null })] },
  },
  {
    title: 'ECS tells no rollout state, and a task is missing',
    verdict: 'wait rolling-out',
    service: { deployments: [deployment({ ...after, rolloutState: null, running: 1 })] },
  },
  {
    title: 'every task was started after the change',
    verdict: 'skip already-fresh',
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER + 1 }] },
    now: LONG_AFTER,
  },
  {
    title: 'one task is older than the change',
    verdict: 'redeploy',
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: BEFORE }] },
    now: LONG_AFTER,
  },
  {
    title: 'fewer tasks listed than counted',
    verdict: 'redeploy',
    evidence: { tasks: [{ createdAt: AFTER }] },
    now: LONG_AFTER,
  },
  {
    title: 'tasks prove nothing within two minutes',
    verdict: 'redeploy',
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
  },
  {
    title: 'no task at all, two minutes after the change',
    verdict: 'skip already-fresh',
    service: { running: 0 },
    evidence: { tasks: [] },
    now: LONG_AFTER,
  },
  {
    title: 'PRIMARY is young and rolls out',
    verdict: 'wait rolling-out',
    service: { deployments: [deployment({ ...after, ...inProgress })] },
  },
  {
    title: 'PRIMARY is young, but older tasks are still there',
    verdict: 'wait rolling-out',
    service: { deployments: [deployment(after), draining()] },
  },
  {
    title: 'a blue/green deployment runs',
    verdict: 'wait deployment-in-progress',
    service: { strategy: 'BLUE_GREEN', deployments: [deployment(inProgress)] },
  },
  {
    title: 'a canary deployment runs, as only its service deployment shows',
    verdict: 'wait deployment-in-progress',
    service: { strategy: 'CANARY' },
    evidence: { serviceDeployments: [{ createdAt: BEFORE, status: 'IN_PROGRESS' }] },
  },
  {
    title: 'an older rolling deployment runs',
    verdict: 'redeploy',
    service: { deployments: [deployment(inProgress), draining()] },
  },
  { title: 'blue/green, and nothing runs', verdict: 'redeploy', service: { strategy: 'BLUE_GREEN' } },
  {
    title: 'a rolling deployment is being rolled back',
    verdict: 'wait deployment-in-progress',
    evidence: { serviceDeployments: [{ createdAt: BEFORE, status: 'ROLLBACK_IN_PROGRESS' }] },
  },
  {
    title: 'ECS says in words that it rolls back',
    verdict: 'wait deployment-in-progress',
    service: {
      deployments: [
        deployment({
          ...inProgress,
          rolloutStateReason: 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/9.',
        }),
      ],
    },
  },
  {
    title: 'PRIMARY is younger than the cooldown',
    verdict: 'wait cooldown',
    service: { deployments: [deployment({ createdAt: CHANGED_AT - 1 })] },
  },
  {
    title:
      'a younger PRIMARY takes the place of a young deployment: no task is old, whoever deploys so often',
    verdict: 'skip already-fresh',
    service: {
      deployments: [deployment({ ...after, ...inProgress }), draining({ createdAt: AFTER - 1 })],
    },
  },
  {
    title: 'the same, and one of an old deployment is there still',
    verdict: 'wait rolling-out',
    service: {
      deployments: [
        deployment({ ...after, ...inProgress }),
        draining({ createdAt: AFTER - 1 }),
        draining({ createdAt: CHANGED_AT }),
      ],
    },
  },
  {
    title: 'the same, but the young one has no running task',
    verdict: 'wait rolling-out',
    service: {
      deployments: [
        deployment({ ...after, ...inProgress }),
        draining({ createdAt: AFTER - 1, running: 0, pending: 1 }),
      ],
    },
  },
  {
    title: 'the same, and an old one has no task left',
    verdict: 'skip already-fresh',
    service: {
      deployments: [
        deployment({ ...after, ...inProgress }),
        draining({ createdAt: AFTER - 1 }),
        draining({ running: 0 }),
      ],
    },
  },
  {
    title: 'the young one is old for what is possible',
    verdict: 'wait rolling-out',
    change: { possiblyUntil: AFTER - 1 },
    service: {
      deployments: [deployment({ ...after, ...inProgress }), draining({ createdAt: AFTER - 1 })],
    },
  },
  {
    title: 'PRIMARY was created in the millisecond of the change and failed',
    verdict: 'redeploy',
    policy: { cooldownMs: 0 },
    service: { deployments: [deployment({ createdAt: CHANGED_AT, rolloutState: 'FAILED' })] },
  },
  {
    title: 'a deployment of the millisecond of the change was rolled back',
    verdict: 'redeploy',
    evidence: { serviceDeployments: [{ createdAt: CHANGED_AT, status: 'STOPPED' }] },
  },
  {
    title: 'the younger of two deployments failed, in whatever order they come',
    verdict: 'skip rollout-failed',
    evidence: {
      serviceDeployments: [
        { createdAt: AFTER, status: 'SUCCESSFUL' },
        { createdAt: AFTER + 1, status: 'ROLLBACK_FAILED' },
      ],
    },
  },
  {
    title: 'of two of the same millisecond the last in the list counts',
    verdict: 'skip rollout-failed',
    evidence: {
      serviceDeployments: [
        { createdAt: AFTER, status: 'SUCCESSFUL' },
        { createdAt: AFTER, status: 'STOPPED' },
      ],
    },
  },
  ...['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'].map((status) => ({
    title: `a rolling deployment is ${status}`,
    verdict: 'wait deployment-in-progress',
    evidence: { serviceDeployments: [{ createdAt: BEFORE, status }] },
  })),
  ...['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED'].flatMap((status) => [
    {
      title: `a linear deployment is ${status}`,
      verdict: 'wait deployment-in-progress',
      service: { strategy: 'LINEAR' } as const,
      evidence: { serviceDeployments: [{ createdAt: BEFORE, status }] },
    },
    {
      title: `a rolling deployment is ${status}`,
      verdict: 'redeploy',
      evidence: { serviceDeployments: [{ createdAt: BEFORE, status }] },
    },
  ]),
  ...['rolling back', 'Rolled-back', 'ROLLINGBACK'].map((words) => ({
    title: `ECS says ${words}`,
    verdict: 'wait deployment-in-progress',
    service: { deployments: [deployment({ ...inProgress, rolloutStateReason: `it is ${words} to x` })] },
  })),
  {
    title: 'no deployment at all',
    verdict: 'redeploy',
    service: { deployments: [] },
  },
  {
    title: 'no deployment at all, and blue/green',
    verdict: 'redeploy',
    service: { deployments: [], strategy: 'BLUE_GREEN' },
  },
  {
    title: 'as old as the cooldown',
    verdict: 'redeploy',
    service: { deployments: [deployment({ createdAt: NOW - 60_000 })] },
  },
  {
    title: 'deployed an hour ago, once as often as allowed in the hour',
    verdict: 'redeploy',
    policy: { maxPerHour: 1 },
    evidence: { serviceDeployments: [{ createdAt: NOW - 3_600_000, status: 'SUCCESSFUL' }] },
  },
  {
    title: 'deployed within the hour, as often as allowed',
    verdict: 'wait too-often',
    policy: { maxPerHour: 1 },
    evidence: { serviceDeployments: [{ createdAt: NOW - 3_599_999, status: 'SUCCESSFUL' }] },
  },
  {
    title: 'young tasks prove it from two minutes on',
    verdict: 'redeploy',
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
    now: CHANGED_AT + 120_000,
  },
  {
    title: 'a pending task that is not listed',
    verdict: 'redeploy',
    service: { pending: 1 },
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
    now: LONG_AFTER,
  },
  {
    title: 'ECS tells no rollout state, and a task is pending',
    verdict: 'wait rolling-out',
    service: { deployments: [deployment({ ...after, rolloutState: null, pending: 1 })] },
  },
  {
    title: 'a task that is pending alone',
    verdict: 'redeploy',
    service: { desired: 0, running: 0, pending: 1 },
  },
  {
    title: 'as many tasks pending as running, none desired',
    verdict: 'redeploy',
    service: { desired: 0, running: 1, pending: 1 },
  },
  {
    title: 'started in the millisecond of the certain instant, before the possible one',
    verdict: 'redeploy',
    change: { changedAt: BEFORE, possiblyUntil: CHANGED_AT },
  },
  {
    title: 'only one of its deployments has a task',
    verdict: 'skip cannot-replace',
    service: { maximumPercent: 100, deployments: [deployment(), draining({ running: 0 })] },
  },
  { title: '100 and 100 per cent', verdict: 'skip cannot-replace', service: { maximumPercent: 100 } },
  {
    title: '50 and 100 per cent of one task',
    verdict: 'skip cannot-replace',
    service: { desired: 1, minimumHealthyPercent: 50, maximumPercent: 100 },
  },
  {
    title: '50 and 100 per cent of two tasks',
    verdict: 'redeploy',
    service: { minimumHealthyPercent: 50, maximumPercent: 100 },
  },
  {
    title: '100 and 150 per cent of one task',
    verdict: 'skip cannot-replace',
    service: { desired: 1, maximumPercent: 150 },
  },
  {
    title: '100 and 100 per cent, but blue/green',
    verdict: 'redeploy',
    service: { maximumPercent: 100, strategy: 'BLUE_GREEN' },
  },
  {
    title: 'started in between, but every task was started later',
    verdict: 'skip already-fresh',
    change: { changedAt: BEFORE - 1, possiblyUntil: CHANGED_AT },
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
  },
  {
    title: 'started between the certain and the possible instant',
    verdict: 'skip possibly-stale',
    change: { changedAt: BEFORE - 1, possiblyUntil: CHANGED_AT },
  },
  {
    title: 'started before the certain instant',
    verdict: 'redeploy',
    change: { changedAt: BEFORE, possiblyUntil: CHANGED_AT },
  },
  {
    title: 'started after the possible instant',
    verdict: 'skip already-fresh',
    change: { changedAt: BEFORE, possiblyUntil: CHANGED_AT },
    service: { deployments: [deployment(after)] },
  },
];

describe('a service, for one change', () => {
  test.each(TABLE)('$title: $verdict', (row) => {
    const subject = row.notice === undefined ? change(row.change) : { ...notice, ...row.notice };
    const policy = { ...POLICY, ...row.policy };
    const [only] = match(
      fleet([service(row.service)], { 'api:1': row.references ?? [{}] }),
      [asSubject(subject)],
      policy.pull,
    );
    if (only === undefined) throw new Error('the service does not refer to the subject');
    const verdict = verdictOn(only, row.evidence ?? {}, policy, row.now ?? NOW);
    expect(verdict && [verdict.action, verdict.reason].filter(Boolean).join(' ')).toBe(row.verdict);
    if ('notice' in subject) return;
    // Asked one by one, each rule gives a reason of its own, and the first one decides.
    const explained = explain(only, row.evidence ?? {}, policy, row.now ?? NOW);
    for (const one of explained) expect([...one.rule.reasons, undefined]).toContain(one.verdict?.reason);
    expect(explained.find((one) => one.verdict !== undefined)?.verdict ?? redeploy).toEqual(verdict);
  });

  test('of which a resource is gone, no rule explains anything', () => {
    const [only] = match(fleet([service()]), [asSubject(notice)], 'ignore');
    expect(only && explain(only, {}, POLICY, NOW)).toEqual([]);
  });

  test('is asked about in the order of the table of reasons', () => {
    const asked = RULES.flatMap(({ reasons }) => reasons);
    expect(asked).toEqual(Object.keys(REASONS).slice(0, asked.length));
  });

  test('waits for older tasks to drain where only they refer to what moved', () => {
    const old = draining({ taskDefinition: revisionArn('api:0') });
    const world = fleet([service({ deployments: [deployment(), old] })], { 'api:0': [{}], 'api:1': [] });
    const [only] = match(world, [asSubject(change())], 'ignore');
    expect(only && verdictOn(only, {}, POLICY, NOW)).toEqual({ action: 'wait', reason: 'rolling-out' });
  });

  test('reads the log secrets of Service Connect from the deployment', () => {
    const connect = deployment({ references: [reference({ place: 'service-connect', container: null })] });
    const [only] = match(
      fleet([service({ deployments: [connect] })], { 'api:1': [] }),
      [asSubject(change())],
      'ignore',
    );
    expect(only && verdictOn(only, {}, POLICY, NOW)).toEqual({ action: 'redeploy', reason: null });
  });
});
