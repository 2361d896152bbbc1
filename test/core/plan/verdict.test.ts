import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { Change, Notice } from '../../../functions/core/model/change.ts';
import { redeploy } from '../../../functions/core/model/decision.ts';
import type { RawReference } from '../../../functions/core/model/reference.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import type { Policy } from '../../../functions/core/plan/policy.ts';
import { REASONS } from '../../../functions/core/plan/reasons.ts';
import { RULES } from '../../../functions/core/plan/rules.ts';
import { explain, verdictOn } from '../../../functions/core/plan/verdict.ts';
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
  notice,
  PARAMETER,
  POLICY,
  reference,
  revisionArn,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

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
const gone = notice({ changeId: 'change-1', at: CHANGED_AT });
const inProgress = { rolloutState: 'IN_PROGRESS' } as const;
const after = { createdAt: AFTER } as const;

/** The table of decisions (docs/decisions.md, What is decided): one or more rows here for each of its rows. */
const TABLE: readonly Row[] = [
  { title: 'its tasks were started before the change', verdict: 'redeploy' },
  {
    title: 'it is opted out by its own tag',
    verdict: 'skip opted-out',
    service: { tags: tags({ enabled: 'false' }) },
  },
  {
    title: 'its tag has another value, which counts as false',
    verdict: 'skip opted-out',
    service: { tags: tags({ enabled: 'False' }) },
  },
  { title: 'its tag is true', verdict: 'redeploy', service: { tags: tags({ enabled: 'true' }) } },
  {
    title: 'it is opted out by its cluster',
    verdict: 'skip opted-out',
    service: { cluster: cluster({ enabled: 'false' }) },
  },
  { title: 'it is opted out by the secret', verdict: 'skip opted-out', change: { optedOut: true } },
  {
    title: 'SELECT=tagged asks for a tag that it does not have',
    verdict: 'skip opted-out',
    policy: { select: 'tagged' },
  },
  {
    title: 'SELECT=tagged asks for a tag that it has',
    verdict: 'redeploy',
    policy: { select: 'tagged' },
    service: { tags: tags({ enabled: 'true' }) },
  },
  {
    title: 'SELECT=tagged asks for a tag that only its cluster has',
    verdict: 'skip opted-out',
    policy: { select: 'tagged' },
    service: { cluster: cluster({ enabled: 'true' }) },
  },
  {
    title: 'it is opted out but named by hand',
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
    title: 'the secret is gone and the service is opted out',
    verdict: 'skip opted-out',
    notice: {},
    service: { tags: tags({ enabled: 'no' }) },
  },
  {
    title: 'the secret is gone since an earlier look',
    verdict: 'skip secret-gone',
    change: { gone: 'whole' },
    references: [SECRET.slice(0, -7)],
  },
  {
    title: 'the secret is gone and another one answers to its name, but the reference is the ARN',
    verdict: 'skip secret-gone',
    change: { gone: 'full-arn' },
  },
  {
    title:
      'the secret is gone and another one answers to the ARN without its suffix, which the reference names',
    verdict: 'redeploy',
    change: { gone: 'full-arn' },
    references: [SECRET.slice(0, -7)],
  },
  {
    title: 'the last old task has been told to stop and has not stopped yet',
    verdict: 'wait rolling-out',
    service: { deployments: [deployment(after)] },
    evidence: { stopped: [{ startedBy: null, createdAt: BEFORE, stoppedAt: null, failure: undefined }] },
  },
  {
    title: 'every old task has stopped',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment(after)] },
    evidence: { stopped: [{ startedBy: null, createdAt: BEFORE, stoppedAt: 1, failure: undefined }] },
  },
  {
    title: 'an old task is stopping, and others run on',
    verdict: 'redeploy',
    evidence: { stopped: [{ startedBy: null, createdAt: BEFORE, stoppedAt: null, failure: undefined }] },
  },
  {
    title: 'ECS refuses a part of the evidence about a service that was deleted',
    verdict: 'skip not-active',
    evidence: { unreadable: 'refused' },
    service: { status: 'DRAINING' },
  },
  {
    title: 'a task is older than the deployment that has taken it over',
    verdict: 'redeploy',
    service: { deployments: [deployment(after)] },
    evidence: { tasks: [{ createdAt: BEFORE }, { createdAt: AFTER }] },
    now: LONG_AFTER,
  },
  {
    title: 'its deployment was created at the last instant at which the value may have changed',
    verdict: 'skip possibly-stale',
    service: { deployments: [deployment(after)] },
    change: { possiblyUntil: AFTER },
  },
  {
    title: 'a task was created at the last instant at which the value may have changed',
    verdict: 'skip possibly-stale',
    service: { deployments: [deployment({ createdAt: AFTER + 1 })] },
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER + 1 }] },
    change: { possiblyUntil: AFTER },
    now: LONG_AFTER,
  },
  {
    title: 'a rotation failed, which decides nothing',
    verdict: undefined,
    notice: { notice: 'rotation-failed' },
  },
  {
    title: 'ECS refuses a part of the evidence',
    verdict: 'wait unreadable',
    evidence: { unreadable: 'refused' },
  },
  {
    title: 'it is not known now whether the secret still stands',
    verdict: 'wait unreadable',
    change: { unsure: true },
  },
  {
    title: 'the replica had not received the version when AWS was last asked',
    verdict: 'wait unreadable',
    change: { behind: true },
  },
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
    title: 'the label that its reference follows moved',
    verdict: 'redeploy',
    references: [`${SECRET}::BLUE:`],
    change: { label: 'BLUE' },
  },
  {
    title: 'its reference follows AWSPREVIOUS, which moves with AWSCURRENT',
    verdict: 'redeploy',
    references: [`${SECRET}::AWSPREVIOUS:`],
  },
  { title: 'its reference names AWSCURRENT', verdict: 'redeploy', references: [`${SECRET}:key:AWSCURRENT:`] },
  { title: 'another label moved', verdict: 'skip label-not-moved', change: { label: 'BLUE' } },
  {
    title: 'one reference is pinned and another one follows another label',
    verdict: 'skip label-not-moved',
    references: [`${SECRET}:::v`, `${SECRET}::BLUE:`],
  },
  {
    title: 'only its registry credentials refer to the secret',
    verdict: 'skip pull-only',
    references: [{ place: 'pull' }],
  },
  {
    title: 'only its registry credentials refer to the secret, and they count',
    verdict: 'redeploy',
    references: [{ place: 'pull' }],
    policy: { pull: 'redeploy' },
  },
  { title: 'it is not active', verdict: 'skip not-active', service: { status: 'DRAINING' } },
  {
    title: 'it has no tasks',
    verdict: 'skip no-tasks',
    service: { desired: 0, running: 0, deployments: [deployment({ desired: 0, running: 0 })] },
  },
  {
    title: 'it wants no tasks, but a task still runs',
    verdict: 'redeploy',
    service: { desired: 0, running: 1 },
  },
  {
    title: 'its controller is CODE_DEPLOY',
    verdict: 'skip unsupported-controller',
    service: { controller: 'CODE_DEPLOY' },
  },
  {
    title: 'its controller is EXTERNAL',
    verdict: 'skip unsupported-controller',
    service: { controller: 'EXTERNAL' },
  },
  {
    title: 'the youngest deployment since the change was rolled back',
    verdict: 'skip rollout-failed',
    evidence: { serviceDeployments: [{ createdAt: AFTER, status: 'ROLLBACK_SUCCESSFUL' }] },
  },
  {
    title: 'a deployment after the one that was rolled back succeeded',
    verdict: 'redeploy',
    policy: { cooldownMs: 0 },
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
    title: 'a deployment since the change was stopped by hand',
    verdict: 'skip rollout-failed',
    evidence: { serviceDeployments: [{ createdAt: AFTER, status: 'STOPPED' }] },
  },
  {
    title: 'PRIMARY is younger than the change and failed',
    verdict: 'skip rollout-failed',
    service: { deployments: [deployment({ ...after, rolloutState: 'FAILED' })] },
  },
  {
    title: 'PRIMARY is older than the change and failed',
    verdict: 'redeploy',
    service: { deployments: [deployment({ rolloutState: 'FAILED' })] },
  },
  {
    title: 'PRIMARY was created after the change',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment(after)] },
  },
  {
    title: 'PRIMARY was created after the change by the rollback of a deployment from before it',
    policy: { cooldownMs: 0 },
    verdict: 'redeploy',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: { asOf: LATER, serviceDeployments: [{ createdAt: BEFORE, status: 'ROLLBACK_SUCCESSFUL' }] },
  },
  {
    title: 'PRIMARY was created after the change, and ECS lists no service deployment at all',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: { asOf: LATER, serviceDeployments: [] },
  },
  {
    title:
      'PRIMARY was created after the change with a service deployment of its own, after an earlier rollback',
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
    title: 'PRIMARY was created after the change with a service deployment of its own',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: { asOf: LATER, serviceDeployments: [{ createdAt: LATER - 500, status: 'SUCCESSFUL' }] },
  },
  {
    title: 'PRIMARY was created after its service deployments were read',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ createdAt: LATER })] },
    evidence: { asOf: BEFORE, serviceDeployments: [{ createdAt: BEFORE, status: 'ROLLBACK_SUCCESSFUL' }] },
  },
  {
    title: 'a young deployment replaces another one, which a rollback made',
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
    title: 'PRIMARY was created in the millisecond of the change',
    policy: { cooldownMs: 0 },
    verdict: 'redeploy',
    service: { deployments: [deployment({ createdAt: CHANGED_AT })] },
  },
  {
    title: 'ECS shows no rollout state, but all tasks run',
    verdict: 'skip already-fresh',
    service: { deployments: [deployment({ ...after, rolloutState: null })] },
  },
  {
    title: 'ECS shows no rollout state, and a task is missing',
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
    title: 'ECS lists fewer tasks than it counts',
    verdict: 'redeploy',
    evidence: { tasks: [{ createdAt: AFTER }] },
    now: LONG_AFTER,
  },
  {
    title: 'its tasks are young, which proves nothing within two minutes',
    verdict: 'redeploy',
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
  },
  {
    title: 'it has no task at all two minutes after the change',
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
    title: 'a canary deployment runs, which only its service deployment shows',
    verdict: 'wait deployment-in-progress',
    service: { strategy: 'CANARY' },
    evidence: { serviceDeployments: [{ createdAt: BEFORE, status: 'IN_PROGRESS' }] },
  },
  {
    title: 'an older rolling deployment runs',
    verdict: 'redeploy',
    service: { deployments: [deployment(inProgress), draining()] },
  },
  {
    title: 'it is deployed blue/green and no deployment runs',
    verdict: 'redeploy',
    service: { strategy: 'BLUE_GREEN' },
  },
  {
    title: 'a rolling deployment is being rolled back',
    verdict: 'wait deployment-in-progress',
    evidence: { serviceDeployments: [{ createdAt: BEFORE, status: 'ROLLBACK_IN_PROGRESS' }] },
  },
  {
    title: 'an older rolling deployment waits for a person',
    verdict: 'wait deployment-in-progress',
    service: { deployments: [deployment(inProgress), draining()] },
    evidence: {
      serviceDeployments: [
        {
          createdAt: BEFORE,
          status: 'IN_PROGRESS',
          approval: { serviceDeployment: 'arn:aws:ecs:one', hookId: 'hook', timeoutAction: 'CONTINUE' },
        },
      ],
    },
  },
  {
    title: 'ECS does not tell whether an older rolling deployment waits for a person',
    verdict: 'wait deployment-in-progress',
    service: { deployments: [deployment(inProgress), draining()], hasHooks: true },
    evidence: { serviceDeployments: [{ createdAt: BEFORE, status: 'IN_PROGRESS', stageUnknown: true }] },
  },
  {
    title: 'an older rolling deployment has a hook and waits for nobody',
    verdict: 'redeploy',
    service: { deployments: [deployment(inProgress), draining()], hasHooks: true },
    evidence: { serviceDeployments: [{ createdAt: BEFORE, status: 'IN_PROGRESS', stage: 'SCALE_UP' }] },
  },
  {
    title: 'the rollout state reason says that ECS rolls back',
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
    title: 'only its service deployments show a deployment that is younger than the cooldown',
    verdict: 'wait cooldown',
    evidence: {
      serviceDeployments: [
        { createdAt: BEFORE, status: 'SUCCESSFUL' },
        { createdAt: AFTER, status: 'PENDING' },
      ],
    },
  },
  {
    title:
      'a younger PRIMARY takes the place of a young deployment, so no task is old although it is deployed again and again',
    verdict: 'skip already-fresh',
    service: {
      deployments: [deployment({ ...after, ...inProgress }), draining({ createdAt: AFTER - 1 })],
    },
  },
  {
    title:
      'a younger PRIMARY takes the place of a young deployment, and a task of an old deployment is still there',
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
    title: 'a younger PRIMARY takes the place of a young deployment without a running task',
    verdict: 'wait rolling-out',
    service: {
      deployments: [
        deployment({ ...after, ...inProgress }),
        draining({ createdAt: AFTER - 1, running: 0, pending: 1 }),
      ],
    },
  },
  {
    title: 'a younger PRIMARY takes the place of a young deployment, and an old deployment has no task left',
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
    title: 'a younger PRIMARY takes the place of a deployment that is only younger than the certain instant',
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
    title: 'a deployment from the millisecond of the change was stopped',
    verdict: 'redeploy',
    policy: { cooldownMs: 0 },
    evidence: { serviceDeployments: [{ createdAt: CHANGED_AT, status: 'STOPPED' }] },
  },
  {
    title: 'the younger of two deployments failed, in either order of the list',
    verdict: 'skip rollout-failed',
    evidence: {
      serviceDeployments: [
        { createdAt: AFTER, status: 'SUCCESSFUL' },
        { createdAt: AFTER + 1, status: 'ROLLBACK_FAILED' },
      ],
    },
  },
  {
    title: 'the last one in the list of two deployments from the same millisecond failed',
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
    title: `the rollout state reason says ${words}`,
    verdict: 'wait deployment-in-progress',
    service: { deployments: [deployment({ ...inProgress, rolloutStateReason: `it is ${words} to x` })] },
  })),
  {
    title: 'it has no deployment at all',
    verdict: 'redeploy',
    service: { deployments: [] },
  },
  {
    title: 'it has no deployment at all and is deployed blue/green',
    verdict: 'redeploy',
    service: { deployments: [], strategy: 'BLUE_GREEN' },
  },
  {
    title: 'PRIMARY is as old as the cooldown',
    verdict: 'redeploy',
    service: { deployments: [deployment({ createdAt: NOW - 60_000 })] },
  },
  {
    title: 'it was deployed as often as allowed in an hour, but an hour ago',
    verdict: 'redeploy',
    policy: { maxPerHour: 1 },
    evidence: { serviceDeployments: [{ createdAt: NOW - 3_600_000, status: 'SUCCESSFUL' }] },
  },
  {
    title: 'it was deployed as often as allowed within the last hour',
    verdict: 'wait too-often',
    policy: { maxPerHour: 1 },
    evidence: { serviceDeployments: [{ createdAt: NOW - 3_599_999, status: 'SUCCESSFUL' }] },
  },
  {
    title: 'its tasks are young exactly two minutes after the change',
    verdict: 'redeploy',
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
    now: CHANGED_AT + 120_000,
  },
  {
    title: 'ECS counts a pending task that it does not list',
    verdict: 'redeploy',
    service: { pending: 1 },
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
    now: LONG_AFTER,
  },
  {
    title: 'ECS shows no rollout state, and a task is pending',
    verdict: 'wait rolling-out',
    service: { deployments: [deployment({ ...after, rolloutState: null, pending: 1 })] },
  },
  {
    title: 'it has only a pending task and wants none',
    verdict: 'redeploy',
    service: { desired: 0, running: 0, pending: 1 },
  },
  {
    title: 'it has as many pending tasks as running ones and wants none',
    verdict: 'redeploy',
    service: { desired: 0, running: 1, pending: 1 },
  },
  {
    title: 'its tasks were started in the millisecond of the certain instant, before the possible one',
    verdict: 'redeploy',
    change: { changedAt: BEFORE, possiblyUntil: CHANGED_AT },
  },
  {
    title: 'it cannot replace a task and only one of its deployments has one',
    verdict: 'skip cannot-replace',
    service: { maximumPercent: 100, deployments: [deployment(), draining({ running: 0 })] },
  },
  {
    title: 'its healthy percentages are 100 and 100',
    verdict: 'skip cannot-replace',
    service: { maximumPercent: 100 },
  },
  {
    title: 'its healthy percentages are 50 and 100 for one task',
    verdict: 'skip cannot-replace',
    service: { desired: 1, minimumHealthyPercent: 50, maximumPercent: 100 },
  },
  {
    title: 'its healthy percentages are 50 and 100 for two tasks',
    verdict: 'redeploy',
    service: { minimumHealthyPercent: 50, maximumPercent: 100 },
  },
  {
    title: 'its healthy percentages are 100 and 150 for one task',
    verdict: 'skip cannot-replace',
    service: { desired: 1, maximumPercent: 150 },
  },
  {
    title: 'its healthy percentages are 100 and 100, but it is deployed blue/green',
    verdict: 'redeploy',
    service: { maximumPercent: 100, strategy: 'BLUE_GREEN' },
  },
  {
    title: 'it was deployed between the certain and the possible instant, but every task was started later',
    verdict: 'skip already-fresh',
    change: { changedAt: BEFORE - 1, possiblyUntil: CHANGED_AT },
    evidence: { tasks: [{ createdAt: AFTER }, { createdAt: AFTER }] },
  },
  {
    title: 'its tasks were started between the certain and the possible instant',
    verdict: 'skip possibly-stale',
    change: { changedAt: BEFORE - 1, possiblyUntil: CHANGED_AT },
  },
  {
    title: 'its tasks were started before the certain instant',
    verdict: 'redeploy',
    change: { changedAt: BEFORE, possiblyUntil: CHANGED_AT },
  },
  {
    title: 'its tasks were started after the possible instant',
    verdict: 'skip already-fresh',
    change: { changedAt: BEFORE, possiblyUntil: CHANGED_AT },
    service: { deployments: [deployment(after)] },
  },
];

describe('a service, for one change,', () => {
  const rows = TABLE.map((row) => [row.verdict, row.title, row] as const);

  test.each(rows)('gets the verdict %s if %s', (_verdict, _title, row) => {
    const subject = row.notice === undefined ? change(row.change) : { ...gone, ...row.notice };
    const policy = { ...POLICY, ...row.policy };
    const [only] = match(
      fleet([service(row.service)], { 'api:1': row.references ?? [{}] }),
      [asSubject(subject)],
      policy.pull,
    );
    if (only === undefined) throw new Error('expected the service to refer to the subject, found no match');
    const verdict = verdictOn(only, row.evidence ?? {}, policy, row.now ?? NOW);
    expect(verdict && [verdict.action, verdict.reason].filter(Boolean).join(' ')).toBe(row.verdict);
    if ('notice' in subject) return;
    // Applied one by one, each rule gives only its own reasons, and the first rule that gives a verdict decides.
    const explained = explain(only, row.evidence ?? {}, policy, row.now ?? NOW);
    for (const one of explained) expect([...one.rule.reasons, undefined]).toContain(one.verdict?.reason);
    expect(explained.find((one) => one.verdict !== undefined)?.verdict ?? redeploy).toEqual(verdict);
  });

  test('gets no explanation by rules if the secret is gone', () => {
    const [only] = match(fleet([service()]), [asSubject(gone)], 'ignore');
    expect(only && explain(only, {}, POLICY, NOW)).toEqual([]);
  });

  test('is judged by rules in the order of the table of reasons', () => {
    const asked = [...new Set(RULES.flatMap(({ reasons }) => reasons))];
    const order = Object.keys(REASONS).slice(0, asked.length);
    expect(asked.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))).toEqual(order);
    const first = RULES.map(({ reasons: [reason = 'unreadable'] }) => order.indexOf(reason));
    expect(first).toEqual(first.toSorted((a, b) => a - b));
  });

  test('waits for older tasks to drain where only they refer to what moved', () => {
    const old = draining({ taskDefinition: revisionArn('api:0') });
    const world = fleet([service({ deployments: [deployment(), old] })], { 'api:0': [{}], 'api:1': [] });
    const [only] = match(world, [asSubject(change())], 'ignore');
    expect(only && verdictOn(only, {}, POLICY, NOW)).toEqual({
      action: 'wait',
      reason: 'rolling-out',
      rollout: { state: 'draining', oldTasks: 1, opensWaves: true },
    });
  });

  test('does not lack a secret that is gone where only older tasks refer to it', () => {
    const old = draining({ taskDefinition: revisionArn('api:0') });
    const world = fleet([service({ deployments: [deployment(), old] })], { 'api:0': [{}], 'api:1': [] });
    const [only] = match(world, [asSubject(change({ gone: 'whole' }))], 'ignore');
    expect(only && verdictOn(only, {}, POLICY, NOW)).toMatchObject({ action: 'wait', reason: 'rolling-out' });
  });

  test.each([
    ['is looked at again when its bake ends', NOW + 1, NOW + 1],
    ['has no such instant where its bake has ended', NOW, undefined],
    ['has no such instant where ECS does not tell it', undefined, undefined],
  ])('%s', (_, stageEndsAt, until) => {
    const deployments = [deployment({ ...after, ...inProgress }), draining()];
    const [only] = match(
      fleet([service({ strategy: 'CANARY', deployments })]),
      [asSubject(change())],
      'ignore',
    );
    const running = { createdAt: AFTER, status: 'IN_PROGRESS', stage: 'BAKE_TIME' };
    const serviceDeployments = [{ ...running, ...(stageEndsAt !== undefined && { stageEndsAt }) }];
    const verdict = only && verdictOn(only, { serviceDeployments }, POLICY, NOW);
    expect(verdict).toMatchObject({ reason: 'rolling-out', rollout: { state: 'baking' } });
    expect(verdict && 'until' in verdict ? verdict.until : undefined).toBe(until);
  });

  test('is redeployed for a log secret of Service Connect, which its deployment names', () => {
    const connect = deployment({ references: [reference({ place: 'service-connect', container: null })] });
    const [only] = match(
      fleet([service({ deployments: [connect] })], { 'api:1': [] }),
      [asSubject(change())],
      'ignore',
    );
    expect(only && verdictOn(only, {}, POLICY, NOW)).toEqual({ action: 'redeploy', reason: null });
  });
});
